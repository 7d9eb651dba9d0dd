"""Exact colors instead of those that a network chose, with its shading kept."""

import re

import cv2
import numpy as np

from errors import InputError
from finishing.lines import strips
from finishing.parts import PARTS

RGB = tuple[int, int, int]

# The lightness below which a color has no chroma to speak of, and how many times that may grow.
BLACK = 5.0
MOST_CHROMA = 2.0
_COLOR = re.compile(r"#?([0-9a-fA-F]{6})")


def parse_exact(words: list[str]) -> dict[str, RGB]:
    """Exact colors by part from words like `hair=#3355cc`. Raises InputError."""
    exact = {}
    for word in words:
        part, equals, color = word.partition("=")
        found = _COLOR.fullmatch(color)
        if part not in PARTS:
            raise InputError(f"unknown part '{part}': choose from {', '.join(PARTS)}")
        if not equals or not found:
            raise InputError(f"'{word}' is no exact color: give PART=#RRGGBB, as hair=#3355cc")
        exact[part] = tuple(bytes.fromhex(found[1]))
    return exact


def format_exact(exact: dict[str, RGB]) -> str:
    """The words that `parse_exact` reads, separated by spaces."""
    return " ".join(f"{part}=#{bytes(color).hex()}" for part, color in exact.items())


def recolor(
    colors: np.ndarray, inside: np.ndarray, wanted: RGB, labels: np.ndarray, own: np.ndarray
) -> None:
    """Give part of a picture (H, W, 3) uint8 RGB, where `inside` (H, W) bool, an exact color.

    labels: (H, W) int32, the region of every pixel. own: (regions, 3) uint8, the color of each
    region, which becomes `wanted`. What is lighter or darker than it, as shading is, is so by as
    much afterwards, and has more or less chroma in proportion; what differs otherwise keeps its
    difference in CIELAB, as far as there are such colors. Done in place.
    """
    before, after = _lab(own), _lab(np.array([wanted], np.uint8))[0]
    for rows in strips(inside.shape):
        pixels, regions = colors[rows][inside[rows]], labels[rows][inside[rows]]
        if len(pixels):
            even = (pixels == own[regions]).all(axis=1)
            shifted = _shifted(_lab(pixels), before[regions], after)
            shifted = cv2.cvtColor(shifted[None], cv2.COLOR_Lab2RGB)[0]
            pixels = (shifted * 255).round().clip(0, 255).astype(np.uint8)
            pixels[even] = wanted
            colors[rows][inside[rows]] = pixels


def _shifted(lab: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """CIELAB (n, 3), of which the colors `before` (n, 3) become `after` (3,)."""
    lightness = lab[:, :1] + after[0] - before[:, :1]
    old = lab[:, :1] / np.maximum(before[:, :1], BLACK)
    new = (lightness / max(after[0], BLACK)).clip(0, MOST_CHROMA)
    return np.hstack([lightness, after[1:] * new + lab[:, 1:] - before[:, 1:] * old])


def _lab(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels[None].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[0]
