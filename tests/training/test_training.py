"""What the training loop promises beside resuming: it stops in time, names what is wrong, and
counts what it passes over."""

import csv
import mmap
import pickle
import resource
import shutil

import numpy as np
import pretraining_runs
import pytest
import torch
from PIL import Image
from reference import fill
from training_runs import TINY, at_step, checkpoint, run_in, train

from hardware.memory import peak_memory, used_memory
from loader.dataset import Pair
from network.architecture import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix, _frozen
from training.results import ResultDirectory
from training.watch import LossWatch


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def options(data, parent, *more):
    return *TINY, "--no_cit", f"--data_dir={data}", f"--result_dir={parent}", *more


def test_what_a_run_leaves(drawn_data, tmp_path, capsys):
    arguments = ("--epoch=3", "--save_freq=2", "--keep=1", "--data_size=6")
    assert train(*options(drawn_data, tmp_path / "new" / "place", *arguments)) == 0
    directory = run_in(tmp_path / "new" / "place")
    out = capsys.readouterr().out
    assert "MiB per image" in out and f"finished: 3 epochs, 6 steps, in {directory}" in out
    names = {path.name for path in directory.iterdir() if path.is_file()}
    grids = {
        *(f"tag2pix_epoch{epoch:03d}_{kind}.png" for epoch in range(4) for kind in ("G_f", "G_g")),
        *("tag2pix_original.png", "tag2pix_sketch.png"),
    }
    kept = {"tag2pix_2_epoch.pkl", "tag2pix_3_epoch.pkl", "tag2pix_resume_1_0.pkl"}
    plots = {f"tag2pix_loss_{epoch}.png" for epoch in (1, 2, 3)}
    texts = {"arguments.txt", "losses.csv", "test_image_tags.txt"}
    histories = {"tag2pix_2_history.pkl", "tag2pix_3_history.pkl"}
    assert names == grids | kept | plots | texts | histories
    for name in grids:
        with Image.open(directory / name) as grid:
            assert grid.size == (64, 64) and grid.mode == ("L" if "sketch" in name else "RGB")
    with Image.open(directory / "tag2pix_loss_3.png") as plot:
        assert plot.size == (640, 480)
    with (directory / "losses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    history = pickle.loads((directory / "tag2pix_3_history.pkl").read_bytes())
    assert [float(row["D_loss"]) for row in rows] == history["D_loss"]
    assert len(history["G_loss"]) == 6 and len(history["per_epoch_time"]) == 3
    assert checkpoint(directory / "tag2pix_3_epoch.pkl")["finish_epoch"] == 3


def test_a_bad_number_stops_the_run_and_is_not_saved(drawn_data, tmp_path, monkeypatch, capsys):
    at_step(monkeypatch, 5, lambda batch: batch._replace(original=batch.original * torch.nan))
    arguments = ("--epoch=9", "--save_all_epoch=1")
    assert train(*options(drawn_data, tmp_path, *arguments)) == 1
    assert "training diverged in epoch 3, step 5: D_adv_real is nan" in capsys.readouterr().err
    directory = run_in(tmp_path)
    assert {path.name for path in directory.glob("*.pkl") if "history" not in path.name} == {
        *("tag2pix_1_epoch.pkl", "tag2pix_2_epoch.pkl"),
    }
    weights = checkpoint(directory / "tag2pix_2_epoch.pkl")["G"]
    assert all(value.isfinite().all() for value in weights.values())


def test_an_absurd_learning_rate_stops_the_run(drawn_data, tmp_path, capsys):
    assert train(*options(drawn_data, tmp_path, "--epoch=5", "--lrD=1000", "--lrG=1000")) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("training diverged") and "step" in error
    assert not list(run_in(tmp_path).glob("*.pkl"))


def test_an_exploding_term_is_named():
    from hardware.processes import Processes

    watch = LossWatch(Processes())
    fine = {"D_loss": torch.tensor(1e9), "D_adv_real": torch.tensor(1.0)}
    watch.add(1, 1, fine)
    watch.add(2, 1, fine | {"D_adv_real": torch.tensor(1e5)})
    with pytest.raises(Exception, match="epoch 1, step 2: D_adv_real is 100000"):
        watch.flush()


def test_a_full_disk_keeps_the_last_checkpoint(drawn_data, tmp_path, monkeypatch, capsys):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_up(_):
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))

    at_step(monkeypatch, 3, fill_up)
    try:
        assert train(*options(drawn_data, tmp_path, "--epoch=3", "--save_all_epoch=1")) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    directory = run_in(tmp_path)
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"cannot write {directory / 'tag2pix_2_epoch.pkl'}: [Errno 27]")
    assert not list(directory.glob(".*")) and not list(directory.glob("tag2pix_2_epoch*"))
    assert checkpoint(directory / "tag2pix_1_epoch.pkl")["finish_epoch"] == 1


def test_a_disk_without_room_for_tensorboard_ends_no_run(tmp_path, capsys):
    """The limit of a file's size is met as a full disk is."""
    pytest.importorskip("tensorboard")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    results = ResultDirectory(tmp_path)
    rows = [{"step": n, "epoch": 1, "D_loss": 1, "G_loss": n} for n in range(1, 4)]
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
        picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
        for _ in range(3):
            results.tensorboard.add_picture("G_f", picture, 0)
        results.add_losses(rows)
        results.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    error = capsys.readouterr().err
    assert error.startswith("nothing more is written for TensorBoard: ")
    assert error.count("\n") == 1
    with (tmp_path / "losses.csv").open(newline="") as file:
        assert [row["G_loss"] for row in csv.DictReader(file)] == ["1", "2", "3"]


@pytest.mark.parametrize("task", [("--no_cit",), ("--pretrain", "--holdout=0.2")])
def test_a_disk_too_full_for_a_checkpoint_is_said_at_the_start(
    task, drawn_data, tmp_path, monkeypatch, capsys
):
    free = shutil.disk_usage(tmp_path)._replace(free=2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    small = ("--cpu", "--input_size=32", "--batch_size=4", "--thread=0")
    results = tmp_path / "deep" / "results"
    assert train(*task, *small, f"--data_dir={drawn_data}", f"--result_dir={results}") == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{results} has room for 1 MiB, and one checkpoint takes ")
    assert error.count("\n") == 1 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("threads", [pytest.param(0, marks=pytest.mark.slow), 2])
def test_broken_images_are_named_once_and_counted(drawn_data, tmp_path, capsys, threads):
    data = tmp_path / "data"
    shutil.copytree(drawn_data, data)
    broken = [data / "rgb_train" / "3.png", data / "simpl_train" / "5.png"]
    for path in broken:
        path.write_bytes(path.read_bytes()[:200])
    arguments = ("--epoch=2", f"--thread={threads}")
    assert train(*options(data, tmp_path / "results", *arguments)) == 0
    out, error = capsys.readouterr()
    for path in broken:
        assert error.count(f"skipped: {path}") == 1
    assert f"passed over: 2 unreadable files ({broken[0]}, {broken[1]})" in out


def test_a_worker_error_is_one_line(drawn_data, tmp_path, capsys):
    data = tmp_path / "data"
    shutil.copytree(drawn_data, data)
    for path in (data / "simpl_train").iterdir():
        path.write_bytes(b"nothing")
    assert train(*options(data, tmp_path / "results", "--thread=1")) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("20 training images in a row are unreadable; the last: ")
    assert "simpl_train" in error and "Traceback" not in error


def test_a_dry_run_leaves_nothing_behind(drawn_data, tmp_path, monkeypatch, capsys):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before = {path: path.stat().st_mtime_ns for path in drawn_data.rglob("*")}
    assert train(*options(drawn_data, tmp_path / "results", "--dry_run", "--cache")) == 0
    out = capsys.readouterr().out
    assert "4 images per step" in out and "MiB per image, checkpoints of" in out
    assert not (tmp_path / "results").exists() and not list(temporary.iterdir())
    assert {path: path.stat().st_mtime_ns for path in drawn_data.rglob("*")} == before


def test_losses_that_a_kill_cut_off_are_dropped(tmp_path):
    results = ResultDirectory(tmp_path)
    row = {"epoch": 1, "D_loss": 1.5, "G_loss": 0.1}
    results.add_losses([row | {"step": step} for step in (1, 2, 3)])
    results.close()
    with results.losses_path.open("a") as file:
        file.write("4,2,1.")
    for step, term, kept in ((9, "D_loss", [1.5] * 3), (2, "G_loss", [0.1] * 2)):
        again = ResultDirectory(tmp_path, step=step)
        again.close()
        assert again.history[term] == kept
    assert results.losses_path.read_text().count("\n") == 3


def test_memory_is_measured():
    device = torch.device("cpu")
    before = used_memory(device)
    with mmap.mmap(-1, 100_000_000) as pages:  # what an allocator kept back would not be counted
        for _ in range(100):  # nor what it keeps of the bytes written
            pages.write(b"1" * 1_000_000)
        assert used_memory(device) - before == pytest.approx(100e6, rel=0.1)
        assert peak_memory(device) >= 0.99 * used_memory(device)


def test_tensorboard_shows_every_step_once(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    row = {"epoch": 1, "G_loss": 0.1, "G_adv": 0.5}
    results = ResultDirectory(tmp_path)
    results.add_losses([row | {"step": step, "D_loss": step} for step in (1, 2, 3, 4)])
    results.write_grid("G_f", [np.zeros((8, 8, 3), np.uint8)], epoch=1)
    results.close()
    resumed = ResultDirectory(tmp_path, step=2)
    resumed.add_losses([row | {"step": 3, "D_loss": 30}])
    resumed.close()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert set(events.Tags()["scalars"]) == {"loss/D_loss", "loss/G_loss", "loss/G_adv"}
    shown = [(event.step, event.value) for event in events.Scalars("loss/D_loss")]
    assert shown == [(1, 1), (2, 2), (3, 30)]
    assert events.Tags()["images"] == ["G_f"]


def build(**options):
    torch.manual_seed(0)
    architecture = Architecture(input_size=32, layers=(1, 1, 1, 1), cit=False, bn=False)
    tag2pix = Tag2Pix(architecture, ChangingLoss(cit=False), **options)
    for network in (tag2pix.generator, tag2pix.discriminator):
        fill(network).double()
    tag2pix.discriminator.eval()  # statistics of a batch would differ from those of its parts
    return tag2pix


def random_batch(count):
    generator = torch.Generator().manual_seed(1)

    def values(*shape):
        return torch.rand(count, *shape, generator=generator, dtype=torch.float64)

    tags = [values(classes).round() for classes in (370, 115)]
    return Pair(values(3, 32, 32) * 2 - 1, values(1, 32, 32), *tags, "")


@pytest.mark.parametrize("other", [{"grad_accum": 3}, {"generator_passes": 2}])
def test_parts_and_passes_change_nothing_without_batch_statistics(other):
    one, parts = build(), build(**other)
    for network in (one, parts):
        for _ in range(2):
            terms = network.training_step(random_batch(5))
        network.terms = terms
    for name, value in one.terms.items():
        assert parts.terms[name].item() == pytest.approx(value.item(), rel=1e-9), name
    for key in ("generator", "discriminator"):
        expected = getattr(one, key).state_dict()
        for name, value in getattr(parts, key).state_dict().items():
            torch.testing.assert_close(value, expected[name], rtol=1e-6, atol=1e-9, msg=name)


def test_the_frozen_network_trains_again_after_an_error():
    layer = torch.nn.Linear(2, 2)
    layer.bias.requires_grad_(False)
    with pytest.raises(ZeroDivisionError), _frozen(layer):
        assert not layer.weight.requires_grad
        raise ZeroDivisionError
    assert layer.weight.requires_grad and not layer.bias.requires_grad


def test_the_generator_step_leaves_no_gradient_in_the_discriminator():
    tag2pix = build()
    own = []
    step = tag2pix.optimizer_d.step
    heads = tag2pix.discriminator.cit_judge  # nothing trains them without CIT
    idle = set(heads.parameters())
    parameters = [p for p in tag2pix.discriminator.parameters() if p not in idle]

    def recorded(*arguments, **options):
        own.extend(parameter.grad.clone() for parameter in parameters)
        return step(*arguments, **options)

    tag2pix.optimizer_d.step = recorded
    tag2pix.training_step(random_batch(2))
    assert all(p.grad.equal(gradient) for p, gradient in zip(parameters, own, strict=True))


@pytest.mark.parametrize(
    "lonely",
    [
        ("--data_size=5",),  # four, then one
        ("--data_size=6", "--grad_accum=2"),  # two and two, then one and one
        ("--batch_size=1",),
    ],
)
def test_one_image_alone_is_refused_where_it_cannot_be_learned_from(
    drawn_data, tmp_path, capsys, lonely
):
    assert train(*options(drawn_data, tmp_path / "runs", "--epoch=1", *lonely)) == 2
    error = capsys.readouterr().err
    assert "one image alone" in error and error.count("\n") == 1
    assert not (tmp_path / "runs").exists()
    larger = ("--input_size=48", "--epoch=1", *lonely)
    assert train(*options(drawn_data, tmp_path / "runs", *larger)) == 0


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="compiling for the CPU needs g++")
@pytest.mark.parametrize(
    ("column", "flags"),
    [
        ("G_loss", (*TINY, "--no_cit")),
        ("loss", (*pretraining_runs.TINY, *pretraining_runs.BATCHES)),
    ],
)
def test_compiled_networks_learn_the_same(column, flags, drawn_data, tmp_path):
    curves = []
    for more in ((), ("--compile",)):
        parent = tmp_path / f"runs{len(curves)}"
        where = (f"--data_dir={drawn_data}", f"--result_dir={parent}", "--epoch=1", "--amp=off")
        assert train(*flags, *where, *more) == 0
        rows = pretraining_runs.table(run_in(parent) / "losses.csv")
        curves.append([float(row[column]) for row in rows])
    np.testing.assert_allclose(curves[1], curves[0], rtol=5e-3)
