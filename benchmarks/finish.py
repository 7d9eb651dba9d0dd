"""How near finished pictures come to the true ones: SSIM, L1, ΔE and time of every method.

Drawings that no network has trained on, at the sizes of --size, colored with their own tags. The
first table is of even backgrounds, with gaps cut into the lines; the second of drawings with cel
shading and with a gradient, whose small picture is the true one made small, as no network that
shades comes with the project; the third of parts and exact colors. Goals are printed with what
was reached; the exit code is 1 if one was missed. Times are those of this machine, of everything
beyond the network's own time, all methods in turn on the same drawing.
"""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from PIL import Image
from skimage.color import deltaE_cie76, rgb2lab
from skimage.metrics import structural_similarity

from coloring.colorist import Colorist
from coloring.parts import part_changes
from drawn_art.adventurer.picture import AdventurerPicture, choose
from drawn_art.render import render_color, render_line_art, render_masks
from drawn_art.reserved import RESERVED_SEED
from finishing.finish import METHODS, Sketch
from finishing.parts import PARTS
from progress import Progress

WEIGHTS = Path(__file__).resolve().parents[1] / "weights" / "tag2pix_320.pkl"
GAPS, GAPS_PER_DRAWING = (0, 4, 8), 24
PARTS_SIDE = 1024
MASKS = {"background": "background", "skin": "skin", "hair": "hair", "eyes": "iris"}
EXACT = {"hair": (0x33, 0x55, 0xCC), "eyes": (0xAA, 0x22, 0x00), "background": (0x88, 0xCC, 0x99)}
SHADOW = np.array([0.75, 0.68, 0.78])

Scores = tuple[float, float, float, float]  # SSIM, L1, ΔE, seconds


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--size", type=int, nargs="+", default=[1024, 2048], metavar="PX")
    add("--drawings", type=int, default=16, metavar="N", help="(default: %(default)s)")
    add("--weights", type=Path, default=WEIGHTS, metavar="FILE", help="(default: %(default)s)")
    add("--waifu2x", action="store_true", help="also waifu2x, which takes minutes per picture")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    colorist = Colorist.load(args.weights, device="cpu")
    reached = []
    for size in args.size:
        reached += even_backgrounds(colorist, size, args.drawings, args.waifu2x)
        reached += shaded_drawings(size, max(1, args.drawings // 2))
    reached += parts(colorist, args.drawings)
    print(
        "\n".join(["", *(f"{'reached' if good else 'MISSED '}  {what}" for good, what in reached)])
    )
    return int(not all(good for good, _ in reached))


def drawings(count: int) -> Iterator[AdventurerPicture]:
    """Held-out drawings with a background of one color."""
    found, index = 0, 0
    while found < count:
        drawing = choose(RESERVED_SEED, index, outside=False)
        index += 1
        if len(drawing.background) == 1:
            found += 1
            yield drawing


def even_backgrounds(
    colorist: Colorist, size: int, count: int, with_waifu2x: bool
) -> list[tuple[bool, str]]:
    methods = _methods(with_waifu2x)
    scores = defaultdict(list)
    for number, drawing in enumerate(
        Progress(drawings(count), f"{size} px", total=count, leave=False)
    ):
        true, clean = render_color(drawing, size), render_line_art(drawing, size)
        for gap in GAPS:
            lines = cut_gaps(clean, gap, number)
            (painted,) = colorist.paint_picture(Image.fromarray(lines), [drawing.tags])
            for name, method in methods.items():
                if not gap or name in METHODS:
                    scores[name, gap].append(score(method, lines, np.asarray(painted), true))
    print(f"\nEven backgrounds, {size} px, {count} drawings\n")
    header()
    for (name, gap), values in scores.items():
        row(f"{name}, {gap} px gaps" if gap else name, values)
    mean = {key: np.mean(values, axis=0) for key, values in scores.items()}
    goals = []
    for name in METHODS:
        ssim, l1, _, _ = mean[name, 0]
        lost = ssim - mean[name, 8][0]
        seconds = statistics.median(value[3] for value in scores[name, 0])
        goals += [
            (ssim >= 0.99, f"{name}, {size} px: SSIM {ssim:.4f}, at least 0.990"),
            (
                l1 <= mean["LANCZOS", 0][1] / 4,
                f"{name}, {size} px: L1 {l1:.2f}, a quarter of LANCZOS's is "
                f"{mean['LANCZOS', 0][1] / 4:.2f}",
            ),
            (lost <= 0.01, f"{name}, {size} px: gaps of 8 px cost {lost:.4f}, at most 0.01"),
        ]
        if size == 2048:
            goals.append((seconds <= 1, f"{name}, {size} px: {seconds:.2f} s, at most 1"))
    return goals


def shaded_drawings(size: int, count: int) -> list[tuple[bool, str]]:
    methods = {name: method for name, method in _methods(False).items() if name != "LANCZOS"}
    goals = []
    for kind, shade in (("cel shading", cel_shading), ("gradient", gradient)):
        scores = defaultdict(list)
        for drawing in Progress(drawings(count), kind, total=count, leave=False):
            lines = render_line_art(drawing, size)
            figure = render_masks(drawing, size)["background"] < 128
            true = shade(render_color(drawing, size), figure)
            scale = 128 / max(lines.shape)
            small = cv2.resize(true, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            for name, method in methods.items():
                scores[name].append(score(method, lines, small, true))
        print(f"\nWith {kind}, {size} px, {count} drawings\n")
        header()
        for name, values in scores.items():
            row(name, values)
        flat, shaded = (np.mean(scores[name], axis=0) for name in ("flat", "shaded"))
        goals.append(
            (
                shaded[0] > flat[0] and shaded[1] < flat[1],
                f"{kind}, {size} px: shaded beats flat, SSIM {shaded[0]:.4f} to {flat[0]:.4f}, "
                f"L1 {shaded[1]:.2f} to {flat[1]:.2f}",
            )
        )
    return goals


def parts(colorist: Colorist, count: int) -> list[tuple[bool, str]]:
    overlaps, errors, changed = defaultdict(list), defaultdict(list), 0
    for drawing in Progress(drawings(count), "parts", total=count, leave=False):
        lines = render_line_art(drawing, PARTS_SIDE)
        masks = render_masks(drawing, PARTS_SIDE)
        (painted,) = colorist.paint_picture(Image.fromarray(lines), [drawing.tags])
        changes = part_changes(colorist, Image.fromarray(lines), drawing.tags)
        sketch = Sketch(lines)
        finished = sketch.finish(np.asarray(painted), changes=changes)
        for part in PARTS:
            true, found = masks[MASKS[part]] > 128, finished.inside(part) & (lines > 128)
            if true.any():
                overlaps[part].append((true & found).sum() / (true | found).sum())
        for part, color in EXACT.items():
            exact = sketch.finish(np.asarray(painted), changes=changes, exact={part: color})
            inside = finished.inside(part)
            changed += int((exact.colors != finished.colors)[~inside].any())
            if (seen := inside & (lines == 255)).any():
                pixels = exact.picture()[seen][None] / 255
                wanted = rgb2lab(np.array(color)[None, None] / 255)
                errors[part].append(float(deltaE_cie76(rgb2lab(pixels), wanted).mean()))
    print(f"\nParts, {PARTS_SIDE} px, {count} drawings\n")
    print(
        "| part | IoU, mean | least | ΔE to the exact color, mean | largest |\n"
        "|---|---|---|---|---|"
    )
    for part in PARTS:
        asked = (
            f"{np.mean(errors[part]):.2f} | {max(errors[part]):.2f}" if errors[part] else "- | -"
        )
        print(f"| {part} | {np.mean(overlaps[part]):.3f} | {min(overlaps[part]):.3f} | {asked} |")
    least = {"hair": 0.98, "background": 0.99, "eyes": 0.90}
    goals = [
        (
            np.mean(overlaps[part]) >= goal,
            f"{part}: IoU {np.mean(overlaps[part]):.3f}, at least {goal}",
        )
        for part, goal in least.items()
    ]
    goals += [
        (np.mean(errors[part]) <= 2, f"exact {part}: ΔE {np.mean(errors[part]):.2f}, at most 2")
        for part in EXACT
    ]
    return [*goals, (not changed, f"exact colors changed something else in {changed} pictures")]


def _methods(with_waifu2x: bool) -> dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Painted at full size from the sketch (H, W) and the small picture (h, w, 3)."""
    methods = {
        "LANCZOS": _lanczos,
        "lines multiplied": lambda lines, painted: Sketch(lines).lines.over(
            _lanczos(lines, painted)
        ),
        "flat": lambda lines, painted: Sketch(lines).finish(painted, shaded=False).picture(),
        "shaded": lambda lines, painted: Sketch(lines).finish(painted).picture(),
    }
    return methods | ({"waifu2x": _waifu2x} if with_waifu2x else {})


def _lanczos(lines: np.ndarray, painted: np.ndarray) -> np.ndarray:
    size = lines.shape[::-1]
    return np.asarray(Image.fromarray(painted).resize(size, Image.Resampling.LANCZOS))


def _waifu2x(lines: np.ndarray, painted: np.ndarray) -> np.ndarray:
    from upscaling import waifu2x

    sides = [(0, max(painted.shape) - side) for side in painted.shape[:2]]
    square = np.pad(painted, [*sides, (0, 0)], mode="edge")
    large = waifu2x.upscale(square, max(lines.shape), waifu2x.load(device="cpu"))
    return large[: lines.shape[0], : lines.shape[1]]


def score(method: Callable, lines: np.ndarray, painted: np.ndarray, true: np.ndarray) -> Scores:
    start = time.perf_counter()
    picture = method(lines, painted)
    seconds = time.perf_counter() - start
    labs = (cv2.cvtColor(i.astype(np.float32) / 255, cv2.COLOR_RGB2Lab) for i in (picture, true))
    delta_e = np.linalg.norm(np.subtract(*labs), axis=2).mean()
    l1 = cv2.absdiff(picture, true).mean()
    ssim = structural_similarity(
        picture.astype(np.float32), true.astype(np.float32), channel_axis=2, data_range=255
    )
    return float(ssim), l1, float(delta_e), seconds


def header() -> None:
    print("| method | SSIM | L1 of 255 | ΔE | seconds |\n|---|---|---|---|---|")


def row(name: str, values: list[Scores]) -> None:
    ssim, l1, delta_e, _ = np.mean(values, axis=0)
    seconds = statistics.median(value[3] for value in values)
    print(f"| {name} | {ssim:.4f} | {l1:.2f} | {delta_e:.2f} | {seconds:.2f} |", flush=True)


def cut_gaps(lines: np.ndarray, width: int, seed: int) -> np.ndarray:
    """Line art (H, W) uint8 with GAPS_PER_DRAWING gaps of `width` pixels across its lines."""
    cut, ink = lines.copy(), (lines < 128).astype(np.uint8)
    if not width:
        return cut
    depth = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    ridge = (depth > 1) & (depth < len(lines) / 150)
    ridge &= depth >= cv2.dilate(depth, np.ones((3, 3))) - 0.5
    places, reach = np.argwhere(ridge), len(lines) // 100
    chosen = np.random.default_rng(seed).permutation(len(places))[:GAPS_PER_DRAWING]
    for row_, column in places[chosen]:
        top, left = max(row_ - reach, 0), max(column - reach, 0)
        window = np.s_[top : row_ + reach + 1, left : column + reach + 1]
        _, pieces = cv2.connectedComponents(ink[window])
        around = np.argwhere(pieces == pieces[row_ - top, column - left])
        around = around - (row_ - top, column - left)
        along = np.linalg.eigh(around.T @ around)[1][:, 1]
        offsets = np.stack(np.indices(pieces.shape), -1) - (row_ - top, column - left)
        on, across = np.abs(offsets @ along), np.abs(offsets @ (along[1], -along[0]))
        cut[window][(on <= width / 2) & (across <= 2 * depth[row_, column] + 2)] = 255
    return cut


def cel_shading(color: np.ndarray, figure: np.ndarray) -> np.ndarray:
    """A hard shadow on the lower right of the figure, with a curved edge."""
    y, x = np.indices(figure.shape) / max(figure.shape)
    shadow = figure & (x + y + 0.08 * np.sin(12 * x) > 1.05)
    return np.where(shadow[..., None], color * SHADOW, color).round().astype(np.uint8)


def gradient(color: np.ndarray, figure: np.ndarray) -> np.ndarray:
    """The figure growing darker from the top down."""
    light = 1 - 0.45 * np.linspace(0, 1, len(color))[:, None, None]
    return np.where(figure[..., None], color * light, color).round().astype(np.uint8)


if __name__ == "__main__":
    sys.exit(main())
