"""Every flag changes what it says it changes, and --help tells of it."""

import shutil

import pytest
import torch

import main
from command_line.flags import FLAGS, MODE_FLAGS, TRAIN
from command_line.modes import MODES
from command_line.options import parse
from training import run as training_run

SMALL = ["--input_size", "32", "--layers", "1", "1", "1", "1", "--cpu", "--thread", "0"]


@pytest.fixture(scope="module")
def build(drawn_data, model_pth):
    """Build a training with the given flags without running it."""
    built = []

    class Recorder(training_run.Loop):
        def run(self):
            built.append(self)
            return True

    def start(*flags):
        for name, value in (("--data_dir", drawn_data), ("--pretrain_dump", model_pth)):
            if name not in flags:
                flags = (*flags, name, str(value))
        assert main.main([*flags]) == 0
        return built.pop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_run, "Loop", Recorder)
        yield start


@pytest.fixture
def launch(build, tmp_path):
    def start(*flags, small=SMALL):
        return build(*small, "--result_dir", str(tmp_path), *flags)

    return start


@pytest.fixture(scope="module")
def plain_run(build, tmp_path_factory):
    """A training without a flag that matters. Read only."""
    return build(*SMALL, "--result_dir", str(tmp_path_factory.mktemp("plain")))


def adam(optimizer):
    return optimizer.param_groups[0]


CASES = [
    ("--model catconv", lambda run: run.task.tag2pix.architecture.model, "catconv"),
    ("--use_relu", lambda run: len(run.task.tag2pix.generator.colorFC), 7),
    (
        "--no_bn",
        lambda run: run.task.tag2pix.architecture.bn,
        False,
    ),
    ("--no_guide", lambda run: run.task.tag2pix.generator.deconv_for_decoder, None),
    (
        "--no_cit",
        lambda run: (run.task.tag2pix.extractor, run.task.tag2pix.loss.cit),
        (None, False),
    ),
    ("--cit_norm batch", lambda run: run.task.tag2pix.extractor.training, True),
    ("--color_space lab", lambda run: run.data.color_space, "lab"),
    ("--data_size 3", lambda run: len(run.data), 3),
    ("--test_image_count 2", lambda run: len(run.task.benchmark), 2),
    ("--l1_epoch 3", lambda run: run.task.schedule.l1_epoch, 3),
    ("--epoch 7", lambda run: run.epochs, 7),
    ("--batch_size 5", lambda run: run.batch_size, 5),
    ("--lrG 0.5", lambda run: adam(run.task.tag2pix.optimizer_g)["lr"], 0.5),
    ("--lrD 0.25", lambda run: adam(run.task.tag2pix.optimizer_d)["lr"], 0.25),
    (
        "--beta1 0.3",
        lambda run: adam(run.task.tag2pix.optimizer_g)["betas"],
        (0.3, 0.999),
    ),
    ("--beta2 0.4", lambda run: adam(run.task.tag2pix.optimizer_d)["betas"], (0.5, 0.4)),
    ("--l1_lambda 7", lambda run: run.task.tag2pix.loss.l1_lambda, 7),
    ("--guide_beta 0.1", lambda run: run.task.tag2pix.loss.guide_beta, 0.1),
    ("--adv_lambda 3", lambda run: run.task.tag2pix.loss.adv_lambda, 3),
    ("--cit_cvt_weight 40 30", lambda run: run.task.tag2pix.loss.cit_weight, 40),
    ("--cit_cvt_weight 40 30", lambda run: run.task.tag2pix.loss.cvt_weight, 30),
    ("--two_step_epoch 4", lambda run: run.task.schedule.two_step_epoch, 4),
    ("--brightness_epoch 4", lambda run: run.data.brightness_epoch, 4),
    ("--generator_passes 2", lambda run: run.task.tag2pix.keep_graph, False),
    ("--grad_accum 3", lambda run: run.task.tag2pix.grad_accum, 3),
    ("--save_freq 3", lambda run: run.task.saving.freq, 3),
    ("--save_all_epoch 4", lambda run: run.task.saving.all_from, 4),
    ("--save_minutes 1.5", lambda run: run.minutes, 1.5),
    ("--keep 5", lambda run: run.task.saving.keep, 5),
    ("--amp bf16", lambda run: run.task.tag2pix.dtype, torch.bfloat16),
    ("--seed 5", lambda run: run.data.seed, 5),
    ("--thread 1", lambda run: run.workers, 1),
]


@pytest.mark.parametrize("flags, look, expected", CASES, ids=[case[0] for case in CASES])
def test_a_flag_takes_effect(launch, plain_run, flags, look, expected):
    assert look(launch(*flags.split())) == expected
    # A seed is drawn, and the arithmetic chosen, where none is given.
    others = {"--seed 5": ("--seed", "6"), "--amp bf16": ("--amp", "off")}
    without = launch(*others[flags]) if flags in others else plain_run
    assert look(without) != expected


def test_the_size_and_the_layers_of_the_network(launch):
    run = launch("--input_size", "48", "--layers", "2", "1", "3", "1", small=["--cpu"])
    assert run.data.input_size == run.task.benchmark.input_size == 48
    assert run.task.tag2pix.architecture.layers == (2, 1, 3, 1)
    assert len(run.task.tag2pix.generator.deconv3.secat_layer) == 3


def test_the_seed_decides_the_initial_weights(launch):
    def first_weight(seed):
        return launch("--seed", seed).task.tag2pix.generator.conv1[0].weight.detach().clone()

    assert first_weight("5").equal(first_weight("5"))
    assert not first_weight("5").equal(first_weight("6"))
    assert launch().data.seed != launch().data.seed


def test_paths(launch, drawn_data, tmp_path):
    shutil.copytree(drawn_data, tmp_path / "own")
    (tmp_path / "own" / "tags.txt").rename(tmp_path / "own" / "lines.txt")
    lines = (tmp_path / "own" / "lines.txt").read_text().splitlines()[:5]
    (tmp_path / "own" / "lines.txt").write_text("\n".join(lines))
    shutil.copy(FLAGS["tag_dump"].default, tmp_path / "vocabulary.pkl")
    run = launch(
        *("--data_dir", str(tmp_path / "own"), "--tag_txt", "lines.txt"),
        *("--tag_dump", str(tmp_path / "vocabulary.pkl")),
        *("--result_dir", str(tmp_path / "deep" / "results")),
    )
    assert len(run.data) == 5
    assert run.results.path.parent == tmp_path / "deep" / "results"
    text = (run.results.path / "arguments.txt").read_text()
    assert "* tag_txt = 'lines.txt'" in text and "  model = 'tag2pix'" in text


def test_every_training_flag_changes_something():
    """The rest is shown by the tests of what the flag is about, in this folder and others."""
    tested = {word[2:] for flags, *_ in CASES for word in flags.split() if word.startswith("--")}
    here = {"data_dir", "tag_txt", "tag_dump", "result_dir", "pretrain_dump", "input_size"}
    elsewhere = {"load", "resume", "init", "dry_run", "cpu", "cache", "compile", "sync_bn", "parts"}
    of_training = {name for name, flag in FLAGS.items() if TRAIN in flag.modes}
    assert of_training == tested | here | elsewhere | {"layers"}


def test_the_table_is_consistent():
    assert MODES.keys() == {TRAIN} | {flag.name for flag in MODE_FLAGS}
    for name, flag in FLAGS.items():
        assert name == flag.name and flag.modes and flag.modes <= MODES.keys()
        if flag.default not in (None, ""):
            flag.check(flag.default)
        if name != "tag_dump" and not flag.is_switch and flag.type:
            with pytest.raises(ValueError, match=name):
                flag.check({"no": "such value"})


def test_help_names_every_flag_with_its_default(capsys):
    with pytest.raises(SystemExit) as stop:
        main.main(["--help"])
    assert stop.value.code == 0
    text = "".join(capsys.readouterr().out.split())  # long paths are broken at hyphens
    for name, flag in FLAGS.items():
        default = flag.default
        assert f"--{name}" in text
        if default not in (None, "", False):
            shown = " ".join(map(str, default)) if isinstance(default, list) else default
            assert f"(default:{shown})".replace(" ", "") in text, name


def test_the_abbreviation_of_the_batch_size(launch):
    assert launch("--batch=3").batch_size == 3


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--pretrain --test", "--test and --pretrain are different things to do"),
        ("--holdout 0.2", "--holdout is for --pretrain, not for training"),
        ("--image a.png", "--image is for --test, not for training"),
        ("--evaluate --load W.pkl --dry_run", "--dry_run is for training, not for --evaluate"),
        ("--gui --init W.pkl", "--init is for training and --pretrain, not for --gui"),
        ("--test --lrG 0.5 --epoch 9", "--lrG is for training, not for --test"),
        ("--gui --epoch 9", "--epoch is for training and --pretrain, not for --gui"),
        ("--list_tags --seed 3", "--seed is for training and --pretrain, not for --list_tags"),
        ("--pretrain --lrD 1", "--lrD is for training, not for --pretrain"),
    ],
)
def test_flags_of_another_mode_are_refused(capsys, flags, message):
    with pytest.raises(SystemExit) as stop:
        main.main(flags.split())
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--lrG nan", "nan is more than"),
        ("--l1_lambda inf", "inf is more than"),
        ("--beta1 1", "1 is more than 1"),
        ("--gui --port 70000", "70000 is more than 65535"),
        ("--gui --max_megapixels nan", "nan is more than"),
        ("--seed 18446744073709551616", "is more than"),
        ("--epoch " + "9" * 5000, "99… is more than"),
        ("--epoch 1e300", "invalid int value"),
        ("--data_dir=", "the name is empty"),
        ("--load=", "the name is empty"),
    ],
)
def test_impossible_values_are_refused_in_one_line(capsys, flags, message):
    with pytest.raises(SystemExit) as stop:
        main.main(flags.split())
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and len(error) < 300


def test_a_run_records_what_its_mode_uses():
    recorded = parse(["--seed", "5", "--load", "W.pkl", "--cpu"]).recorded()
    assert recorded["seed"] == 5 and recorded["cit_norm"] == "running"
    assert not recorded.keys() & {"load", "cpu", "test_dir", "holdout", "data_dir", "gui"}
    assert parse(["--data_dir", "own"]).recorded()["data_dir"] == "own"
