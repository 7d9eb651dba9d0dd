"""Small sketches whose regions, colors and parts are known, for the tests of finishing."""

import cv2
import numpy as np

BACKGROUND, SKIN, HAIR, EYES = (240, 200, 90), (250, 205, 170), (60, 90, 200), (30, 150, 60)
COLORS = {"background": BACKGROUND, "skin": SKIN, "hair": HAIR, "eyes": EYES}
BLACK, WHITE = 0, 255


def head(side: int = 512, gap: int = 0) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """A face under hair, with two eyes: line art (side, side) uint8, its true colors without lines
    (side, side, 3), and masks (side, side) bool of its parts. `gap` pixels are cut into the line
    between hair and background, and into that between face and background."""
    at = lambda x, y: (round(x * side), round(y * side))  # noqa: E731
    width = max(2, side // 128)
    lines = np.full((side, side), WHITE, np.uint8)
    parts = {name: np.zeros((side, side), np.uint8) for name in COLORS}
    parts["background"][:] = 1
    shapes = {
        "skin": [(cv2.ellipse, at(0.5, 0.6), at(0.25, 0.3))],
        "hair": [(cv2.ellipse, at(0.5, 0.35), at(0.35, 0.2))],
        "eyes": [
            (cv2.ellipse, at(0.4, 0.65), at(0.05, 0.04)),
            (cv2.ellipse, at(0.6, 0.65), at(0.05, 0.04)),
        ],
    }
    for name, drawn in shapes.items():
        for draw, center, axes in drawn:
            for other in parts.values():
                draw(other, center, axes, 0, 0, 360, 0, -1)
            draw(parts[name], center, axes, 0, 0, 360, 1, -1)
            draw(lines, center, axes, 0, 0, 360, WHITE, -1)
            draw(lines, center, axes, 0, 0, 360, BLACK, width, cv2.LINE_AA)
    colors = np.zeros((side, side, 3), np.uint8)
    for name, mask in parts.items():
        colors[mask > 0] = COLORS[name]
    if gap:
        x, _ = at(0.5, 0)
        for _, y in (at(0, 0.15), at(0, 0.9)):
            lines[y - 3 * width : y + 3 * width, x - gap // 2 : x + gap - gap // 2] = WHITE
    return lines, colors, {name: mask > 0 for name, mask in parts.items()}


def painted(colors: np.ndarray, lines: np.ndarray, side: int = 64) -> np.ndarray:
    """What a network that knows the colors makes of the sketch: small, its lines blurred."""
    whole = colors * (lines[..., None] / 255.0)
    return cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA).round().astype(np.uint8)


def changes(masks: dict[str, np.ndarray], side: int = 64) -> np.ndarray:
    """How much the tags of every part change the small picture, as `part_changes` says it."""
    layers = [masks[name].astype(np.float32) for name in ("background", "skin", "hair", "eyes")]
    return np.dstack([cv2.resize(m, (side, side), interpolation=cv2.INTER_AREA) for m in layers])
