"""The stages as one writes them first: the json module, Python loops, one process."""

import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS

UNWANTED = (63, 4751, 12650, 172609, 555246, 513475)


def extract(dataset: Path) -> None:
    """Write the tag lines of the chosen drawings that have an image, and what the others lack."""
    lines, missing = [], []
    for path in sorted(dataset.glob("metadata/20*")):
        with path.open(encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                tags = [int(tag["id"]) for tag in record["tags"] if tag["category"] == "0"]
                if not _chosen(int(record["image_width"]), int(record["image_height"]), tags):
                    continue
                file_id = int(record["id"])
                name = f"{file_id % 1000:04d}/{file_id}.jpg"
                if (dataset / "512px" / name).exists():
                    lines.append(" ".join(map(str, (file_id, *tags))) + "\n")
                else:
                    missing.append(f"{name}\n")
    (dataset / "plain_tags.txt").write_text("".join(lines))
    (dataset / "plain_missing.txt").write_text("".join(missing))


def _chosen(width: int, height: int, tags: list[int]) -> bool:
    if width < 512 and height < 512:
        return False
    if not 3 / 4 < width / height < 4 / 3:
        return False
    tags = set(tags)
    if any(tag in tags for tag in UNWANTED):
        return False
    hair = [tag for tag in HAIR_COLORS if tag in tags]
    eyes = [tag for tag in EYE_COLORS if tag in tags]
    if (513837 in tags or 1931 in tags) and 515193 in tags:
        return not hair and not eyes
    if 412368 not in tags:
        return False
    persons = [tag for tag in PERSON_TAGS if tag in tags]
    return len(persons) == len(hair) == len(eyes) == 1


def xdog(gray: np.ndarray, sigma: float, k: float, gamma=0.95, epsilon=-0.5, phi=1e9):
    """Line art (H, W) uint8 of a grayscale image (H, W) uint8, pixel by pixel."""
    narrow = cv2.GaussianBlur(gray, (0, 0), sigma)
    wide = cv2.GaussianBlur(gray, (0, 0), k * sigma)
    difference = narrow - gamma * wide
    height, width = gray.shape
    for y in range(height):
        for x in range(width):
            value = difference[y, x] / 255
            soft = 255 * (1 + math.tanh(phi * value))
            difference[y, x] = 255 if value < epsilon else int(soft) % 256
    return difference.astype(np.uint8)


if __name__ == "__main__":
    extract(Path(sys.argv[1]))
