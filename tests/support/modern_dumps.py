"""The same records in the columns and types of every source of today's metadata."""

import gzip
import io
import json
import lzma
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq

STRING_COLUMNS = ("general", "character", "copyright", "artist", "meta")
STRUCT = pa.struct(
    [
        ("created_at", pa.string()),
        ("duration", pa.float64()),
        ("file_ext", pa.string()),
        ("file_key", pa.string()),
        ("file_size", pa.int64()),
        ("id", pa.int64()),
    ]
)


def post(file_id, names, width=900, height=1000, rating="g", **more):
    """A record as Danbooru's API gives it today; `names` are general tags."""
    strings = {
        "character": "someone",
        "copyright": "a_series",
        "artist": "a_b_(c)",
        "meta": "highres",
    }
    strings["general"] = " ".join(names)
    asset = {"id": 7000 + file_id, "duration": None, "file_ext": "jpg", "variants": [{"type": "x"}]}
    record = {
        "id": file_id,
        "created_at": "2024-01-05T10:00:00.000-05:00",
        "score": 3,
        "source": "https://a.b/c?d=e&f='g'",
        "rating": rating,
        "image_width": width,
        "image_height": height,
        "file_ext": "jpg",
        "file_size": 12345,
        "parent_id": None,
        "is_pending": False,
        "is_flagged": False,
        "is_deleted": False,
        "is_banned": False,
        "tag_string": " ".join(strings.values()),
        **{f"tag_string_{kind}": strings[kind] for kind in STRING_COLUMNS},
        "media_asset": asset,
    }
    duration = more.pop("duration", None)
    return record | {"media_asset": asset | {"duration": duration}} | more


def json_lines(folder, posts):
    (folder / "posts.jsonl").write_text("".join(json.dumps(p) + "\n" for p in posts))


def json_array(folder, posts):
    (folder / "posts.json").write_text(json.dumps(posts, indent=1))


def one_file_per_post(folder, posts):
    for one in posts:
        path = folder / str(one["id"] // 10000) / f"{one['id']}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(one, indent=2 if one["id"] % 2 else None))


def tar_of_posts(mode):
    def write(folder, posts):
        with tarfile.open(folder / f"danbooru.tar{mode and '.' + mode}", f"w:{mode}") as archive:
            for one in posts:
                add(archive, f"{one['id'] // 10000}/{one['id']}.json", json.dumps(one).encode())

    return write


def tar_of_lines(folder, posts):
    with tarfile.open(folder / "metadata.json.tar.xz", "w:xz") as archive:
        content = "".join(json.dumps(one) + "\n" for one in posts).encode()
        add(archive, "metadata/2024000", content)
        add(archive, "metadata/notes", b"")


def packed_lines(folder, posts):
    content = "".join(json.dumps(one) + "\n" for one in posts).encode()
    (folder / "posts.json.gz").write_bytes(gzip.compress(content))


def packed_without_suffix(folder, posts):
    content = "".join(json.dumps(one) + "\n" for one in posts).encode()
    (folder / "2024000").write_bytes(lzma.compress(content))


def add(archive, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def deepghs(folder, posts):
    """One file; `id` was the index of a pandas table; nothing about files or deletion."""
    names = ("created_at", "score", "rating", "image_width", "image_height", "tag_string")
    names += tuple(f"tag_string_{kind}" for kind in STRING_COLUMNS)
    table = pa.table({name: [one[name] for one in posts] for name in names})
    table = table.append_column("id", pa.array([one["id"] for one in posts]))
    pq.write_table(table, folder / "metadata.parquet", row_group_size=50)


def trojblue(folder, posts):
    """Shards; flat media_asset columns, variants as a string of Python."""
    names = (
        *("created_at", "file_ext", "file_size", "image_height", "image_width", "is_banned"),
        *("is_deleted", "is_flagged", "is_pending", "parent_id", "rating", "score", "source"),
        *("tag_string", *(f"tag_string_{kind}" for kind in STRING_COLUMNS)),
    )
    for shard in range(3):
        some = posts[shard::3]
        columns = {name: [one[name] for one in some] for name in names}
        columns |= {"media_asset_duration": [one["media_asset"]["duration"] for one in some]}
        columns["media_asset_duration"] = pa.array(columns["media_asset_duration"], pa.float64())
        columns["parent_id"] = pa.array([one["parent_id"] for one in some], pa.float64())
        columns["media_asset_variants"] = [str(one["media_asset"]["variants"]) for one in some]
        columns["id"] = [one["id"] for one in some]
        pq.write_table(pa.table(columns), folder / f"train-{shard:05d}-of-00003.parquet")


def p1atdev(folder, posts):
    """Shards; media_asset as a struct."""
    names = ("created_at", "score", "source", "rating", "image_width", "image_height", "tag_string")
    names += tuple(f"tag_string_{kind}" for kind in STRING_COLUMNS)
    for shard in range(2):
        some = posts[shard::2]
        columns = {"id": pa.array([one["id"] for one in some], pa.int64())}
        columns |= {name: [one[name] for one in some] for name in names}
        columns["has_large"] = [True] * len(some)
        assets = [{k: one["media_asset"].get(k) for k in STRUCT.names} for one in some]
        columns["media_asset"] = pa.array(assets, STRUCT)
        pq.write_table(pa.table(columns), folder / f"data-{shard:02d}.parquet")


def isek(folder, posts):
    """Tag columns without prefix, names apart by commas, blanks instead of underscores; ratings
    spelled out."""
    spelled = {"g": "general", "s": "sensitive", "q": "questionable", "e": "explicit"}
    columns = {"id": [one["id"] for one in posts]}
    for kind in STRING_COLUMNS:
        strings = (one[f"tag_string_{kind}"] for one in posts)
        columns[kind] = [text.replace(" ", ", ").replace("_", " ") for text in strings]
    columns["rating"] = [spelled.get(one["rating"]) for one in posts]
    columns["image_width"] = [one["image_width"] for one in posts]
    columns["image_height"] = [one["image_height"] for one in posts]
    pq.write_table(pa.table(columns), folder / "tags.parquet")


def lists_of_names(folder, posts):
    """Tags as lists, numbers as strings, in a folder of its own as `hf download` makes it."""
    columns = {"id": [str(one["id"]) for one in posts]}
    columns["tag_string_general"] = [one["tag_string_general"].split() for one in posts]
    columns["image_width"] = [str(one["image_width"]) for one in posts]
    columns["image_height"] = [str(one["image_height"]) for one in posts]
    columns["rating"] = [one["rating"] for one in posts]
    (folder / "data").mkdir()
    pq.write_table(pa.table(columns), folder / "data" / "part.parquet")


WITH_FILES = {
    "json lines": json_lines,
    "json array": json_array,
    "one file per post": one_file_per_post,
    "tar": tar_of_posts(""),
    "tar.gz": tar_of_posts("gz"),
    "tar.xz": tar_of_posts("xz"),
    "tar of lines": tar_of_lines,
    "packed lines": packed_lines,
    "packed without suffix": packed_without_suffix,
    "trojblue": trojblue,
}
ALL = WITH_FILES | {
    "deepghs": deepghs,
    "p1atdev": p1atdev,
    "isek-ai": isek,
    "lists": lists_of_names,
}
