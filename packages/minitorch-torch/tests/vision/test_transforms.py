"""Laws of the transforms, and their errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

import minitorch_torch as torch
from minitorch_torch.vision import transforms as T
from minitorch_torch.vision.transforms import functional as F
from minitorch_torch.vision.transforms import v2

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
PICTURE = Image.fromarray(PIXELS)
TENSOR = torch.from_numpy(np.ascontiguousarray(PIXELS.transpose(2, 0, 1)))
FLOATS = TENSOR.float() / 255

RANDOM: dict[str, Callable[[], Any]] = {
    "crop": lambda: T.RandomCrop(20, padding=4),
    "flip": lambda: T.RandomHorizontalFlip(),
    "vertical flip": lambda: T.RandomVerticalFlip(),
    "resized crop": lambda: T.RandomResizedCrop(16),
    "rotation": lambda: T.RandomRotation(40, fill=3),
    "affine": lambda: T.RandomAffine(30, (0.1, 0.2), (0.8, 1.2), (1, 2, 3, 4)),
    "perspective": lambda: T.RandomPerspective(),
    "jitter": lambda: T.ColorJitter(0.4, 0.4, 0.4, 0.2),
    "grey": lambda: T.RandomGrayscale(0.5),
    "blur": lambda: T.GaussianBlur(5),
    "apply": lambda: T.RandomApply([T.RandomVerticalFlip(1.0)]),
    "choice": lambda: T.RandomChoice([T.RandomVerticalFlip(1.0), T.Grayscale(3)]),
    "order": lambda: T.RandomOrder([T.RandomVerticalFlip(), T.RandomRotation(9)]),
}


def numbers(picture: Any) -> Any:
    return np.asarray(picture) if isinstance(picture, Image.Image) else picture.numpy()


@pytest.mark.parametrize("kind", ["picture", "tensor"])
@pytest.mark.parametrize("name", RANDOM)
def test_manual_seed_repeats_what_is_random_and_seeds_differ(name: str, kind: str) -> None:
    given, transform = PICTURE if kind == "picture" else TENSOR, RANDOM[name]()

    def drawn(seed: int) -> list[Any]:
        torch.manual_seed(seed)
        return [numbers(transform(given)) for _ in range(8)]

    first, again, other = drawn(1), drawn(1), drawn(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other))


def test_a_flip_happens_with_its_probability() -> None:
    torch.manual_seed(0)
    for p, low, high in ((0.0, 0, 0), (0.3, 60, 120), (1.0, 300, 300)):
        flip = T.RandomHorizontalFlip(p)
        count = sum(not np.array_equal(numbers(flip(PICTURE)), PIXELS) for _ in range(300))
        assert low <= count <= high, p


def test_a_choice_has_its_weights() -> None:
    torch.manual_seed(0)
    choice = T.RandomChoice([T.Lambda(lambda x: 0), T.Lambda(lambda x: 1)], p=[1.0, 3.0])
    assert 200 < sum(choice(None) for _ in range(300)) < 250


def test_a_random_crop_is_part_of_the_picture() -> None:
    torch.manual_seed(0)
    crop, places = T.RandomCrop((20, 30)), set()
    for _ in range(100):
        found = numbers(crop(PICTURE))
        place = [
            (i, j)
            for i in range(5)
            for j in range(3)
            if np.array_equal(found, PIXELS[i : i + 20, j : j + 30])
        ]
        places.update(place)
    assert len(places) == 15  # all of them, the outermost included


def test_a_resized_crop_keeps_to_its_scale_and_ratio() -> None:
    torch.manual_seed(0)
    large = Image.new("L", (300, 200))
    for _ in range(200):
        i, j, h, w = T.RandomResizedCrop.get_params(large, (0.1, 0.3), (1.5, 2.0))
        assert 0 <= i <= 200 - h and 0 <= j <= 300 - w
        assert 0.09 < h * w / 60000 < 0.31 and 1.45 < w / h < 2.05


def test_a_resized_crop_that_never_fits_is_the_middle() -> None:
    wide = Image.new("L", (100, 10))
    assert T.RandomResizedCrop.get_params(wide, (1.0, 1.0), (0.75, 4 / 3)) == (0, 43, 10, 13)


def test_a_crop_of_a_smaller_picture_needs_padding() -> None:
    with pytest.raises(ValueError, match=r"crops of \(40, 40\) do not fit .* pad_if_needed"):
        T.RandomCrop(40)(PICTURE)
    assert T.RandomCrop(40, pad_if_needed=True)(PICTURE).size == (40, 40)


def test_erasing_overwrites_one_rectangle() -> None:
    torch.manual_seed(0)
    for _ in range(20):
        erased = T.RandomErasing(1.0, value=2.0)(FLOATS).numpy()
        rows, columns = (np.flatnonzero((erased == 2).all(0).any(axis)) for axis in (1, 0))
        rectangle = np.s_[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert (erased[rectangle] == 2).all()
        assert 0.01 < len(rows) * len(columns) / (24 * 32) < 0.36
        erased[rectangle] = FLOATS.numpy()[rectangle]
        assert np.array_equal(erased, FLOATS.numpy())


def test_erasing_in_place_changes_the_tensor() -> None:
    image = FLOATS.clone()
    assert T.RandomErasing(1.0, inplace=True)(image) is image
    assert not np.array_equal(image.numpy(), FLOATS.numpy())


def test_erasing_wants_a_tensor() -> None:
    with pytest.raises(TypeError, match="Put it after ToTensor"):
        T.RandomErasing()(PICTURE)


def test_tensors_and_pictures_agree() -> None:
    for transform in (
        lambda x: F.resize(x, (12, 50)),
        lambda x: F.resize(x, (40, 9), T.InterpolationMode.BICUBIC),
        lambda x: F.rotate(x, 90, expand=True),
        lambda x: F.pad(x, (1, 2, 3, 4), padding_mode="reflect"),
        lambda x: F.adjust_saturation(x, 0.3),
    ):
        of_picture, of_tensor = transform(PICTURE), transform(TENSOR)
        difference = numbers(of_picture).transpose(2, 0, 1) - of_tensor.numpy().astype(int)
        assert np.abs(difference).max() <= 2


def test_the_result_of_to_tensor_is_its_own() -> None:
    array = np.zeros((2, 2), np.float32)
    tensor = F.to_tensor(array)
    array[0, 0] = 1
    assert tensor.sum().item() == 0 and tensor.shape == (1, 2, 2)


def test_to_tensor_takes_pictures_of_every_mode() -> None:
    for mode, channels, largest in (
        ("1", 1, 1.0),
        ("L", 1, 1.0),
        ("P", 1, 1.0),
        ("RGBA", 4, 1.0),
        ("CMYK", 4, 1.0),
        ("I", 1, 300.0),
        ("F", 1, 300.0),
    ):
        picture = Image.new(mode, (4, 3), 300 if mode in "IF" else (255,) * channels)
        if mode in ("1", "L", "P"):
            picture = Image.new(mode, (4, 3), 255)
        tensor = F.to_tensor(picture)
        assert tensor.shape == (channels, 3, 4) and tensor.max().item() == largest, mode


def test_pictures_go_there_and_back() -> None:
    for mode in ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F"):
        array = np.arange(12).reshape(3, 4) % 256
        picture = Image.fromarray(array.astype(np.int32)) if mode == "I" else PICTURE.convert("L")
        picture = picture if mode == "I" else picture.convert("RGB").convert(mode)
        back = T.ToPILImage(mode)(T.PILToTensor()(picture))
        assert back.mode == mode and np.array_equal(np.asarray(back), np.asarray(picture)), mode


def test_normalize_in_place_and_not() -> None:
    image = FLOATS.clone()
    result = F.normalize(image, [0.5], [0.25])
    assert np.array_equal(image.numpy(), FLOATS.numpy())
    assert np.allclose(result.numpy(), (FLOATS.numpy() - 0.5) / 0.25)
    assert F.normalize(image, [0.5], [0.25], inplace=True) is image
    assert np.array_equal(image.numpy(), result.numpy())


def test_normalize_takes_batches_and_gives_gradients() -> None:
    batch = torch.stack([FLOATS, FLOATS]).requires_grad_()
    F.normalize(batch, (0.1, 0.2, 0.3), (1.0, 2.0, 4.0)).sum().backward()
    assert np.allclose(batch.grad.numpy()[:, :, 0, 0], [[1, 0.5, 0.25]] * 2)


def test_resizing_gives_gradients() -> None:
    image = FLOATS.clone().requires_grad_()
    F.resize(image, (7, 9)).sum().backward()
    assert np.isclose(image.grad.sum().item(), 3 * 7 * 9)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.to_tensor([1]), TypeError, "wanted a picture"),
        (lambda: F.to_tensor(np.zeros(3)), ValueError, r"\(H, W\) or \(H, W, C\)"),
        (lambda: F.to_tensor(Image.new("I;16", (2, 2))), TypeError, "16 bits"),
        (lambda: F.to_pil_image(torch.zeros(2, 3, 4, 5)), ValueError, "one image of a batch"),
        (lambda: F.to_pil_image(torch.zeros(5, 4, 4)), ValueError, "at most 4 channels"),
        (lambda: F.to_pil_image(TENSOR, "L"), ValueError, "does not fit"),
        (lambda: F.to_pil_image(TENSOR.long()), TypeError, "no pictures of int64"),
        (lambda: F.normalize(PICTURE, [0.5], [0.5]), TypeError, r"Put ToTensor\(\) before"),
        (lambda: F.normalize(TENSOR, [0.5], [0.5]), TypeError, "wanted floats, got uint8"),
        (lambda: F.normalize(FLOATS, [0.5], [0.0]), ValueError, "std has a zero"),
        (lambda: F.normalize(FLOATS, [0.5] * 2, [1.0] * 2), RuntimeError, "3 channels"),
        (lambda: F.convert_image_dtype(FLOATS, torch.int32), RuntimeError, "cannot hold"),
        (lambda: F.resize(TENSOR, 9, T.InterpolationMode.BOX), NotImplementedError, "alone"),
        (lambda: F.rotate(TENSOR, 9, T.InterpolationMode.BICUBIC), ValueError, "alone"),
        (lambda: F.rotate(TENSOR, 9, fill=[1.0, 2.0]), ValueError, "fill has 2 numbers"),
        (lambda: F.rotate(PICTURE, 9, fill=[1, 2]), ValueError, "fill has 2 numbers"),
        (lambda: F.resize(PICTURE, 9, "bilinear"), TypeError, "InterpolationMode"),
        (lambda: F.resize(PICTURE, (9, 9), max_size=10), ValueError, "shorter side"),
        (lambda: F.resize(PICTURE, 9, max_size=9), ValueError, "greater than 9"),
        (lambda: F.adjust_hue(TENSOR, 0.7), ValueError, "-0.5 to 0.5"),
        (lambda: F.adjust_contrast(TENSOR, -1), ValueError, "negative"),
        (lambda: F.adjust_contrast(TENSOR[:2], 1), TypeError, "1 or 3 channels, got 2"),
        (lambda: F.hflip("x"), TypeError, "got str"),
        (lambda: F.hflip(torch.zeros(3)), TypeError, r"\(\.\.\., H, W\)"),
        (lambda: F.five_crop(PICTURE, 30), ValueError, "do not fit"),
        (lambda: F.gaussian_blur(PICTURE, 4), ValueError, "odd"),
        (lambda: F.gaussian_blur(PICTURE, 3, 0), ValueError, "positive"),
        (lambda: F.gaussian_blur(TENSOR, 99), ValueError, "at most 47|at most 63"),
        (lambda: F.pad(PICTURE, (1, 2, 3)), ValueError, "got 3 elements"),
        (lambda: F.pad(PICTURE, 1, padding_mode="wrap"), ValueError, "one of constant"),
        (lambda: F.pad(TENSOR, 1, (1, 2, 3)), TypeError, "one number for a tensor"),
        (lambda: F.affine(TENSOR, 0, (0, 0), 0, 0), ValueError, "scale must be positive"),
        (lambda: F.perspective(TENSOR, [[0, 0]], [[0, 0]]), ValueError, "four corners"),
        (lambda: T.Resize(9.5), TypeError, "got float"),
        (lambda: T.CenterCrop((1, 2, 3)), ValueError, "one number or two"),
        (lambda: T.Lambda(3), TypeError, "must be a function"),
        (lambda: T.RandomRotation(-3), ValueError, "positive"),
        (lambda: T.RandomRotation((1, 2, 3)), ValueError, "length 2"),
        (lambda: T.RandomAffine(0, translate=(2, 0)), ValueError, "from 0 to 1"),
        (lambda: T.RandomAffine(0, scale=(0, 1)), ValueError, "positive"),
        (lambda: T.RandomAffine(0, fill={}), TypeError, "fill must be"),
        (lambda: T.ColorJitter(-1), ValueError, "negative"),
        (lambda: T.ColorJitter(hue=0.6), ValueError, "-0.5 to 0.5"),
        (lambda: T.ColorJitter("x"), TypeError, r"\(min, max\)"),
        (lambda: T.RandomErasing(value="x"), ValueError, "'random'"),
        (lambda: T.RandomErasing(p=2), ValueError, "from 0 to 1"),
        (lambda: T.RandomErasing(1.0, value=(1, 2))(FLOATS), ValueError, "2 numbers"),
        (lambda: T.RandomChoice([T.ToTensor()], [1, 2]), ValueError, "1 weights"),
        (lambda: T.GaussianBlur(3, (2, 1)), ValueError, "sigma"),
        (
            lambda: T.LinearTransformation(torch.eye(2), torch.zeros(3)),
            ValueError,
            "a mean_vector of 3",
        ),
        (
            lambda: T.LinearTransformation(torch.eye(2), torch.zeros(2))(FLOATS),
            ValueError,
            "of 2 numbers",
        ),
    ],
)
def test_wrong_arguments_are_refused(
    call: Callable[[], Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        call()


def test_pillow_always_smooths_what_shrinks() -> None:
    with pytest.warns(UserWarning, match="always smoothed"):
        F.resize(PICTURE, 9, antialias=False)


def test_the_second_version_makes_floats_of_a_picture() -> None:
    steps = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.RandomHorizontalFlip(0.0)]
    assert np.array_equal(v2.Compose(steps)(PICTURE).numpy(), F.to_tensor(PICTURE).numpy())
    assert v2.ToDtype(torch.float32)(TENSOR).max().item() == PIXELS.max()
    assert repr(v2.ToDtype(torch.float32, True)) == "ToDtype(scale=True)"
    assert np.array_equal(v2.functional.horizontal_flip(TENSOR).numpy(), TENSOR.flip(-1).numpy())
