"""RNN, LSTM, GRU and their cells: each sequence by itself, their derivatives, their errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn.functional.recurrent import recurrent_sequence, step_by_step
from minitorch_nn.utils.rnn import (
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    unpack_sequence,
)
from minitorch_tensor import Tensor
from minitorch_tensor.derived import Recurrence
from minitorch_tensor.testing import assert_close

LAYERS = [nn.RNN, nn.LSTM, nn.GRU]
CELLS = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}  # and their gates

#: All that is installed: what the laws say holds wherever a layer runs.
INSTALLED = pytest.mark.parametrize("installed", mt.backend_names())


def flat(value: Any) -> list[Tensor]:
    """The tensors of nested tuples."""
    return [value] if isinstance(value, Tensor) else [t for part in value for t in flat(part)]


def columns(last: Any, b: int) -> list[Tensor]:
    """The parts of a last state, for row b of the batch alone."""
    return [part[:, b : b + 1] for part in flat(last)]


# -- a padded batch is its sequences, one by one ---------------------------------------------------


@INSTALLED
@pytest.mark.parametrize("layer", LAYERS)
@given(draw=st.data())
@settings(max_examples=15)
def test_a_padded_batch_gives_what_each_sequence_gives_alone(
    layer: Any, installed: str, draw: st.DataObject
) -> None:
    batch, steps = draw.draw(st.integers(1, 4)), draw.draw(st.integers(1, 5))
    lengths = draw.draw(st.lists(st.integers(1, steps), min_size=batch, max_size=batch))
    first = draw.draw(st.booleans())
    with mt.use_backend(installed):
        model = layer(
            3,
            2,
            num_layers=draw.draw(st.integers(1, 2)),
            bias=draw.draw(st.booleans()),
            batch_first=first,
            bidirectional=draw.draw(st.booleans()),
        ).to("float64")
        x = mt.randn(batch, steps, 3, dtype="float64", requires_grad=True)
        for b, length in enumerate(lengths):
            x.detach()[b, length:] = np.nan  # what lies beyond is not looked at
        out, last = model(x if first else x.transpose(0, 1), lengths=lengths)
        out = out if first else out.transpose(0, 1)
        wanted = mt.randn(*out.shape, dtype="float64")
        total = (out * wanted).sum() + sum(part.sum() for part in flat(last))
        total.backward()
        together = {name: p.grad for name, p in model.named_parameters()}
        input_gradient, x.grad = x.grad, None
        model.zero_grad()
        for b, length in enumerate(lengths):
            alone = x[b : b + 1, :length]
            one, end = model(alone if first else alone.transpose(0, 1))
            one = one if first else one.transpose(0, 1)
            assert_close(out[b : b + 1, :length], one)
            assert not out[b, length:].detach().numpy().any()
            for got, expected in zip(columns(last, b), flat(end)):
                assert_close(got, expected)
            value = (one * wanted[b : b + 1, :length]).sum() + sum(p.sum() for p in flat(end))
            value.backward()
        assert_close(input_gradient, x.grad)
        for name, parameter in model.named_parameters():
            assert_close(together[name], parameter.grad, msg=name)


@pytest.mark.parametrize("given", [[2, 3], (2, 3), np.array([2, 3]), mt.tensor([2, 3])], ids=type)
def test_lengths_are_given_in_any_form(given: Any) -> None:
    model, x = nn.GRU(3, 2, batch_first=True), mt.randn(2, 4, 3)
    assert_close(model(x, lengths=given)[0], model(x, lengths=[2, 3])[0])


def test_full_lengths_change_nothing() -> None:
    model, x = nn.LSTM(3, 2), mt.randn(4, 2, 3)
    for got, expected in zip(flat(model(x, lengths=[4, 4])), flat(model(x))):
        assert_close(got, expected, rtol=0, atol=0)


def test_the_backward_direction_reads_the_sequence_turned_around() -> None:
    both = nn.GRU(3, 2, bidirectional=True)
    turned = nn.GRU(3, 2)
    state = {k: v for k, v in both.state_dict().items() if k.endswith("_reverse")}
    turned.load_state_dict({k.removesuffix("_reverse"): v for k, v in state.items()})
    x = mt.randn(5, 2, 3)
    out, last = both(x)
    expected, end = turned(x.flip(0))
    assert_close(out[:, :, 2:], expected.flip(0))
    assert_close(last[1:], end)


# -- layers, cells and directions fit together -----------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "cell"), [(nn.RNN, nn.RNNCell), (nn.LSTM, nn.LSTMCell), (nn.GRU, nn.GRUCell)]
)
def test_a_layer_is_its_cell_step_by_step(layer: Any, cell: Any, backend: str) -> None:
    model, step = layer(3, 2), cell(3, 2)
    state = model.state_dict()
    step.load_state_dict({name.removesuffix("_l0"): value for name, value in state.items()})
    x = mt.randn(4, 2, 3)
    out, last = model(x)
    hx = None
    for t in range(4):
        hx = step(x[t], hx)
        assert_close(flat(hx)[0], out[t])
    for got, expected in zip(flat(hx), flat(last)):
        assert_close(got, expected[0])


def test_stacked_layers_are_layers_over_layers() -> None:
    two = nn.LSTM(3, 2, num_layers=2)
    lower, upper = nn.LSTM(3, 2), nn.LSTM(2, 2)
    state = two.state_dict()
    lower.load_state_dict({k: v for k, v in state.items() if k.endswith("_l0")})
    upper.load_state_dict(
        {k.replace("_l1", "_l0"): v for k, v in state.items() if k.endswith("_l1")}
    )
    x = mt.randn(4, 2, 3)
    out, (h, c) = two(x, lengths=[3, 4])
    middle, (h0, c0) = lower(x, lengths=[3, 4])
    expected, (h1, c1) = upper(middle, lengths=[3, 4])
    assert_close(out, expected)
    assert_close(h, mt.cat([h0, h1]))
    assert_close(c, mt.cat([c0, c1]))


def test_a_sequence_continues_from_the_state_where_it_was_cut() -> None:
    model, x = nn.LSTM(3, 2, num_layers=2), mt.randn(6, 2, 3)
    whole, last = model(x)
    first, state = model(x[:2])
    second, end = model(x[2:], state)
    assert_close(mt.cat([first, second]), whole)
    for got, expected in zip(end, last):
        assert_close(got, expected)


def test_a_single_sequence_is_a_batch_of_one() -> None:
    for layer in LAYERS:
        model, x = layer(3, 2, num_layers=2, bidirectional=True), mt.randn(4, 3)
        out, last = model(x)
        expected, end = model(x.unsqueeze(1))
        assert_close(out, expected.squeeze(1))
        for got, wanted in zip(flat(last), flat(end)):
            assert_close(got, wanted.squeeze(1))
        assert flat(model(x, lengths=[2]))[0][2:].abs().sum().item() == 0.0


def test_dropout_acts_between_layers_in_training_alone() -> None:
    model, x = nn.GRU(3, 4, num_layers=2, dropout=0.5), mt.randn(5, 2, 3)
    mt.manual_seed(1)
    out, last = model(x)
    mt.manual_seed(2)
    other, last_other = model(x)
    assert not np.allclose(out.detach().numpy(), other.detach().numpy())
    assert_close(last[0], last_other[0])  # the first layer comes before it
    model.eval()
    assert_close(model(x)[0], model(x)[0])
    plain = nn.GRU(3, 4, num_layers=2)
    plain.load_state_dict(model.state_dict())
    assert_close(model(x)[0], plain(x)[0])


def test_dropout_of_everything_leaves_the_upper_layer_its_biases() -> None:
    model = nn.RNN(3, 2, num_layers=2, dropout=1.0)
    out, _ = model(mt.randn(4, 2, 3))
    upper = nn.RNN(2, 2)  # which then reads zeros
    state = {k: v for k, v in model.state_dict().items() if k.endswith("_l1")}
    upper.load_state_dict({k.replace("_l1", "_l0"): v for k, v in state.items()})
    assert_close(out, upper(mt.zeros(4, 2, 2))[0])


def test_the_parameters_start_between_plus_and_minus_one_over_the_root_of_the_hidden_size() -> None:
    for layer in LAYERS:
        model = layer(20, 16)
        for name, parameter in model.named_parameters():
            values = parameter.detach().numpy()
            assert np.abs(values).max() <= 0.25, name
            assert np.abs(values).max() > 0.2, name


def test_names_and_order_of_parameters_are_pytorchs() -> None:
    names = [name for name, _ in nn.LSTM(3, 2, num_layers=2, bidirectional=True).named_parameters()]
    ends = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    assert names == [kind + end for end in ends for kind in kinds]
    assert nn.LSTM(3, 2, num_layers=2, bidirectional=True).weight_ih_l1.shape == (8, 4)


def test_layers_and_cells_print_what_was_asked_for() -> None:
    stacked = nn.GRU(10, 20, 2, batch_first=True)
    assert repr(stacked) == "GRU(10, 20, num_layers=2, batch_first=True)"
    assert repr(nn.RNN(3, 4, nonlinearity="relu")) == "RNN(3, 4, nonlinearity=relu)"
    assert repr(nn.LSTMCell(3, 4, bias=False)) == "LSTMCell(3, 4, bias=False)"


def test_a_summary_runs_through_recurrent_layers() -> None:
    assert "108 parameters" in nn.summary(nn.LSTM(4, 3), mt.zeros(2, 1, 4))


# -- derivatives -----------------------------------------------------------------------------------


def weights_for(cell: str, inputs: int, hidden: int) -> list[Tensor]:
    rows = CELLS[cell] * hidden
    shapes = [(rows, inputs), (rows, hidden), (rows,), (rows,)]
    return [mt.randn(*shape, dtype="float64") * 0.5 for shape in shapes]


@INSTALLED
@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("lengths", [None, (2, 1)], ids=["whole", "lengths"])
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_sequences_differentiate_twice(
    cell: str, lengths: Any, reverse: bool, installed: str, check_derivatives: Any
) -> None:
    with mt.use_backend(installed):
        state = [mt.randn(2, 2, dtype="float64") for _ in range(2 if cell == "lstm" else 1)]
        inputs = [mt.randn(2, 2, 1, dtype="float64"), *weights_for(cell, 1, 2), *state]

        how = Recurrence(cell, lengths, reverse, True)

        def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
            return recurrent_sequence("test", how, x, rest[4:], rest[:4])

        check_derivatives(run, *[value.numpy() for value in inputs])


@INSTALLED
@pytest.mark.parametrize("cell", CELLS)
def test_the_backends_sequence_is_the_composed_one(cell: str, installed: str) -> None:
    with mt.use_backend(installed):
        state = [mt.randn(3, 2, dtype="float64") for _ in range(2 if cell == "lstm" else 1)]
        x, weights = mt.randn(4, 3, 2, dtype="float64"), weights_for(cell, 2, 2)
        for lengths in (None, (2, 4, 1)):
            for reverse in (False, True):
                how = Recurrence(cell, lengths, reverse)
                got = recurrent_sequence("test", how, x, state, weights)
                composed = step_by_step(how, x, *weights, *state)
                for one, other in zip(got, composed):
                    assert_close(one, other)


def test_a_gradient_penalty_reaches_every_parameter() -> None:
    model = nn.LSTM(2, 2)
    x = mt.randn(3, 1, 2, requires_grad=True)
    (slope,) = mt.grad(model(x)[0].sum(), x, create_graph=True)
    (slope * slope).sum().backward()
    assert all(p.grad.abs().sum().item() > 0.0 for p in model.parameters())


def test_a_state_computed_from_the_input_gets_its_own_gradient(check_derivatives: Any) -> None:
    # h_0 depends on x: the gradient of one must not be counted again for the other.
    rows, how = weights_for("gru", 2, 2), Recurrence("gru")

    def run(x: Tensor) -> Tensor:
        return recurrent_sequence("test", how, x, [x[0].tanh()], rows)[0]

    check_derivatives(run, np.linspace(-1.0, 1.0, 8).reshape(2, 2, 2))


@pytest.mark.parametrize("layer", LAYERS)
def test_what_lies_beyond_a_length_reaches_no_gradient_of_a_gradient(layer: Any) -> None:
    model = layer(3, 2).to("float64")
    x = mt.randn(4, 2, 3, dtype="float64", requires_grad=True)
    clean = model(x, lengths=[2, 4])[0].sum()
    expected = mt.grad(clean, [x, *model.parameters()], create_graph=True)
    x.detach()[2:, 0] = np.nan
    total = model(x, lengths=[2, 4])[0].sum()
    found = mt.grad(total, [x, *model.parameters()], create_graph=True)
    for got, wanted in zip(found, expected, strict=True):
        assert_close(got, wanted)


def test_nothing_is_kept_where_no_gradient_is_wanted() -> None:
    model, x = nn.LSTM(3, 2), mt.randn(4, 2, 3)
    with mt.no_grad():
        out, _ = model(x)
    assert out.grad_fn is None
    recorded, _ = model(x)
    assert recorded.requires_grad
    assert_close(out, recorded, rtol=0, atol=0)


def test_an_output_changed_in_place_is_noticed_before_its_gradient_is_wrong() -> None:
    out, _ = nn.GRU(3, 2)(mt.randn(4, 2, 3))
    out.detach().mul_(2.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        out.sum().backward()


def test_only_what_is_learned_gets_a_gradient() -> None:
    model = nn.GRU(3, 2)
    model.weight_hh_l0.requires_grad_(False)
    x = mt.randn(4, 2, 3)
    model(x)[0].sum().backward()
    assert model.weight_hh_l0.grad is None
    assert x.grad is None
    some = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    model.zero_grad()
    model.weight_hh_l0.requires_grad_()
    model(x)[0].sum().backward()
    for name, gradient in some.items():
        assert_close(gradient, getattr(model, name).grad, msg=name)


# -- padding --------------------------------------------------------------------------------------


@given(
    lengths=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    first=st.booleans(),
    side=st.sampled_from(["left", "right"]),
)
def test_padding_keeps_every_sequence_and_fills_up_the_rest(
    lengths: list[int], first: bool, side: str
) -> None:
    sequences = [mt.randn(length, 2) for length in lengths]
    batch = nn.utils.rnn.pad_sequence(sequences, first, padding_value=7.0, padding_side=side)
    batch = batch if first else batch.transpose(0, 1)
    assert batch.shape == (len(lengths), max(lengths), 2)
    for row, sequence in zip(batch, sequences):
        length = len(sequence)
        start = 0 if side == "right" else max(lengths) - length
        assert_close(row[start : start + length], sequence)
        rest = mt.cat([row[:start], row[start + length :]])
        assert_close(rest, mt.full(rest.shape, 7.0))


def test_padding_passes_gradients_to_every_sequence() -> None:
    one, two = mt.randn(3, requires_grad=True), mt.randn(1, requires_grad=True)
    batch = nn.utils.rnn.pad_sequence([one, two])
    (batch * mt.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])).sum().backward()
    assert_close(one.grad, [1.0, 3.0, 5.0])
    assert_close(two.grad, [2.0])


def test_what_cannot_be_padded_is_named() -> None:
    pad = nn.utils.rnn.pad_sequence
    with pytest.raises(ValueError, match=r"pad_sequence: wanted one sequence or more.*\[\]"):
        pad([])
    with pytest.raises(ValueError, match=r"same sizes after the first, got \[\(2, 3\), \(2, 4\)\]"):
        pad([mt.zeros(2, 3), mt.zeros(2, 4)])
    with pytest.raises(ValueError, match="padding_side must be left or right, got 'both'"):
        pad([mt.zeros(2)], padding_side="both")


# -- what does not fit -----------------------------------------------------------------------------

X = mt.zeros(4, 3, 2)  # four steps, three rows, two inputs


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nn.LSTM(5, 2)(X),
            r"LSTM: wanted an input of shape \(T, B, I\) or \(T, I\) with I = input_size = 5, got "
            r"\(4, 3, 2\)",
        ),
        (
            lambda: nn.GRU(2, 2, batch_first=True)(mt.zeros(2)),
            r"GRU: wanted an input of shape \(B, T, I\) or \(T, I\)",
        ),
        (
            lambda: nn.RNN(2, 2)(mt.zeros(0, 3, 2)),
            "RNN: wanted sequences of at least one step",
        ),
        (
            lambda: nn.GRU(2, 2)(X, lengths=[1, 2]),
            r"GRU: wanted one length for each of the 3 rows of the batch, shape \(3,\), got shape "
            r"\(2,\)",
        ),
        (
            lambda: nn.GRU(2, 2)(X, lengths=[1, 5, 2]),
            r"GRU: lengths lie in \[1, 5\], but must lie in \[1, 4\]: the input has 4 steps",
        ),
        (
            lambda: nn.GRU(2, 2)(X, lengths=[1, 0, 2]),
            r"lengths lie in \[0, 2\].* give empty ones one step of padding",
        ),
        (
            lambda: nn.GRU(2, 2)(X, lengths=mt.tensor([1, -1, 2])),
            r"lengths lie in \[-1, 2\]",
        ),
        (
            lambda: nn.GRU(2, 2)(X, mt.zeros(1, 2, 2)),
            r"GRU: hx must have shape \(D \* num_layers, B, H\) = \(1, 3, 2\), got \(1, 2, 2\)",
        ),
        (
            lambda: nn.LSTM(2, 2)(X, (mt.zeros(1, 3, 2), mt.zeros(3, 2))),
            r"LSTM: c_0 must have shape .* = \(1, 3, 2\), got \(3, 2\)",
        ),
        (
            lambda: nn.GRU(2, 2)(mt.zeros(4, 2), mt.zeros(1, 1, 2)),
            r"GRU: hx must have shape \(D \* num_layers, H\) = \(1, 2\)",
        ),
        (
            lambda: nn.LSTMCell(2, 2)(mt.zeros(3, 4)),
            r"LSTMCell: wanted an input of shape \(B, I\) or \(I\) with I = input_size = 2",
        ),
        (
            lambda: nn.GRUCell(2, 2)(mt.zeros(3, 2), mt.zeros(2, 2)),
            r"GRUCell: hx must have shape \(B, H\) = \(3, 2\), got \(2, 2\)",
        ),
        (
            lambda: nn.RNN(2, 2, nonlinearity="sin"),
            "RNN: nonlinearity must be tanh or relu, got 'sin'",
        ),
        (
            lambda: nn.RNN(0, 2),
            "RNN: input_size and hidden_size must be at least 1, got 0 and 2",
        ),
        (lambda: nn.GRU(2, 2, num_layers=0), "GRU: num_layers must be at least 1, got 0"),
        (lambda: nn.GRU(2, 2, 2, dropout=1.5), "GRU: dropout: p must be a probability"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nn.LSTM(2, 2)(mt.zeros(4, 3, 2, dtype="int64")),
            "LSTM: wanted a floating-point input, got int64. Numbers of words go through an Embed",
        ),
        (
            lambda: nn.LSTM(2, 2)(np.zeros((4, 3, 2))),
            "LSTM: wanted a tensor, got ndarray",
        ),
        (
            lambda: nn.LSTM(2, 2)(X, mt.zeros(1, 3, 2)),
            r"LSTM: the state is a pair \(h_0, c_0\), got Tensor",
        ),
        (
            lambda: nn.LSTM(2, 2)(X, (mt.zeros(1, 3, 2),)),
            r"LSTM: the state is a pair \(h_0, c_0\), got 1 of them",
        ),
        (
            lambda: nn.GRU(2, 2)(X, mt.zeros(1, 3, 2, dtype="int64")),
            "GRU: hx must be a floating-point tensor, got int64",
        ),
        (
            lambda: nn.GRU(2, 2)(X, (mt.zeros(1, 3, 2),)),
            "GRU: hx must be a floating-point tensor, got tuple",
        ),
        (
            lambda: nn.GRU(2, 2)(X, lengths=[1.0, 2.0, 3.0]),
            "GRU: lengths must be whole numbers, got float64",
        ),
    ],
)
def test_what_is_of_the_wrong_type_is_named(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_dropout_without_a_second_layer_is_pointed_out() -> None:
    with pytest.warns(UserWarning, match="GRU: dropout=0.5 acts between layers, and there is only"):
        nn.GRU(3, 2, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.GRU(3, 2, num_layers=2, dropout=0.5)


def test_operands_on_two_backends_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="GRU: operands are on different backends"):
        nn.GRU(2, 2)(mt.zeros(4, 3, 2, device="simple"))


def test_operands_of_two_dtypes_are_promoted() -> None:
    out, last = nn.GRU(2, 2)(mt.zeros(4, 3, 2, dtype="float64"))
    assert out.dtype is last.dtype is mt.float64


def test_an_empty_batch_passes_through(backend: str) -> None:
    for layer in LAYERS:
        model = layer(2, 3)
        out, last = model(mt.zeros(4, 0, 2))
        assert out.shape == (4, 0, 3)
        assert all(part.shape == (1, 0, 3) for part in flat(last))
        out.sum().backward()
        assert not model.weight_hh_l0.grad.numpy().any()


# -- packed sequences ------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [[4, 3, 1], [2, 4, 3]], ids=str)
def test_packing_and_padding_are_inverse(
    lengths: list[int], batch_first: bool, backend: str
) -> None:
    x = mt.randn(*((3, 4, 2) if batch_first else (4, 3, 2)), requires_grad=True)
    ordered = lengths == sorted(lengths, reverse=True)
    packed = pack_padded_sequence(x, lengths, batch_first, enforce_sorted=ordered)
    assert packed.data.shape == (sum(lengths), 2)
    padded, own = pad_packed_sequence(packed, batch_first, padding_value=7.0, total_length=5)
    assert own.tolist() == lengths
    rows = x if batch_first else x.transpose(0, 1)
    for row, original, length in zip(
        padded if batch_first else padded.transpose(0, 1), rows, lengths
    ):
        assert_close(row[:length], original[:length])
        assert bool((row[length:] == 7.0).all()) and row.shape[0] == 5
    packed.data.sum().backward()
    assert x.grad.sum().item() == 2 * sum(lengths)


def test_packed_steps_are_in_pytorchs_order() -> None:
    x = mt.arange(12.0).reshape(4, 3, 1)
    packed = pack_padded_sequence(x, [2, 4, 3], enforce_sorted=False)
    assert packed.data.flatten().tolist() == [1.0, 2.0, 0.0, 4.0, 5.0, 3.0, 7.0, 8.0, 10.0]
    assert packed.batch_sizes.tolist() == [3, 3, 2, 1]
    assert packed.sorted_indices.tolist() == [1, 2, 0]
    assert packed.unsorted_indices.tolist() == [2, 0, 1]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_layer_of_packed_sequences_is_that_of_their_lengths(
    name: str, batch_first: bool, backend: str
) -> None:
    layer = getattr(nn, name)(2, 3, 2, bidirectional=True, batch_first=batch_first)
    x, lengths = mt.randn(*((3, 4, 2) if batch_first else (4, 3, 2))), [2, 4, 3]
    out, last = layer(x, lengths=lengths)
    packed, end = layer(pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False))
    padded, _ = pad_packed_sequence(packed, batch_first)
    assert_close(padded, out)
    for one, other in zip(end if name == "LSTM" else [end], last if name == "LSTM" else [last]):
        assert_close(one, other)
    with pytest.raises(ValueError, match="a PackedSequence has its lengths"):
        layer(packed, lengths=lengths)


def test_sequences_are_packed_and_unpacked() -> None:
    sequences = [mt.tensor([1, 2]), mt.tensor([3, 4, 5]), mt.tensor([6])]
    packed = pack_sequence(sequences, enforce_sorted=False)
    for one, other in zip(unpack_sequence(packed), sequences, strict=True):
        assert one.tolist() == other.tolist()
    assert packed.to(mt.float64).data.dtype is mt.float64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: pack_padded_sequence(x, [1, 2, 1]), "Pass enforce_sorted=False"),
        (lambda x: pack_padded_sequence(x, [4, 2, 0]), r"lengths must lie in \[1, 4\]"),
        (lambda x: pack_padded_sequence(x, [5, 2, 1]), r"lengths must lie in \[1, 4\]"),
        (lambda x: pack_padded_sequence(x, [2, 1]), r"and B whole lengths, got \(4, 3, 2\)"),
        (lambda x: pack_padded_sequence(x[0, 0], [1]), "wanted input"),
        (
            lambda x: pad_packed_sequence(pack_padded_sequence(x, [3, 2, 1]), total_length=2),
            "total_length 2 is less than the longest length 3",
        ),
    ],
)
def test_what_cannot_be_packed_is_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(mt.zeros(4, 3, 2))
