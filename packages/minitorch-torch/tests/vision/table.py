"""Calls of torchvision's transforms and grids, whose results are stored.

`python table.py`, where torchvision is installed, writes expectations.json anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

EXPECTATIONS = Path(__file__).with_name("expectations.json")

#: 5 x 7 pixels in three channels, without a pattern.
PIXELS = (np.arange(5 * 7 * 3) ** 2 * 37 % 251).reshape(5, 7, 3).astype(np.uint8)


def inputs(torch: Any) -> dict[str, Any]:
    """The pictures that every function is called with."""
    channels_first = np.ascontiguousarray(PIXELS.transpose(2, 0, 1))
    return {
        "RGB": Image.fromarray(PIXELS),
        "L": Image.fromarray(np.ascontiguousarray(PIXELS[:, :, 0])),
        "bytes": torch.from_numpy(channels_first),
        "floats": torch.from_numpy(channels_first.astype(np.float32) / np.float32(255)),
    }


def calls(torch: Any, torchvision: Any) -> Iterator[tuple[str, Any]]:
    """Each call's name, and the call."""
    F = torchvision.transforms.functional
    modes = torchvision.transforms.InterpolationMode
    of_pictures = {
        "to_tensor": lambda x: F.to_tensor(x),
        "pil_to_tensor": lambda x: F.pil_to_tensor(x),
        "resize bilinear": lambda x: F.resize(x, 4),
        "resize wide": lambda x: F.resize(x, (3, 9)),
        "resize max": lambda x: F.resize(x, 6, max_size=8),
        "resize bicubic": lambda x: F.resize(x, (8, 4), modes.BICUBIC),
        "resize nearest": lambda x: F.resize(x, (8, 4), modes.NEAREST),
        "center_crop": lambda x: F.center_crop(x, (2, 3)),
        "center_crop beyond": lambda x: F.center_crop(x, (8, 4)),
        "crop beyond": lambda x: F.crop(x, -1, 2, 4, 7),
        "five_crop": lambda x: F.five_crop(x, 2),
        "ten_crop": lambda x: F.ten_crop(x, (2, 1), vertical_flip=True),
        "hflip": lambda x: F.hflip(x),
        "vflip": lambda x: F.vflip(x),
        "pad": lambda x: F.pad(x, (1, 0, 2, -1), 9),
        **{
            f"pad {mode}": lambda x, mode=mode: F.pad(x, [2, 1], padding_mode=mode)
            for mode in ("edge", "reflect", "symmetric")
        },
        "rotate": lambda x: F.rotate(x, 30),
        "rotate expand": lambda x: F.rotate(x, 90, expand=True),
        "rotate bilinear": lambda x: F.rotate(x, -20, modes.BILINEAR, center=(1, 2), fill=[1.0]),
        "affine": lambda x: F.affine(x, 15, (1, -1), 1.5, 8),
        "perspective": lambda x: F.perspective(
            x, [[0, 0], [6, 0], [6, 4], [0, 4]], [[1, 1], [6, 0], [5, 4], [0, 3]]
        ),
        "adjust_brightness": lambda x: F.adjust_brightness(x, 1.4),
        "adjust_contrast": lambda x: F.adjust_contrast(x, 0.6),
        "gaussian_blur": lambda x: F.gaussian_blur(x, (3, 5), 1.2),
    }
    of_colors = {
        "rgb_to_grayscale": lambda x: F.rgb_to_grayscale(x),
        "rgb_to_grayscale 3": lambda x: F.rgb_to_grayscale(x, 3),
        "adjust_saturation": lambda x: F.adjust_saturation(x, 1.6),
        "adjust_hue": lambda x: F.adjust_hue(x, -0.2),
        "adjust_gamma": lambda x: F.adjust_gamma(x, 1.8, 0.9),
    }
    given = inputs(torch)
    for name, call in (of_pictures | of_colors).items():
        for kind, picture in given.items():
            if (name in of_colors and kind == "L") or ("to_tensor" in name and kind[0] in "bf"):
                continue
            yield f"{name} of {kind}", lambda call=call, picture=picture: call(picture)
    floats, bytes_ = given["floats"], given["bytes"]
    yield "normalize", lambda: F.normalize(floats, [0.5, 0.4, 0.3], [0.2, 0.3, 0.4])
    yield "convert to floats", lambda: F.convert_image_dtype(bytes_)
    yield "convert to bytes", lambda: F.convert_image_dtype(floats, torch.uint8)
    yield "convert to int32", lambda: F.convert_image_dtype(bytes_, torch.int32)
    yield "to_pil_image of bytes", lambda: F.to_pil_image(bytes_)
    yield "to_pil_image of floats", lambda: F.to_pil_image(floats)
    yield "to_pil_image of grey", lambda: F.to_pil_image(floats[0])
    yield "resize without antialias", lambda: F.resize(floats, (3, 4), antialias=False)
    yield (
        "resize bicubic without antialias",
        lambda: F.resize(bytes_, (8, 4), modes.BICUBIC, antialias=None),
    )
    grid = torchvision.utils.make_grid
    images = torch.stack([floats, floats * 2 - 1, floats / 3])
    yield "grid", lambda: grid(images, nrow=2, padding=1, pad_value=0.5)
    yield "grid of greys", lambda: grid(images[:, :1])
    yield "grid of one", lambda: grid(floats[0])
    yield "grid normalized", lambda: grid(images, normalize=True)
    yield "grid of each", lambda: grid(list(images), normalize=True, scale_each=True)
    yield "grid of a range", lambda: grid(images, normalize=True, value_range=(-0.5, 0.5))


def printed(torch: Any, T: Any) -> Iterator[str]:
    """How transforms print themselves."""
    bilinear = T.InterpolationMode.BILINEAR
    for transform in (
        T.Compose([T.ToTensor(), T.PILToTensor(), T.ToPILImage(), T.ToPILImage("L")]),
        T.Normalize((0.1307,), (0.3081,)),
        T.ConvertImageDtype(torch.float32),
        T.Resize(256),
        T.Resize([3, 4], T.InterpolationMode.NEAREST, antialias=None),
        T.CenterCrop(224),
        T.CenterCrop([3, 4]),
        T.Pad((1, 2), (3,), "edge"),
        T.Lambda(lambda x: x),
        T.RandomApply([T.ToTensor()], 0.3),
        T.RandomChoice([T.ToTensor()]),
        T.RandomOrder([T.ToTensor()]),
        T.RandomCrop(32, padding=4),
        T.RandomHorizontalFlip(),
        T.RandomVerticalFlip(0.1),
        T.RandomPerspective(),
        T.RandomResizedCrop(224),
        T.FiveCrop(4),
        T.TenCrop(4, True),
        T.ColorJitter(0.1, (0.2, 0.3), 2, 0.5),
        T.ColorJitter(),
        T.RandomRotation(3),
        T.RandomRotation((3, 4), bilinear, True, (1, 2), (3,)),
        T.RandomAffine(0),
        T.RandomAffine((1, 2), (0.1, 0.2), (1, 2), (1, 2, 3, 4), bilinear, 3, (1, 1)),
        T.Grayscale(3),
        T.RandomGrayscale(),
        T.RandomErasing(value="random"),
        T.GaussianBlur(3),
        T.GaussianBlur((3, 5), 1),
        T.LinearTransformation(torch.eye(2), torch.zeros(2)),
    ):
        yield repr(transform)


def stored(result: Any) -> Any:
    """A result as it is compared: kind, shape and numbers."""
    if isinstance(result, tuple):
        return [stored(part) for part in result]
    if isinstance(result, Image.Image):
        array, kind = np.asarray(result), result.mode
    else:
        array = result.detach().numpy()
        kind = array.dtype.name
    return [kind, list(array.shape), [round(x, 7) for x in array.ravel().tolist()]]


def write() -> None:
    """Store torchvision's results."""
    import torch
    import torchvision

    found = {name: stored(call()) for name, call in calls(torch, torchvision)}
    found["printed"] = list(printed(torch, torchvision.transforms))
    EXPECTATIONS.write_text(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write()
