"""Choosing a data set by name: `auto` always finds one, `mnist` and a named folder never stray."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from minitorch_datasets import (
    DatasetError,
    UnavailableError,
    auto,
    load_image_dataset,
    load_text_dataset,
)


@pytest.fixture(autouse=True)
def few_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw only a few: which data set is taken is the question, not its size."""
    load_digits = auto.load_digits
    monkeypatch.setattr(auto, "load_digits", lambda: load_digits(20, 10))


def test_auto_takes_mnist_where_it_is_at_hand(published: Path, cache: Path) -> None:
    shutil.copytree(published, cache / "mnist")
    dataset, note = load_image_dataset()
    assert dataset.name == "mnist"
    assert note is None


def test_auto_says_in_one_line_why_it_takes_the_digits(cache: Path) -> None:
    dataset, note = load_image_dataset("auto", download=False)
    assert dataset.name == "digits"
    assert note is not None
    assert note.startswith(f"MNIST is not in the cache {cache}")
    assert note.endswith("taking the embedded digits instead")
    assert "\n" not in note


def test_auto_takes_the_digits_where_the_cache_is_damaged(published: Path, cache: Path) -> None:
    shutil.copytree(published, cache / "mnist")
    (cache / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    dataset, note = load_image_dataset(download=False)
    assert dataset.name == "digits"
    assert "t10k-labels-idx1-ubyte.gz: no IDX file" in str(note)


def test_mnist_never_falls_back(cache: Path) -> None:
    with pytest.raises(UnavailableError, match="MNIST is not in the cache"):
        load_image_dataset("mnist", download=False)


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_a_named_folder_is_taken_or_is_an_error(name: str, published: Path, cache: Path) -> None:
    dataset, note = load_image_dataset(name, published)
    assert (dataset.name, note) == ("mnist", None)
    with pytest.raises(DatasetError, match="lacks train-images"):
        load_image_dataset(name, published.parent)
    (published / "t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    with pytest.raises(DatasetError, match="no IDX file"):
        load_image_dataset(name, published)


def test_digits_read_no_file(tmp_path: Path) -> None:
    dataset, note = load_image_dataset("digits")
    assert (dataset.name, note) == ("digits", None)
    with pytest.raises(DatasetError, match=r"data_dir .* for 'digits', which read no file"):
        load_image_dataset("digits", tmp_path)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(DatasetError, match=r"'minst', wanted one of auto, mnist, digits.*'mnist'"):
        load_image_dataset("minst")


# -- reviews ---------------------------------------------------------------------------------------


def test_auto_says_in_one_line_why_it_takes_the_embedded_reviews(cache: Path) -> None:
    dataset, note = load_text_dataset("auto", download=False)
    assert dataset.name == "synthetic"
    assert note is not None
    assert note.startswith(f"IMDB is not in the cache {cache}")
    assert note.endswith("taking the embedded reviews instead")
    assert "\n" not in note


@pytest.mark.parametrize("name", ["imdb", "sst2"])
def test_real_reviews_never_fall_back(name: str, cache: Path) -> None:
    with pytest.raises(UnavailableError, match="is not in the cache"):
        load_text_dataset(name, download=False)


def test_auto_takes_what_a_named_folder_holds_or_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds neither IMDB's archive, .* nor SST-2's TSV"):
        load_text_dataset("auto", tmp_path)
    (tmp_path / "dev.tsv").write_text("")
    with pytest.raises(DatasetError, match=r"load_sst2: .* lacks train\.tsv, test\.tsv"):
        load_text_dataset("auto", tmp_path)
    (tmp_path / "aclImdb" / "train").mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"aclImdb: lacks reviews train/neg"):
        load_text_dataset("auto", tmp_path)


def test_synthetic_reviews_read_no_file(tmp_path: Path) -> None:
    dataset, note = load_text_dataset("synthetic")
    assert (dataset.name, note) == ("synthetic", None)
    with pytest.raises(DatasetError, match=r"data_dir .* for 'synthetic', which read no file"):
        load_text_dataset("synthetic", tmp_path)


def test_an_unknown_name_of_reviews_lists_the_known_ones() -> None:
    with pytest.raises(DatasetError, match=r"'imbd', wanted one of auto, imdb, sst2.*'imdb'"):
        load_text_dataset("imbd")
