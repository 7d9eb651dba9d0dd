"""The stages in a row, on drawn art, against what the artist knows of every drawing."""

import json
from pathlib import Path

import pytest

from loader.dataset import TrainingPairs
from loader.layout import DataDir
from loader.samples import select
from loader.tag_lines import read_tag_lines
from loader.tags import load_vocabulary
from preprocessor import crop_and_upscale, demo_dataset, sketch_extractor, tagset_extractor

SCALE = ["--size", "128", "--upscaler", "lanczos"]


def ids(folder: Path) -> set[int]:
    return {int(path.stem) for path in folder.iterdir()}


@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_nothing_fit_is_lost_and_nothing_unfit_gets_in(tmp_path, count):
    common = ["--dataset_path", str(tmp_path)]
    assert demo_dataset.main([*common, "--count", str(count), "--seed", "4"]) == 0
    assert tagset_extractor.main(common) == 0
    assert crop_and_upscale.main([*common, *SCALE, "--benchmark_count", "8"]) == 0
    assert sketch_extractor.main([*common, *SCALE, "--xdog_only"]) == 0

    truth = {}
    for line in (tmp_path / "ground_truth.jsonl").read_text().splitlines():
        entry = json.loads(line)
        truth[entry["id"]] = entry
    assert len(truth) == count
    fit, sketches = (
        {number for number, entry in truth.items() if entry["expected"] == kind}
        for kind in ("train", "sketch")
    )
    benchmark = ids(tmp_path / "benchmark")
    assert len(benchmark) == 8 and benchmark < fit
    assert ids(tmp_path / "rgb_train") == ids(tmp_path / "xdog_train") == fit - benchmark
    assert ids(tmp_path / "keras_test") == benchmark
    assert ids(tmp_path / "simpl_train") == fit
    assert ids(tmp_path / "liner_test") == sketches

    lines = read_tag_lines(tmp_path / "tags.txt")
    assert {line.file_id for line in lines} == fit | sketches
    assert all(set(line.tags) == set(truth[line.file_id]["tags"]) for line in lines)
    vocabulary = load_vocabulary()
    chosen = select(lines, tmp_path / "rgb_train", vocabulary, training=True)
    pairs = TrainingPairs(chosen.samples, DataDir(tmp_path), vocabulary, input_size=32)
    assert {sample.file_id for sample in pairs.samples} == fit - benchmark
