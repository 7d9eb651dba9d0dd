"""JSON that is not one object per line: arrays, objects over several lines, objects in a row."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from preprocessor.metadata.records import MAX_LINE

CHUNK = 1 << 20

_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
_NEXT_RECORD = re.compile(r'[\[\],}\n]\s*(?=\{\s*"id"\s*:)')
_decode = json.JSONDecoder().raw_decode


def is_document(head: bytes) -> bool:
    """Whether a file that begins like this is an array or an object written over several lines."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] == b"[":
        return head[1:].lstrip()[:1] in (b"{", b"]", b"")
    return head[:1] == b"{" and head.partition(b"\n")[0].strip() == b"{"


def split_document(file: BinaryIO) -> Iterator[bytes]:
    """Yield the objects of a document, each as one line of JSON without line end.

    What is no object is yielded as well, up to where the next record begins, so that whoever
    decodes it finds out what is wrong. At most about MAX_LINE bytes are held at a time.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    text, position, ended = "", 0, False
    while True:
        position = _BETWEEN.match(text, position).end()
        end = _end_of_object(text, position)
        if end is None and not ended and len(text) - position < MAX_LINE:
            # Longer steps each time, as every one has the beginning decoded again.
            content = file.read(max(CHUNK, len(text) - position))
            ended = not content
            text, position = text[position:] + decoder.decode(content, ended), 0
            continue
        if position == len(text):
            return
        if end is None:
            following = _NEXT_RECORD.search(text, position + 1)
            end = following.end() if following else len(text)
        yield " ".join(text[position:end].splitlines()).encode("utf-8", "surrogateescape")
        position = end


def _end_of_object(text: str, position: int) -> int | None:
    """Where the object that begins at `position` ends; None if it does not end or is none."""
    if text[position : position + 1] != "{":
        return None
    try:
        return _decode(text, position)[1]
    except (ValueError, RecursionError):
        return None
