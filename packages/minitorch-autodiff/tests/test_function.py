"""Function: what its author may do, what it refuses, and how errors name it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from minitorch_autodiff import (
    Context,
    Function,
    Scalar,
    derivative_check,
    detect_anomaly,
    grad,
    grad_mode,
    is_grad_enabled,
    no_grad,
)
from minitorch_autodiff.function import record_binary


def leaf(value: float) -> Scalar:
    return Scalar(value, requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx: Context, x: Scalar) -> Scalar:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return 3.0 * x * x * d


class SinCos(Function):
    """Two outputs, both saved."""

    @staticmethod
    def forward(ctx: Context, x: Scalar) -> tuple[Scalar, Scalar]:
        sine, cosine = x.sin(), x.cos()
        ctx.save_for_backward(sine, cosine)
        return sine, cosine

    @staticmethod
    def backward(ctx: Context, d_sine: Scalar, d_cosine: Scalar) -> Scalar:
        sine, cosine = ctx.saved_tensors
        return d_sine * cosine - d_cosine * sine


# -- custom functions ----------------------------------------------------------------------------


def test_a_custom_function_has_the_slope_it_defines() -> None:
    x = leaf(2.0)
    y = Cube.apply(x)
    assert repr(y) == "Scalar(8.0, grad_fn=<Cube backward>)"
    y.backward()
    assert x.derivative == 12.0


def test_a_backward_made_of_operations_can_be_differentiated_again() -> None:
    derivative_check(Cube.apply, 1.5, order=2)
    derivative_check(lambda x: SinCos.apply(x)[0] * SinCos.apply(x)[1], 0.7, order=2)


class Product(Function):
    @staticmethod
    def forward(ctx: Context, x: Scalar, y: Scalar) -> Scalar:
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar | None, Scalar | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return d * y if to_x else None, d * x if to_y else None


def recorded_product(x: Scalar, y: Scalar) -> Scalar:
    out = Scalar(x.item() * y.item())
    record_binary(Product, x, y, out, out._spec(), saves=True)
    return out


@pytest.mark.parametrize("product", [Product.apply, recorded_product])
@pytest.mark.parametrize(("to_x", "to_y"), [(True, True), (True, False), (False, True)])
def test_a_call_recorded_afterwards_is_like_one_that_was_applied(
    product: Any, to_x: bool, to_y: bool
) -> None:
    a, y = Scalar(3.0, requires_grad=to_x), Scalar(5.0, requires_grad=to_y)
    x = a * 2.0
    out = product(x, y)
    assert repr(out) == "Scalar(30.0, grad_fn=<Product backward>)"
    assert out.grad_fn is not None
    assert out.grad_fn.needs_input_grad == (to_x, to_y)
    (out * out).backward(create_graph=True)
    assert a.derivative == (2 * 30.0 * 5.0 * 2.0 if to_x else None)
    assert y.derivative == (2 * 30.0 * 6.0 if to_y else None)
    if to_y:
        assert y.grad is not None
        (second,) = grad(y.grad, y)
        assert second.item() == 2 * 6.0 * 6.0
    stale = product(x, y)
    x.data = 7.0
    with pytest.raises(RuntimeError, match="Product: a value that it saved for backward"):
        stale.backward()


def test_forward_runs_without_recording_and_recording_resumes_after_an_error() -> None:
    class Fails(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar) -> Scalar:
            assert not is_grad_enabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Fails.apply(leaf(1.0))
    assert is_grad_enabled()


def test_nothing_is_recorded_without_an_input_that_requires_a_gradient() -> None:
    assert Cube.apply(Scalar(2.0)).grad_fn is None
    with no_grad():
        assert Cube.apply(leaf(2.0)).grad_fn is None


def test_inputs_that_are_no_values_pass_through_to_forward() -> None:
    class Scale(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar, factor: float, note: str) -> Scalar:
            ctx.factor = factor
            assert note == "twice"
            return Scalar(x.data * factor)

        @staticmethod
        def backward(ctx: Context, d: Scalar) -> tuple[Scalar, None, None]:
            assert ctx.needs_input_grad == (True, False, False)
            return d * ctx.factor, None, None

    x = leaf(3.0)
    Scale.apply(x, 2.0, "twice").backward()
    assert x.derivative == 2.0


def test_backward_knows_which_inputs_want_a_gradient() -> None:
    seen: list[tuple[bool, ...]] = []

    class Watch(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar, y: Scalar) -> Scalar:
            return Scalar(x.data + y.data)

        @staticmethod
        def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
            seen.append(ctx.needs_input_grad)
            return d, d

    for x, y in ((leaf(1.0), Scalar(1.0)), (Scalar(1.0), leaf(1.0)), (leaf(1.0), leaf(1.0))):
        Watch.apply(x, y).backward()
        assert (x.grad is not None, y.grad is not None) == seen[-1]
    assert seen == [(True, False), (False, True), (True, True)]


def test_a_gradient_of_none_reaches_nobody() -> None:
    class Stop(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar) -> Scalar:
            return Scalar(x.data)

        @staticmethod
        def backward(ctx: Context, d: Scalar) -> None:
            return None

    x = leaf(2.0)
    (Stop.apply(x * 3.0) + x).backward()
    assert x.derivative == 1.0


def test_plain_numbers_and_lists_are_gradients_too() -> None:
    class Sum(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar, y: Scalar) -> Scalar:
            return Scalar(x.data + y.data)

        @staticmethod
        def backward(ctx: Context, d: Scalar) -> list[float]:
            return [d.data, 2 * d.data]

    x, y = leaf(1.0), leaf(1.0)
    Sum.apply(x, y).backward()
    assert (x.grad, y.grad) == (Scalar(1.0), Scalar(2.0))
    assert isinstance(y.grad, Scalar)


def test_an_input_that_is_handed_back_keeps_its_own_history() -> None:
    class Identity(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar) -> Scalar:
            return x

        @staticmethod
        def backward(ctx: Context, d: Scalar) -> Scalar:
            return d * 10.0

    x = leaf(2.0)
    y = Identity.apply(x)
    assert y is not x
    assert x.is_leaf
    y.backward()
    assert x.derivative == 10.0


# -- several outputs -----------------------------------------------------------------------------


def test_each_output_sends_its_own_gradient() -> None:
    x = leaf(0.7)
    sine, cosine = SinCos.apply(x)
    (2.0 * sine + 5.0 * cosine).backward()
    assert x.derivative == pytest.approx(2.0 * math.cos(0.7) - 5.0 * math.sin(0.7))


def test_an_unused_output_sends_zero() -> None:
    x = leaf(0.7)
    _, cosine = SinCos.apply(x)
    cosine.backward()
    assert x.derivative == pytest.approx(-math.sin(0.7))


def test_outputs_can_be_captured_one_by_one() -> None:
    sine, cosine = SinCos.apply(leaf(0.7))
    product = sine * cosine
    assert [g.data for g in grad(product, [cosine, sine])] == [sine.data, cosine.data]
    (unused,) = grad(sine * 2.0, [cosine], allow_unused=True)
    assert unused is None


def test_saved_outputs_have_their_history_in_backward() -> None:
    x = leaf(0.7)
    sine, _ = SinCos.apply(x)
    (slope,) = grad(sine, x, create_graph=True)
    (curvature,) = grad(slope, x)
    assert curvature.data == pytest.approx(-math.sin(0.7))


class WithCount(Function):
    """The value and how often it was seen: a second output without a gradient."""

    @staticmethod
    def forward(ctx: Context, x: Scalar) -> tuple[Scalar, Scalar]:
        y, count = x * x, Scalar(1.0)
        ctx.save_for_backward(x, count)
        ctx.mark_non_differentiable(count)
        return y, count

    @staticmethod
    def backward(ctx: Context, d: Scalar, d_count: Scalar) -> Scalar:
        x, count = ctx.saved_tensors
        assert not count.requires_grad
        assert d_count == 0.0
        return 2.0 * x * d * count


def test_an_output_marked_as_non_differentiable_has_no_history() -> None:
    x = leaf(3.0)
    y, count = WithCount.apply(x)
    assert not count.requires_grad
    (slope,) = grad(y * count, x, create_graph=True)
    assert (slope.data, grad(slope, x)[0].data) == (6.0, 2.0)


# -- errors --------------------------------------------------------------------------------------


def test_a_wrong_number_of_gradients_is_refused_by_name() -> None:
    class Odd(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar, y: Scalar) -> Scalar:
            return Scalar(x.data + y.data)

        @staticmethod
        def backward(ctx: Context, d: Scalar) -> Any:
            return d

    with pytest.raises(
        RuntimeError,
        match=r"^Odd\.backward returned 1 gradients for the 2 inputs of forward; return one for "
        r"each, None where there is none\.$",
    ):
        Odd.apply(leaf(1.0), leaf(2.0)).backward()


@pytest.mark.parametrize(
    ("result", "got"),
    [(None, "NoneType"), (3.0, "float"), ((), r"\(\)"), ((Scalar(1.0), 2.0), "float")],
)
def test_a_result_that_is_no_value_is_refused_by_name(result: Any, got: str) -> None:
    class Wrong(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar) -> Any:
            return result

    with pytest.raises(TypeError, match=rf"^Wrong\.forward must return one value .* got {got}\.$"):
        Wrong.apply(leaf(1.0))
    assert is_grad_enabled()


def test_a_missing_method_says_so() -> None:
    class Nothing(Function):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Nothing.apply(leaf(1.0))

    class Half(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar) -> Scalar:
            return Scalar(x.data)

    with pytest.raises(NotImplementedError, match="backward"):
        Half.apply(leaf(1.0)).backward()


class Once(Function):
    once_differentiable = True

    @staticmethod
    def forward(ctx: Context, x: Scalar) -> Scalar:
        return Scalar(x.data * 2.0)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        return Scalar(d.data * 2.0)


def test_what_is_once_differentiable_refuses_create_graph_by_name() -> None:
    x = leaf(1.0)
    Once.apply(x).backward()
    assert x.derivative == 2.0
    with pytest.raises(RuntimeError, match=r"^Once: .*once_differentiable.*create_graph=True"):
        grad(Once.apply(x), x, create_graph=True)


def test_a_value_changed_after_it_was_saved_is_noticed() -> None:
    x = leaf(2.0)
    y = x * x
    x.data = 5.0
    with pytest.raises(
        RuntimeError,
        match=r"^Mul: a value that it saved for backward \(Scalar\(5\.0, requires_grad=True\)\) "
        r"was changed in place afterwards\..*clone",
    ):
        y.backward()


def test_a_change_before_a_value_is_saved_or_of_another_value_does_no_harm() -> None:
    x, other = leaf(2.0), leaf(3.0)
    x.data = 4.0
    y = x * x
    other.data = 5.0
    y.backward()
    assert x.derivative == 8.0


def test_a_change_to_the_same_number_is_a_change() -> None:
    x = leaf(2.0)
    y = x * x
    x.data = 2.0
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_saved_nan_is_not_taken_for_a_change() -> None:
    x = leaf(math.nan)
    (x * 2.0).backward()
    assert x.derivative == 2.0


def test_saved_values_is_the_courses_name() -> None:
    class Keep(Cube):
        @staticmethod
        def backward(ctx: Context, d: Scalar) -> Scalar:
            (x,) = ctx.saved_values
            return 3.0 * x * x * d

    x = leaf(2.0)
    Keep.apply(x).backward()
    assert x.derivative == 12.0


# -- detect_anomaly ------------------------------------------------------------------------------


def mistaken_logarithm(x: Scalar) -> Scalar:
    return (x - 3.0).log()  # the forward anomaly


def mistaken_root(x: Scalar) -> Scalar:
    return (x * 0.0).sqrt()  # the backward anomaly


def line_of(comment: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return 1 + next(i for i, line in enumerate(lines) if line.endswith(f"# {comment}"))


def test_detect_anomaly_names_the_operation_and_line_that_made_a_nan() -> None:
    with pytest.raises(RuntimeError) as caught, detect_anomaly():
        mistaken_logarithm(leaf(2.0)) * 2.0
    first, source, *_ = str(caught.value).splitlines()
    assert first == (
        "detect_anomaly: Log.forward made the first NaN: no input was. It was called in "
        f'mistaken_logarithm, "{__file__}", line {line_of("the forward anomaly")}:'
    )
    assert source == "    return (x - 3.0).log()  # the forward anomaly"


def test_detect_anomaly_names_the_line_of_the_operation_whose_gradient_is_nan() -> None:
    with detect_anomaly():
        y = mistaken_root(leaf(2.0))
        with pytest.raises(RuntimeError) as caught:
            y.backward()
    message = str(caught.value)
    assert message.startswith("detect_anomaly: Mul.backward made the first NaN")
    assert f'It was called in mistaken_root, "{__file__}", line' in message
    assert f"line {line_of('the backward anomaly')}:" in message
    assert "test_detect_anomaly_names_the_line_of" in message  # the whole stack follows


def test_detect_anomaly_blames_the_first_call_for_what_its_gradients_gradient_makes() -> None:
    with detect_anomaly():
        x = leaf(0.0)
        y = x.sqrt().sin()  # the second anomaly
        (slope,) = grad(y, x, create_graph=True)
        with pytest.raises(RuntimeError) as caught:
            slope.backward()
    assert f"line {line_of('the second anomaly')}:" in str(caught.value)


def test_detect_anomaly_says_how_to_see_the_line_of_an_earlier_forward() -> None:
    y = mistaken_root(leaf(2.0))
    with detect_anomaly(), pytest.raises(RuntimeError, match=r"Mul\.backward .* Run the forward"):
        y.backward()


def test_detect_anomaly_blames_the_function_where_a_nan_begins_and_not_those_it_passes() -> None:
    with detect_anomaly():
        x = leaf(math.nan)
        y = (x * 2.0).sin()
        assert math.isnan(y.data)


def test_detect_anomaly_sees_unrecorded_operations_and_leaves_results_as_they_are() -> None:
    with detect_anomaly(), pytest.raises(RuntimeError, match=r"Sub\.forward made the first NaN"):
        Scalar(math.inf) - math.inf
    x = leaf(0.7)
    with detect_anomaly():
        sine, cosine = SinCos.apply(x)
        (sine * cosine).backward()
    assert x.derivative == pytest.approx(math.cos(1.4))


def test_without_detect_anomaly_nan_spreads_silently() -> None:
    x = leaf(2.0)
    mistaken_root(x).backward()
    assert math.isnan(x.derivative)


INFINITE = math.inf


def sum_of_infinities(x: Scalar, y: Scalar) -> Scalar:
    return x + -y  # the anomaly of +


def difference_of_infinities(x: Scalar, y: Scalar) -> Scalar:
    return x - y  # the anomaly of -


def product_with_nothing(x: Scalar, y: Scalar) -> Scalar:
    return (1.0 / x) * y  # the anomaly of *


def quotient_of_infinities(x: Scalar, y: Scalar) -> Scalar:
    return x / y  # the anomaly of /


@pytest.mark.parametrize("recording", [True, False], ids=["recorded", "plain numbers"])
@pytest.mark.parametrize(
    ("function", "name", "sign"),
    [
        (sum_of_infinities, "Add", "+"),
        (difference_of_infinities, "Sub", "-"),
        (product_with_nothing, "Mul", "*"),
        (quotient_of_infinities, "Div", "/"),
    ],
)
def test_detect_anomaly_names_the_line_of_each_operator(
    function: Any, name: str, sign: str, recording: bool
) -> None:
    x, y = Scalar(INFINITE, requires_grad=recording), Scalar(INFINITE, requires_grad=recording)
    with detect_anomaly(), pytest.raises(RuntimeError) as caught:
        function(x, y)
    text = str(caught.value)
    assert text.startswith(f"detect_anomaly: {name}.forward made the first NaN: no input was.")
    assert (
        f'in {function.__name__}, "{__file__}", line {line_of(f"the anomaly of {sign}")}:' in text
    )


def test_detect_anomaly_is_over_where_its_block_is() -> None:
    before = list(grad_mode.watchers)
    with detect_anomaly():
        with detect_anomaly():
            assert len(grad_mode.watchers) == len(before) + 2
        with pytest.raises(RuntimeError, match=r"Sub\.forward"):
            leaf(INFINITE) - INFINITE
    assert grad_mode.watchers == before
    assert math.isnan((leaf(INFINITE) - INFINITE).data)
