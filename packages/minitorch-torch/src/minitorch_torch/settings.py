"""Switches that scripts set. Those without a counterpart here are accepted if ignoring them changes
no result, and refused otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import minitorch_tensor as mt
from minitorch_tensor import no_grad, set_grad_enabled
from minitorch_tensor.extend import Place

_F = TypeVar("_F", bound=Callable[..., Any])

#: There is one memory layout, row-major and strided; these name it, or ask for another in vain.
strided = "torch.strided"
contiguous_format = "torch.contiguous_format"
preserve_format = "torch.preserve_format"
channels_last = "torch.channels_last"


class inference_mode:
    """As `no_grad`, or with False as `enable_grad`; a decorator and a context manager."""

    def __new__(cls, mode: Any = True) -> Any:
        if callable(mode):
            return no_grad()(mode)
        return no_grad() if mode else set_grad_enabled(True)


def set_default_device(device: Place | None) -> None:
    """Create tensors on this device from now on, in this thread."""
    mt.use_backend("cpu" if device is None else device)


def get_default_device() -> mt.device:
    """Where tensors are created."""
    return mt.zeros(0).device


def get_default_dtype() -> mt.DType:
    """The type of tensors made from Python's floats: float32."""
    return mt.float32


def set_default_dtype(d: mt.DType) -> None:
    """Accept float32, the default.

    Raises: TypeError for another: MiniTorch has one default.
    """
    if d is not mt.float32:
        raise TypeError(
            f"set_default_dtype: wanted float32, which is MiniTorch's default, got {d}. Pass "
            "dtype=torch.float64 where tensors and layers are made."
        )


def set_default_tensor_type(t: Any) -> None:
    """As `set_default_dtype`, by the name of a class of tensors."""
    set_default_dtype(mt.float32 if "FloatTensor" in str(t) else t)


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted: the same call on the same machine always gives the same bits."""


def are_deterministic_algorithms_enabled() -> bool:
    """True."""
    return True


def set_float32_matmul_precision(precision: str) -> None:
    """Accepted: products of float32 are computed in float32, the highest precision."""


def get_float32_matmul_precision() -> str:
    """The precision of products of float32."""
    return "highest"


def compile(model: Any = None, **options: Any) -> Any:
    """The model itself, which runs operation by operation; with options alone, a decorator."""
    return model if model is not None else (lambda function: function)


def set_num_threads(number: int) -> None:
    """Let the backend in use compute with this many threads, or with all there are if they are
    fewer. A backend without threads of its own is left as it is.

    Raises: TypeError unless it is an integer; ValueError below 1.
    """
    change = getattr(mt.get_backend(), "set_num_threads", None)
    if change is None:
        return
    try:
        change(number)
    except ValueError:
        if number < 1:
            raise


def get_num_threads() -> int:
    """The number of threads of the backend in use; 1 if it has none of its own."""
    number = getattr(mt.get_backend(), "get_num_threads", None)
    return 1 if number is None else int(number())


def set_num_interop_threads(number: int) -> None:
    """Accepted: operations run one after the other."""


def is_inference_mode_enabled() -> bool:
    """False: inference mode is no_grad."""
    return False


__all__ = [
    "are_deterministic_algorithms_enabled",
    "channels_last",
    "compile",
    "contiguous_format",
    "get_default_device",
    "get_default_dtype",
    "get_float32_matmul_precision",
    "get_num_threads",
    "inference_mode",
    "is_inference_mode_enabled",
    "preserve_format",
    "set_default_device",
    "set_default_dtype",
    "set_default_tensor_type",
    "set_float32_matmul_precision",
    "set_num_interop_threads",
    "set_num_threads",
    "strided",
    "use_deterministic_algorithms",
]
