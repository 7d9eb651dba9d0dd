#!/usr/bin/env python3
"""Make docs/studio.png: the page with the weights that come with the project, a little used.

python tests/browser/make_picture.py [PICTURE]
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from started import CHROMIUM, PROJECT, StartedStudio
from steps import choose, color, ready

SIZE = {"width": 1600, "height": 1030}
COLORS = ("green_hair", "lavender_hair", "red_hair", "aqua_hair")


def main(path: Path) -> int:
    """Start a studio, color an example a few times, and take its picture; returns 0."""
    studio = StartedStudio()
    try:
        with sync_playwright() as playwright:
            # Chromium refuses to run as root inside its sandbox.
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE)
            page.goto(studio.url)
            ready(page)
            for tag in COLORS:
                choose(page, tag)
                color(page)
            page.mouse.move(2, 2)
            page.wait_for_timeout(500)
            taken = page.screenshot()
            browser.close()
    finally:
        studio.close()
    with Image.open(io.BytesIO(taken)) as picture:
        # With few colors it takes half the space; dithered, even surfaces would be grainy.
        few = picture.convert("RGB").quantize(dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(f"{path}: {few.width} x {few.height} px, {path.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "docs" / "studio.png"))
