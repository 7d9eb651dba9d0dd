"""Draws the image files of a data set."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from drawn_art.drawing import TRAIN, Drawing, draw_lots
from drawn_art.render import frame_as_cropped, letterbox, render_color, render_line_art
from files.atomic import atomic_path
from images.square import has_white_border
from preprocessor.stage.stage import existing_stems

JPEG_QUALITY = 92


class Artist:
    """Draws the files of one file id: the color image and, for training, the line art."""

    def __init__(self, root: Path, seed: int, size: int):
        self.root, self.seed, self.size = root, seed, size

    def __call__(self, file_id: int) -> None:
        drawing = draw_lots(self.seed, file_id - 1)
        color_path, line_path = paths(self.root, drawing)
        jpeg = _color_jpeg(drawing, self.size)
        if drawing.expected == TRAIN:
            line_art = render_line_art(drawing, self.size)
            padding = _padding(drawing, jpeg)
            write_bytes(line_path, png(frame_as_cropped(drawing, line_art, padding)))
        write_bytes(color_path, jpeg)


def _color_jpeg(drawing: Drawing, size: int) -> np.ndarray:
    """The letterboxed color image, encoded; a sketch has nothing but lines."""
    if drawing.line_only:
        image = np.dstack([render_line_art(drawing, size)] * 3)
    else:
        image = render_color(drawing, size)[..., ::-1]
    return cv2.imencode(".jpg", letterbox(image), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]


def _padding(drawing: Drawing, jpeg: np.ndarray) -> str:
    """The padding that the crop stage gives to this color image, as it decodes it."""
    image = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    return "white" if has_white_border(image, drawing.width, drawing.height) else "mirror"


def png(image: np.ndarray, compression: int = 3) -> np.ndarray:
    """Encode as PNG; `compression` from 0 to 9 (small and slow)."""
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, compression])[1]


def write_bytes(path: Path, data: np.ndarray) -> None:
    """Write an encoded image, all or nothing."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def paths(root: Path, drawing: Drawing) -> tuple[Path, Path]:
    """Where the color image and the line art of a drawing are."""
    number = drawing.file_id
    return (
        root / "512px" / f"{number % 1000:04d}" / f"{number}.jpg",
        root / "simpl_train" / f"{number}.png",
    )


def missing(root: Path, drawings: list[Drawing]) -> Iterator[int]:
    """File ids of the drawings of which a file is not there yet."""
    lines = existing_stems(root / "simpl_train")
    buckets = {paths(root, drawing)[0].parent for drawing in drawings}
    colors = set().union(*(existing_stems(bucket, ".jpg") for bucket in buckets))
    for drawing in drawings:
        name = str(drawing.file_id)
        if name not in colors or (drawing.expected == TRAIN and name not in lines):
            yield drawing.file_id
