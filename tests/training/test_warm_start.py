"""Learning from the L1 terms alone at first, and starting from the weights of another run."""

import csv
import hashlib

import pytest
import torch
from training_runs import TINY, checkpoint, run_in, train

from checkpoints.checkpoint import Checkpoint
from loader.dataset import Pair
from network import Discriminator, Generator
from network.architecture import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix

SMALL = Architecture(input_size=32, layers=(1, 1, 1, 1), cit=False, bn=False)


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def random_batch(count: int, size: int = 32) -> Pair:
    generator = torch.Generator().manual_seed(5)
    original = torch.rand(count, 3, size, size, generator=generator) * 2 - 1
    sketch = torch.rand(count, 1, size, size, generator=generator)
    cvt = (torch.rand(count, 115, generator=generator) < 0.05).float()
    return Pair(original, sketch, torch.zeros(count, 370), cvt, broken="")


def weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}


def rows(directory):
    with (directory / "losses.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("parts", [1, 2])
def test_reconstruction_step_descends_the_l1_terms_and_leaves_the_discriminator(one_thread, parts):
    torch.manual_seed(1)
    loss = ChangingLoss(l1_lambda=10, guide_beta=0.5, cit=False)
    tag2pix = Tag2Pix(SMALL, loss, lr_g=0.001, grad_accum=parts)
    batch, judge = random_batch(4), weights(tag2pix.discriminator)
    final, guide = tag2pix.generator(batch.sketch, None, batch.cvt)
    full, half = ((image - batch.original).abs().mean().item() for image in (final, guide))

    terms = tag2pix.reconstruction_step(batch)

    assert terms["G_l1_full"].item() == pytest.approx(full, rel=1e-5)
    assert terms["G_l1_guide"].item() == pytest.approx(half, rel=1e-5)
    assert terms["G_loss"].item() == pytest.approx(10 * (full + 0.5 * half), rel=1e-5)
    assert terms["D_loss"].item() == 0
    for _ in range(10):
        terms = tag2pix.reconstruction_step(batch)
    assert terms["G_l1_full"].item() < 0.9 * full
    assert all(value.equal(judge[key]) for key, value in weights(tag2pix.discriminator).items())


def test_the_discriminator_joins_in_at_l1_epoch(drawn_data, tmp_path):
    flags = (*TINY, f"--data_dir={drawn_data}", f"--result_dir={tmp_path}", "--no_cit")
    assert train(*flags, "--epoch=2", "--l1_epoch=2", "--save_freq=1") == 0
    run = run_in(tmp_path)
    first, second = (checkpoint(run / f"tag2pix_{epoch}_epoch.pkl") for epoch in (1, 2))
    assert not first["D_optimizer"]["state"] and second["D_optimizer"]["state"]
    for row in rows(run):
        assert (row["D_adv_real"] == "") == (row["epoch"] == "1")
        assert float(row["G_l1_full"]) > 0


def test_init_takes_the_networks_of_another_run_at_another_size(drawn_data, tmp_path):
    flags = (*TINY, f"--data_dir={drawn_data}", "--no_cit", "--no_bn", "--epoch=1")
    assert train(*flags, f"--result_dir={tmp_path / 'small'}") == 0
    file = run_in(tmp_path / "small") / "tag2pix_1_epoch.pkl"
    small = checkpoint(file)

    # At no learning rate the new run ends with the weights that it began with.
    larger = [flag for flag in flags if flag not in ("--no_bn", "--input_size=32")]
    larger += ["--input_size=48", "--lrG=0", "--lrD=0", f"--init={file}"]
    assert train(*larger, f"--result_dir={tmp_path / 'large'}") == 0
    large = checkpoint(run_in(tmp_path / "large") / "tag2pix_1_epoch.pkl")

    assert large["tag2pix"]["architecture"]["input_size"] == 48
    assert not large["tag2pix"]["architecture"]["bn"]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert large["tag2pix"]["initial"]["sha256"] == digest
    arguments = (run_in(tmp_path / "large") / "arguments.txt").read_text()
    assert f"* init = 'tag2pix_1_epoch.pkl' (SHA-256 {digest})" in arguments
    for key, value in small["G"].items():
        if "Linear." not in key:
            assert value.equal(large["G"][key]), key
    judges = (small["D"], large["D"])
    assert all(judges[0][key].equal(judges[1][key]) for key in judges[0] if key.endswith(".weight"))
    assert large["G"]["module.Linear.weight"].shape == (32 * 3 * 3, 115)


def test_resized_colors_keep_their_place_and_mean(tmp_path):
    generator = Generator(SMALL)
    with torch.no_grad():
        maps = generator.Linear.weight.view(32, 2, 2, 115)
        maps[:, :, 0], maps[:, :, 1] = -1, 3
        generator.Linear.bias.view(32, 2, 2)[:, 0], generator.Linear.bias.view(32, 2, 2)[:, 1] = (
            0,
            8,
        )
    torch.save({"G": generator.state_dict(), "D": Discriminator().state_dict()}, tmp_path / "w.pkl")
    checkpoint = Checkpoint.read(tmp_path / "w.pkl")
    resized = checkpoint.resized(64).generator
    maps = resized["Linear.weight"].view(32, 4, 4, 115)
    assert torch.allclose(maps[5, :, :, 7], torch.tensor([-1.0, 0.0, 2.0, 3.0]).expand(4, 4))
    bias = resized["Linear.bias"].view(32, 4, 4)
    assert torch.allclose(bias[5], torch.tensor([0.0, 2.0, 6.0, 8.0])[:, None].expand(4, 4))
    same = checkpoint.resized(32).generator
    assert all(torch.allclose(value, same[key]) for key, value in generator.state_dict().items())


def test_a_dry_run_tries_what_the_last_epoch_does(drawn_data, tmp_path, monkeypatch):
    steps = []
    monkeypatch.setattr(Tag2Pix, "training_step", lambda *_, **__: steps.append("judged"))
    plain = Tag2Pix.reconstruction_step
    monkeypatch.setattr(
        Tag2Pix,
        "reconstruction_step",
        lambda self, batch: steps.append("L1") or plain(self, batch),
    )
    flags = (*TINY, f"--data_dir={drawn_data}", f"--result_dir={tmp_path}", "--no_cit")
    assert train(*flags, "--epoch=2", "--l1_epoch=3", "--dry_run") == 0
    assert train(*flags, "--epoch=2", "--l1_epoch=2", "--dry_run") == 0
    assert steps == ["L1", "L1", "judged", "judged"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--init={file}", "--resume"), "without --load and --resume"),
        (("--init={file}", "--input_size=40"), "not a positive multiple of 16"),
        (("--init={file}", "--model=senet"), "contradicts"),
        (("--init=missing.pkl",), "missing.pkl does not exist"),
    ],
)
def test_wrong_init_is_refused_in_one_line(drawn_data, tmp_path, capsys, flags, message):
    file = tmp_path / "small.pkl"
    discriminator = Discriminator().state_dict()
    torch.save({"G": Generator(SMALL).state_dict(), "D": discriminator}, file)
    flags = [flag.format(file=file) for flag in flags]
    assert train(f"--data_dir={drawn_data}", f"--result_dir={tmp_path / 'runs'}", *flags) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "runs").exists()
