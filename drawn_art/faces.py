"""Where the faces of the drawings are: known exactly, while cascades for anime find none."""

from dataclasses import dataclass
from pathlib import Path

from drawn_art.drawing import Drawing, draw_lots
from images.png import write_png
from images.reader import read_rgb
from preprocessor.faces.positions import FacePosition

# Eyes, mouth and the fringe, in units of the style: left, top, and the side of the square.
FACE = (125.0, 290.0, 330.0)


def face_position(drawing: Drawing) -> FacePosition | None:
    """The face as fractions of the square that the crop stage makes; None if it is cut off."""
    left, top, width, height = drawing.view
    longer = max(width, height)
    x = (FACE[0] - left + (longer - width) / 2) / longer
    y = (FACE[1] - top + (longer - height) / 2) / longer
    side = FACE[2] / longer
    if min(x, y) < 0 or max(x, y) + side > 1:
        return None
    return FacePosition(drawing.file_id, x, y, side, side)


@dataclass(frozen=True)
class FaceCut:
    """Cuts the face out of one image of the data set `seed` and writes it to `folder`, at any size:
    at 256 px most are of 88 to 127 px."""

    folder: Path
    seed: int

    def __call__(self, source: Path) -> FacePosition | str:
        """Return the position of the face, or the reason why there is none."""
        file_id = int(source.stem)
        face = face_position(draw_lots(self.seed, file_id - 1))
        if face is None:
            return "the face is cut off"
        image = read_rgb(source)
        write_png(self.folder / f"-{file_id}.png", image[face.pixels(*image.shape[:2])])
        return face
