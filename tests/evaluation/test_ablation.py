"""The ablation trains what is missing, goes on with what was begun, and tabulates what it has."""

import csv
import json
import shutil

import pytest
from PIL import Image
from training_runs import run_in, train

from benchmarks import ablation
from errors import InputError

# As main.py is called for a row, but for the epochs.
TINY = ("--input_size", "32", "--layers", "1", "1", "1", "1", "--batch_size", "4")
FURTHER = ("--thread", "0", "--test_image_count", "0")


@pytest.fixture
def ablate(drawn_data, tmp_path, capfd):
    """Run the ablation of two rows; returns its exit code, its output and its errors."""

    def call(*flags, further=FURTHER):
        places = ("--out", tmp_path / "out", "--document", tmp_path / "docs" / "table.md")
        words = ("--data_dir", drawn_data, *places, "--cpu", *TINY, "--eval_drawings", "1")
        rows = ("--rows", "tag2pix", "one_step", "--seeds", "4", "--two_step_epoch", "2")
        code = ablation.main([str(word) for word in (*words, *rows, *flags, "--", *further)])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.slow
def test_rows_are_trained_resumed_measured_and_kept(ablate, drawn_data, tmp_path, monkeypatch):
    begun = tmp_path / "out" / "tag2pix-seed4"
    same = (*TINY, *FURTHER, "--cpu", "--no_cit", "--save_freq", "0", "--two_step_epoch", "2")
    code = train("--data_dir", drawn_data, *same, "--seed", "4", "--result_dir", begun, "--epoch=1")
    assert code == 0
    trained = run_in(begun)

    code, out, _ = ablate("--epoch", "2")
    assert code == 0 and "rows: 2 made, 0 kept, 0 failed" in out
    assert (trained / "tag2pix_2_epoch.pkl").is_file()  # it was not begun once more
    for row, classified in (("tag2pix", 2), ("one_step", 4)):
        folder = tmp_path / "out" / f"{row}-seed4"
        report = json.loads((folder / "measured.json").read_text())
        assert report["weights"]["epochs"] == 2
        assert report["color_control"]["line_art"]["eyes"]["pictures"] in (0, 12)
        (run,) = folder.glob("*/")
        with (run / "losses.csv").open() as file:
            steps = list(csv.DictReader(file))
        assert len(steps) == 4  # two epochs of two batches, none twice
        assert sum(bool(step["G_cvt"]) for step in steps) == classified

    page = (tmp_path / "docs" / "table.md").read_text()
    hair = 100 * report["color_control"]["line_art"]["hair"]["accuracy"]
    l1 = report["pictures"]["benchmark"]["likeness"]["colored"]["l1"]
    row = next(line for line in page.splitlines() if line.startswith("| Tag2Pix in one step | 1 |"))
    assert f"| {hair:.1f} |" in row and f"| {l1:.1f} | - |" in row
    assert str(tmp_path.parent) not in page and f"--data_dir {drawn_data.name}" in page
    assert "Not complete" not in page and "--rows tag2pix one_step" in page
    for name in ("tag2pix", "one_step"):
        assert f"](table/{name}.png)" in page
        with Image.open(tmp_path / "docs" / "table" / f"{name}.png") as figure:
            assert figure.width > 10 * 96

    other = tmp_path / "out" / "no_guide-seed7"
    shutil.copytree(tmp_path / "out" / "tag2pix-seed4", other)
    kept_aside = tmp_path / "out" / "tag2pix-seed4-old"
    shutil.copytree(other, kept_aside)
    code, out, _ = ablate("--epoch", "2")
    assert code == 0 and "rows: 0 made, 2 kept, 0 failed" in out
    table = (tmp_path / "docs" / "table.md").read_text().partition("## Each seed")[2]
    rows = [line.split(" | ")[:2] for line in table.splitlines() if line.startswith("| Tag2Pix")]
    assert [seed for _, seed in rows] == ["4", "7", "4"]
    assert "without guide" in rows[1][0]

    shutil.rmtree(other)
    shutil.rmtree(kept_aside)
    monkeypatch.setattr(ablation.subprocess, "Popen", None)
    code, out, _ = ablate("--epoch", "2")
    assert code == 0 and "rows: 0 made, 2 kept, 0 failed" in out
    assert (tmp_path / "docs" / "table.md").read_text() == page

    code, _, err = ablate("--epoch", "3")
    assert code == 2 and "holds rows of other settings" in err and len(err.splitlines()) == 1


def test_a_row_that_fails_is_named_and_the_table_is_written(ablate, tmp_path, monkeypatch):
    failing = [ablation.sys.executable, "-c", "raise SystemExit(1)"]
    popen = ablation.subprocess.Popen
    monkeypatch.setattr(ablation.subprocess, "Popen", lambda command: popen(failing))
    code, out, err = ablate("--epoch", "2")
    assert code == 1 and "rows: 0 made, 0 kept, 2 failed" in out
    assert "failed: tag2pix, seed 4; run again" in err
    page = (tmp_path / "docs" / "table.md").read_text()
    assert "2 of 2 trainings are missing" in page


def test_flags_that_name_data_hold_for_measuring_too(ablate, drawn_data, tmp_path, monkeypatch):
    seen = []

    def measure(options):
        seen.append(options)
        raise InputError("enough")

    monkeypatch.setattr(ablation, "_train", lambda *_: 0)
    monkeypatch.setattr(ablation, "measure_checkpoint", measure)
    further = (*FURTHER, "--tag_txt", "other.txt", "--lrG", "0.1")
    code, _, err = ablate("--epoch", "2", further=further)
    assert code == 2 and err == "enough\n"
    (options,) = seen
    assert (options.tag_txt, options.data_dir) == ("other.txt", str(drawn_data))
    assert {"tag_txt", "data_dir", "cpu", "eval_drawings"} < options.given
    assert not {"lrG", "thread", "pretrain_dump"} & options.given
    assert options.lrG != 0.1 and options.evaluate


def test_a_wrong_flag_is_found_before_anything_is_trained(ablate, tmp_path):
    with pytest.raises(SystemExit) as end:
        ablate("--epoch", "2", further=("--dry_runs",))
    assert end.value.code == 2 and not (tmp_path / "out").exists()
