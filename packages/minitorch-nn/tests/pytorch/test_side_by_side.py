"""The stored results are still PyTorch's, and our models load its state.

`tox -e pytorch` has PyTorch; elsewhere the stored numbers stand for it, in
test_against_pytorch.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close

torch = pytest.importorskip("torch", reason="PyTorch is not installed; `tox -e pytorch` has it")

HERE = Path(__file__).parent
STORED = json.loads((HERE / "expectations.json").read_text(encoding="utf-8"))
SECTIONS = [name for name in STORED if name != "torch"]


@pytest.fixture(scope="module")
def computed(runner: ModuleType, table: ModuleType) -> dict[str, Any]:
    """All cases as PyTorch computes them here, as they would be stored."""
    cases: dict[str, Any] = json.loads(json.dumps(runner.compute(table)))
    return cases


def test_every_section_is_stored(computed: dict[str, Any]) -> None:
    assert list(computed) == SECTIONS


@pytest.mark.parametrize("section", SECTIONS)
def test_what_is_stored_is_what_pytorch_gives(
    section: str, computed: dict[str, Any], comparing: ModuleType
) -> None:
    assert not list(comparing.differences(STORED[section], computed[section], section))


# -- models as a whole -----------------------------------------------------------------------------


def convolutional(library: Any) -> Any:
    return library.Sequential(
        library.Conv2d(3, 4, 3, stride=2, padding=1),
        library.BatchNorm2d(4),
        library.ReLU(),
        library.MaxPool2d(2),
        library.Flatten(),
        library.Linear(16, 8),
        library.LayerNorm(8),
        library.GELU(),
        library.Dropout(0.5),
        library.Linear(8, 2),
    )


def recurrent(name: str) -> Any:
    def make(library: Any) -> Any:
        layer = getattr(library, name)
        return layer(3, 4, num_layers=2, dropout=0.3, bidirectional=True, batch_first=True)

    return make


@pytest.mark.parametrize("installed", mt.backend_names())
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (convolutional, (2, 3, 8, 8)),
        *[(recurrent(name), (2, 5, 3)) for name in ("RNN", "LSTM", "GRU")],
    ],
    ids=["convolutional", "RNN", "LSTM", "GRU"],
)
def test_the_state_dict_of_a_model_moves_over_and_back(
    make: Any, shape: tuple[int, ...], installed: str
) -> None:
    torch.manual_seed(0)
    theirs = make(torch.nn)
    if make is convolutional:  # running values other than 0 and 1
        theirs(torch.randn(*shape))
    theirs.eval()
    x = torch.randn(*shape)
    with torch.no_grad(), mt.use_backend(installed):
        ours = make(nn).eval()
        ours.load_state_dict(theirs.state_dict())
        wanted, got = theirs(x), ours(mt.from_numpy(x.numpy()))
        if make is convolutional:
            wanted, got = [wanted], [got]
        assert_close(got[0].detach(), wanted[0].numpy(), atol=1e-5, rtol=1e-5)
        back = make(torch.nn).eval()
        state = {key: torch.tensor(v.numpy()) for key, v in ours.state_dict().items()}
        back.load_state_dict(state)
        assert torch.equal(back(x)[0], theirs(x)[0])
