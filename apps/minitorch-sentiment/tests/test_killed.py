"""Training that is killed at random moments and resumed ends as training that is not."""

from __future__ import annotations

import os
import random
import sys

import pytest

from minitorch_cli.testing import killed_and_resumed

#: The program, with little data.
SMALL = """
import sys
from minitorch_datasets import load_reviews
from minitorch_sentiment import cli
small = load_reviews(train=300, test=60)
cli.load_text_dataset = lambda *_, **__: (small, None)
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_training_goes_on_to_the_last_bit() -> None:
    how = ("--model", "gru", "--epochs", 3, "--backend", "numpy")
    found = killed_and_resumed((sys.executable, "-c", SMALL), how, 2, random.Random(0))
    assert found.kills
    assert found.differing == []
