"""Finding the one face of a drawing with an OpenCV cascade.

The thresholds are those the published data set was made with.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from errors import InputError
from images.png import write_png
from images.reader import read_rgb
from preprocessor.faces.positions import FacePosition

SCALE_STEP = 1.2
MIN_NEIGHBORS = 5
MIN_DETECTED = 48
MARGIN = 0.1
SMALLEST = 128


@lru_cache(maxsize=1)
def load_cascade(path: Path) -> "cv2.CascadeClassifier":
    """Load an OpenCV cascade; InputError when the file is missing or something else."""
    if not path.is_file():
        raise InputError(f"there is no cascade file {path}")
    if not hasattr(cv2, "CascadeClassifier"):
        raise InputError(
            "this OpenCV finds no faces: pip uninstall opencv-python opencv-python-headless; "
            "pip install opencv-contrib-python-headless"
        )
    try:
        cascade = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError):
        cascade = None
    if cascade is None or cascade.empty():
        raise InputError(f"{path} is not a cascade that OpenCV can read")
    return cascade


@dataclass(frozen=True)
class FaceSearch:
    """Searches one image file and writes its face, `-<id>.png`, to `folder`, if its side has
    `smallest` pixels."""

    folder: Path
    cascade: Path
    smallest: int = SMALLEST

    def __call__(self, source: Path) -> FacePosition | str:
        """Return the position of the one face, or the reason why there is none to use."""
        image = read_rgb(source)
        boxes = detect(image, load_cascade(self.cascade))
        if len(boxes) != 1:
            return "several faces" if len(boxes) else "no face"
        rows, columns = image.shape[:2]
        x, y, side = square_box(boxes[0], rows, columns)
        if side < self.smallest:
            return f"face under {self.smallest} px"
        file_id = int(source.stem)
        write_png(self.folder / f"-{file_id}.png", image[y : y + side, x : x + side])
        return FacePosition(file_id, x / columns, y / rows, side / rows, side / columns)


def detect(image: np.ndarray, cascade: "cv2.CascadeClassifier") -> np.ndarray:
    """Return the boxes (N, 4) x, y, width, height of the faces in an (H, W, 3) uint8 RGB image."""
    gray = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    boxes = cascade.detectMultiScale(
        gray,
        scaleFactor=SCALE_STEP,
        minNeighbors=MIN_NEIGHBORS,
        minSize=(MIN_DETECTED, MIN_DETECTED),
    )
    return np.asarray(boxes, dtype=int).reshape(-1, 4)


def square_box(box: np.ndarray, rows: int, columns: int) -> tuple[int, int, int]:
    """Widen a detected box by a tenth on every side; a square (x, y, side) inside the image."""
    x, y, width, height = (int(value) for value in box)
    side = max(width, height)
    x, y = max(0, int(x - MARGIN * side)), max(0, int(y - MARGIN * side))
    side = int((1 + 2 * MARGIN) * side)
    return x, y, min(side, columns - x, rows - y)
