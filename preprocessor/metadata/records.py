"""Danbooru's records as JSON has them, decoded as far as the choice of drawings needs them.

Every record is recognized by itself, so files of several years may lie side by side:

* 2017 and 2018: numbers as strings, `tags` as a list of {"id", "name", "category"};
* 2019 and 2020: the same with numbers;
* 2021 until today: no tag ids but names, in `tag_string_general` or `tag_string`;
* `tags` as a list of names, as one string of names, or as {"name", "category"}.

Names become ids by `TagNames`; names it does not have are left out.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

# The longest records of Danbooru have about 60 kB.
MAX_LINE = 16 << 20
# No image format that Danbooru takes has room for more.
MAX_SIDE = 1 << 20

_GENERAL = frozenset((0, "0", "general"))


class BadRecord(ValueError):
    """A record that cannot be used; `str()` says why."""


class Tag(NamedTuple):
    """A tag of the category "general". The id is None where only an unknown name is given."""

    id: int | None
    name: str


class MediaAsset(msgspec.Struct, gc=False):
    """The file of a post; its duration in seconds is given for animations only."""

    duration: float | None = None


class Record(msgspec.Struct, gc=False):
    """A metadata record, its tags not yet decoded."""

    id: int
    image_width: int
    image_height: int
    rating: str | None = None
    is_deleted: bool | None = False
    is_banned: bool | None = False
    file_ext: str | None = None
    media_asset: MediaAsset | None = None
    tags: msgspec.Raw = msgspec.Raw()
    tag_string: msgspec.Raw = msgspec.Raw()
    tag_string_general: msgspec.Raw = msgspec.Raw()
    tag_string_meta: msgspec.Raw = msgspec.Raw()

    def has_tag_ids(self) -> bool:
        """Whether the tags are objects with an id."""
        return b'"id"' in bytes(self.tags)[:200]

    def has_tags(self) -> bool:
        """Whether there is a list or a string of tags in any of the known places."""
        places = (self.tags, self.tag_string_general, self.tag_string)
        return bytes(self.tags)[:1] == b"[" or any(
            bytes(p)[:1] in (b"[", b'"') for p in places if p
        )


class _IdTag(msgspec.Struct, gc=False):
    id: int
    category: int | str


class _NamedTag(msgspec.Struct, gc=False):
    name: str
    category: int | str = 0
    id: int | None = None


_UNDECODABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_decode_record = msgspec.json.Decoder(Record, strict=False).decode
_decode_id_tags = msgspec.json.Decoder(list[_IdTag], strict=False).decode
_decode_tags = msgspec.json.Decoder(list[_NamedTag | str] | str, strict=False).decode
_decode_names = msgspec.json.Decoder(str | None).decode


def parse_record(line: bytes) -> Record:
    """Decode all but the tags of a JSON object; raises BadRecord."""
    if len(line) >= MAX_LINE:
        raise BadRecord(f"line longer than {MAX_LINE >> 20} MiB")
    try:
        if not line.isascii():
            line.decode()
        record = _decode_record(line.removeprefix(b"\xef\xbb\xbf"))
    except _UNDECODABLE as error:
        raise BadRecord(" ".join(str(error).split())) from error
    check_numbers(record.id, record.image_width, record.image_height)
    if not record.has_tags():
        raise BadRecord("no list of tags and no tag_string")
    return record


def check_numbers(post_id: int, width: int, height: int) -> None:
    """Raise BadRecord for an id or a size in pixels that cannot be."""
    if post_id < 0:
        raise BadRecord(f"negative id {post_id}")
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise BadRecord(f"size {width}x{height}")


def general_tag_ids(record: Record, ids: Mapping[str, int]) -> list[int]:
    """Ids of the record's general tags in its order; `ids` maps names. Raises BadRecord."""
    if record.has_tag_ids():
        try:
            tags = _decode_id_tags(record.tags)
        except _UNDECODABLE as error:
            raise BadRecord(f"tags: {error}") from error
        return [tag.id for tag in tags if tag.category in _GENERAL]
    return [tag.id for tag in general_tags(record, ids) if tag.id is not None]


def general_tags(record: Record, ids: Mapping[str, int]) -> list[Tag]:
    """The record's general tags in its order, with their names. Raises BadRecord."""
    try:
        tags = _decode_tags(record.tags) if bytes(record.tags) else _joined_names(record)
    except _UNDECODABLE as error:
        raise BadRecord(f"tags: {error}") from error
    if isinstance(tags, str):
        tags = tags.split()
    return [
        Tag(ids.get(tag), tag)
        if isinstance(tag, str)
        else Tag(ids.get(tag.name) if tag.id is None else tag.id, tag.name)
        for tag in tags
        if isinstance(tag, str) or tag.category in _GENERAL
    ]


def _joined_names(record: Record) -> str:
    """General tags, and those of the category "meta", where Danbooru moved some later."""
    if not bytes(record.tag_string_general):
        return _decode_names(record.tag_string) or ""
    parts = (record.tag_string_general, record.tag_string_meta)
    return " ".join(_decode_names(part) or "" for part in parts if bytes(part))
