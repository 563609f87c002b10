"""Function: one differentiable operation, its forward and its backward side by side."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from minitorch_autodiff.clock import changes, tick
from minitorch_autodiff.grad_mode import (
    anomalies_watched,
    grad_enabled,
    reset_recording,
    set_recording,
    swept,
    watchers,
)
from minitorch_autodiff.protocol import Edge, Gradient, Hook
from minitorch_autodiff.variable import Variable


class Context:
    """One call of a Function: what its backward needs, and the edges to its inputs' history.

    It is the node of the graph (see `protocol.Node`) and the `ctx` that `forward` and `backward`
    receive. Attributes may be set on it freely (`ctx.dim = dim`); values of the graph go in
    `save_for_backward`, which detects in-place changes made before `backward` uses them.
    """

    is_leaf = False

    # Class attributes serve as defaults, so that a call pays only for the fields it sets.
    edges: Sequence[Edge | None] = ()
    n_outputs = 1
    exact = False
    #: The tick at which it was recorded; `sys.maxsize` until then.
    time: int = sys.maxsize
    hooks: list[tuple[int, Hook]] | None = None
    _specs: Sequence[Any] = ()
    _saved: tuple[Any, ...] = ()
    #: (position in _saved, output index) of saved outputs; see _attach.
    _own_outputs: tuple[tuple[int, int], ...] = ()
    _constants: tuple[Any, ...] = ()
    _freed = False
    #: Under detect_anomaly: see _stack.
    called_at: tuple[traceback.StackSummary, int] | None = None
    #: For drawings: the inputs that require no gradient, None for the others. A function may set
    #: it.
    untracked: tuple[Any, ...] = ()
    _kind: type[Variable]

    if TYPE_CHECKING:  # attributes set freely may be of any type

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...

    def __init__(self, function: type[Function]) -> None:
        self.function = function

    # -- for the author of a Function --------------------------------------------------------

    def save_for_backward(self, *values: Any) -> None:
        """Keep inputs or outputs of this call for `backward`; None is passed through."""
        self._saved = values

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The values that `save_for_backward` kept, as they were.

        Raises: RuntimeError if the graph was freed, or a value was changed in place since.
        """
        if self._freed:
            raise RuntimeError(
                f"{self.name}: its saved values were freed by an earlier backward through this "
                "graph. Pass retain_graph=True to that backward to go through it again."
            )
        if changes.last > self.time:
            self._check_unchanged()
        if not self._own_outputs:
            return self._saved
        saved = list(self._saved)
        for position, index in self._own_outputs:
            saved[position] = saved[position]._alias()
            saved[position]._record(self, index)
        return tuple(saved)

    def _check_unchanged(self) -> None:
        reads = self.function.reads
        read = None if reads is None else {i for e, r in zip(self.edges, reads) if e for i in r}
        for position, value in enumerate(self._saved):
            if value is None or (read is not None and position not in read):
                continue
            if value._changed_at > self.time:
                raise RuntimeError(
                    f"{self.name}: a value that it saved for backward ({value._describe()}) was "
                    "changed in place afterwards. Use the out-of-place operation, or clone() the "
                    "value before changing it."
                )

    @property
    def saved_values(self) -> tuple[Any, ...]:
        """The course's name for `saved_tensors`."""
        return self.saved_tensors

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Declare outputs of this call that have no gradient (indices, counts)."""
        self._constants = outputs

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """For each input of `forward`, true if its gradient is wanted; known in `backward`."""
        return tuple([edge is not None for edge in self.edges])

    # -- for the engine ----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The function's name, as errors and drawings show it."""
        return self.function.__name__

    def fit(self, gradient: Gradient, index: int) -> Gradient:
        """Adapt an arriving gradient to output `index`."""
        return self._kind._fit(gradient, self._specs[index])

    def send_back(self, received: Any, keep: bool) -> Sequence[Gradient | None]:
        """Run the function's backward, check its result and return it as a tuple. Without `keep`
        the saved values are dropped afterwards, and a second backward that reads them raises."""
        function = self.function
        if function.once_differentiable and grad_enabled():
            raise RuntimeError(
                f"{self.name}: its gradient cannot be differentiated again (it is marked "
                "once_differentiable), so create_graph=True cannot pass through it."
            )
        if self.n_outputs > 1:
            received = [
                self._kind._zeros(spec) if gradient is None else gradient
                for gradient, spec in zip(received, self._specs)
            ]
        if watchers and anomalies_watched():
            sent = self._send_back_watched(received if self.n_outputs > 1 else [received])
        elif self.n_outputs == 1:
            sent = function.backward(self, received)
        else:
            sent = function.backward(self, *received)
        if type(sent) is not tuple:
            sent = tuple(sent) if isinstance(sent, list) else (sent,)
        if len(sent) != len(self.edges):
            raise RuntimeError(
                f"{self.name}.backward returned {len(sent)} gradients for the "
                f"{len(self.edges)} inputs of forward; return one for each, None where there "
                "is none."
            )
        if not keep and self._saved:
            self._saved = ()
            self._freed = True
        return sent

    def _send_back_watched(self, gradients: Sequence[Gradient | None]) -> Any:
        """`backward` under detect_anomaly. Calls inside it are attributed to the line of this
        call."""
        outer = swept.set(self)
        try:
            sent = self.function.backward(self, *gradients)
        finally:
            swept.reset(outer)
        made = sent if isinstance(sent, (tuple, list)) else (sent,)
        self._look_for_nan("backward", "no gradient that it received was NaN", gradients, made)
        return sent

    def accumulate(self, gradient: Gradient) -> None:
        """Never called: only a leaf accumulates."""
        raise AssertionError(f"{self.name} is not a leaf")

    # -- recording ---------------------------------------------------------------------------

    def _attach(self, inputs: Sequence[Any], outputs: Sequence[Variable]) -> None:
        """Make this call the history of its outputs."""
        self.edges = [
            x._history or (x, 0) if isinstance(x, Variable) and x.requires_grad else None
            for x in inputs
        ]
        self.time = tick()  # after the edges: an input's history may be recorded when asked for
        try:
            self._kind = type(outputs[0])
            self._specs = [out._spec() for out in outputs]
        except (AttributeError, IndexError):
            self._check_outputs(outputs)
            raise
        if len(outputs) > 1:
            self.n_outputs = len(outputs)
        constants = self._constants
        for index, out in enumerate(outputs):
            if out._differentiable and not (constants and _among(out, constants)):
                out._record(self, index)
        if constants:
            self._constants = ()
        if self._saved:
            self._let_go_of(outputs)

    def _check_outputs(self, outputs: Sequence[object]) -> None:
        for out in outputs or (None,):
            if not isinstance(out, Variable):
                raise TypeError(
                    f"{self.name}.forward must return one value of the graph (a Scalar, a Tensor) "
                    f"or a tuple of them, got {'()' if not outputs else type(out).__name__}."
                )

    def _let_go_of(self, outputs: Sequence[Variable]) -> None:
        """Keep an alias without history for each recorded output that was saved.

        An output points at this node, and this node must not point back: such a cycle would keep
        the graph alive until the garbage collector runs. `saved_tensors` gives the alias its
        history on access.
        """
        saved_now = self._saved
        for index, out in enumerate(outputs):
            if not _among(out, saved_now) or out.grad_fn is not self:
                continue
            for position, value in enumerate(saved_now):
                if value is out:
                    saved = list(self._saved)
                    saved[position] = out._alias()
                    self._saved = tuple(saved)
                    self._own_outputs = (*self._own_outputs, (position, index))

    def _look_for_nan(
        self, where: str, before: str, came: Sequence[Any], made: Sequence[Any]
    ) -> None:
        def any_nan(values: Sequence[Any]) -> bool:
            return any(isinstance(value, Variable) and value._has_nan() for value in values)

        if any_nan(made) and not any_nan(came):
            raise RuntimeError(
                f"detect_anomaly: {self.name}.{where} made the first NaN: {before}. "
                f"{_call_site(self.called_at)}"
            )

    def __repr__(self) -> str:
        return f"<{self.name} backward>"


class _Unrecorded(Context):
    """The `ctx` of a call that is not recorded; it saves nothing."""

    def save_for_backward(self, *values: Any) -> None:
        """Keep nothing."""


_Result = TypeVar("_Result", covariant=True)


class _Returning(Protocol[_Result]):
    """A Function, for typing `apply` by the return type of its `forward`."""

    @property
    def forward(self) -> Callable[..., _Result]:
        """The method."""
        raise NotImplementedError


class Function:
    """A differentiable operation. Subclass it with two static methods, and call `apply`.

    >>> class Square(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return 2.0 * x * grad_output
    >>> from minitorch_autodiff import Scalar
    >>> x = Scalar(3.0, requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    Scalar(6.0)

    `forward` runs with recording off; `backward` is recorded when the sweep has
    `create_graph=True`, so a `backward` written in differentiable operations can be differentiated
    again. If yours cannot, set `once_differentiable = True`.
    """

    once_differentiable = False

    #: For each input, the positions of the saved values that its gradient reads: those that no
    #: wanted gradient reads may change before `backward`. None if every gradient reads all.
    reads: tuple[tuple[int, ...], ...] | None = None

    @staticmethod
    def forward(ctx: Context, *inputs: Any) -> Any:
        """The result, or a tuple of results, from the inputs of `apply`."""
        raise NotImplementedError("a Function must define forward(ctx, *inputs)")

    @staticmethod
    def backward(ctx: Context, *grad_outputs: Any) -> Any:
        """One gradient for each input of `forward`, None where there is none.

        Broadcasting need not be undone: the engine sums a gradient to its input's shape.
        """
        raise NotImplementedError("a Function must define backward(ctx, *grad_outputs)")

    @overload
    @classmethod
    def apply(cls: type[_Returning[_Result]], *inputs: Any) -> _Result: ...

    @overload
    @classmethod
    def apply(cls, *inputs: Any) -> Any: ...

    @classmethod
    def apply(cls, *inputs: Any) -> Any:
        """Run `forward`, and record the call if any input requires a gradient.

        To type checkers its return type is that of the subclass's `forward`.
        """
        if watchers and anomalies_watched():
            return cls._apply_watched(Context(cls), inputs)
        for value in inputs:
            if isinstance(value, Variable) and value.requires_grad:
                if grad_enabled():
                    return cls._apply_recorded(Context(cls), inputs)
                break
        return cls.forward(_Unrecorded(cls), *inputs)

    @classmethod
    def _apply_recorded(cls, ctx: Context, inputs: tuple[Any, ...]) -> Any:
        before = set_recording(False)
        try:
            result = cls.forward(ctx, *inputs)
        finally:
            reset_recording(before)
        # An input returned as it is keeps its own history; the output is a new variable.
        if type(result) is not tuple:
            if _among(result, inputs):
                result = result._returned()
            ctx._attach(inputs, (result,))
        else:
            result = tuple([out._returned() if _among(out, inputs) else out for out in result])
            ctx._attach(inputs, result)
        return result

    @classmethod
    def _apply_watched(cls, ctx: Context, inputs: tuple[Any, ...]) -> Any:
        """`apply` under detect_anomaly: record the call's stack, and look for the first NaN."""
        backward = swept.get()
        ctx.called_at = _stack(inputs) if backward is None else backward.called_at
        recording = grad_enabled() and any(
            isinstance(x, Variable) and x.requires_grad for x in inputs
        )
        result = cls._apply_recorded(ctx, inputs) if recording else cls.forward(ctx, *inputs)
        if backward is None:
            made = result if type(result) is tuple else (result,)
            ctx._look_for_nan("forward", "no input was", inputs, made)
        return result


def record_binary(
    function: type[Function], x: Variable, y: Variable, output: Variable, spec: Any, saves: bool
) -> None:
    """Record a call of `function` on x and y as the history of an already computed output.

    This is `Function.apply` without its `forward`, for operations so cheap that `apply` would cost
    more than they do. The caller has checked what `apply` checks: x, y or both require a gradient,
    and recording is on.

    Args:
        output: a new variable without history, of the type, shape and dtype of both inputs, so that
            gradients need no `fit` (`Node.exact`).
        spec: the output's `_spec()`.
        saves: true if `backward` reads `(x, y)` from `ctx.saved_tensors`.
    """
    ctx = _new_context(Context)
    ctx.function = function
    ctx.edges = (
        x._history or (x, 0) if x.requires_grad else None,
        y._history or (y, 0) if y.requires_grad else None,
    )
    ctx.time = tick()  # after the edges, as in `_attach`
    if saves:
        ctx._saved = (x, y)
    ctx._kind = output.__class__
    ctx._specs = (spec,)
    ctx.exact = True
    output.requires_grad = True
    output._history = (ctx, 0)


#: A Context whose attributes are set by the caller: running `__init__` takes as long as the rest.
_new_context = Context.__new__


def _stack(inputs: tuple[Any, ...]) -> tuple[traceback.StackSummary, int]:
    """The stack of the call to `apply`, and the number of innermost frames inside the library.

    The library is this package and those that define the inputs' classes; the frame outside it is
    the one to show to the user.
    """
    library = {type(x).__module__.partition(".")[0] for x in inputs if isinstance(x, Variable)}
    library = (library | {__name__.partition(".")[0]}) - {"__main__"}
    frames = list(traceback.walk_stack(sys._getframe(3)))
    inside = 0
    for frame, _ in frames[:-1]:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in library:
            break
        inside += 1
    # The source is read when it is shown: reading it for every call would cost far more.
    return traceback.StackSummary.extract(iter(frames[::-1]), lookup_lines=False), inside


def _call_site(called_at: tuple[traceback.StackSummary, int] | None) -> str:
    if called_at is None:
        return (
            "Run the forward pass under detect_anomaly too to see the line that called the "
            "operation."
        )
    stack, inside = called_at
    site = stack[-1 - inside]
    return (
        f'It was called in {site.name}, "{site.filename}", line {site.lineno}:\n'
        f"    {site.line}\nThe whole stack, most recent call last:\n{''.join(stack.format())}"
    )


def _among(value: object, others: Sequence[object]) -> bool:
    """True if `value` itself, rather than an equal, is one of `others`."""
    for other in others:  # noqa: SIM110 - a generator would cost more than the loop
        if value is other:
            return True
    return False
