"""What the stages share: parallel map, errors, exit codes, Ctrl-C, Dask clusters."""

import errno
import itertools
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import cv2
import pytest
from metadata_dumps import snapshot as contents
from metadata_dumps import string_record, write_dump

from errors import InputError
from files.atomic import atomic_path
from preprocessor.stage.stage import (
    Summary,
    clear_leftovers,
    existing_stems,
    list_files,
    map_files,
    run,
)

PROJECT = Path(__file__).resolve().parents[2]


def double(number):
    if number % 10 == 3:
        raise ValueError(f"threes are\nbad: {number}")
    return 2 * number


def threads(_):
    return cv2.getNumThreads(), os.environ.get("OMP_NUM_THREADS")


def fail_with(error, _):
    raise error


def collect(function, items, **options):
    return list(map_files(function, items, description="test", **options))


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_item_has_one_outcome(jobs):
    outcomes = collect(double, iter(range(500)), jobs=jobs, total=500)
    assert sorted(outcome.item for outcome in outcomes) == list(range(500))
    for outcome in outcomes:
        if outcome.item % 10 == 3:
            assert outcome.error == f"{outcome.item}: ValueError: threes are bad: {outcome.item}"
        else:
            assert (outcome.value, outcome.error) == (2 * outcome.item, None)


def test_one_process_works_in_order():
    assert [o.item for o in collect(double, range(50), jobs=1)] == list(range(50))


def test_items_are_taken_as_needed():
    taken = itertools.count()
    outcomes = map_files(double, (next(taken) for _ in range(10**9)), jobs=2, description="test")
    for _ in range(100):
        next(outcomes)
    outcomes.close()
    assert next(taken) < 10**6


def test_workers_use_one_thread_each():
    assert {o.value for o in collect(threads, range(4), jobs=2)} == {(1, "1")}


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_full_disk_stops_the_map(jobs, code):
    with pytest.raises(OSError, match="disk"):
        collect(partial(fail_with, OSError(code, "disk")), range(5), jobs=jobs)


def test_missing_package_stops_the_map():
    with pytest.raises(ImportError, match="no torch"):
        collect(partial(fail_with, ImportError("no torch")), range(5), jobs=1)


def test_other_errors_do_not_stop_the_map():
    outcomes = collect(partial(fail_with, PermissionError(13, "no", "x.png")), range(5), jobs=1)
    assert [bool(outcome.error) for outcome in outcomes] == [True] * 5
    (outcome,) = collect(partial(fail_with, InputError("line 5 is odd")), ["tags"], jobs=1)
    assert outcome.error == "tags: line 5 is odd"


def test_summary(capsys):
    summary = Summary("images")
    for outcome in collect(double, range(20), jobs=1):
        summary.add(outcome)
    summary.skip("already there", 1500)
    summary.skip("never", 0)
    summary.note("tags.txt: 5 lines")
    assert summary.close("/data/out") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[:4] == [
        "images: 18 made in /data/out",
        "  skipped, already there: 1,500",
        "  tags.txt: 5 lines",
        "  failed: 2",
    ]
    assert "13: ValueError: threes are bad: 13" in err


def test_summary_of_failures_only():
    summary = Summary("images")
    summary.fail("a.png: broken")
    assert summary.close() == 1


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("x.png is odd"), 2, "x.png is odd"),
        (OSError(errno.ENOSPC, "No space left on device", "/d/x"), 1, "No space .*: /d/x"),
        (KeyboardInterrupt(), 130, "interrupted.*continue"),
        (ImportError("No module named 'cv2'"), 1, "No module named 'cv2': .*requirements.txt"),
    ],
)
def test_exit_codes(error, code, line, capsys):
    assert run(partial(fail_with, error, None)) == code
    err = capsys.readouterr().err
    assert re.match(line, err)
    assert err.count("\n") == 1
    assert run(lambda: 0) == 0


def test_listing(tmp_path):
    for name in ("b.png", "a.JPG", "c.txt", ".hidden.png", ".d.17.tmp.png", "x.y.png", "e.jpg"):
        (tmp_path / name).touch()
    assert [p.name for p in list_files(tmp_path)] == ["a.JPG", "b.png", "e.jpg", "x.y.png"]
    assert existing_stems(tmp_path) == {"b", "x.y"}
    assert existing_stems(tmp_path, (".png", ".jpg")) == {"b", "x.y", "e"}
    assert existing_stems(tmp_path / "nowhere") == set()
    with pytest.raises(InputError, match="nowhere"):
        list_files(tmp_path / "nowhere")


def test_leftovers_are_those_of_atomic_path(tmp_path):
    (tmp_path / "5.png").touch()
    (tmp_path / ".hidden.png").touch()
    for name in ("5.png", "x.y.png", "tags.txt", "no_suffix"):
        with pytest.raises(FileNotFoundError), atomic_path(tmp_path / name) as temporary:
            temporary.touch()
            assert clear_leftovers(tmp_path) == 1
            assert not temporary.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == [".hidden.png", "5.png"]


WORK = """
import os, sys, time
from functools import partial
from pathlib import Path
from files.atomic import atomic_path
from preprocessor.stage.stage import Summary, clear_leftovers, existing_stems, map_files, run

def write(number, folder):
    with atomic_path(Path(folder, f"{number}.txt")) as temporary:
        temporary.write_text(str(number) * 1000)
        time.sleep(0.01)

def main():
    folder, jobs = sys.argv[1], int(sys.argv[2])
    dask = sys.argv[3] if len(sys.argv) > 3 else None
    clear_leftovers(folder)
    done = existing_stems(folder, ".txt")
    todo = [n for n in range(150) if str(n) not in done]
    summary = Summary("files")
    function = partial(write, folder=folder)
    for outcome in map_files(function, todo, jobs=jobs, description="test", dask=dask):
        summary.add(outcome)
        print("one", flush=True)
    return summary.close(folder)

if __name__ == "__main__":
    sys.exit(run(main))
"""


@pytest.fixture
def work(tmp_path):
    (tmp_path / "work.py").write_text(WORK)
    (tmp_path / "out").mkdir()
    environment = os.environ | {"PYTHONPATH": f"{PROJECT}:{tmp_path}"}

    def start(*arguments):
        line = [sys.executable, *map(str, arguments)]
        return subprocess.Popen(
            line,
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    start.script = tmp_path / "work.py"
    start.folder = tmp_path / "out"
    return start


def read_until(process, count):
    for _ in range(count):
        assert process.stdout.readline() == "one\n"


def complete(folder):
    found = {path.name: path.read_text() for path in folder.iterdir()}
    return found == {f"{number}.txt": str(number) * 1000 for number in range(150)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_and_again(work, jobs):
    process = work(work.script, work.folder, jobs)
    read_until(process, 20)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.endswith("interrupted; run the same command again to continue\n")
    assert not complete(work.folder)
    out, _ = work(work.script, work.folder, jobs).communicate(timeout=60)
    assert complete(work.folder)
    assert out.count("one") < 145


@pytest.mark.parametrize("jobs", [1, 2])
def test_kill_and_again(work, jobs):
    process = work(work.script, work.folder, jobs)
    read_until(process, 20)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert not complete(work.folder)
    out, _ = work(work.script, work.folder, jobs).communicate(timeout=60)
    assert complete(work.folder)
    assert out.count("one") < 145


def test_killed_worker_is_one_line(tmp_path):
    code = """
        import os, signal, sys
        from preprocessor.stage.stage import map_files, run

        def die(_):
            os.kill(os.getpid(), signal.SIGKILL)

        sys.exit(run(lambda: list(map_files(die, range(9), jobs=2, description="test"))))
    """
    line = [sys.executable, "-c", textwrap.dedent(code)]
    result = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "a worker process was killed" in result.stderr.splitlines()[-1]


@pytest.fixture
def cluster(work, tmp_path):
    """Address of a scheduler on loopback, and its two workers."""
    file = tmp_path / "scheduler.json"
    host = ("--host", "127.0.0.1", "--no-dashboard")
    options = ("--port", "0", "--scheduler-file", file)
    processes = [work("-m", "distributed.cli.dask_scheduler", *host, *options)]
    for _ in range(2):
        options = ("--scheduler-file", file, "--nthreads", "1", "--no-nanny")
        processes.append(work("-m", "distributed.cli.dask_worker", *host, *options))
    for line in processes[0].stderr:
        if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
            break
    yield found[1], processes[1:]
    for process in processes:
        process.kill()
        process.communicate()


def test_dask_cluster_with_a_killed_worker(work, cluster):
    address, (first, _) = cluster
    process = work(work.script, work.folder, 1, address)
    read_until(process, 20)
    first.kill()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    clear_leftovers(work.folder)
    assert complete(work.folder)
    assert "files: 150 made" in out


def test_stage_on_a_cluster_equals_one_machine(work, cluster, tmp_path):
    address, (first, _) = cluster
    script = PROJECT / "preprocessor" / "tagset_extractor.py"
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    for root in (alone, shared):
        records = [string_record(n) for n in range(1, 400)]
        write_dump(root, [*records, b"broken"], images=range(1, 390))
    process = work(script, "--dataset_path", shared, "--dask", address)
    while process.poll() is None and not list(shared.glob("train_image_base/*.jpg")):
        time.sleep(0.001)
    first.kill()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "drawings: 389 made" in out
    assert work(script, "--dataset_path", alone, "--jobs", "1").wait() == 0
    assert contents(shared) == contents(alone)


def test_dask_without_scheduler_is_one_line(work):
    process = work(work.script, work.folder, 1, "tcp://127.0.0.1:9")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert err.strip().splitlines()[-1].startswith("no Dask scheduler answers at tcp://127.0.0.1:9")
