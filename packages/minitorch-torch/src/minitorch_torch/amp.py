"""Mixed precision, as scripts ask for it: everything is computed in float32 here, so nothing has to
be cast or scaled."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from minitorch_nn.optim import Optimizer
from minitorch_torch.missing import lacking

_F = TypeVar("_F", bound=Callable[..., Any])


class autocast:
    """Accepted without effect: operations keep float32. A context manager and a decorator."""

    def __init__(self, device_type: str = "cpu", **options: Any) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def __call__(self, function: _F) -> _F:
        return function


class GradScaler:
    """Accepted without effect: gradients of float32 need no scaling, so the scale is 1."""

    def __init__(self, device: str = "cpu", **options: Any) -> None:
        pass

    def scale(self, outputs: Any) -> Any:
        """The outputs themselves."""
        return outputs

    def unscale_(self, optimizer: Optimizer) -> None:
        """Leave the gradients as they are."""

    def step(self, optimizer: Optimizer, *args: Any, **options: Any) -> Any:
        """Take the optimizer's step."""
        return optimizer.step(*args, **options)

    def update(self, new_scale: float | None = None) -> None:
        """Keep the scale of 1."""

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def is_enabled(self) -> bool:
        """False."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """Nothing, as for PyTorch's where it is disabled."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Accept a state, which has no meaning here."""


__getattr__ = lacking(__name__)
