"""Draws the image files of a data set."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from drawn_art.picture import TRAIN, DrawnPicture
from drawn_art.records import GroundTruth, ground_truth
from drawn_art.render import frame_as_cropped, letterbox, render_color, render_line_art
from drawn_art.styles import choose_picture
from files.atomic import atomic_path
from images.square import has_white_border

JPEG_QUALITY = 92


class Artist:
    """Draws the files of one file id, the color image and, for training, the line art; returns
    what is recorded of it (see `ground_truth`)."""

    def __init__(self, root: Path, styles: Sequence[str], seed: int, size: int):
        self.root, self.styles, self.seed, self.size = root, tuple(styles), seed, size

    def __call__(self, file_id: int) -> GroundTruth:
        picture = choose_picture(self.styles, self.seed, file_id - 1)
        color_path, line_path = paths(self.root, file_id)
        jpeg = _color_jpeg(picture, self.size)
        if picture.expected == TRAIN:
            line_art = render_line_art(picture, self.size)
            padding = _padding(picture, jpeg)
            write_bytes(line_path, png(frame_as_cropped(picture, line_art, padding)))
        write_bytes(color_path, jpeg)
        return ground_truth(picture, self.styles, self.seed, self.size)


def _color_jpeg(picture: DrawnPicture, size: int) -> np.ndarray:
    """The letterboxed color image, encoded; a sketch has nothing but lines."""
    if picture.line_only:
        image = np.dstack([render_line_art(picture, size)] * 3)
    else:
        image = render_color(picture, size)[..., ::-1]
    return cv2.imencode(".jpg", letterbox(image), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]


def _padding(picture: DrawnPicture, jpeg: np.ndarray) -> str:
    """The padding that the crop stage gives to this color image, as it decodes it."""
    image = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    return "white" if has_white_border(image, picture.width, picture.height) else "mirror"


def png(image: np.ndarray, compression: int = 3) -> np.ndarray:
    """Encode as PNG; `compression` from 0 to 9 (small and slow)."""
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, compression])[1]


def write_bytes(path: Path, data: np.ndarray) -> None:
    """Write an encoded image, all or nothing."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def paths(root: Path, file_id: int) -> tuple[Path, Path]:
    """Where the color image and the line art of a drawing are."""
    return (
        root / "512px" / f"{file_id % 1000:04d}" / f"{file_id}.jpg",
        root / "simpl_train" / f"{file_id}.png",
    )


def missing(root: Path, expected: Mapping[int, str]) -> Iterator[int]:
    """File ids of the drawings of which a file is not there yet; `expected` of each (by file id)
    says whether it has line art."""
    lines = _stems(root / "simpl_train", ".png")
    buckets = {paths(root, file_id)[0].parent for file_id in expected}
    colors = set().union(*(_stems(bucket, ".jpg") for bucket in buckets))
    for file_id, kind in expected.items():
        name = str(file_id)
        if name not in colors or (kind == TRAIN and name not in lines):
            yield file_id


def _stems(folder: Path, suffix: str) -> set[str]:
    """Names of the finished files; those that are being written begin with a dot."""
    return {path.stem for path in folder.glob(f"*{suffix}") if path.name[0] != "."}
