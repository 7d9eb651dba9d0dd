"""Files that are damaged, or made to harm: every reader ends in one line, soon and in little
memory. The mutations are seeded."""

import io
import os
import pickle
import random
import resource
import signal
import time
import traceback
from pathlib import Path

import pytest
import torch

from checkpoints.checkpoint import Checkpoint
from checkpoints.reading import add_prefix
from checkpoints.tag_extractor import ExtractorFile
from coloring.colorist import Colorist
from errors import BrokenImageError, InputError
from images.reader import read_gray, read_rgb
from loader.tag_lines import read_tag_lines
from loader.tags import TAG_TABLE, load_vocabulary, write_tag_dump
from preprocessor.metadata.resolutions import read_resolutions
from training.results import ResultDirectory

MUTATIONS = 2000
SECONDS, MEMORY = 5, 2 << 30
ODD = (None, True, -1, 2**70, float("nan"), 1e300, "", "x", "9" * 5000, b"\xff", [], {}, [[]], (1,))


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut short, with other bytes, with bytes taken out, repeated or put in."""
    place = chance.randrange(len(content))
    # Files of weights say what they are at their ends, and hold numbers between.
    if len(content) > 1 << 16 and chance.random() < 0.8:
        place = chance.choice((place % 4096, len(content) - 1 - place % 65536))
    length = chance.choice((1, 1, 2, 8, 100))
    kind = chance.randrange(5)
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + chance.randbytes(length) + content[place + length :]
    if kind == 2:
        return content[:place] + content[place + length :]
    if kind == 3:
        return content[:place] + 9 * content[place : place + length] + content[place:]
    return content[:place] + b"\xff" * length + content[place + length :]


def with_odd_value(value, chance: random.Random):
    """The same containers with one thing inside replaced, or missing."""
    if not isinstance(value, (dict, list, tuple)) or not value or chance.random() < 0.15:
        return chance.choice(ODD)
    if isinstance(value, dict):
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {other: inner for other, inner in value.items() if other != key}
        return value | {key: with_odd_value(value[key], chance)}
    place = chance.randrange(len(value))
    changed = list(value)
    changed[place] = with_odd_value(changed[place], chance)
    return type(value)(changed)


def saved(content) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def outcome(read, path: Path) -> str:
    """What became of reading a file in a process of its own: empty if all is well."""
    report, into = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(report)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        signal.alarm(SECONDS)
        try:
            read(path)
        except (InputError, BrokenImageError) as error:
            if len(str(error).splitlines()) != 1:
                os.write(into, f"not one line: {error}".encode(errors="replace")[:2000])
        except BaseException:
            os.write(into, traceback.format_exc().encode(errors="replace")[-2000:])
        os._exit(0)
    os.close(into)
    said = b""
    while block := os.read(report, 4096):
        said += block
    os.close(report)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return said.decode(errors="replace") or (f"ended by {code}" if code else "")


@pytest.fixture(scope="module")
def samples(small_checkpoint, two_epochs, drawn_data):
    """For every reader: how it reads, what it reads, and how content becomes a file."""
    whole = torch.load(small_checkpoint, weights_only=True)
    last = torch.load(two_epochs[0] / "last.pth", weights_only=True)
    # What is in a few tensors is enough: their names are what the readers look at.
    tiny = {"weight": add_prefix({"fc.weight": torch.zeros(370, 2)})}
    tiny |= {"pretraining": last["pretraining"], "optimizer": {"state": {}, "param_groups": [{}]}}

    def losses(path: Path) -> None:
        run = path.parent / f"run-{os.getpid()}"
        run.mkdir()
        ResultDirectory(run, 5, losses=path).close()

    def table(path: Path) -> None:
        write_tag_dump(path, path.with_name("dump.pkl"))

    rows = b"step,epoch,D_loss,G_loss\r\n" + b"".join(b"%d,1,0.5,2\r\n" % n for n in range(1, 6))
    resolutions = {number: (300 + number, 400) for number in range(50)}
    picture = drawn_data / "liner_test" / "9.png"
    return {
        "tags.txt": (read_tag_lines, (drawn_data / "tags.txt").read_bytes(), None),
        "tag dump": (load_vocabulary, load_vocabulary().dump(), pickle.dumps),
        "tag table": (table, TAG_TABLE.read_bytes(), None),
        "resolutions": (read_resolutions, resolutions, pickle.dumps),
        "losses.csv": (losses, rows, None),
        "gray picture": (read_gray, picture.read_bytes(), None),
        "color picture": (read_rgb, (drawn_data / "rgb_train" / "1.png").read_bytes(), None),
        "checkpoint": (Colorist.load, whole, saved),
        "tag extractor": (ExtractorFile.read, tiny, saved),
    }


def mutated(content, write, chance: random.Random) -> bytes:
    if write is None:
        return damaged(content, chance)
    if chance.random() < 0.5:
        return damaged(write(content), chance)
    try:
        return write(with_odd_value(content, chance))
    except (OverflowError, TypeError, ValueError):
        return damaged(write(content), chance)


def tried(samples, count: int, folder: Path) -> list[str]:
    """What went wrong in so many mutations, spread over all readers."""
    torch.set_num_threads(1)
    chance, wrong = random.Random(20), []
    for number in range(count):
        name = list(samples)[number % len(samples)]
        read, content, write = samples[name]
        path = folder / f"{number}.file"
        path.write_bytes(mutated(content, write, chance))
        started = time.monotonic()
        said = outcome(read, path)
        if said:
            wrong.append(f"{name}, {number}, {time.monotonic() - started:.1f} s: {said}")
        else:
            path.unlink()
    return wrong


def test_no_mutation_of_a_file_gets_past_its_reader(samples, tmp_path):
    assert not tried(samples, 27, tmp_path)


@pytest.mark.slow
def test_no_mutation_of_two_thousand_gets_past_its_reader(samples, tmp_path):
    assert not tried(samples, MUTATIONS, tmp_path)


def test_an_odd_value_is_one(samples):
    """The mutations do change what is read: none of them would be a test of nothing."""
    content = samples["resolutions"][1]
    assert with_odd_value(content, random.Random(1)) != content


def test_memory_is_limited(tmp_path):
    assert "MemoryError" in outcome(lambda path: bytearray(3 << 30), tmp_path)


def test_time_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr("test_hostile_files.SECONDS", 1)
    assert outcome(lambda path: signal.pause(), tmp_path) == f"ended by {-signal.SIGALRM}"


@pytest.mark.parametrize("layers", [[10**5, 1, 1, 1], [1, 1, 1]])
def test_an_absurd_network_is_refused(layers, small_checkpoint, tmp_path):
    content = torch.load(small_checkpoint, weights_only=True)
    content["tag2pix"]["architecture"]["layers"] = layers
    torch.save(content, tmp_path / "absurd.pkl")
    with pytest.raises(InputError, match="layers must be four"):
        Checkpoint.read(tmp_path / "absurd.pkl")


@pytest.mark.parametrize("entry", ["state", "param_groups"])
def test_a_tensor_in_the_place_of_a_dict_is_refused(entry, samples, tmp_path):
    for name, optimizer in (("checkpoint", "G_optimizer"), ("tag extractor", "optimizer")):
        read, content, write = samples[name]
        odd = [torch.zeros(3)] if entry == "param_groups" else torch.zeros(3)
        state = {"state": {}, "param_groups": [{}]} | {entry: odd}
        path = tmp_path / f"{optimizer}.file"
        path.write_bytes(write(content | {optimizer: state}))
        with pytest.raises(InputError, match="cannot be used"):
            read(path)


def test_a_pipe_is_not_waited_for(samples, tmp_path, monkeypatch):
    monkeypatch.setattr("test_hostile_files.SECONDS", 2)
    os.mkfifo(tmp_path / "pipe")
    said = {name: outcome(read, tmp_path / "pipe") for name, (read, *_) in samples.items()}
    assert said == dict.fromkeys(samples, "")
