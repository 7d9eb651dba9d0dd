"""Wings and tails."""

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER


def draw_wings(canvas: Canvas, kind: str) -> None:
    """Feathered or bat wings behind the shoulders."""
    if kind == "bat_wings":
        half = [
            (18, 100),
            (60, 66),
            (120, 40),
            (158, 52, CORNER),
            (146, 86),
            (150, 118, CORNER),
            (124, 110),
            (108, 142, CORNER),
            (88, 124),
            (66, 150, CORNER),
            (52, 130),
            (20, 138),
        ]
        part = "dark_wing"
    else:
        half = [
            (18, 100),
            (54, 60),
            (110, 34),
            (160, 44),
            (172, 76),
            (158, 92, CORNER),
            (160, 116),
            (138, 124, CORNER),
            (134, 148),
            (108, 144, CORNER),
            (96, 166),
            (72, 152, CORNER),
            (50, 158),
            (20, 132),
        ]
        part = "wing"
    for side in (-1, 1):
        canvas.shape([(side * p[0], *p[1:]) for p in half], part, shade=6)
        for x, y in ((150, 100), (122, 130), (88, 146)):
            canvas.line([(side * 36, 100), (side * x * 0.65, y * 0.8), (side * x, y)], width=0.7)


def draw_tail(canvas: Canvas, kind: str) -> None:
    """The tail of a cat, or the bushy one of a fox."""
    if kind == "cat_tail":
        points = [
            (20, 214),
            (60, 236),
            (92, 214),
            (98, 170),
            (84, 140),
            (94, 136),
            (110, 166),
            (104, 220),
            (64, 252),
            (18, 228),
        ]
    else:
        points = [
            (16, 212),
            (52, 226),
            (80, 196),
            (90, 150),
            (112, 116, CORNER),
            (126, 160),
            (122, 214),
            (92, 254),
            (48, 256),
            (16, 230),
        ]
    data = canvas.shape(points, "hair.animal_tail", shade=5)
    if kind == "fox_tail":
        canvas.bands(
            [
                [
                    (80, 100),
                    (130, 100),
                    (130, 152, CORNER),
                    (112, 142, CORNER),
                    (104, 156, CORNER),
                    (92, 146, CORNER),
                ]
            ],
            "animal",
            data,
        )
