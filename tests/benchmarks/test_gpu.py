"""The pieces of benchmarks/gpu.py: all of them at tiny sizes, interrupted and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from benchmarks import gpu, gpu_runs
from benchmarks.gpu_pieces import Piece, all_pieces
from benchmarks.gpu_scale import FULL, TINY
from benchmarks.gpu_table import markdown
from command_line.console import INTERRUPTED, MORE_TO_DO

SCRIPT = Path(gpu.__file__)


class Clock:
    """Goes on only when a piece is run."""

    def __init__(self, seconds: dict[str, float]):
        self.now, self.seconds, self.ran = 0.0, seconds, []

    def run(self, name: str, limit: float) -> dict | None:
        self.ran.append(name)
        self.now += min(self.seconds[name], limit)
        return {"result": {}} if self.seconds[name] <= limit else None


def call(clock: Clock, results: gpu.Results, minutes: float) -> list[str]:
    """What a call runs of three pieces that are said to take 3, 3 and 1 minutes."""
    pieces = {name: Piece(dict, most) for name, most in (("a", 3), ("b", 3), ("c", 1))}
    clock.ran = []
    gpu.work(pieces, results, minutes, clock.run, lambda: clock.now)
    return clock.ran


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "markdown", lambda content: str(sorted(content["pieces"])))
    return gpu.Results(tmp_path, TINY, [])


def test_no_piece_is_started_that_would_not_fit(results, tmp_path):
    clock = Clock({"a": 150, "b": 150, "c": 50})
    assert call(clock, results, 5) == ["a", "c"]
    assert (tmp_path / "table.md").read_text() == "['a', 'c']"
    results = gpu.Results(tmp_path, TINY, [])
    assert call(clock, results, 5) == ["b"]
    assert call(clock, results, 5) == []
    assert call(clock, gpu.Results(tmp_path, TINY, ["c"]), 5) == ["c"]


def test_a_piece_that_is_too_slow_has_a_call_of_its_own_before_it_fails(results):
    clock = Clock({"a": 10, "b": 10**6, "c": 10})
    assert call(clock, results, 5) == ["a", "b"] and clock.now < 300
    assert list(results.pieces) == ["a"]
    assert call(clock, results, 5) == ["b"]
    assert results.pieces["b"] == {"failed": "took more than 5 minutes"}
    assert call(clock, results, 5) == ["c"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "is not of this program"),
        ('{"device": "H100", "torch": "2.0", "tiny": true, "pieces": {}}', "is of H100 with torch"),
    ],
)
def test_numbers_of_another_machine_are_not_mixed_in(content, words, tmp_path, capsys):
    (tmp_path / "measured.json").write_text(content)
    assert gpu.main(["--tiny", "--out", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err
    assert (tmp_path / "measured.json").read_text() == content


def test_without_a_gpu_there_are_tiny_sizes_only(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert gpu.main(["--out", str(tmp_path / "new")]) == 2
    assert "there is no CUDA GPU" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_every_piece_fits_into_a_call():
    for scale in (TINY, FULL):
        assert all(piece.minutes < 9 for piece in all_pieces(scale).values())


def test_the_table_shows_what_there_was_no_memory_for():
    step = {"seconds": 0.1, "megabytes": 500.0}
    pieces = {
        "train 512 px, no BN, batch 32": {
            "result": {"plain": {"out_of_memory": True}, "off": step, "bf16": step}
        },
        "train 512 px, no BN, batch 4": {
            "result": {"plain": {"seconds": 0.4, "megabytes": 1000.0}, "bf16": step}
        },
        "loader 512 px": {
            "result": {"cores": 16, "files": {"16": 640.0}, "cache": {"16": 160.0}},
        },
        "compile": {"failed": "took more than 9 minutes"},
    }
    page = markdown({"device": "H100", "torch": "2", "tiny": False, "pieces": pieces})
    assert "| 512 px, no BN, batch 32 | plain | out of memory | - | - | - |" in page
    assert "| 512 px, no BN, batch 32 | TF32 | 320.00 | - | 500 | - |" in page
    assert "| 512 px, no BN, batch 4 | bf16 | 40.00 | 4.00 × | 500 | 50% |" in page
    assert "| 512 px | files | 16 of 16 | 640 | 2.00 × |" in page
    assert "* compile: took more than 9 minutes" in page


@pytest.mark.slow
def test_all_pieces_interrupted_and_gone_on_with(tmp_path):
    command = [sys.executable, str(SCRIPT), "--tiny", "--minutes=60", f"--out={tmp_path}"]
    measured = tmp_path / "measured.json"
    process = subprocess.Popen(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not measured.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == INTERRUPTED and "call it again" in errors
    before = json.loads(measured.read_text())["pieces"]

    done = subprocess.run(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(measured.read_text())
    assert {name: content["pieces"][name] for name in before} == before
    assert content["pieces"].keys() == all_pieces(TINY).keys()
    assert not (tmp_path / "piece.json").exists()
    check({name: piece["result"] for name, piece in content["pieces"].items()})
    page = (tmp_path / "table.md").read_text()
    assert "**no**" not in page and "Failed" not in page
    assert "| 32 px, batch 2 | bf16 |" in page


def check(found: dict[str, dict]) -> None:
    """Whether the numbers are possible, on a machine that may be busy with other things."""
    assert len(found["goldens"]) > 30
    for name, one in found["goldens"].items():
        assert 0 <= one["difference"] <= one["tolerance"], name
    single, bf16 = found["number formats"]["float32"], found["number formats"]["bf16"]
    assert single["cosine"] == pytest.approx(1) and 0.99 < bf16["cosine"] < 1
    wanted = pytest.approx(single["terms"]["G_l1_full"], rel=0.01)
    assert bf16["terms"]["G_l1_full"] == wanted
    resumed = found["exact resume"]["auto"]
    assert resumed["largest_difference"] == 0 and resumed["tensors"] > 500
    for parts, one in found["grad_accum"].items():
        assert (one["generator"] == 0) == (parts == "1") and one["generator"] < 1e-2
        assert one["discriminator"] < 1e-4 and one["seconds"] > 0
    rank = found["torchrun"]
    assert rank["backend"] == "gloo" and rank["processes"] == 1
    assert rank["all_reduce"] == [0, 1, 2, 3] and rank["gradient_difference"] < 1e-6
    assert rank["largest_difference"] == 0
    assert all(min(one["first"], one["seconds"]) > 0 for one in found["compile"].values())
    for name, kinds in found.items():
        if name.startswith(("train", "color")):
            assert {"plain", "off", "torch off"} & kinds.keys() and len(kinds) == 3
            assert all(one["seconds"] > 0 and 5 < one["megabytes"] < 4000 for one in kinds.values())
        if name.startswith("loader"):
            assert all(rate > 0 for way in ("files", "cache") for rate in kinds[way].values())
        if name.startswith("convolutions"):
            for one in kinds.values():
                assert one["share"] == pytest.approx(one["convolutions"] / one["seconds"])
                assert one["share"] > 0 and one["count"] > 30


def test_what_a_piece_cannot_do_is_recorded(tmp_path, monkeypatch):
    """In its own process, which others outlive."""

    def fails():
        raise RuntimeError("no such kernel\nand more")

    assert gpu._measure(Piece(fails, 1), tmp_path / "piece.json") == 0
    assert json.loads((tmp_path / "piece.json").read_text()) == {
        "failed": "RuntimeError: no such kernel"
    }


def test_the_code_for_more_to_do_is_no_failure(results, capsys):
    pieces = {name: Piece(dict, 1) for name in ("a", "b")}
    results.add("a", {"result": {}})
    assert gpu._summary(pieces, results) == MORE_TO_DO
    assert "1 measured, 0 failed, 1 to do" in capsys.readouterr().out
    results.add("b", {"failed": "no such kernel"})
    assert gpu._summary(pieces, results) == 1
    assert capsys.readouterr().err == "  b: no such kernel\n"


def test_checkpoints_that_differ_anywhere_are_told_apart(tmp_path):
    parts = {"G": {"w": torch.zeros(3)}, "G_optimizer": {"state": {0: {"step": torch.tensor(4.0)}}}}
    changed = {**parts, "G": {"w": torch.tensor([0, 0.25, 0])}, "random": torch.ones(9)}
    for name, content in (("one", parts), ("other", changed)):
        (tmp_path / name / "run").mkdir(parents=True)
        torch.save(content, tmp_path / name / "run" / "tag2pix_2_epoch.pkl")
    compared = gpu_runs._compared(tmp_path / "one", tmp_path / "other")
    assert compared == {"tensors": 2, "largest_difference": 0.25}
