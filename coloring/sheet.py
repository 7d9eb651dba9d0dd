"""One sheet that shows a picture in all colors of one part, or of two."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from coloring.colorist import Colorist

MARGIN = 6
CAPTION_SHARE = 14


def color_sheet(
    colorist: Colorist,
    gray: Image.Image,
    tags: Sequence[int],
    parts: Sequence[tuple[str, Sequence[int]]],
) -> Image.Image:
    """Paint `gray` with `tags`, varying the colors of one part (tiles in rows) or of two (rows and
    columns). A part is its name and the tag ids of its colors; its tags in `tags` give way."""
    varied = {tag for _, colors in parts for tag in colors}
    fixed = [tag for tag in tags if tag not in varied]
    if len(parts) == 1:
        columns = math.ceil(math.sqrt(len(parts[0][1])))
        choices = [[tag] for tag in parts[0][1]]
    else:
        columns = len(parts[1][1])
        choices = [[first, second] for first in parts[0][1] for second in parts[1][1]]
    pictures = colorist.paint_picture(gray, [fixed + choice for choice in choices])
    captions = [" ".join(colorist.vocabulary.names[tag] for tag in choice) for choice in choices]
    return contact_sheet(pictures, captions, columns)


def contact_sheet(
    pictures: Sequence[Image.Image], captions: Sequence[str], columns: int
) -> Image.Image:
    """Pictures of equal size in rows, each with its caption below."""
    width, height = pictures[0].size
    font = ImageFont.load_default(max(9, width // CAPTION_SHARE))
    line = sum(font.getmetrics()) + MARGIN
    rows = math.ceil(len(pictures) / columns)
    cell_width, cell_height = width + MARGIN, height + line + MARGIN
    sheet = Image.new("RGB", (columns * cell_width + MARGIN, rows * cell_height + MARGIN), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = MARGIN + number % columns * cell_width
        top = MARGIN + number // columns * cell_height
        sheet.paste(picture, (left, top))
        middle = (left + width / 2, top + height + MARGIN / 2)
        draw.text(middle, _fitting(caption, font, width), "black", font, anchor="ma")
    return sheet


def _fitting(caption: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    while len(caption) > 1 and font.getlength(caption) > width:
        caption = caption[:-1]
    return caption
