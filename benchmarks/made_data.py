"""Metadata and drawings made up for the benchmarks of the data stages."""

import csv
import json
import random
from pathlib import Path

import cv2
import numpy as np

from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS, TAG_TABLE

# The images that the counts in the tag table are of, which is also about how many have each tag.
TAGGED_IMAGES = 2_940_000
# How Danbooru writes these in its JSON.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "&'<=>"}


def make_metadata(path: Path, count: int) -> None:
    """Write `count` records as of 2018, of 2.3 kB and 26 tags on average.

    Every tag is as frequent as on Danbooru. One record in six has a background tag, about one in
    a hundred is chosen.
    """
    rng = random.Random(0)
    with TAG_TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    tails = [_record_tail(rng, rows) for _ in range(4000)]
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        for number in range(count):
            file.write(b'{"id":"%d",' % (number + 1) + tails[number % len(tails)])


def _record_tail(rng: random.Random, rows: list[dict[str, str]]) -> bytes:
    """A record without its id."""
    record = {
        "created_at": "2017-11-05 09:14:22.77831 UTC",
        "uploader_id": str(rng.randrange(500_000)),
        "score": str(rng.randrange(100)),
        "source": _source(rng),
        "md5": f"{rng.getrandbits(128):032x}",
        "last_commented_at": "1970-01-01 00:00:00 UTC",
        "rating": "s",
        "image_width": str(rng.choice((600, 850, 1000, 1200, 2000))),
        "image_height": str(rng.choice((600, 850, 1000, 1200, 2000))),
        "is_note_locked": False,
        "file_ext": "jpg",
        "last_noted_at": "1970-01-01 00:00:00 UTC",
        "is_rating_locked": False,
        "parent_id": "0",
        "has_children": False,
        "approver_id": "0",
        "file_size": str(rng.randrange(10**5, 10**7)),
        "is_status_locked": False,
        "up_score": str(rng.randrange(100)),
        "down_score": "0",
        "is_pending": False,
        "is_flagged": False,
        "is_deleted": False,
        "updated_at": "2017-11-06 00:00:00 UTC",
        "is_banned": False,
        "pixiv_id": str(rng.randrange(10**8)),
        "tags": _tags(rng, rows),
        "pools": [],
        "favs": [str(rng.randrange(500_000)) for _ in range(int(rng.expovariate(1 / 12)))],
    }
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPES)
    return text.encode()[1:] + b"\n"


def _source(rng: random.Random) -> str:
    number = rng.randrange(10**8)
    if rng.random() < 0.01:
        return f"http://blog.example/絵/{number}.jpg"
    if rng.random() < 0.1:
        return f"http://www.pixiv.net/member_illust.php?mode=medium&illust_id={number}"
    return f"https://i.pximg.net/img-original/img/2017/11/05/00/13/04/{number}_p0.jpg"


def _tags(rng: random.Random, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Tags sorted by name: those of the table, and rarer ones and names beside them."""
    drawn = {int(row["id"]) for row in rows if rng.random() < int(row["count"]) / TAGGED_IMAGES}
    if rng.random() < 0.3:
        drawn -= {*PERSON_TAGS, *HAIR_COLORS, *EYE_COLORS}
        drawn |= {PERSON_TAGS[0], rng.choice(HAIR_COLORS), rng.choice(EYE_COLORS)}
    tags = [(row["name"], row["id"], "0") for row in rows if int(row["id"]) in drawn]
    for _ in range(rng.randrange(5, 19)):
        number = rng.randrange(600_000, 1_600_000)
        tags.append((f"rare_tag_{number}", str(number), rng.choice("01345")))
    return [{"id": tag, "name": name, "category": kind} for name, tag, kind in sorted(tags)]


def drawing(seed: int, size: int) -> np.ndarray:
    """A (size, size, 3) uint8 picture of outlined shapes in flat colors."""
    rng = np.random.default_rng(seed)
    image = np.full((size, size, 3), 240, np.uint8)
    for _ in range(25):
        center = tuple(map(int, rng.integers(0, size, 2)))
        axes = tuple(map(int, rng.integers(size // 40, size // 5, 2)))
        color = tuple(map(int, rng.integers(0, 256, 3)))
        angle = float(rng.integers(0, 180))
        cv2.ellipse(image, center, axes, angle, 0, 360, color, -1, cv2.LINE_AA)
        cv2.ellipse(image, center, axes, angle, 0, 360, (20, 20, 20), 2, cv2.LINE_AA)
    return image


def make_parquet(folder: Path, count: int, shard: int = 225_000, row_group: int = 75_000) -> None:
    """Write `count` records of today in parquet shards, with the columns that matter and some that
    do not; tags as frequent as in `make_metadata`, names only."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    pool = pa.Table.from_pylist(_records_of_today(random.Random(0), 4000))
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, count, shard):
        ids = np.arange(start + 1, min(start + shard, count) + 1)
        table = pool.take(pa.array(rng.integers(0, len(pool), len(ids))))
        for name in ("tag_string", "tag_string_general"):
            # No two records have the same tags, or a dictionary would hold them all.
            rare = pa.array([f"rare_tag_{number * 2654435761 % 2**40}" for number in ids.tolist()])
            column = pc.binary_join_element_wise(table[name].combine_chunks(), rare, " ")
            table = table.set_column(table.column_names.index(name), name, column)
        table = table.append_column("id", pa.array(ids))
        path = folder / f"train-{start // shard:05d}.parquet"
        pq.write_table(table, path, row_group_size=row_group)


def _records_of_today(rng: random.Random, count: int) -> list[dict]:
    with TAG_TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    records = []
    for _ in range(count):
        names = " ".join(tag["name"] for tag in _tags(rng, rows) if tag["category"] == "0")
        records.append(
            {
                "created_at": "2024-11-05T09:14:22.778-05:00",
                "rating": rng.choice("ggssssqe"),
                "score": rng.randrange(100),
                "source": _source(rng),
                "image_width": rng.choice((600, 850, 1000, 1200, 2000)),
                "image_height": rng.choice((600, 850, 1000, 1200, 2000)),
                "is_deleted": rng.random() < 0.05,
                "is_banned": rng.random() < 0.01,
                "file_ext": rng.choice(("jpg", "jpg", "png", "png", "mp4")),
                "tag_string": f"{names} someone a_series an_artist highres",
                "tag_string_general": names,
                "tag_string_meta": "highres",
                "tag_string_artist": "an_artist",
                "media_asset": {"duration": None, "file_ext": "jpg", "file_size": 1_000_000},
            }
        )
    return records
