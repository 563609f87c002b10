"""The picture: the network's probabilities and decision boundary, and the training points."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from minitorch_datasets import PointSet
from minitorch_points.boundary import Field, at, probability, resampled
from minitorch_tensor.files import write_file

#: Sizes in pixels, of the picture and of the square in it.
WIDTH, HEIGHT = 640, 704
SIDE, LEFT, TOP = 576, 40, 72

#: Everything is drawn this much larger and scaled down, which smooths edges.
FINE = 2

RADIUS = 4.5
CONTOUR = 2.5  # the line's width

#: Colours of labels 0 and 1, which colour-blind readers can distinguish (Okabe and Ito 2008).
COLOURS = ((0, 114, 178), (213, 94, 0))
PAPER, INK, GREY = (255, 255, 255), (33, 37, 41), (108, 117, 125)

Pixels = npt.NDArray[np.uint8]


def shades(field: Field) -> Pixels:
    """Colours of a field of logits: the colour of the likelier label, paler if less likely.

    Shapes: field (H, W) -> (H, W, 3)
    """
    p = probability(field)[..., None]
    sure = np.abs(2 * p - 1)
    paper = np.array(PAPER, np.float32)
    colour = np.where(p > 0.5, *(np.array(COLOURS[label], np.float32) for label in (1, 0)))
    pale = paper + (colour - paper) * (0.08 + 0.37 * sure)
    return np.rint(pale).astype(np.uint8)


def contour(field: Field, width: float) -> Field:
    """The share of each pixel covered by the line where the logit is 0 and the probability 0.5.

    A pixel of a field f is about |f| / |gradient of f| pixels away from the nearest zero.

    Shapes: field (H, W) -> (H, W), 0 to 1
    """
    down, right = np.gradient(field)
    distance = np.abs(field) / np.maximum(np.hypot(down, right), 1e-12)
    covered: Field = np.clip((width + 1) / 2 - distance, 0, 1)
    return covered


def draw_picture(field: Field, points: PointSet, title: str, subtitle: str) -> Image.Image:
    """Probabilities in colour, the boundary as a line, and points as discs: outlined in white, or
    in black on the wrong side of the boundary.

    Args:
        field: logits, as of `logit_field`.
        points: the points to show.
        title, subtitle: lines above the picture.

    Returns: an image of WIDTH x HEIGHT.
    """
    fine = resampled(field, SIDE * FINE, SIDE * FINE)
    line = contour(fine, CONTOUR * FINE)[..., None]
    square = shades(fine) * (1 - line) + np.array(INK, np.float32) * line
    image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), PAPER)
    image.paste(Image.fromarray(np.rint(square).astype(np.uint8)), (LEFT * FINE, TOP * FINE))

    pen = ImageDraw.Draw(image)
    for point, label, is_wrong in zip(points.points, points.labels, wrong_side(field, points)):
        _disc(pen, *place(point), int(label), is_wrong)
    # One pixel outside the square, over discs that stick out of it.
    frame = [c * FINE - FINE for c in (LEFT, TOP)] + [
        (c + SIDE) * FINE + FINE - 1 for c in (LEFT, TOP)
    ]
    pen.rectangle(frame, outline=GREY, width=FINE)
    _write(pen, title, LEFT, 14, 22, INK)
    _write(pen, subtitle, LEFT, 44, 14, GREY)
    _write_legend(pen)
    return image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def wrong_side(field: Field, points: PointSet) -> npt.NDArray[np.bool_]:
    """A mask (N) of the points that the field gives the wrong label."""
    logits = at(field, points.points)
    wrong: npt.NDArray[np.bool_] = (logits > 0) != (points.labels > 0)
    return wrong


def place(point: npt.NDArray[np.floating]) -> tuple[float, float]:
    """The position of a point of the unit square in the picture: pixels from the left and top."""
    return LEFT + float(point[0]) * SIDE, TOP + (1 - float(point[1])) * SIDE


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, label: int, is_wrong: bool) -> None:
    box = [FINE * (c + d * RADIUS) for d in (-1, 1) for c in (x, y)]
    pen.ellipse(
        box, fill=COLOURS[label], outline=INK if is_wrong else PAPER, width=round(1.5 * FINE)
    )


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    x: float,
    y: float,
    size: int,
    colour: tuple[int, int, int],
    anchor: str = "la",
) -> None:
    font = ImageFont.load_default(size * FINE)
    pen.text((x * FINE, y * FINE), text, fill=colour, font=font, anchor=anchor)


def _write_legend(pen: ImageDraw.ImageDraw) -> None:
    y = TOP + SIDE + 36
    for text, x, anchor in (("0", LEFT, "mm"), ("1", LEFT + SIDE, "mm")):
        _write(pen, text, x, TOP + SIDE + 11, 13, GREY, anchor)
        up = TOP + SIDE if text == "0" else TOP
        _write(pen, text, LEFT - 12, up, 13, GREY, anchor)
    for x, label, is_wrong, text in (
        (LEFT + 6, 0, False, "label 0"),
        (LEFT + 92, 1, False, "label 1"),
        (LEFT + 178, 0, True, ""),
        (LEFT + 192, 1, True, "learned wrong"),
    ):
        _disc(pen, x, y, label, is_wrong)
        _write(pen, text, x + 11, y, 14, INK, "lm")
    pen.line(
        [FINE * c for c in (LEFT + 330, y, LEFT + 354, y)], fill=INK, width=round(CONTOUR * FINE)
    )
    _write(pen, "boundary: probability 0.5", LEFT + 362, y, 14, INK, "lm")


def save_picture(path: str, image: Image.Image) -> None:
    """Write a PNG. The file appears whole or not at all; missing folders are made.

    Raises: OSError if it cannot be written.
    """
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    write_file(path, content.getvalue())
