"""Variable: the base class of differentiable values, with gradient, history and hooks."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from minitorch_autodiff.engine import run_backward
from minitorch_autodiff.grad_mode import enable_grad, set_grad_enabled
from minitorch_autodiff.protocol import Edge, Gradient, Hook

__all__ = ["RemovableHandle", "Variable", "grad", "jvp", "vjp"]

if TYPE_CHECKING:
    from minitorch_autodiff.function import Context


class RemovableHandle:
    """Returned when a hook is registered; `remove()` removes the hook.

    Args:
        hooks: the list that the hook was put into.
        entry: its entry in the list, found by identity, since the same hook may be there twice.
    """

    def __init__(self, hooks: list[Any], entry: object) -> None:
        self._hooks = hooks
        self._entry = entry

    def remove(self) -> None:
        """Remove the hook; a second call has no effect."""
        self._hooks[:] = [entry for entry in self._hooks if entry is not self._entry]


class RetainGrad:
    """The hook of `retain_grad`: keeps the gradient in the value's `grad`."""

    def __init__(self, value: Variable) -> None:
        # A weak reference: the graph holds the hook and must not keep the value alive.
        self.value = weakref.ref(value)

    def __call__(self, gradient: Gradient) -> None:
        """Add to the value's `grad`, if the value is still alive."""
        value = self.value()
        if value is not None:
            value.accumulate(gradient)


class Variable:
    """A value that can be differentiated. `Scalar` and `Tensor` derive from it.

    A *leaf* was made by the user and is its own node of the graph; any other variable points at
    the `Context` of the call that computed it.

    A subclass provides the methods of the first section, and `+` between gradients.
    """

    # Class attributes serve as defaults: making a variable sets only what differs.
    requires_grad: bool = False
    grad: Any = None
    #: Hooks on a leaf's gradient. An inner value's are held by its `grad_fn`.
    hooks: list[tuple[int, Hook]] | None = None
    #: The call that computed it, and its index among the outputs; None for a leaf.
    _history: tuple[Context, int] | None = None
    #: What `retain_grad` registered.
    _retained: tuple[int, Hook] | None = None

    #: The members of `Node` for a variable that is a leaf, where the sweep ends.
    edges: Sequence[Edge | None] = ()
    n_outputs = 1
    time = 0
    exact = True

    # -- what a subclass provides ------------------------------------------------------------

    def _spec(self) -> Any:
        """What `_fit` needs to know about this value, without keeping its memory alive."""
        return None

    @staticmethod
    def _fit(gradient: Gradient, spec: Any) -> Gradient:
        """`gradient` adapted to a value of that spec; this undoes broadcasting."""
        return gradient

    def _alias(self) -> Self:
        """A new variable of the same value and memory, with no history."""
        raise NotImplementedError(f"{type(self).__name__} must define _alias")

    def _returned(self) -> Self:
        """The output of a function that returned this value, one of its inputs, as it is."""
        return self._alias()

    def _ones_like(self) -> Gradient:
        """The gradient of this value with respect to itself; raises where it is ambiguous."""
        raise NotImplementedError(f"{type(self).__name__} must define _ones_like")

    def _start(self, gradient: Gradient) -> Gradient:
        """Check and return the initial gradient that the caller passed."""
        return gradient

    @staticmethod
    def _zeros(spec: Any) -> Gradient:
        """The gradient of an output that nothing used, for a function with several outputs."""
        return 0.0

    def _describe(self) -> str:
        """A short description for error messages."""
        return repr(self)

    @staticmethod
    def _summary(spec: Any) -> str:
        """The label of a value with that spec in a drawing of the graph: its number or shape."""
        return ""

    def _keep(self, gradient: Gradient) -> Gradient:
        """`gradient`, or a copy if somebody else holds it and could change it."""
        return gradient

    def _has_nan(self) -> bool:
        """True if any element is NaN, for `detect_anomaly`."""
        return False

    @property
    def _changed_at(self) -> int:
        """The tick of its last in-place change (see `clock`), 0 if there was none: values saved
        before that tick are stale."""
        return 0

    @property
    def _differentiable(self) -> bool:
        """True if values of this kind can require a gradient (floating point can)."""
        return True

    # -- the graph ---------------------------------------------------------------------------

    @property
    def is_leaf(self) -> bool:
        """True for a value that no recorded call computed."""
        return self._history is None

    @property
    def grad_fn(self) -> Context | None:
        """The recorded call that computed this value; None for a leaf."""
        return None if self._history is None else self._history[0]

    def _record(self, node: Context, index: int) -> None:
        """Make this the output `index` of a recorded call."""
        self.requires_grad = True
        self._history = node, index

    @property
    def _edge(self) -> Edge:
        return self._history or (self, 0)

    def fit(self, gradient: Gradient, index: int) -> Gradient:
        """For a leaf: adapt an arriving gradient to this value."""
        return self._fit(gradient, self._spec())

    def send_back(self, received: Any, keep: bool) -> Sequence[Gradient | None]:
        """For a leaf: send nothing, since it has no inputs."""
        return ()

    def accumulate(self, gradient: Gradient) -> None:
        """For a leaf: add to `grad`."""
        self.grad = self._keep(gradient) if self.grad is None else self.grad + gradient

    def backward(
        self,
        gradient: Gradient | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
    ) -> None:
        """Add to the `grad` of every leaf the derivative of this value with respect to it.

        Args:
            gradient: the derivative of the final result with respect to this value. It may be
                omitted for a single number, where it is 1.
            retain_graph: keep what the graph saved, to call `backward` through it again.
                Defaults to `create_graph`.
            create_graph: record the sweep itself, so that the gradients can be differentiated.
                A leaf's `grad` then leads back to the leaf: a cycle, which only the garbage
                collector frees. `grad()` makes none.

        Raises: RuntimeError if this value does not require a gradient, if it is not a single
            number and no gradient is given, or if the graph was already freed.
        """
        differentiate([self], [gradient], retain_graph, create_graph, capture=None)

    def register_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(grad)` once this value's gradient is complete; it may return another.

        Raises: RuntimeError if this value does not require a gradient.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "register_hook: this value does not require a gradient, so the hook would never "
                "be called. Call requires_grad_() on it first."
            )
        if not callable(hook):
            raise TypeError(
                f"register_hook: expected a function of the gradient, got {type(hook).__name__}."
            )
        holder, index = self._history or (self, 0)
        if holder.hooks is None:
            holder.hooks = []
        entry = (index, hook)
        if self._retained is None:
            holder.hooks.append(entry)
        else:  # retain_grad stays last: it keeps the gradient as the other hooks left it
            holder.hooks.insert(holder.hooks.index(self._retained), entry)
        return RemovableHandle(holder.hooks, entry)

    def retain_grad(self) -> None:
        """Keep the gradient of an inner value in its `grad` too, as a leaf does.

        Raises: RuntimeError if this value does not require a gradient.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "retain_grad: this value does not require a gradient. "
                "Call requires_grad_() on what it is computed from."
            )
        if self.is_leaf or self._retained is not None:
            return
        self.register_hook(RetainGrad(self))
        assert self._history is not None and self._history[0].hooks is not None
        self._retained = self._history[0].hooks[-1]

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Track this leaf, or stop tracking it, in place.

        Raises: RuntimeError for an inner value, or for a kind that has no gradient.
        """
        if not self.is_leaf and not requires_grad:
            raise RuntimeError(
                "requires_grad_: an inner value of the graph cannot be told to need no gradient; "
                "use detach() for a value cut out of the graph."
            )
        if requires_grad and not self._differentiable:
            raise RuntimeError(
                f"requires_grad_: only floating-point values have gradients, got "
                f"{self._describe()}. "
                "Convert first, with .float()."
            )
        self.requires_grad = requires_grad
        return self

    def detach(self) -> Self:
        """The same value and memory, detached from the graph."""
        return self._alias()


def differentiate(
    outputs: Sequence[Variable],
    gradients: Sequence[Gradient | None],
    retain_graph: bool | None,
    create_graph: bool,
    capture: Sequence[Edge] | None,
) -> list[Gradient | None]:
    """Check the outputs, fill in missing gradients, and run the sweep."""
    roots = []
    for output, gradient in zip(outputs, gradients):
        if not output.requires_grad:
            raise RuntimeError(
                f"{'backward' if capture is None else 'grad'}: {output._describe()} does not "
                "require a gradient: it was computed from nothing that does, or under no_grad(). "
                "Set requires_grad=True on an input."
            )
        start = output._ones_like() if gradient is None else output._start(gradient)
        roots.append((output._edge, start))
    with set_grad_enabled(create_graph):
        return run_backward(
            roots,
            retain_graph=create_graph if retain_graph is None else retain_graph,
            capture=capture,
        )


def _as_sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (tuple, list)) else [value]


def _variables(operation: str, what: str, value: Any) -> Sequence[Variable]:
    """One Variable or several, as a sequence."""
    values = _as_sequence(value)
    for position, item in enumerate(values):
        if not isinstance(item, Variable):
            raise TypeError(
                f"{operation}: {what} {position} is not a value of a graph, got "
                f"{type(item).__name__}. Make it one first: a Scalar, a Tensor."
            )
    return values


def grad(
    outputs: Variable | Sequence[Variable],
    inputs: Variable | Sequence[Variable],
    grad_outputs: Gradient | Sequence[Gradient | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Gradient | None, ...]:
    """The derivatives of `outputs` with respect to `inputs`, leaving every `.grad` untouched.

    Args:
        outputs: one value or several, whose derivatives are summed.
        inputs: leaves or inner values.
        grad_outputs: for each output the initial gradient; may be omitted for single numbers.
        retain_graph: keep what the graph saved; defaults to `create_graph`.
        create_graph: record the sweep, for derivatives of derivatives.
        allow_unused: return None for an input that the outputs do not depend on.

    Returns: one gradient for each input.
    Raises: RuntimeError if an output or input does not require a gradient, if an input is unused
        and that is not allowed, or if the graph was already freed.
    """
    outputs, inputs = _variables("grad", "output", outputs), _variables("grad", "input", inputs)
    starts = [None] * len(outputs) if grad_outputs is None else list(_as_sequence(grad_outputs))
    if len(starts) != len(outputs):
        raise ValueError(
            f"grad: got {len(outputs)} outputs but {len(starts)} grad_outputs; give one for each "
            "output, None for a number."
        )
    for position, value in enumerate(inputs):
        if not value.requires_grad:
            raise RuntimeError(
                f"grad: input {position} does not require a gradient. "
                "Set requires_grad=True on it before computing the outputs."
            )
    results = differentiate(
        outputs, starts, retain_graph, create_graph, capture=[value._edge for value in inputs]
    )
    if not allow_unused:
        for position, result in enumerate(results):
            if result is None:
                raise RuntimeError(
                    f"grad: the outputs do not depend on input {position}. "
                    "Pass allow_unused=True to get None for it."
                )
    return tuple(results)


def vjp(
    function: Callable[..., Any], *primals: Variable
) -> tuple[Any, Callable[..., tuple[Gradient | None, ...]]]:
    """`function(*primals)` and the map from its gradient to the gradients of the primals.

    The vector-Jacobian product: reverse mode, one sweep for each vector. The map takes one
    gradient for each output, and gives None for a primal that the outputs do not depend on.

    >>> from minitorch_autodiff import Scalar
    >>> output, pull_back = vjp(lambda x, y: x * y, Scalar(3.0), Scalar(4.0))
    >>> output, pull_back(1.0)
    (Scalar(12.0), (Scalar(4.0), Scalar(3.0)))
    """
    inputs, output = _traced("vjp", function, primals)
    outputs = _as_sequence(output)

    def pull_back(*gradients: Gradient) -> tuple[Gradient | None, ...]:
        if len(gradients) != len(outputs):
            raise ValueError(
                f"vjp: the function has {len(outputs)} outputs, got {len(gradients)} gradients; "
                "give one for each."
            )
        used = [(out, g) for out, g in zip(outputs, gradients) if out.requires_grad]
        if not used:
            return (None,) * len(inputs)
        roots, starts = zip(*used)
        return grad(roots, inputs, starts, retain_graph=True, allow_unused=True)

    return _detached(output), pull_back


def jvp(
    function: Callable[..., Any], primals: Sequence[Variable], tangents: Sequence[Gradient]
) -> tuple[Any, Any]:
    """`function(*primals)` and its directional derivative along `tangents`, of the same form.

    The Jacobian-vector product from two reverse sweeps: the vector-Jacobian product is linear in
    its vector u, so differentiating <vjp(u), tangents> with respect to u gives J @ tangents
    (Townsend, "A new trick for calculating Jacobian vector products", 2017). `function` must be
    twice differentiable.

    >>> from minitorch_autodiff import Scalar
    >>> jvp(lambda x, y: x * y, (Scalar(3.0), Scalar(4.0)), (1.0, 0.5))
    (Scalar(12.0), Scalar(5.5))

    Raises: ValueError unless there is one tangent for each primal.
    """
    primals, tangents = _as_sequence(primals), _as_sequence(tangents)
    if len(primals) != len(tangents):
        raise ValueError(
            f"jvp: got {len(primals)} primals but {len(tangents)} tangents; give one for each."
        )
    inputs, output = _traced("jvp", function, primals)
    outputs = _as_sequence(output)
    # The values of u do not matter: a function linear in u has a derivative free of u.
    us = [type(out)._zeros(out._spec()).requires_grad_() for out in outputs]
    rooted = [(out, u) for out, u in zip(outputs, us) if out.requires_grad]
    pushed: Sequence[Gradient | None] = [None] * len(us)
    if rooted:
        roots, starts = zip(*rooted)
        pulled = grad(roots, inputs, starts, create_graph=True, allow_unused=True)
        used = [(p, t) for p, t in zip(pulled, tangents) if p is not None and p.requires_grad]
        if used:
            pushed = grad([p for p, _ in used], us, [t for _, t in used], allow_unused=True)
    result = tuple(
        [
            type(out)._zeros(out._spec()) if tangent is None else tangent
            for out, tangent in zip(outputs, pushed)
        ]
    )
    return _detached(output), result if isinstance(output, (tuple, list)) else result[0]


def _traced(
    operation: str, function: Callable[..., Any], primals: Sequence[Variable]
) -> tuple[list[Variable], Any]:
    """Fresh leaves of the primals' values, and what `function` computes from them."""
    inputs = [x.detach().requires_grad_() for x in _variables(operation, "primal", list(primals))]
    with enable_grad():
        output = function(*inputs)
    _variables(operation, "output", output)
    return inputs, output


def _detached(output: Any) -> Any:
    if isinstance(output, (tuple, list)):
        return tuple([out.detach() for out in output])
    return output.detach()
