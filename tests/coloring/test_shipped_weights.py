"""The files in weights/: what they paint, in which precision, and how much room they take."""

import json

import pytest
import torch

import demo
import main

FOLDER = demo.WEIGHTS.parent


def test_they_paint_what_is_asked(tmp_path):
    """The first four drawings of those of weights/README.md, and the distance as measured then."""
    flags = ["--load", str(demo.WEIGHTS), "--pretrain_dump", str(FOLDER / "model_128.pth")]
    flags += ["--eval_drawings", "4", "--result_dir", str(tmp_path), "--cpu"]
    assert main.main(["--evaluate", *flags]) == 0
    (file,) = tmp_path.glob("*/evaluation.json")
    report = json.loads(file.read_text())
    for kind in ("line_art", "xdog"):
        for part in ("hair", "eyes", "background"):
            measured = report["color_control"][kind][part]
            assert measured["accuracy"] >= (0.95 if part == "eyes" else 0.98), (kind, part)
            assert measured["leakage"] <= 2.5, (kind, part)
    for part, finished in report["color_control"]["finished"].items():
        painted = report["color_control"]["line_art"][part]
        assert finished["accuracy"] >= painted["accuracy"] - 0.02, part
        assert finished["delta_e"] <= painted["delta_e"] + 0.5, part
        assert finished["leakage"] <= painted["leakage"] + 0.2, part
    for style in ("open-peeps", "toon-head"):  # trained on, and never seen
        for parts in report["styles"][style]["control"].values():
            for part in ("hair", "background", "clothes"):
                assert parts[part]["accuracy"] >= 0.98, (style, part)
            assert parts["skin"]["accuracy"] >= 0.75, style
    for style in ("figures", "figures-inked"):
        for parts in report["styles"][style]["control"].values():
            for part in ("hair", "eyes", "skin", "background"):
                assert parts[part]["accuracy"] >= 0.75, (style, part)
    for parts in report["styles"]["figures-inked"]["control"].values():
        assert parts["dress"]["accuracy"] >= 0.75
    assert report["pictures"]["drawings"]["frechet_extractor"] == pytest.approx(0.527, rel=0.05)


def test_they_are_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 40e6
    networks = torch.load(demo.WEIGHTS, weights_only=True)
    extractor = torch.load(FOLDER / "model_128.pth", weights_only=True)
    for state in (networks["G"], networks["D"], extractor["weight"]):
        floating = {tensor.dtype for tensor in state.values() if tensor.is_floating_point()}
        assert floating == {torch.float16}
