"""Tags that Danbooru has renamed, split, merged or given up since the vocabulary was made.

`moved_tags.tsv` says what became of each. With it records of any year meet one vocabulary:

* renamed, split: names of today are read as the one name of 2018;
* merged: both names are read as the one that is left, which the vocabulary has as well;
* gone: nothing of today stands for it;
* several colors: tags of today that say a drawing has more than one hair or eye color.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loader.tags import Vocabulary

MOVED_TAGS = Path(__file__).with_name("moved_tags.tsv")
FIRST_YEAR_OF_TODAY = 2022
"""Names of this year and later are read through `moved_tags.tsv`."""

SEVERAL_COLORS = -1
"""Stands in a list of tag ids for a tag that means several hair or eye colors."""

# Never listed in the vocabulary, but filtered by.
_BEYOND_VOCABULARY = {"subtitled": 12650}


@dataclass(frozen=True)
class TagNames:
    """What the tags of records are read as.

    `ids` maps names to tag ids (or SEVERAL_COLORS), `id_changes` ids of 2018 to those of today's
    tags. `moved` maps each name that `ids` does not take as it is to the name that it is read as;
    `without_heir` lists the tags of the networks that no record of today has.
    """

    ids: Mapping[str, int]
    id_changes: Mapping[int, int] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    without_heir: tuple[str, ...] = ()


def names_as_they_are(vocabulary: Vocabulary) -> TagNames:
    """Reads every name as the vocabulary has it."""
    return TagNames(_BEYOND_VOCABULARY | vocabulary.ids)


def names_of_today(vocabulary: Vocabulary, table: Path = MOVED_TAGS) -> TagNames:
    """Reads names of any year as the tags of one vocabulary, by a table like `moved_tags.tsv`.

    A name of today that the networks of this vocabulary know by itself is left as it is.
    """
    known = {*vocabulary.cit, *vocabulary.cvt}
    ids = _BEYOND_VOCABULARY | vocabulary.ids
    id_changes, moved, without_heir = {}, {}, []
    for old, names, change in _rows(table):
        tag = ids.get(old)
        if change == "several colors":
            id_changes |= {ids[name]: SEVERAL_COLORS for name in names if name in ids}
            ids |= dict.fromkeys(names, SEVERAL_COLORS)
        elif tag is None:
            continue
        elif change == "merged":
            (name,) = names
            if name in ids:
                ids[old] = id_changes[tag] = ids[name]
                moved[old] = name
        elif change == "gone":
            without_heir += [old] * (tag in known)
        else:
            unknown = [name for name in names if ids.get(name) not in known]
            ids |= dict.fromkeys(unknown, tag)
            moved |= dict.fromkeys(unknown, old)
    return TagNames(ids, id_changes, moved, tuple(without_heir))


def _rows(table: Path) -> list[tuple[str, list[str], str]]:
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["name_of_2018"], row["names_of_today"].split(), row["change"]) for row in rows]
