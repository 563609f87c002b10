"""Writing into tensors, also those that have a history, and into their views.

A view is a tensor over the memory of another one, its *base*, that differentiation knows of: it
refers to its base, and the memory to all views of it, weakly. (`detach` and `data` give tensors
over the same memory that differentiation does not know of.) So there are two kinds of recorded
writes:

- A write into a tensor that is no view computes f(old, ...) as ever, moves the elements into the
  memory of the tensor and gives it the history of the result (`minitorch_autodiff.rewriting`).
- A write into a view changes the base too. It is the function `Write` of the base and the values
  written, whose derivative is 0 with respect to the elements of the base that were replaced. It
  becomes the history of the base, which makes that of every view of it outdated.

An outdated view is of the class `Tensor._outdated` until it is used: then its history becomes
`View`, the function that reads it from its base as the base is now. So a tensor pays for writes
only where its own memory was written into, and a view for being one with two references.

Source: PyTorch, which has the same semantics and refuses the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from weakref import ref

from minitorch_autodiff import Context, Variable
from minitorch_autodiff.clock import tick
from minitorch_autodiff.grad_mode import enable_grad, grad_enabled
from minitorch_autodiff.rewriting import kept_by, results_saved_by, take_over
from minitorch_tensor.functions.base import constant
from minitorch_tensor.functions.methods import Methods
from minitorch_tensor.layout import broadcast_shapes
from minitorch_tensor.places import Place, View, Write, layout_of

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor, TensorLike
    from minitorch_tensor.tensor_data import TensorData

#: How a view was made, if not by one recorded function of one tensor: such a view is not written
#: into where that would have to be recorded.
UNRECORDED = "was made under no_grad()"
ONE_OF_SEVERAL = "is one of several that split, chunk, unbind or iterating over a tensor made"
OF_FUNCTION = "was made inside the forward of a Function"

_WAY_OUT: dict[str | None, str] = {
    UNRECORDED: "Make the view and write into it either both inside of no_grad() or both outside.",
    ONE_OF_SEVERAL: "Index the tensor instead, or use the operation that gives a new tensor.",
    OF_FUNCTION: "Use the operation that gives a new tensor, or write into a clone() of it.",
}


# -- views know their base ------------------------------------------------------------------------


_blank = object.__new__


def make_view(base: Tensor, data: TensorData, ctx: Context | None = None) -> Tensor:
    """A view of a tensor, which may be a view itself, over `data` in the same memory.

    Args:
        ctx: of the Function that makes it, if one does.
    """
    view: Tensor = _blank(base._plain)  # calling the class takes as long as the rest
    view._data, view.backend = data, base.backend
    owner = data.base or data
    if owner.views is None:  # as `register` does: most views are the only one
        owner.views = [ref(view)]
    else:
        register(view, owner)
    if base._base is None:
        view._base = base
    else:
        view._base, view._made = base._base, base._made
    if ctx.__class__ is not Context and not grad_enabled() and view._made is None:
        view._made = UNRECORDED
    return view


def leave_forward(output: Tensor) -> None:
    """Settle what a view is that a Function's forward made, and that is its output now: a view of
    an input, or a tensor over memory that nobody else has."""
    assert output._base is not None
    if output._base.requires_grad:
        output._made = OF_FUNCTION
    else:
        output._base = output._made = None


def register(view: Tensor, owner: TensorData) -> None:
    """Let the owner of a view's memory know of it."""
    views = owner.views
    if views is None:
        owner.views = [ref(view)]
        return
    views.append(ref(view))
    if not len(views) % 64:  # forget those that are gone
        count = len(views)
        views[:count] = [known for known in views[:count] if known() is not None]


def outdate(owner: TensorData) -> None:
    """Note that memory of which there are views was changed."""
    known, owner.views = owner.views or (), None
    for reference in known:
        view = reference()
        if view is not None and view._base is not None:
            register(view, owner)
            if view._base.requires_grad:
                view.__class__ = view._outdated


def update(view: Any) -> None:
    """Give an outdated view the history of its base as it is now.

    Raises: RuntimeError for a view that was made in a way which does not allow that.
    """
    base: Tensor = view._base
    if view._made is not None:
        raise RuntimeError(
            f"This view {view._made}, and its base or another view of its base was changed in "
            f"place. {_WAY_OUT[view._made]}"
        )
    with enable_grad():
        shown = View.apply(base, Place(layout_of(base._data), layout_of(view._data)))
    view.__class__ = base._plain
    take_over(view, shown)


class Outdated:
    """What brings an outdated view up to date when it is used."""

    @property
    def requires_grad(self) -> bool:
        """True: its base does."""
        return True

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        update(self)
        self.requires_grad = value

    @property
    def _history(self) -> Any:
        update(self)
        return self._history

    @_history.setter
    def _history(self, value: Any) -> None:
        update(self)
        self._history = value


# -- writing --------------------------------------------------------------------------------------


def recorded(operation: str, x: Tensor, operands: Iterable[Any] = ()) -> bool:
    """True if a write into x that depends on the operands must be recorded.

    Raises: RuntimeError where that is not possible: for a leaf that requires a gradient, and views
        of it; for views that were not made by one recorded function of one tensor.
    """
    if not grad_enabled():
        return False
    base = x._base
    if not (x.requires_grad or (base is not None and base.requires_grad)):
        for y in operands:
            if isinstance(y, Variable) and y.requires_grad:
                break
        else:
            return False
    if not x._differentiable:
        return False
    if base is not None:
        if x._made is not None:
            raise RuntimeError(
                f"{operation}: this view {x._made}, and is being changed in place where that is "
                f"recorded. {_WAY_OUT[x._made]}"
            )
        if base.requires_grad and base.is_leaf:
            raise RuntimeError(
                f"{operation}: a view of a leaf Variable that requires grad is being used in an "
                "in-place operation: the gradient of the leaf would be that of its old elements. "
                "Do it under no_grad(), or change a clone() of the leaf."
            )
    if x.requires_grad and x.is_leaf:
        raise RuntimeError(
            f"{operation}: a leaf Variable that requires grad is being used in an in-place "
            "operation: its gradient would be that of its old elements. Do it under no_grad(), or "
            "use the operation that gives a new tensor."
        )
    return True


def check_apart(operation: str, data: TensorData) -> None:
    """Check that no two elements of what is written into are surely one place in memory.

    Raises: RuntimeError if they are.
    """
    if any(step == 0 and n > 1 for n, step in zip(data.shape, data.strides)) and data.size:
        raise RuntimeError(
            f"{operation}: several elements of this expanded tensor are one place in memory. "
            "Change a clone() of it."
        )


def put(x: Tensor, values: Tensor, part: TensorData | None = None) -> None:
    """Write values, of x's backend and dtype, into x or a part of it, and record it.

    Args:
        part: tensor data over the memory of x.
    """
    base = x if x._base is None else x._base
    place = Place(layout_of(base._data), layout_of(x._data if part is None else part))
    if values._data.owner is x._data.owner:  # may overlap
        if values._base is base and layout_of(values._data) == place.part:
            return  # as by x[0] += 1, which ends with x[0] = x[0]
        values = values.clone()
    _ = values.grad_fn  # raises, if at all, before anything is written
    take_over(base, Write.apply(base, values, place))
    if base._data.owner.views is not None:
        outdate(base._data.owner)  # again, now that the base requires a gradient
    if base is not x:
        update(x)


def put_result(
    operation: str,
    x: Tensor,
    function: Callable[..., Tensor],
    operands: tuple[Any, ...],
    options: dict[str, Any],
) -> None:
    """Write function(x, *operands, **options) into x, and record it."""
    since = tick()
    old = _twin(x)
    operands = tuple([_twin(x) if y is x else y for y in operands])
    result = function(old, *operands, **options)
    check_fits(operation, x, result)
    if result.shape != x.shape:
        result = result.expand(x.shape)
    result = result.to(x.dtype)
    node = result.grad_fn
    if node is not None and kept_by(result, old, since):
        old._data = x.backend.contiguous(x._data)
    if node is None or x._base is not None:
        put(x, result)
    else:
        if result._data.owner is x._data.owner:  # may overlap
            result = result.clone()
        x.backend.copy_(x._data, result._data)
        take_over(x, result)
        x._bump_version()
    if node is not None:
        for saved in results_saved_by(node):
            saved._data = x._data
            node.time = x._data.owner.version  # it saved what is there now


def _twin(x: Tensor) -> Tensor:
    """A tensor of the same memory and history, for calls to save: x itself will be another value,
    and its history would lead back to the call that saved it."""
    twin = x._alias()
    twin.requires_grad, twin._history = x.requires_grad, x._history
    return twin


# -- as methods -----------------------------------------------------------------------------------

#: The kinds of dtypes, each of which can hold the preceding ones.
_KINDS = ("bool", "int", "float")


def check_fits(operation: str, x: Tensor, result: Tensor) -> None:
    """Check that a result can be written into x.

    Raises: TypeError for its dtype, ValueError for its shape.
    """
    if _KINDS.index(result.dtype.kind) > _KINDS.index(x.dtype.kind):
        raise TypeError(
            f"{operation}: a {result.dtype} result does not fit in {x.dtype}. "
            "Convert this tensor first."
        )
    _check_shape(operation, x, result)


def _check_shape(operation: str, x: Tensor, source: Tensor) -> None:
    shape = x._data.shape
    given = source._data.shape
    if given != shape and broadcast_shapes(given, shape, operation) != shape:
        raise ValueError(f"{operation}: a source of shape {given} does not fit into {shape}.")


def copy_(input: Tensor, src: TensorLike, non_blocking: bool = False) -> Tensor:
    """Write the elements of `src`, broadcast and converted, into this tensor's memory.

    Args:
        non_blocking: taken for PyTorch's sake; the elements are there on return either way.

    Raises: OverflowError for a number that the dtype does not hold; RuntimeError for a leaf that
        requires a gradient, unless under `no_grad`.
    """
    return write("copy_", input, src)


def write(operation: str, x: Tensor, src: TensorLike, apart: bool = True) -> Tensor:
    """Write a tensor or a number into x, recorded if necessary.

    Args:
        apart: false if elements of x that share a place may all be written.
    """
    to_be_recorded = recorded(operation, x, (src,))
    source = src if isinstance(src, Variable) else constant(operation, src, x)
    _check_shape(operation, x, source)
    if apart:
        check_apart(operation, x._data)
    if to_be_recorded:
        put(x, source.to(x.backend).to(x.dtype))
    else:
        _store(x, source)
    return x


def write_result(
    x: Tensor, operation: str, function: Callable[..., Tensor], *operands: Any, **options: Any
) -> Tensor:
    """Write function(x, *operands, **options) into x, recorded if necessary."""
    to_be_recorded = recorded(operation, x, (*operands, *options.values()))
    check_apart(operation, x._data)
    if to_be_recorded:
        put_result(operation, x, function, operands, options)
    else:
        plain = [y.detach() if isinstance(y, Variable) else y for y in operands]
        result = function(x.detach(), *plain, **options)
        check_fits(operation, x, result)
        _store(x, result)
    return x


def _store(x: Tensor, source: Tensor) -> None:
    """Write a tensor of a fitting shape into x, unrecorded."""
    source = source.detach().to(x.backend)
    if source._data.owner is x._data.owner:  # may overlap
        source = source.clone()
    x.backend.copy_(x._data, source._data.expand(x._data.shape))
    x._bump_version()


class WritingMethods(Methods):
    """Writing into a tensor."""

    #: The tensor that this is a view of; None if it is none.
    _base: Tensor | None = None
    #: Why it is not written into where that is recorded; None for most views.
    _made: str | None = None

    copy_ = copy_
    _in_place = write_result
    _view = make_view
