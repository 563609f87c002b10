"""Write the `.pt` files beside this script, by PyTorch itself: `python make.py`."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
torch.manual_seed(0)

base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
torch.save(
    {
        "float32": base,
        "transposed": base.t(),
        "row": base[1],
        "expanded": torch.ones(2, 1).expand(2, 3),
        "empty": torch.zeros(0, 3),
        "number": torch.tensor(2.5, dtype=torch.float64),
        "float16": torch.tensor([1.5, -2.0], dtype=torch.float16),
        "bfloat16": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "int64": torch.tensor([2**40, -1]),
        "int32": torch.tensor([7], dtype=torch.int32),
        "int16": torch.tensor([-300], dtype=torch.int16),
        "int8": torch.tensor([-3], dtype=torch.int8),
        "uint8": torch.tensor([200], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "parameter": torch.nn.Parameter(torch.tensor([0.5])),
        "plain": [1, 2.5, "text", None, True, (3, {"deep": -1})],
        "ordered": OrderedDict(a=1),
        "size": base.shape,
        "dtype": torch.float32,
        "device": torch.device("cpu"),
        "numpy": np.float64(0.25),
        5: "an integer key",
    },
    HERE / "values.pt",
)

model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
model(torch.randn(4, 3)).square().sum().backward()
optimizer.step()
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, HERE / "trained.pt")
torch.save(model, HERE / "whole.pt")
torch.save(torch.tensor([1 + 2j]), HERE / "complex.pt")
torch.save({"a": torch.ones(1)}, HERE / "legacy.pt", _use_new_zipfile_serialization=False)
