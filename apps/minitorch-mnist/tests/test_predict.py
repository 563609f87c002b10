"""Recognising digits in pictures and IDX files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from minitorch_cli import UserError
from minitorch_datasets import draw_digits, write_idx
from minitorch_mnist.images import fit_digit, read_images
from minitorch_nn.checkpoint import load_checkpoint

Array = np.ndarray[Any, Any]

LINE = re.compile(r"(.+): (\d) \((\d+\.\d)%\)")


@pytest.fixture(scope="module")
def digits() -> Array:
    """One drawn image of each digit, light on black."""
    return draw_digits(np.arange(10), np.random.default_rng(3))


def enlarge(image: Array, factor: int = 8, border: int = 0) -> Array:
    return np.pad(np.kron(image, np.ones((factor, factor), np.uint8)), border)


def save(image: Array, path: str, mode: str | None = None) -> str:
    picture = Image.fromarray(image)
    (picture.convert(mode) if mode else picture).save(path)
    return path


# -- the same digit in every disguise --------------------------------------------------------------


def as_it_is(image: Array) -> Image.Image:
    return Image.fromarray(image)


def inverted(image: Array) -> Image.Image:
    return Image.fromarray(255 - image)


def coloured(image: Array) -> Image.Image:
    return Image.fromarray(255 - image).convert("RGB")


def transparent(image: Array) -> Image.Image:
    """Black ink on nothing: only the alpha channel has the digit."""
    layers = np.zeros((28, 28, 4), np.uint8)
    layers[..., 3] = image
    return Image.fromarray(layers)


def transparent_grey(image: Array) -> Image.Image:
    return Image.merge("LA", [Image.new("L", (28, 28), 0), Image.fromarray(image)])


def sixteen_bits(image: Array) -> Image.Image:
    return Image.fromarray(image.astype(np.uint16) * 256 + 100)


def with_palette(image: Array) -> Image.Image:
    return Image.fromarray(image).convert("P")


@pytest.mark.parametrize(
    "disguise",
    [
        as_it_is,
        inverted,
        coloured,
        transparent,
        transparent_grey,
        sixteen_bits,
        with_palette,
    ],
)
def test_a_small_picture_is_read_as_it_is_whatever_its_mode(
    disguise: Callable[[Array], Image.Image], digits: Array
) -> None:
    for digit in digits:
        disguise(digit).save("digit.png")
        ((name, image),) = read_images("digit.png")
        assert name == "digit.png"
        assert np.abs(image.astype(int) - digit.astype(int)).max() <= 1


def test_a_large_picture_is_scaled_and_centred_as_mnist_is(digits: Array) -> None:
    for digit in digits:
        save(255 - enlarge(digit, 10, border=50), "large.png")
        ((_, image),) = read_images("large.png")
        assert image.shape == (28, 28)
        rows, columns = np.nonzero(image > 16)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        mass = image.sum()
        centre = [(image.sum(axis) @ np.arange(28)) / mass for axis in (1, 0)]
        assert np.abs(np.array(centre) - 14).max() <= 0.51


def test_it_does_not_matter_where_on_the_page_the_digit_is_and_how_dark_the_page(
    digits: Array,
) -> None:
    digit = enlarge(digits[7], 4).astype(float)
    readings = []
    for (top, left), paper, ink in [((0, 0), 255, 0), ((60, 90), 255, 0), ((5, 5), 200, 40)]:
        page = np.full((200, 240), float(paper))
        place = page[top : top + 112, left : left + 112]
        place += digit / 255 * (ink - paper)
        readings.append(fit_digit(page.round().astype(np.uint8)).astype(int))
    assert np.abs(readings[0] - readings[1]).max() == 0
    assert np.abs(readings[0] - readings[2]).max() <= 8


@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    seed=st.integers(0, 50),
    dark=st.booleans(),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_picture_becomes_an_image_of_the_right_size(
    shape: tuple[int, int], seed: int, dark: bool
) -> None:
    rng = np.random.default_rng(seed)
    image = (rng.random(shape) ** (8 if dark else 0.1) * 255).astype(np.uint8)
    out = fit_digit(image)
    assert out.shape == (28, 28)
    assert out.dtype == np.uint8


def test_a_photograph_is_turned_as_its_camera_was(digits: Array) -> None:
    upright = Image.fromarray(255 - enlarge(digits[7]))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    upright.rotate(90).save("turned.png", exif=exif)
    upright.save("upright.png")
    ((_, turned),), ((_, expected),) = read_images("turned.png"), read_images("upright.png")
    np.testing.assert_array_equal(turned, expected)


# -- from the command line -------------------------------------------------------------------------


def test_predict_prints_a_line_for_each_picture(run: Any, trained: Path, digits: Array) -> None:
    names = [save(digit, f"{n}.png") for n, digit in enumerate(digits)]
    ended = run("predict", "--checkpoint", trained, "--backend", "numpy", *names)
    assert (ended.code, ended.err) == (0, "")
    found = [LINE.fullmatch(line) for line in ended.out.splitlines()]
    assert [match[1] for match in found if match] == names
    assert sum(int(match[2]) == n for n, match in enumerate(found) if match) >= 8
    assert all(10.0 <= float(match[3]) <= 100.0 for match in found if match)
    quiet = run("predict", "--quiet", "--checkpoint", trained, "--backend", "numpy", *names)
    assert quiet.out.split() == [match[2] for match in found if match]


def test_large_pictures_are_recognised_as_well(run: Any, trained: Path, digits: Array) -> None:
    names = [save(255 - enlarge(digit, 9, 30), f"{n}.jpg") for n, digit in enumerate(digits)]
    ended = run("predict", "--quiet", "--checkpoint", trained, "--backend", "numpy", *names)
    assert sum(int(found) == n for n, found in enumerate(ended.out.split())) >= 8


@pytest.mark.parametrize("name", ["digits.idx", "digits.idx.gz", "no-extension"])
def test_an_idx_file_has_many_images(name: str, run: Any, trained: Path, digits: Array) -> None:
    write_idx(name, digits)
    ended = run("predict", "--checkpoint", trained, "--batch-size", 3, "--backend", "numpy", name)
    assert (ended.code, ended.err) == (0, "")
    found = [LINE.fullmatch(line) for line in ended.out.splitlines()]
    assert [match[1] for match in found if match] == [f"{name}[{i}]" for i in range(10)]
    assert sum(int(match[2]) == n for n, match in enumerate(found) if match) >= 8


def test_pictures_and_idx_files_can_be_mixed(run: Any, trained: Path, digits: Array) -> None:
    write_idx("two.idx", digits[:2])
    picture = save(digits[5], "five.png")
    ended = run("predict", "--checkpoint", trained, "--backend", "numpy", picture, "two.idx")
    assert [line.split(":")[0] for line in ended.out.splitlines()] == [
        "five.png", "two.idx[0]", "two.idx[1]"
    ]  # fmt: skip


# -- mistakes --------------------------------------------------------------------------------------


def write_bad_file(name: str, digits: Array) -> str:
    """A file that cannot be recognised; returns its path."""
    path = Path("bad.png")
    if name == "text":
        path.write_text("hello")
    elif name == "empty":
        path.write_bytes(b"")
    elif name == "truncated":
        save(enlarge(digits[0]), "whole.png")
        path.write_bytes(Path("whole.png").read_bytes()[:200])
    elif name == "damaged":
        save(enlarge(digits[0]), "whole.png")
        content = bytearray(Path("whole.png").read_bytes())
        content[60:70] = bytes(10)
        path.write_bytes(content)
    elif name == "white":
        save(np.full((40, 40), 255, np.uint8), "bad.png")
    elif name == "black, small":
        save(np.zeros((28, 28), np.uint8), "bad.png")
    elif name == "labels":
        write_idx("bad.png", np.arange(10, dtype=np.uint8))
    elif name == "no images":
        write_idx("bad.png", np.zeros((0, 28, 28), np.uint8))
    elif name == "numbers":
        write_idx("bad.png", np.zeros((2, 28, 28), np.float32))
    elif name == "short idx":
        write_idx("bad.png", digits)
        path.write_bytes(path.read_bytes()[:-1])
    elif name == "gzip of text":
        import gzip

        path.write_bytes(gzip.compress(b"hello"))
    elif name == "folder":
        path.mkdir()
    return "bad.png"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "cannot read bad.png: No such file or directory"),
        ("folder", "cannot read bad.png: Is a directory"),
        ("text", "bad.png is neither a picture (PNG, JPEG, ...) nor an IDX file"),
        ("empty", "bad.png is neither a picture (PNG, JPEG, ...) nor an IDX file"),
        ("truncated", "bad.png is a damaged picture: "),
        ("damaged", "bad.png is a damaged picture: "),
        ("white", "bad.png shows no digit: all of it is of one colour"),
        ("black, small", "bad.png shows no digit: all of it is of one colour"),
        ("labels", "bad.png holds an array of shape (10,) and type uint8, wanted images"),
        ("no images", "bad.png holds an array of shape (0, 28, 28) and type uint8, wanted images"),
        ("numbers", "bad.png holds an array of shape (2, 28, 28) and type float32, wanted images"),
        ("short idx", "bad.png: "),
        ("gzip of text", "bad.png: "),
    ],
)
def test_what_cannot_be_recognised_is_named_and_nothing_is_printed(
    name: str, message: str, run: Any, trained: Path, digits: Array
) -> None:
    good = save(digits[1], "good.png")
    bad = write_bad_file(name, digits)
    error = run("predict", "--checkpoint", trained, "--backend", "numpy", good, bad).error
    assert error.startswith(f"minitorch-mnist: error: {message}")


def test_a_picture_too_large_for_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    save(np.zeros((60, 60), np.uint8), "large.png")
    for limit in (2000, 1000):  # Pillow warns above its limit and raises above twice that
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        warnings.simplefilter("ignore")  # outside of pytest, a warning is no error
        with pytest.raises(UserError, match=r"large.png is too large a picture for one digit"):
            read_images("large.png")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_a_large_picture_takes_little_memory(mode: str) -> None:
    status = Path("/proc/self/status")
    if not status.is_file():
        pytest.skip("needs Linux's /proc")
    code = f"""
from PIL import Image, ImageOps
from minitorch_mnist.images import read_images
import re, sys
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("{status}").read())[1]) // 1024
before = peak()
try: read_images("large.png")
except Exception as error: print(type(error).__name__, end=" ")
print(peak() - before)
"""
    for side, wanted in ((5_900, ""), (9_400, "UserError ")):
        Image.new(mode, (side, side)).save("large.png", compress_level=1)
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert wanted in done.stdout
        assert int(done.stdout.split()[-1]) < (450 if not wanted else 40)


def test_a_large_picture_is_reduced_and_recognised_as_a_small_one(digits: Array) -> None:
    for name in ("large.png", "large.jpg"):
        save(255 - enlarge(digits[3], 100, 200), name)
        save(255 - enlarge(digits[3], 20, 40), "small.png")
        ((_, large),), ((_, small),) = read_images(name), read_images("small.png")
        assert np.abs(large.astype(int) - small.astype(int)).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["turned.png", "turned.jpg", "turned.tif", "turned.webp"])
def test_pictures_of_every_position_of_the_camera_are_turned_as_pillow_does(
    name: str, orientation: int, digits: Array
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = Image.fromarray(255 - enlarge(digits[7], 8, 4))
    options = {"quality": 100} if name.endswith("jpg") else {"lossless": True}
    page.convert("RGB").save(name, exif=exif, **({} if name.endswith(("png", "tif")) else options))
    with Image.open(name) as file:
        ImageOps.exif_transpose(file).convert("L").save("upright.png")
    ((_, turned),), ((_, upright),) = read_images(name), read_images("upright.png")
    assert np.abs(turned.astype(int) - upright.astype(int)).max() <= 2


@pytest.mark.parametrize(
    "content",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n(x) run\n",
        b"SIMPLE  =                    T" + b" " * 2850,
    ],
    ids=["a program for a printer", "what Pillow has a stub for"],
)
def test_only_pictures_that_pillow_reads_by_itself_are_read(content: bytes) -> None:
    Path("picture").write_bytes(content)
    with pytest.raises(UserError, match="is neither a picture"):
        read_images("picture")


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and devices")
def test_a_picture_that_is_no_file_is_told() -> None:
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    for path, message in (
        ("pipe", "it is a pipe or a device"),
        ("/dev/zero", "it is a pipe or a device"),
        ("loop", "Too many levels of symbolic links"),
    ):
        with pytest.raises(UserError, match=f"cannot read {path}: {message}"):
            read_images(path)


def test_the_name_of_a_picture_does_not_act_on_the_terminal(
    run: Any, trained: Path, digits: Array
) -> None:
    name = save(digits[1], "\x1b[2J\u2603.png")
    ended = run("predict", "--checkpoint", trained, "--backend", "numpy", name)
    assert ended.out.startswith("\\x1b[2J\u2603.png: ")


def test_values_that_are_no_numbers_are_refused_by_name(
    run: Any, trained: Path, digits: Array
) -> None:
    found = load_checkpoint(trained)
    arrays = {**found.state_dict, "fc1.bias": found.state_dict["fc1.bias"] * np.nan}
    text = json.dumps({**found.metadata, "data": "\x1b[2J"})
    np.savez("m.npz", allow_pickle=False, __metadata__=np.array(text), **arrays)
    picture = save(digits[1], "good.png")
    error = run("predict", "--checkpoint", "m.npz", "--backend", "numpy", picture).error
    assert "m.npz: fc1.bias holds NaN or infinite values" in error


def test_what_pillow_logs_of_damage_is_not_printed_beside_the_error(trained: Path) -> None:
    """In a process of its own, since pytest gives the log a handler."""
    Image.new("RGB", (40, 40)).save("whole.tif")
    content = Path("whole.tif").read_bytes()
    samples = b"\x15\x01\x03\x00\x01\x00\x00\x00\x03\x00"  # tag 277, samples of a pixel: 3
    assert samples in content
    Path("bad.tif").write_bytes(content.replace(samples, samples[:-1] + b"\x08"))
    argv = ["predict", "--checkpoint", str(trained), "--backend", "numpy", "bad.tif"]
    done = subprocess.run(
        [sys.executable, "-m", "minitorch_mnist", *argv], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("minitorch-mnist: error: bad.tif is ")
    assert done.stderr.count("\n") == 1


def test_predict_needs_a_checkpoint(run: Any, digits: Array) -> None:
    picture = save(digits[1], "good.png")
    assert "no checkpoint runs/mnist. Train first" in run("predict", picture).error
