"""Several processes train like one: two with gloo on the CPU."""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from training_runs import TINY, assert_same, checkpoint, run_in
from two_processes import three_steps

from errors import InputError
from hardware import processes
from hardware.processes import Processes
from training.setup import check_batch_size, check_sync_bn

ROOT = Path(__file__).parents[2]


def torchrun(*arguments):
    return subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc_per_node=2", *map(str, arguments)),
        ],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_two_processes_compute_what_one_does(tmp_path):
    out = tmp_path / "two.pt"
    with socket.create_server(("127.0.0.1", 0)) as free:
        launched = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    script = [sys.executable, "tests/support/two_processes.py", str(out)]
    both = [
        subprocess.Popen(
            script,
            cwd=ROOT,
            env=os.environ | launched | {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2"},
        )
        for rank in "01"
    ]
    assert [process.wait(timeout=240) for process in both] == [0, 0]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    one = three_steps(Processes())
    torch.set_num_threads(threads)
    two = torch.load(out, weights_only=True)
    for alone, shared in zip(one["terms"], two["terms"], strict=True):
        assert alone.keys() == shared.keys()
        for name, value in alone.items():
            assert shared[name].item() == pytest.approx(value.item(), rel=1e-9), name
    assert one["gradients"].keys() == two["gradients"].keys()
    for name, value in one["gradients"].items():
        torch.testing.assert_close(two["gradients"][name], value, rtol=1e-6, atol=1e-9, msg=name)
    for key, weights in one["weights"].items():
        for name, value in weights.items():
            torch.testing.assert_close(
                two["weights"][key][name], value, rtol=1e-7, atol=1e-8, msg=name
            )


def arguments(data, parent, *more):
    places = (f"--data_dir={data}", f"--result_dir={parent}")
    return "main.py", *TINY, "--no_cit", "--two_step_epoch=2", *places, *more


def test_two_processes_resume_to_the_bit(drawn_data, tmp_path):
    whole, part = tmp_path / "whole", tmp_path / "part"
    done = torchrun(*arguments(drawn_data, whole, "--epoch=3", "--save_all_epoch=1"))
    assert done.returncode == 0, done.stderr
    part.mkdir()
    for name in ("tag2pix_1_epoch.pkl", "losses.csv"):
        shutil.copy(run_in(whole) / name, part)
    places = (f"--data_dir={drawn_data}", "--thread=1")
    done = torchrun("main.py", "--cpu", f"--resume={part}", "--epoch=3", *places)
    assert done.returncode == 0, done.stderr
    name = "tag2pix_3_epoch.pkl"
    first, second = checkpoint(run_in(whole) / name), checkpoint(part / name)
    assert_same(first, second)
    assert len(first["tag2pix"]["random"]) == 2
    for directory in (run_in(whole), part):
        with (directory / "losses.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [int(row["step"]) for row in rows] == list(range(1, 7))
    assert done.stdout.count("training pairs: 8") == 1 and done.stdout.count("finished") == 1


SLOW_STEPS = """
import os, sys, time
from pathlib import Path
sys.path[:0] = [{root!r}]
import main
from hardware.processes import launch
from tag2pix import Tag2Pix
step = Tag2Pix.training_step
def slow(self, *arguments, **options):
    Path({begun!r}, os.environ["RANK"]).touch()
    time.sleep(1)
    return step(self, *arguments, **options)
Tag2Pix.training_step = slow
if "RANK" in os.environ:
    sys.exit(main.main(sys.argv[1:]))
sys.exit(launch(Path(__file__), sys.argv[1:], per_node="2"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_launcher_saves_after_a_signal_and_says_so(number, drawn_data, tmp_path):
    script, begun, parent = tmp_path / "slow.py", tmp_path / "begun", tmp_path / "results"
    begun.mkdir()
    script.write_text(SLOW_STEPS.format(root=str(ROOT), begun=str(begun)))
    given = arguments(drawn_data, parent, "--epoch=500")[1:]
    process = subprocess.Popen(
        [sys.executable, str(script), *map(str, given)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 120
        while (
            len(list(begun.iterdir())) < 2
            and process.poll() is None
            and time.monotonic() < deadline
        ):
            time.sleep(0.1)
        if number == signal.SIGINT:  # a terminal sends it to all
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        said, errors = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, errors
    assert "stopped; go on with --resume" in said and "Traceback" not in errors
    (path,) = run_in(parent).glob("*.pkl")
    steps = checkpoint(path)["tag2pix"]["position"]["step"]
    with (run_in(parent) / "losses.csv").open(newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == list(range(1, steps + 1))


@pytest.mark.parametrize("missing", ["WORLD_SIZE", "MASTER_ADDR", "LOCAL_RANK"])
def test_a_rank_without_a_launcher_is_refused(missing, monkeypatch):
    launched = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}
    launched |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in launched.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    with pytest.raises(InputError, match=f"{missing} is not"), processes.process_group(cpu=True):
        pass


@pytest.mark.slow
def test_processes_that_never_come_are_not_waited_for(monkeypatch):
    launched = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}
    launched |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in launched.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(processes, "JOINING_SECONDS", 1)
    with pytest.raises(ConnectionError, match="cannot be met"), processes.process_group(cpu=True):
        pass


@pytest.mark.slow
def test_a_mistake_is_told_once(drawn_data, tmp_path):
    done = torchrun(*arguments(drawn_data, tmp_path, "--batch_size=3"))
    assert done.returncode != 0
    assert done.stderr.count("--batch_size 3 is the total") == 1


@pytest.mark.slow
def test_a_process_that_dies_ends_the_job(drawn_data, tmp_path):
    script = tmp_path / "dies.py"
    script.write_text(
        "import os, sys\n"
        f"sys.path[:0] = [{str(ROOT)!r}]\n"
        "import main\n"
        "from tag2pix import Tag2Pix\n"
        "step = Tag2Pix.training_step\n"
        "def dying(self, batch, classify=True):\n"
        "    if self.processes.rank == 1 and len(self.optimizer_d.state) > 0:\n"
        "        raise OSError('the disk of rank 1 is gone')\n"
        "    return step(self, batch, classify)\n"
        "Tag2Pix.training_step = dying\n"
        "sys.exit(main.main(sys.argv[1:]))\n"
    )
    done = torchrun(script, *arguments(drawn_data, tmp_path / "results")[1:])
    assert done.returncode != 0
    assert done.stderr.count("the disk of rank 1 is gone") == 1
    assert "another process of this run has ended" in done.stderr


@pytest.mark.parametrize(
    ("cpu", "gpus", "rank", "wanted"),
    [
        (False, 4, None, True),
        (False, 1, None, False),
        (True, 4, None, False),
        (False, 4, "0", False),
    ],
)
def test_a_plain_start_uses_all_gpus(monkeypatch, cpu, gpus, rank, wanted):
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    monkeypatch.delenv("RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("RANK", rank)
    assert processes.needs_launch(cpu) is wanted


def test_the_launcher_gets_the_arguments_as_they_were_given(monkeypatch):
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

    seen = []
    monkeypatch.setattr(run, "main", seen.append)
    given = ["--epoch=3", "--data_dir", "a folder; with $signs"]
    assert processes.launch(Path("main.py"), given) == 0
    assert seen == [["--standalone", "--nproc_per_node=gpu", "main.py", *given]]

    def fails(_):
        failure = ProcessFailure(local_rank=1, pid=7, exitcode=2, error_file="")
        raise ChildFailedError("main.py", {1: failure})

    monkeypatch.setattr(run, "main", fails)
    assert processes.launch(Path("main.py"), given) == 2


@pytest.mark.parametrize(
    "options, words",
    [({"batch_size": 3, "sync_bn": False}, "a multiple of the 2"),
     ({"batch_size": 4, "sync_bn": True}, "needs GPUs")],
)  # fmt: skip
def test_what_two_processes_cannot_do_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        for check in (check_batch_size, check_sync_bn):
            check(Namespace(**options), Processes(rank=0, world=2))
