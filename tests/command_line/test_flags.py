"""Every flag changes what it says it changes, and --help tells of it."""

import shutil

import pytest
import torch

import main
from command_line.options import build_parser
from training import run as experiment

SMALL = ["--input_size", "32", "--layers", "1", "1", "1", "1", "--cpu", "--thread", "0"]
# What these do is shown by the tests of coloring, resuming, parallel training and so on.
SHOWN_ELSEWHERE = {
    *("test", "list_tags", "load", "resume", "init", "export", "dry_run", "test_dir", "image"),
    *("tags", "tags_grid", "keep_aspect", "compile", "sync_bn", "cpu", "cache"),
    *("gui", "host", "port", "auth", "weights_dir", "max_upload", "max_megapixels"),
    *("evaluate", "eval_drawings", "fid_weights"),
    *("pretrain", "pretrain_lr", "lr_schedule", "holdout", "max_pos_weight"),
}


@pytest.fixture
def launch(drawn_data, model_pth, tmp_path, monkeypatch):
    """Build a training with the given flags without running it."""
    built = []

    class Recorder(experiment.Training):
        def run(self):
            built.append(self)
            return True

    monkeypatch.setattr(experiment, "Training", Recorder)

    def start(*flags, small=SMALL):
        paths = {"--data_dir": drawn_data, "--pretrain_dump": model_pth, "--result_dir": tmp_path}
        for name, value in paths.items():
            if name not in flags:
                flags = (*flags, name, str(value))
        assert main.main([*small, *flags]) == 0
        return built[-1]

    return start


CASES = [
    ("--model catconv", lambda run: run.tag2pix.architecture.model, "catconv"),
    ("--use_relu", lambda run: len(run.tag2pix.generator.colorFC), 7),
    ("--no_bn", lambda run: any("bn" in key for key in run.tag2pix.generator.state_dict()), False),
    ("--no_guide", lambda run: run.tag2pix.generator.deconv_for_decoder, None),
    ("--no_cit", lambda run: (run.tag2pix.extractor, run.tag2pix.loss.cit), (None, False)),
    ("--cit_norm batch", lambda run: run.tag2pix.extractor.training, True),
    ("--color_space lab", lambda run: run.pairs.color_space, "lab"),
    ("--data_size 3", lambda run: len(run.pairs), 3),
    ("--test_image_count 2", lambda run: len(run.benchmark), 2),
    ("--l1_epoch 3", lambda run: run.l1_epoch, 3),
    ("--epoch 7", lambda run: run.epochs, 7),
    ("--batch_size 5", lambda run: run.batch_size, 5),
    ("--lrG 0.5", lambda run: run.tag2pix.optimizer_g.param_groups[0]["lr"], 0.5),
    ("--lrD 0.25", lambda run: run.tag2pix.optimizer_d.param_groups[0]["lr"], 0.25),
    ("--beta1 0.3", lambda run: run.tag2pix.optimizer_g.param_groups[0]["betas"], (0.3, 0.999)),
    ("--beta2 0.4", lambda run: run.tag2pix.optimizer_d.param_groups[0]["betas"], (0.5, 0.4)),
    ("--l1_lambda 7", lambda run: run.tag2pix.loss.l1_lambda, 7),
    ("--guide_beta 0.1", lambda run: run.tag2pix.loss.guide_beta, 0.1),
    ("--adv_lambda 3", lambda run: run.tag2pix.loss.adv_lambda, 3),
    ("--cit_cvt_weight 40 30", lambda run: run.tag2pix.loss.cit_weight, 40),
    ("--cit_cvt_weight 40 30", lambda run: run.tag2pix.loss.cvt_weight, 30),
    ("--two_step_epoch 4", lambda run: run.two_step_epoch, 4),
    ("--brightness_epoch 4", lambda run: run.pairs.brightness_epoch, 4),
    ("--generator_passes 2", lambda run: run.tag2pix.keep_graph, False),
    ("--grad_accum 3", lambda run: run.tag2pix.grad_accum, 3),
    ("--save_freq 3", lambda run: run.saving.freq, 3),
    ("--save_all_epoch 4", lambda run: run.saving.all_from, 4),
    ("--save_minutes 1.5", lambda run: run.saving.minutes, 1.5),
    ("--keep 5", lambda run: run.saving.keep, 5),
    ("--amp bf16", lambda run: run.tag2pix.dtype, torch.bfloat16),
    ("--seed 5", lambda run: run.pairs.seed, 5),
    ("--thread 1", lambda run: run.workers, 1),
]


@pytest.mark.parametrize("flags, look, expected", CASES, ids=[case[0] for case in CASES])
def test_a_flag_takes_effect(launch, flags, look, expected):
    assert look(launch(*flags.split())) == expected
    without = launch() if flags != "--seed 5" else launch("--seed", "6")
    assert look(without) != expected


def test_the_size_and_the_layers_of_the_network(launch):
    run = launch("--input_size", "48", "--layers", "2", "1", "3", "1", small=["--cpu"])
    assert run.pairs.input_size == run.benchmark.input_size == 48
    assert run.tag2pix.architecture.layers == (2, 1, 3, 1)
    assert len(run.tag2pix.generator.deconv3.secat_layer) == 3


def test_the_seed_decides_the_initial_weights(launch):
    def first_weight(seed):
        return launch("--seed", seed).tag2pix.generator.conv1[0].weight.detach().clone()

    assert first_weight("5").equal(first_weight("5"))
    assert not first_weight("5").equal(first_weight("6"))
    assert launch().pairs.seed != launch().pairs.seed


def test_paths(launch, drawn_data, tmp_path):
    shutil.copytree(drawn_data, tmp_path / "own")
    (tmp_path / "own" / "tags.txt").rename(tmp_path / "own" / "lines.txt")
    lines = (tmp_path / "own" / "lines.txt").read_text().splitlines()[:5]
    (tmp_path / "own" / "lines.txt").write_text("\n".join(lines))
    shutil.copy(build_parser().defaults["tag_dump"], tmp_path / "vocabulary.pkl")
    run = launch(
        *("--data_dir", str(tmp_path / "own"), "--tag_txt", "lines.txt"),
        *("--tag_dump", str(tmp_path / "vocabulary.pkl")),
        *("--result_dir", str(tmp_path / "deep" / "results")),
    )
    assert len(run.pairs) == 5
    assert run.results.path.parent == tmp_path / "deep" / "results"
    text = (run.results.path / "arguments.txt").read_text()
    assert "* tag_txt = 'lines.txt'" in text and "  model = 'tag2pix'" in text


def test_every_flag_is_tested():
    tested = {word for flags, *_ in CASES for word in flags.split() if word.startswith("--")}
    here = {"data_dir", "tag_txt", "tag_dump", "result_dir", "pretrain_dump", "input_size"}
    known = {flag.removeprefix("--") for flag in tested} | here | {"layers"} | SHOWN_ELSEWHERE
    assert build_parser().defaults.keys() <= known


def test_help_names_every_flag_with_its_default(capsys):
    with pytest.raises(SystemExit) as stop:
        main.main(["--help"])
    assert stop.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, default in build_parser().defaults.items():
        assert f"--{name}" in text
        if default not in (None, "", False):
            shown = " ".join(map(str, default)) if isinstance(default, list) else default
            assert f"(default: {shown})" in text, name


def test_the_abbreviation_of_the_batch_size(launch):
    assert launch("--batch=3").batch_size == 3


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--pretrain --test", "--test and --pretrain are different things to do"),
        ("--holdout 0.2", "--holdout goes with --pretrain"),
        ("--image a.png", "--image goes with --test"),
        ("--evaluate --load W.pkl --dry_run", "--dry_run is for training, not for --evaluate"),
        ("--gui --init W.pkl", "--init is for training, not for --gui"),
    ],
)
def test_flags_of_another_mode_are_refused(capsys, flags, message):
    with pytest.raises(SystemExit) as stop:
        main.main(flags.split())
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
