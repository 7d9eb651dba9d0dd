"""Samples in arrays: what looking at one line after the other would find."""

import random

import numpy as np
import pytest

from errors import InputError
from loader import samples as module
from loader.samples import Sample, Samples, file_ids, is_held_out, select, split
from loader.tag_lines import TagLine, TagLines, read_tag_lines
from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS, load_vocabulary

VOCABULARY = load_vocabulary()


def some_lines(count):
    rng = random.Random(0)
    lines = []
    for number in range(count):
        tags = [rng.choice(group) for group in (PERSON_TAGS, HAIR_COLORS, EYE_COLORS)]
        tags = tags[rng.choice((0, 0, 0, 1)) :] + rng.choices(VOCABULARY.cit, k=rng.randrange(4))
        tags += rng.choices(range(-5, 10**6), k=rng.randrange(3)) + tags[: rng.randrange(3)]
        file_id = rng.choice((number, -number, rng.randrange(count)))
        lines.append(TagLine(file_id, tuple(tags), number + 1))
    return lines


def one_after_the_other(lines, existing, training, limit):
    """(samples, lines, without image, ambiguous, without tags, unknown)."""
    lines = list(lines)
    random.Random(10).shuffle(lines)
    found, counts = [], [0] * 5
    for line in lines:
        if limit and len(found) == limit:
            break
        counts[0] += 1
        if line.file_id not in existing:
            counts[1] += 1
            continue
        tags = set(line.tags)
        groups = (PERSON_TAGS, HAIR_COLORS, EYE_COLORS)
        clear = all(len(tags.intersection(group)) == 1 for group in groups)
        counts[4] += len(tags - VOCABULARY.names.keys())
        cit = tuple(i for i, tag in enumerate(VOCABULARY.cit) if tag in tags)
        cvt = tuple(i for i, tag in enumerate(VOCABULARY.cvt) if tag in tags)
        if training and not clear:
            counts[2] += 1
        elif training and not (cit and cvt):
            counts[3] += 1
        else:
            found.append(Sample(line.file_id, cit, cvt))
    return found, *counts


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("limit", [0, 7, 10_000])
@pytest.mark.parametrize("at_once", [13, 1 << 14])
def test_selection_in_parts(tmp_path, monkeypatch, training, limit, at_once):
    monkeypatch.setattr(module, "_LINES_AT_ONCE", at_once)
    lines = some_lines(300)
    existing = {number for number in range(-300, 300) if number % 3}
    for number in existing:
        (tmp_path / f"{number}.png").touch()
    for name in ("007.png", "x.png", "5.jpg", "--5.png", "6.png.tmp", "9" * 30 + ".png"):
        (tmp_path / name).touch()
    but = {1, 2, -4}
    selection = select(lines, tmp_path, VOCABULARY, training=training, limit=limit, but=but)
    counts = (selection.lines, selection.without_image, selection.ambiguous)
    counts += (selection.without_tags, selection.unknown_tags)
    expected = one_after_the_other(lines, existing - but, training, limit)
    assert (list(selection.samples), *counts) == expected


def test_lines_and_samples_in_arrays_are_sequences(tmp_path):
    lines = some_lines(40)
    text = "".join(f"{line.file_id} {' '.join(map(str, line.tags))}\n" for line in lines)
    (tmp_path / "tags.txt").write_text(text)
    read = read_tag_lines(tmp_path / "tags.txt")
    assert list(read) == lines and read[-1] == lines[-1] and read[3:5] == lines[3:5]
    assert list(TagLines.of(lines)) == lines
    (tmp_path / "tags.txt").touch()
    taken = [Sample(n, tuple(range(n)), (n,)) for n in range(9)]
    arrays = Samples.of(taken)
    assert list(arrays) == taken and list(arrays[2:8:3]) == taken[2:8:3]
    assert list(arrays.take(np.array([4, 0]))) == [taken[4], taken[0]]
    assert list(arrays.take(np.arange(9) > 6)) == taken[7:]
    assert not Samples.of([]) and list(Samples.of([])) == []
    with pytest.raises(IndexError):
        arrays[9]


def test_sides_are_those_of_the_hash():
    samples = Samples.of(Sample(n, (1,), (1,)) for n in range(-200, 200))
    training, held_out = split(samples, 0.3)
    assert [s.file_id for s in held_out] == [n for n in range(-200, 200) if is_held_out(n, 0.3)]
    assert len(training) + len(held_out) == 400 and 60 < len(held_out) < 180


@pytest.mark.parametrize("line", ["1 99999999999", f"{'9' * 30} 5", "1 -2147483649"])
def test_numbers_that_are_too_large_are_named(tmp_path, line):
    (tmp_path / "tags.txt").write_text(f"1 2\n{line}\n")
    with pytest.raises(InputError, match=r"tags\.txt, line 2: '.*too large"):
        read_tag_lines(tmp_path / "tags.txt")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot read .*nowhere"):
        file_ids(tmp_path / "nowhere")
