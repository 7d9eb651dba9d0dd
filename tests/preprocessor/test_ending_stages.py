"""Stages beside each other, ended from outside, and given what they cannot use."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from errors import InputError
from files.lock import free, lock
from preprocessor import (
    crop_and_upscale,
    demo_dataset,
    face_extractor,
    fetch_images,
    part_extractor,
    sketch_extractor,
    tagset_extractor,
)
from preprocessor.faces.positions import SearchJournal
from preprocessor.stage.stage import clear_leftovers
from preprocessor.stage.workers import most_that_help

PROJECT = Path(__file__).resolve().parents[2]
WORK = """
from command_line import start

if __name__ == "__main__":
    start.prepare()

import sys, time
from functools import partial

from preprocessor.stage.stage import map_files, run

def wait(_):
    time.sleep(0.05)

def main(jobs):
    for _ in map_files(wait, range(2000), jobs=jobs, description="test"):
        print("one", flush=True)
    return 0

if __name__ == "__main__":
    sys.exit(run(partial(main, int(sys.argv[1]))))
"""
STAGES = [
    (tagset_extractor, [], "tags.txt"),
    (tagset_extractor, [], "train_image_base"),
    (crop_and_upscale, ["--upscale_only", "--upscaler", "lanczos"], "rgb_train"),
    (sketch_extractor, ["--xdog_only", "--upscaler", "lanczos"], "xdog_train"),
    (face_extractor, ["--drawn"], "temp_faces"),
    (face_extractor, ["--add_all"], "rgb_train"),
    (part_extractor, [], "part_train"),
    (fetch_images, [], "512px"),
    (demo_dataset, ["--count", "2"], "512px"),
]


@pytest.fixture
def work(tmp_path):
    script = tmp_path / "work.py"
    script.write_text(WORK)

    def start(jobs):
        return subprocess.Popen(
            [sys.executable, str(script), str(jobs)],
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A run under nohup hands its ignored SIGHUP on.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )

    return start


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


@pytest.mark.parametrize(("stage", "flags", "written"), STAGES)
def test_a_folder_is_written_by_one_call(tmp_path, capsys, stage, flags, written):
    (tmp_path / "tagset_missing.txt").write_text("5\n")
    held = lock(tmp_path / f".{written}.lock", "taken")
    before = sorted(tmp_path.rglob("*"))
    assert stage.main(["--dataset_path", str(tmp_path), *flags]) == 2
    line = f"{tmp_path / written} is being written by another call: wait for its end\n"
    assert capsys.readouterr().err == line
    assert sorted(tmp_path.rglob("*")) == before
    free(held)


def test_a_lock_is_freed_by_a_kill(tmp_path):
    path = tmp_path / ".tags.txt.lock"
    code = "import sys, time; from files.lock import lock; held = lock(sys.argv[1], '');"
    code += "print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InputError, match="taken"):
        lock(path, "taken")
    holder.kill()
    holder.communicate()
    free(lock(path, "taken"))
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("jobs", [1, 2])
def test_signals_end_a_stage_in_one_line(work, jobs, number):
    process = work(jobs)
    process.stdout.readline()
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert error.endswith("interrupted; run the same command again to continue\n")
    wait_until(lambda: not any(worker.is_running() for worker in workers))


def test_workers_end_with_a_killed_stage(work):
    process = work(2)
    process.stdout.readline()
    workers = psutil.Process(process.pid).children(recursive=True)
    assert len(workers) >= 2
    process.kill()
    process.communicate()
    wait_until(lambda: not any(worker.is_running() for worker in workers))


@pytest.mark.parametrize("delay", [0, 0.05, 0.15, 0.3])
def test_ctrl_c_while_workers_start(work, delay):
    process = work(4)
    stage = psutil.Process(process.pid)
    wait_until(lambda: len(stage.children()) >= 2)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert error.endswith("interrupted; run the same command again to continue\n")


def test_more_jobs_than_help(capsys, tmp_path):
    args = sketch_extractor.build_parser().parse_args(["--jobs", "100000"])
    assert args.jobs == most_that_help()
    assert capsys.readouterr().out.startswith(f"--jobs 100000: {args.jobs} work, more are of no")


@pytest.mark.parametrize("stage", [crop_and_upscale, tagset_extractor, fetch_images])
@pytest.mark.parametrize("path", ["~nosuchuser/x", ""])
def test_paths_that_name_nothing(capsys, stage, path):
    with pytest.raises(SystemExit) as ended:
        stage.main(["--dataset_path", path])
    assert ended.value.code == 2
    assert "argument --dataset_path: " in capsys.readouterr().err.splitlines()[-1]


def test_leftovers_of_some_files_only(tmp_path):
    for name in (".tags.7.tmp.txt", ".fetch_problems.7.tmp.txt"):
        (tmp_path / name).touch()
    assert clear_leftovers(tmp_path, ["tags.txt"]) == 1
    assert [path.name for path in tmp_path.iterdir()] == [".fetch_problems.7.tmp.txt"]


@pytest.mark.parametrize("content", [b"\xe9t\xe9 no face\n", b"seventeen no face\n"])
def test_a_damaged_journal(tmp_path, content):
    (tmp_path / "searched.txt").write_bytes(content)
    with pytest.raises(InputError, match="searched.txt is damaged"):
        SearchJournal(tmp_path)


@pytest.mark.parametrize(
    ("stage", "flags", "name"),
    [
        (fetch_images, [], "tagset_missing.txt"),
        (face_extractor, ["--drawn"], "ground_truth.jsonl"),
        (face_extractor, ["--drawn"], "searched.txt"),
        (part_extractor, [], "ground_truth.jsonl"),
        (demo_dataset, ["--count", "2"], "ground_truth.jsonl"),
        (tagset_extractor, [], "metadata/2020.json"),
        (crop_and_upscale, [], "resolutions.pkl"),
    ],
)
def test_a_pipe_is_not_waited_for(tmp_path, capsys, stage, flags, name):
    for folder in ("rgb_train", "train_image_base", "metadata", "512px"):
        (tmp_path / folder).mkdir()
    os.mkfifo(tmp_path / name)
    before = sorted(tmp_path.rglob("*"))
    code = stage.main(["--dataset_path", str(tmp_path), *flags])
    assert code in (1, 2) and capsys.readouterr().err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_working_directory_that_is_gone(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f'cd "{gone}" && rmdir "{gone}" && exec "$0" "$1"'
    script = str(PROJECT / "preprocessor" / "tagset_extractor.py")
    result = subprocess.run(
        ["sh", "-c", line, sys.executable, script], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "the working directory is gone: change to one that exists"
    ]


def in_one_line(stage, folder, *flags, files=None):
    """Call a stage in a process of its own; it fails in one line, which is returned."""
    result = subprocess.run(
        [
            *("prlimit", f"--nofile={files}") * bool(files),
            *(sys.executable, str(PROJECT / "preprocessor" / f"{stage}.py")),
            *("--dataset_path", str(folder), *flags),
        ],
        capture_output=True,
        text=True,
    )
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1]


def test_ids_and_files_that_are_none(tmp_path, capsys):
    (tmp_path / "tagset_missing.txt").write_text("1" * 5000 + "\n")
    assert fetch_images.main(["--dataset_path", str(tmp_path), "--dry_run"]) == 2
    assert "line 1: 1111" in capsys.readouterr().err
    (tmp_path / "ground_truth.jsonl").write_bytes(b"\xe9\n")
    assert demo_dataset.main(["--dataset_path", str(tmp_path), "--count", "2"]) == 2
    assert "is not of this program" in capsys.readouterr().err


@pytest.mark.parametrize("stage", [demo_dataset, crop_and_upscale])
def test_a_name_that_is_too_long(tmp_path, capsys, stage):
    assert stage.main(["--dataset_path", str(tmp_path / ("x" * 300))]) in (1, 2)
    assert capsys.readouterr().err.startswith("File name too long: ")


def test_a_full_disk(tmp_path, capsys):
    """The limit of a file's size is met as a full disk is: no other file could be written."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        code = demo_dataset.main(["--dataset_path", str(tmp_path), "--count", "9", "--jobs", "1"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 1
    assert "nothing finished is lost, run again" in capsys.readouterr().err
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is of Linux")
@pytest.mark.parametrize("files", [8, 12, 16, 18])
def test_few_open_files(tmp_path, files):
    line = in_one_line("demo_dataset", tmp_path, "--count", "20", "--jobs", "2", files=files)
    assert "Too many open files" in line
