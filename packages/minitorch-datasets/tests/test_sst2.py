"""SST-2 from its TSV files and from the treebank's archive."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from minitorch_datasets import (
    DatasetError,
    UnavailableError,
    has_sst2,
    load_sst2,
    load_text_dataset,
    sst2,
)

TSV = {
    "train.tsv": b"sentence\tlabel\na fine film\t1\r\nno film , 'd say\t0\n",
    "dev.tsv": "\ufeffdécent enough\t1\n".encode(),
    "test.tsv": b"dull\t0",
}
TREES = {
    "trees/train.txt": b"(3 (2 It) (4 (2 's) (4 (3 -LRB-) (2 a\\/b))))\n(2 (2 A) (2 film))\n",
    "trees/dev.txt": b"(0 (1 Awful) (2 !))\n",
    "trees/test.txt": b"(1 (2 so-so) (2 .))\n(4 (4 Great) (2 .))\n",
    "trees/README.txt": b"",
}
ARCHIVE = "trainDevTestTrees_PTB.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tsv"
    folder.mkdir()
    for name, content in TSV.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return pack(TREES, tmp_path / "zip" / ARCHIVE)


def pack(files: dict[str, bytes], path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_tsv_files_give_sentences_and_labels(folder: Path) -> None:
    dataset = load_sst2(folder, verify=False)
    assert dataset.name == "sst2 layout"
    assert dataset.train_texts == ("a fine film", "no film , 'd say")
    assert dataset.train_labels.tolist() == [1, 0]
    assert (dataset.validation_texts, dataset.validation_labels.tolist()) == (
        ("décent enough",),
        [1],
    )
    assert (dataset.test_texts, dataset.test_labels.tolist()) == (("dull",), [0])
    folder.rename(folder.parent / "sst2")
    assert load_sst2(folder.parent, verify=False).train_texts == dataset.train_texts


def test_the_archive_gives_the_leaves_of_its_trees_without_the_neutral(archive: Path) -> None:
    for place in (archive, archive.parent):
        dataset = load_sst2(place, verify=False)
        assert (dataset.train_texts, dataset.train_labels.tolist()) == (("It 's ( a/b",), [1])
        assert (dataset.validation_texts, dataset.validation_labels.tolist()) == (("Awful !",), [0])
        assert dataset.test_texts == ("so-so .", "Great .")
        assert dataset.test_labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("line", "saying"),
    [
        (b"a fine film", "line 2 is 'a fine film', wanted a sentence, a tab and the label 0 or 1"),
        (b"a fine film\t2", "line 2 is"),
        (b"a fine film\tpositive", "line 2 is"),
        (b"a\tfine film\t1", "line 2 is"),
        (b"\t1", "line 2 is"),
        (b"", "line 2 is ''"),
        (b"x" * 99 + b"\t", r"line 2 is 'x{60}\.\.\.'"),
        (b"caf\xe9\t1", r"byte 17 \(0xe9\) is not UTF-8"),
    ],
)
def test_a_line_that_is_something_else_is_named(line: bytes, saying: str, folder: Path) -> None:
    (folder / "dev.tsv").write_bytes(b"a fine film\t1\n" + line + b"\nanother\t0\n")
    with pytest.raises(DatasetError, match=rf"dev\.tsv: {saying}"):
        load_sst2(folder, verify=False)


def test_glues_test_file_has_no_labels_and_is_refused(folder: Path) -> None:
    (folder / "test.tsv").write_bytes(b"index\tsentence\n0\tuneasy mishmash\n")
    with pytest.raises(DatasetError, match=r"test\.tsv: line 1 is .*wanted a sentence, a tab and"):
        load_sst2(folder, verify=False)


def test_missing_files_are_named(folder: Path, tmp_path: Path) -> None:
    assert has_sst2(folder)
    (folder / "dev.tsv").unlink()
    with pytest.raises(DatasetError, match=r"lacks dev\.tsv"):
        load_sst2(folder)
    for name in ("train.tsv", "test.tsv"):
        (folder / name).unlink()
    assert not has_sst2(folder)
    with pytest.raises(DatasetError, match=r"does not hold it, wanted train\.tsv, dev\.tsv and"):
        load_sst2(folder)
    with pytest.raises(DatasetError, match="does not exist"):
        load_sst2(tmp_path / "nowhere")


def test_another_number_of_sentences_is_told(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds 2 sentences to train, wanted SST-2's 6,920"):
        load_sst2(folder)


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (lambda c: c[: len(c) // 2], "is damaged, or not the archive"),
        (lambda c: b"", "is damaged, or not the archive"),
        (lambda c: c.replace(b"Awful", b"Lawfu"), "is damaged, or not the archive"),
        (lambda c: c.replace(b"trees/dev.txt", b"trees/vid.txt"), "lacks a file"),
        (lambda c: b"sentence\tlabel\n", "is damaged, or not the archive"),
    ],
)
def test_a_damaged_archive_is_told(
    change: Callable[[bytes], bytes], saying: str, archive: Path
) -> None:
    archive.write_bytes(change(archive.read_bytes()))
    with pytest.raises(DatasetError, match=saying) as caught:
        load_sst2(archive, verify=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", [b"(5 (2 A))", b"A film", b"(3 )", b"", b"3 (2 A)"])
def test_a_line_that_is_no_tree_is_named(line: bytes, archive: Path) -> None:
    pack({**TREES, "trees/dev.txt": b"(1 (2 A))\n" + line + b"\n"}, archive)
    with pytest.raises(DatasetError, match=r"line 2 of trees/dev\.txt is .*wanted a tree"):
        load_sst2(archive, verify=False)


#: White space that may stand within a word, and what takes lines apart elsewhere.
WITHIN_WORDS = ["\u00a0", "\x85", "\u2028", "\u2029", "\u3000", "\x0b", "\x0c", "\x1c", "\t", "\r"]


@pytest.mark.parametrize("space", WITHIN_WORDS, ids=ascii)
def test_a_word_keeps_what_looks_like_space_in_it(space: str, archive: Path, folder: Path) -> None:
    word = f"8{space}1\\/2"
    tree = f"(3 (2 {word}) (4 (2 {space}) (3 fine)))\n"
    pack({**TREES, "trees/dev.txt": tree.encode()}, archive)
    assert load_sst2(archive, verify=False).validation_texts == (f"8{space}1/2 {space} fine",)
    if space != "\t":
        (folder / "dev.tsv").write_bytes(f"8{space}1/2 fine\t1\n{space}\t0\n".encode())
        assert load_sst2(folder, verify=False).validation_texts == (f"8{space}1/2 fine", space)


@pytest.mark.parametrize(
    "line",
    [
        b"(3 (2 two words) (2 fine))",
        b"(3 (2 fine)",
        b"(3 (2 fine)))",
        b"(3 (2 fine)) (2 more)",
        b"(3 lost (2 fine))",
        b"(3 (2 fine) lost)",
        b"(3 (9 lost) (2 fine))",
        b"(3 (lost) (2 fine))",
        b"(3 (2 fine) ())",
        b" (3 (2 fine))",
        "(3 (\u0662 fine) (2 more))".encode(),
    ],
)
def test_no_word_of_a_tree_is_passed_over(line: bytes, archive: Path) -> None:
    pack({**TREES, "trees/dev.txt": line + b"\n"}, archive)
    with pytest.raises(DatasetError, match=r"line 1 of trees/dev\.txt is .*wanted a tree"):
        load_sst2(archive, verify=False)


@pytest.mark.slow
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_unpacks_without_end_is_refused_before_it_does(
    method: int, archive: Path, peak_memory: Callable[[str], int]
) -> None:
    with zipfile.ZipFile(archive, "w", method) as packed:
        for name in ("trees/train.txt", "trees/dev.txt"):
            packed.writestr(name, TREES[name])
        with packed.open("trees/test.txt", "w") as member:
            for _ in range(32):
                member.write(bytes(16 << 20))
    with pytest.raises(DatasetError, match="is damaged, or not the archive"):
        load_sst2(archive, verify=False)
    assert peak_memory(f"d.load_sst2({str(archive)!r}, verify=False)") < 200


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_refused(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("trees/dev.txt", TREES["trees/dev.txt"])
    with pytest.raises(DatasetError, match=r"holds trees/dev\.txt 2 times"):
        load_sst2(archive, verify=False)


def test_a_folders_file_is_a_file(folder: Path) -> None:
    (folder / "dev.tsv").unlink()
    (folder / "dev.tsv").symlink_to("/dev/zero")
    with pytest.raises(DatasetError, match=r"lacks dev\.tsv"):
        load_sst2(folder, verify=False)


def test_the_official_archive_is_downloaded_once(
    archive: Path, cache: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    packed = archive.read_bytes()
    remote = sst2._ARCHIVE._replace(size=len(packed), checksum=hashlib.sha256(packed).hexdigest())
    monkeypatch.setattr(sst2, "_SST2", sst2._SST2._replace(remote=remote))
    monkeypatch.setattr(sst2, "_SENTENCES", {"train": 1, "dev": 1, "test": 2})
    with pytest.raises(UnavailableError, match="SST-2 is not in the cache"):
        load_sst2(download=False)
    mirror = serve(archive.parent)
    assert load_sst2(mirrors=[mirror]).name == "sst2"
    archive.unlink()
    dataset, note = load_text_dataset("sst2", download=False)
    assert (dataset.name, note) == ("sst2", None)
    assert (cache / "sst2" / ARCHIVE).read_bytes() == packed


def test_the_real_sst2_has_as_many_sentences_as_the_paper_says(real_sst2: Path) -> None:
    dataset = load_sst2(real_sst2)
    assert repr(dataset) == "TextDataset('sst2', 6,920 train, 872 validation, 1,821 test)"
    assert dataset.train_texts[0].startswith("a stirring , funny and finally transporting")
    for labels in (dataset.train_labels, dataset.validation_labels, dataset.test_labels):
        assert 0.48 < labels.mean() < 0.53
