"""Small metadata dumps with images, and what tag extraction makes of them."""

import json
import os
from pathlib import Path

from loader.tags import load_vocabulary
from preprocessor import tagset_extractor

PROJECT = Path(__file__).resolve().parents[2]
GOLDEN = json.loads((PROJECT / "tests/golden/tagset_extractor.json").read_text())
# simple_background, 1girl, blonde_hair, blue_eyes, and shape tags.
GOOD_TAGS = (412368, 470575, 87788, 10959, 13197, 464575)
NAMES = load_vocabulary().names


def string_record(file_id, tags=GOOD_TAGS, width=900, height=1000):
    """A record as of 2017 and 2018."""
    tag_list = [{"id": str(tag), "name": NAMES[tag], "category": "0"} for tag in tags]
    size = {"image_width": str(width), "image_height": str(height)}
    return {"id": str(file_id), "rating": "s", **size, "tags": tag_list}


def joined(tags):
    """Tag names in one string."""
    return " ".join(NAMES[tag] for tag in tags)


def numbers(file_id):
    """A record without tags as of later years, which hold numbers."""
    return {"id": file_id, "image_width": 900, "image_height": 1000}


def write_dump(root, records, images=None, name="2018000000000000", folder="metadata"):
    """Write records (dicts, or bytes as they are) and an image for every id in `images`."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    lines = (r if isinstance(r, bytes) else json.dumps(r).encode() for r in records)
    (root / folder / name).write_bytes(b"".join(line + b"\n" for line in lines))
    if images is None:
        images = [int(r["id"]) for r in records if isinstance(r, dict) and r.get("id") is not None]
    for file_id in images:
        add_image(root, file_id)


def add_image(root, file_id):
    path = root / "512px" / f"{file_id % 1000:04d}" / f"{file_id}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture %d" % file_id)
    os.utime(path, (1_500_000_000, 1_500_000_000))


def extract(root, *flags, jobs=1):
    return tagset_extractor.main(["--dataset_path", str(root), "--jobs", str(jobs), *flags])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def tag_ids(root):
    return [int(line.split()[0]) for line in (root / "tags.txt").read_text().splitlines()]


def snapshot(root):
    """Content of every file under `root`, by its relative name."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
