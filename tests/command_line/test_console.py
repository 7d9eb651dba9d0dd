"""How scripts begin and end, in real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import demo
import main
from command_line import console
from errors import DivergedError, InputError

ROOT = Path(__file__).parents[2]
SCRIPTS = ("main.py", "demo.py", "train_demo.py", "benchmarks/infer.py", "benchmarks/preprocess.py")
STAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "preprocessor").glob("[a-z]*.py"))


def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=options.pop("cwd", ROOT),
        env=os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("env", {}),
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


def prepared(body: str) -> str:
    begun = "from command_line import start\nstart.prepare()\n"
    return f"{begun}import os, sys\nfrom command_line import console\n{body}\n"


@pytest.mark.parametrize("script", SCRIPTS)
def test_ctrl_c_while_a_script_imports(script, tmp_path):
    for package in ("numpy", "torch", "cv2", "psutil"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(
            "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise SystemExit('too late')\n"
        )
    done = python(script, "--help", env={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("script", [*SCRIPTS, *STAGES])
def test_ctrl_c_at_the_very_first_import(script, tmp_path):
    """Even the standard library takes milliseconds; -S and no filters of warnings, so that Python
    itself imports less of it."""
    for module in ("argparse", "contextlib", "enum", "pathlib", "re", "typing"):
        interrupting = "import os\nos.kill(os.getpid(), 2)\nraise SystemExit('too late')\n"
        (tmp_path / f"{module}.py").write_text(interrupting)
    done = python("-S", script, "--help", env={"PYTHONPATH": str(tmp_path), "PYTHONWARNINGS": ""})
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_ctrl_c_once_work_has_begun_and_after_it():
    work = "import signal, time\ndef work():\n    os.kill(os.getpid(), signal.SIGINT)\n"
    done = python("-c", prepared(f"{work}\nconsole.end(console.exit_code(work))"))
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
    later = "console.exit_code(lambda: 0)\nimport signal\nos.kill(os.getpid(), signal.SIGINT)"
    done = python("-c", prepared(later))
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "cp1251"])
def test_output_that_cannot_hold_a_character(encoding):
    body = "print('Fréchet 日本 \\udcff')\nprint('…é', file=sys.stderr)"
    done = python("-c", prepared(body), env={"PYTHONIOENCODING": encoding}, errors="replace")
    assert done.returncode == 0 and done.stdout.startswith("Fr") and "\\udcff" in done.stdout


def test_main_helps_in_ascii():
    done = python("main.py", "--help", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and "Fr\\xe9chet" in done.stdout and not done.stderr


def test_files_do_not_take_the_place_of_closed_streams(tmp_path):
    body = f"file = open({str(tmp_path / 'x')!r}, 'w')\nprint('lost', file=sys.stderr)\nprint('no')"
    closed = "import os, sys\nfor number in (0, 1, 2): os.close(number)\n"
    program = f"os.execv(sys.executable, [sys.executable, '-c', {prepared(body)!r}])"
    done = python("-c", closed + program)
    assert done.returncode == 0
    assert (tmp_path / "x").read_text() == ""


def test_a_reader_that_leaves_ends_nothing():
    body = "code = console.exit_code(lambda: [print(n) for n in range(100000)] and 0)"
    program = prepared(f"{body}\nprint('done', file=sys.stderr)\nconsole.end(code)")
    line = f"'{sys.executable}' -c \"$PROGRAM\" | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PROGRAM": program},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "done\n")


def test_output_onto_a_full_disk_is_a_failure():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", prepared("print('x')\nconsole.end(0)")],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == "the output is not complete: No space left on device\n"


def test_a_deleted_working_directory(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, sys\nos.rmdir({str(gone)!r})\n"
    run = f"os.execv(sys.executable, [sys.executable, {str(ROOT / 'main.py')!r}, '--list_tags'])"
    done = python("-c", program + run, cwd=gone)
    assert done.returncode == 2
    assert done.stderr == "the working directory is gone: change to one that exists\n"


def test_imports_without_memory(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('failed to map segment')")
    done = python("main.py", "--list_tags", env={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (1, "cannot start: failed to map segment\n")


def test_nothing_is_written_over_what_is_read(small_checkpoint, tmp_path, capsys):
    sketch, other = tmp_path / "a.png", tmp_path / "b.png"
    sketch.write_bytes(b"mine")
    other.symlink_to(sketch)
    for target in (sketch, other):
        assert demo.main([str(sketch), "--sheet", str(target)]) == 2
        assert f"--sheet {target} is the file to read" in capsys.readouterr().err
    assert sketch.read_bytes() == b"mine"
    link = tmp_path / "link.pkl"
    link.symlink_to(small_checkpoint)
    for source, target in ((small_checkpoint, link), (link, small_checkpoint)):
        assert main.main(["--load", str(source), "--export", str(target)]) == 2
        assert "is the file to read" in capsys.readouterr().err


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    "error, code, line",
    [
        (InputError("x.png is empty"), 2, "x.png is empty"),
        (DivergedError("step 3"), 1, "step 3"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device", "a.pkl"), 1, "a.pkl: No space left on device"),
        (OSError("cannot write a.pkl"), 1, "cannot write a.pkl"),
        (MemoryError(), 1, "out of memory: lower --batch_size or raise --grad_accum (no more)"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9\ntrace"),
            1,
            "out of memory: lower --batch_size or raise --grad_accum ([enforce fail] "
            "DefaultCPUAllocator: can't allocate memory: 9)",
        ),
        (
            RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"),
            1,
            "out of memory: lower --batch_size or raise --grad_accum (CUDA error: "
            "CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`)",
        ),
        (
            RuntimeError("can't start new thread"),
            1,
            "out of memory: lower --batch_size or raise --grad_accum (can't start new thread)",
        ),
    ],
)
def test_what_ends_work_is_one_line(error, code, line, capsys):
    assert console.exit_code(raising(error)) == code
    assert capsys.readouterr().err == line + "\n"


def test_opencv_without_memory(capsys):
    import cv2

    error = cv2.error("OpenCV(4) alloc.cpp:73: error: (-4) Failed to allocate 9 bytes in function")
    assert console.exit_code(raising(error)) == 1
    assert capsys.readouterr().err.startswith("out of memory")


def test_defects_pass():
    with pytest.raises(ZeroDivisionError):
        console.exit_code(raising(ZeroDivisionError()))
