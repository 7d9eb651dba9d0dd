"""main.py --evaluate all the way: what it writes, where, and what it says of what is missing."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

import main
from checkpoints.writing import save
from command_line.flags import FLAGS
from drawn_art.reserved import RESERVED_SEED
from drawn_art.styles import STYLES
from evaluation import frechet
from loader.tags import load_vocabulary
from network.architecture import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix


@pytest.fixture
def run(small_checkpoint, tmp_path, capsys, monkeypatch):
    """Run main.py --evaluate; returns its exit code, its output and its errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def call(*flags, load=small_checkpoint):
        arguments = ["--load", str(load)] if load else []
        code = main.main(["--evaluate", *arguments, *map(str, flags), "--cpu"])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def trained_checkpoint(small_checkpoint, tmp_path_factory):
    """The small checkpoint, whose discriminator now counts as trained."""
    content = torch.load(small_checkpoint, weights_only=True)
    content["tag2pix"]["discriminator_trained"] = True
    path = tmp_path_factory.mktemp("trained") / "small.pkl"
    save(content, path)
    return path


def defaults_in(folder, monkeypatch):
    """Look for the default data set and tag extractor in a folder."""
    for name, path in (("data_dir", "dataset"), ("pretrain_dump", "model.pth")):
        monkeypatch.setitem(FLAGS, name, replace(FLAGS[name], default=str(folder / path)))


def reports(tmp_path):
    """All reports in the result folder by the names of their folders, in the order of these."""
    files = sorted((tmp_path / "results").glob("*/evaluation.json"))
    return {file.parent.name: json.loads(file.read_text()) for file in files}


def test_all_of_it_twice(run, drawn_data, model_pth, trained_checkpoint, tmp_path):
    flags = ("--eval_drawings", 1, "--data_dir", drawn_data, "--pretrain_dump", model_pth)
    code, out, err = run(*flags, load=trained_checkpoint)
    assert code == 0
    assert "tags judged, colored" in out
    assert "holds only the truncated tag extractor" in err and "Inception" in err
    (folder,) = (tmp_path / "results").glob("evaluation-small-*")
    assert f"results/{folder.name}/evaluation.json" in out and "xdog, background" in out
    text = (folder / "evaluation.json").read_text()
    report = json.loads(text)
    assert folder.name.endswith(f"{report['weights']['sha256'][:8]}-{report['measured']}")
    assert report["options"]["drawing_seed"] == RESERVED_SEED
    assert report["color_control"]["line_art"]["hair"]["pictures"] == 15
    assert set(report["styles"]) == set(STYLES) and "micah*, xdog, hair" in out
    benchmark = report["pictures"]["benchmark"]
    assert (benchmark["pictures"], report["pictures"]["drawings"]["pictures"]) == (4, 1)
    assert benchmark["discriminator"]["true"]["hair"]["pictures"] == 4
    assert benchmark["discriminator"]["colored"]["cit_map"] is None  # a network without CIT
    assert report["pictures"]["drawings"]["frechet_extractor"] is None  # of a single picture
    assert benchmark["frechet_extractor"] > 0 and "frechet_inception" not in benchmark
    page = (folder / "evaluation.html").read_text()
    assert page.count('<img src="data:image/png;base64,') == 6 + 2 + len(STYLES)
    assert "http" not in page.replace("http-equiv", "") and "lavender_hair" in page

    assert run(*flags, load=trained_checkpoint)[0] == 0
    assert (folder / "evaluation.json").read_text() == text
    assert len(list((tmp_path / "results" / "frechet-statistics").iterdir())) == 2
    assert len(reports(tmp_path)) == 1


def test_other_pictures_or_options_do_not_overwrite(run, drawn_data, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(drawn_data, data)
    flags = ("--eval_drawings", 0, "--data_dir", data)
    assert run(*flags)[0] == run(*flags, "--data_size", 2)[0] == 0
    assert len(reports(tmp_path)) == 2
    shutil.copy(data / "benchmark" / "10.png", data / "benchmark" / "11.png")
    assert run(*flags)[0] == 0
    found = reports(tmp_path)
    assert len({report["measured"] for report in found.values()}) == len(found) == 3
    shutil.copytree(data, tmp_path / "moved", copy_function=shutil.copyfile)
    assert run("--eval_drawings", 0, "--data_dir", tmp_path / "moved")[0] == 0
    assert reports(tmp_path) == found


def test_a_discriminator_that_never_learned_is_no_judge(run, drawn_data, tmp_path):
    code, out, err = run("--eval_drawings", 0, "--data_dir", drawn_data)
    assert code == 0 and "tags judged," not in out
    assert "no tags judged: the discriminator in small.pkl was never trained" in err
    (report,) = reports(tmp_path).values()
    assert "discriminator" not in report["pictures"]["benchmark"]
    assert any("never trained" in line for line in report["not_measured"])
    (page,) = (tmp_path / "results").glob("*/evaluation.html")
    assert "tags judged," not in page.read_text() and "was never trained" in page.read_text()


def test_what_was_only_found_and_does_not_work_is_noted(run, tmp_path, monkeypatch):
    defaults_in(tmp_path, monkeypatch)
    monkeypatch.setattr("torchmetrics.image.fid._TORCH_FIDELITY_AVAILABLE", False)
    (tmp_path / "dataset" / "benchmark").mkdir(parents=True)
    (tmp_path / "dataset" / "keras_test").mkdir()
    (tmp_path / "model.pth").write_text("weights")
    hub = tmp_path / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    torch.save({"conv.weight": torch.zeros(1)}, hub / frechet.INCEPTION_FILE)
    code, _, err = run("--eval_drawings", 1)
    assert code == 0
    (report,) = reports(tmp_path).values()
    assert list(report["pictures"]) == ["drawings"]
    notes = report["not_measured"]
    assert set(notes) <= set(err.splitlines()) and len(notes) == 4
    assert "tags.txt does not exist" in notes[0]
    assert "model.pth is not a PyTorch weight file" in notes[1]
    assert "pip install torch-fidelity" in notes[2]
    code, _, err = run("--eval_drawings", 1, "--fid_weights", hub / frechet.INCEPTION_FILE)
    assert code == 2 and "pip install torch-fidelity" in err.splitlines()[-1]


def test_a_found_data_set_that_cannot_be_read_is_noted(run, drawn_data, tmp_path, monkeypatch):
    defaults_in(tmp_path, monkeypatch)
    shutil.copytree(drawn_data, tmp_path / "dataset")
    for path in (tmp_path / "dataset" / "benchmark").iterdir():
        path.write_bytes(b"no picture")
    assert run("--eval_drawings", 1)[0] == 0
    (report,) = reports(tmp_path).values()
    assert list(report["pictures"]) == ["drawings"]
    assert "no numbers of benchmark: benchmark: none of 4 can be read" in report["not_measured"]
    code, _, err = run("--eval_drawings", 1, "--data_dir", tmp_path / "dataset")
    assert code == 2 and err.splitlines()[-1] == "benchmark: none of 4 can be read"


def test_a_vocabulary_without_a_part(run, tmp_path):
    dump = load_vocabulary().dump()
    dump["cv_part_list"] = [entry for entry in dump["cv_part_list"] if entry[0] != "background"]
    dump["cv_tag_list"] = [tag for _, tags in dump["cv_part_list"] for tag in tags]
    classes = len(dump["cv_tag_list"])
    shape = Architecture(input_size=32, layers=(1, 1, 1, 1), cit=False, cvt_classes=classes)
    content = Tag2Pix(shape, ChangingLoss(cit=False)).state()
    recorded = {"color_space": "rgb", "vocabulary": dump, "discriminator_trained": True}
    content["tag2pix"] |= recorded
    save(content | {"result_path": ""}, tmp_path / "other.pkl")
    code, out, _ = run("--eval_drawings", 1, load=tmp_path / "other.pkl")
    assert code == 0 and "background -" in out
    (report,) = reports(tmp_path).values()
    judged = report["pictures"]["drawings"]["discriminator"]["true"]
    assert judged["background"] == {"accuracy": None, "pictures": 0, "left_out": 1}
    assert judged["hair"]["pictures"] == 1


def test_unreadable_pictures_are_counted(run, drawn_data, tmp_path):
    data = tmp_path / "data"
    for folder in ("benchmark", "keras_test"):
        shutil.copytree(drawn_data / folder, data / folder)
    shutil.copy(drawn_data / "tags.txt", data)
    (data / "benchmark" / "10.png").write_bytes(b"\x89PNG")
    (data / "keras_test" / "11.png").unlink()
    code, out, err = run("--eval_drawings", 0, "--data_dir", data)
    assert code == 0 and "benchmark: 2 pictures, 1 unreadable skipped" in out
    assert "1 without line art" in out and "10.png cannot be read" in err
    assert "color control" not in out


def offline(*_, **__):
    raise OSError("no route to host")


MISTAKES = [
    (["--load", "none.pkl"], "none.pkl does not exist"),
    (["--data_dir", "none"], "none does not exist"),
    (["--data_dir", "."], "benchmark does not exist"),
    (["--eval_drawings", "0"], "nothing to measure"),
    (["--pretrain_dump", "no.pth"], "no.pth does not exist: the tag extractor, see --pretrain_"),
    (["--pretrain_dump", "text.pth"], "text.pth is not a PyTorch weight file"),
    (["--tag_txt", "no.txt"], "does not exist"),
    (["--fid_weights", "none.pth"], "none.pth does not exist: Inception's weights (weights-incep"),
    (["--fid_weights", "text.pth"], "text.pth is not a weight file such as weights-inception"),
    (["--fid_weights", "other.pth"], "other.pth does not hold the weights of weights-inception"),
    (["--fid_weights", "download"], "cannot download weights-inception-2015-12-05-6726825d.pth"),
]


@pytest.mark.parametrize("flags, words", MISTAKES, ids=[" ".join(case[0]) for case in MISTAKES])
def test_a_mistake_gets_one_line_and_exit_code_2(run, tmp_path, monkeypatch, flags, words):
    monkeypatch.setattr("requests.get", offline)
    defaults_in(tmp_path, monkeypatch)
    (tmp_path / "text.pth").write_text("weights")
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "other.pth")
    code, _, err = run("--eval_drawings", "1", *flags)
    assert code == 2
    lines = [line for line in err.splitlines() if not line.startswith("no ")]
    assert words in err and len(lines) == 1, err
    assert not (tmp_path / "results").exists()
