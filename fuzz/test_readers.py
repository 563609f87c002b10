"""Every reader of files, on damaged ones: a minute of it, the same each time."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from mutate import EDITS, damaged
from targets import Target, targets

#: Tries of each reader, for each unit of its weight; a minute in all.
TRIES = 80

NAMES = (
    "idx", "idx in gzip", "gzip", "imdb in gzip", "imdb", "cifar", "cifar names", "cifar archive",
    "sst-2 trees", "sst-2 archive", "sst-2 tsv", "vocabulary", "weight", "sentiment checkpoint",
    "gpt checkpoint", "digits checkpoint", "picture", "png", "pickle", "pytorch file", "saved",
    "saved header", "kernel",
)  # fmt: skip


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Target]]:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("fuzz"))
    yield targets()
    os.chdir(before)


def test_every_reader_is_tried(known: dict[str, Target]) -> None:
    assert tuple(known) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_whole_is_read(name: str, known: dict[str, Target], tmp_path: Path) -> None:
    target = known[name]
    told = [target.check(seed, tmp_path) for seed in target.seeds]
    # Pictures of one colour, and those of no images, are whole and refused all the same.
    assert told.count("read") >= len(told) * 0.6, told


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_what_is_damaged_is_read_or_refused_in_a_line(
    name: str, known: dict[str, Target], tmp_path: Path
) -> None:
    target = known[name]

    @settings(
        max_examples=TRIES * target.weight,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(target.seeds), EDITS, st.sampled_from(target.seeds))
    def try_it(seed: bytes, edits: list[object], other: bytes) -> None:
        target.check(damaged(seed, edits, other), tmp_path)  # type: ignore[arg-type]

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try_it()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (1 << 20 if sys.platform == "linux" else 1 << 30), f"it took {grown} more"
