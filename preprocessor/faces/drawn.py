"""Where the faces of the drawings are: known exactly, while cascades for anime find none."""

from dataclasses import dataclass
from pathlib import Path

from drawn_art.picture import DrawnPicture
from drawn_art.styles import choose_picture
from images.png import write_png
from images.reader import read_rgb
from preprocessor.faces.positions import FacePosition


def face_position(picture: DrawnPicture) -> FacePosition | None:
    """The face as fractions of the square that the crop stage makes; None if it is cut off."""
    if picture.face is None:
        return None
    longer = max(picture.width, picture.height)
    left, top, side = picture.face
    x = left + (1 - picture.width / longer) / 2
    y = top + (1 - picture.height / longer) / 2
    if min(x, y) < 0 or max(x, y) + side > 1:
        return None
    return FacePosition(picture.file_id, x, y, side, side)


@dataclass(frozen=True)
class FaceCut:
    """Cuts the face out of one image of the data set `seed`, drawn in `styles`, and writes it to
    `folder`, if its side has `smallest` pixels: of Adventurer pictures at 256 px most have 88 to
    127."""

    folder: Path
    styles: tuple[str, ...]
    seed: int
    smallest: int = 1

    def __call__(self, source: Path) -> FacePosition | str:
        """Return the position of the face, or the reason why there is none."""
        file_id = int(source.stem)
        face = face_position(choose_picture(self.styles, self.seed, file_id - 1))
        if face is None:
            return "the face is cut off"
        image = read_rgb(source)
        cut = image[face.pixels(*image.shape[:2])]
        if min(cut.shape[:2]) < self.smallest:
            return f"face under {self.smallest} px"
        write_png(self.folder / f"-{file_id}.png", cut)
        return face
