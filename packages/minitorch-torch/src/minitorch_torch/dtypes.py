"""Element types that scripts name, also those that MiniTorch does not have."""

from __future__ import annotations


class AbsentDType:
    """An element type that can be named and compared, in a table of types for example, and is
    refused where a tensor of it is wanted."""

    is_floating_point = True

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


float16 = half = AbsentDType("float16")
bfloat16 = AbsentDType("bfloat16")


__all__ = ["bfloat16", "float16", "half"]
