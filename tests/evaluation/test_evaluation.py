"""What is measured is what is seen, on pictures made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skimage.color import deltaE_cie76, rgb2lab
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from coloring.colorist import Colorist
from drawn_art import palette
from drawn_art.adventurer.picture import choose
from drawn_art.parts import PARTS
from drawn_art.reserved import RESERVED_SEED
from drawn_art.styles import STYLES
from evaluation import frechet
from evaluation.color_control import area, judge, summarize
from evaluation.dataset_metrics import Colored, Likeness, identity
from evaluation.drawings import KINDS, DrawnPairs, HeldOutDrawings
from evaluation.finished import FinishingPainter
from evaluation.judged_tags import ExtractorTags, first_rank, mean_average_precision
from evaluation.recolor import color_control
from loader.tags import load_vocabulary
from network import TagExtractor
from network.architecture import Architecture

BLUE, RED = 10953, 5403
NAMES = {tag: load_vocabulary().names[tag] for tag in palette.HAIR}
SIDE = 32


def square(color, background=(200, 200, 200)):
    """A picture with a square of one color, and the square's mask."""
    picture = np.full((SIDE, SIDE, 3), background, np.uint8)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    picture[8:24, 8:24], mask[8:24, 8:24] = color, 255
    return picture, mask


def delta_e(first, second):
    labs = (rgb2lab(np.array([color], float) / 255) for color in (first, second))
    return deltaE_cie76(*labs)[0]


def judged(picture, asked, mask, reference=None):
    return judge(picture, asked, palette.HAIR, area(mask), reference)


def test_perfect_paint():
    blue, mask = square(palette.HAIR[BLUE])
    red, _ = square(palette.HAIR[RED])
    found = summarize([judged(blue, BLUE, mask, red), judged(red, RED, mask, blue)], NAMES)
    assert found["accuracy"] == 1 and found["pictures"] == 2
    assert found["delta_e"] == pytest.approx(0, abs=1e-9) and found["leakage"] == 0
    assert found["confusion"] == {"blue_hair": {"blue_hair": 1}, "red_hair": {"red_hair": 1}}
    assert list(found["tags"]) == ["blue_hair", "red_hair"]


def test_swapped_colors():
    blue, mask = square(palette.HAIR[BLUE])
    red, _ = square(palette.HAIR[RED])
    found = summarize([judged(red, BLUE, mask), judged(blue, RED, mask)], NAMES)
    assert found["accuracy"] == 0 and found["leakage"] is None
    assert found["delta_e"] == pytest.approx(delta_e(palette.HAIR[BLUE], palette.HAIR[RED]))
    assert found["confusion"] == {"blue_hair": {"red_hair": 1}, "red_hair": {"blue_hair": 1}}


def test_leaking_paint_is_measured():
    paper, leak = (200, 200, 200), (180, 200, 240)
    own, mask = square(palette.HAIR[RED])
    picture, _ = square(palette.HAIR[BLUE])
    outside = area(mask).outside
    assert outside.sum() == SIDE**2 - (18**2 - 4)  # the square and a pixel around it, not diagonal
    picture[:4] = leak
    share = outside[:4].sum() / outside.sum()
    found = judged(picture, BLUE, mask, own)
    assert found.leakage == pytest.approx(share * delta_e(paper, leak))
    assert found.painted == BLUE and found.delta_e == pytest.approx(0, abs=1e-9)


def test_the_border_of_a_part_counts_neither_inside_nor_outside():
    own, mask = square(palette.HAIR[BLUE])
    picture = own.copy()
    picture[7:9, 8:24] = picture[23:25, 8:24] = (0, 255, 0)
    found = judged(picture, BLUE, mask, own)
    assert found.leakage == 0 and found.delta_e == pytest.approx(0, abs=1e-9)


def test_tints_of_a_part_count_neither_inside_nor_outside():
    own, mask = square(palette.HAIR[BLUE])
    tinted = np.zeros_like(mask)
    tinted[:4] = 255
    where = area(mask, tinted)
    assert not where.outside[:5].any() and not where.core[:5].any()
    picture = own.copy()
    picture[:4] = (180, 200, 240)
    assert judge(picture, BLUE, palette.HAIR, where, own).leakage == 0


def test_things_behind_a_figure_may_change_with_the_background():
    drawing = HeldOutDrawings(2, 64, "figures-inked")[1]
    scenery, background = drawing.masks["scenery"] > 0, drawing.masks["background"] > 0
    assert scenery.mean() > 0.2 and (scenery | background).mean() > 0.6
    colors = drawing.color[drawing.masks["scenery"] == 255].astype(int)
    assert np.abs(colors - np.median(colors, axis=0)).max() < 40


def test_parts_that_are_small_or_hidden():
    mask = np.zeros((SIDE, SIDE), np.uint8)
    assert area(mask) is None
    mask[4, 4], mask[4, 5], mask[4, 6] = 100, 128, 255
    assert np.argwhere(area(mask).core).tolist() == [[4, 5], [4, 6]]
    assert area(np.full((SIDE, SIDE), 255, np.uint8)).core.all()
    assert judged(square((0, 0, 0))[0], BLUE, np.full((SIDE, SIDE), 255, np.uint8)).leakage is None


class Painter(Colorist):
    """Paints the true picture; with `obeys`, with the colors of the tags that it is given."""

    def __init__(self, drawings, obeys):
        checkpoint = SimpleNamespace(architecture=Architecture(input_size=drawings.size))
        super().__init__(checkpoint, None, load_vocabulary(), "cpu")
        self.drawings, self.obeys = list(drawings), obeys

    def paint(self, sketches, cvt):
        return np.stack([self.one(sketch, tags) for sketch, tags in zip(sketches, cvt)])  # noqa: B905

    def one(self, sketch, cvt):
        drawing = next(
            one
            for one in self.drawings
            for lines in one.sketches.values()
            if (lines - sketch).abs().mean() < 0.02
        )
        picture = drawing.color.copy()
        asked = {self.vocabulary.cvt[index] for index in cvt.nonzero()[:, 0]}
        for part in PARTS.values() if self.obeys else ():
            for tag in asked & part.colors.keys():
                picture[drawing.masks[part.mask] > 100] = part.colors[tag]
        return picture


@pytest.fixture(scope="module")
def drawings():
    return HeldOutDrawings(3, 64)


def test_a_painter_that_obeys(drawings):
    shown = []
    found = color_control(Painter(drawings, True), drawings, show=lambda *call: shown.append(call))
    for kind in KINDS:
        for part, colors in (("hair", 15), ("eyes", 12), ("background", 12)):
            scores = found[kind][part]
            assert scores["drawings"] == 3 and scores["not_seen"] == 0
            assert scores["pictures"] == 3 * colors and len(scores["tags"]) == colors
            assert scores["accuracy"] == 1, (kind, part)
            assert scores["delta_e"] < 1e-9 and scores["leakage"] < 0.5, (kind, part)
    assert len(shown) == 2 * 3 * 39
    assert {call[2] for call in shown} == {0, 1, 2}


def test_a_painter_that_does_not_listen(drawings):
    found = color_control(Painter(drawings, False), drawings)["xdog"]
    assert found["hair"]["accuracy"] == pytest.approx(1 / 15)
    assert found["hair"]["true_pictures"]["accuracy"] == 1
    assert found["hair"]["true_pictures"]["delta_e"] < 2
    assert all(found[part]["leakage"] == 0 for part in PARTS)


def test_finished_pictures_have_the_colors_that_were_asked_for(drawings):
    painter = FinishingPainter(Painter(drawings, True))
    large = HeldOutDrawings(3, painter.size)
    found = color_control(painter, large, kinds=("line_art",), colors=3)["line_art"]
    for part in PARTS:
        assert found[part]["pictures"] == 9 and found[part]["accuracy"] >= 8 / 9
        assert found[part]["leakage"] < 1


def test_the_drawings_are_held_out_and_kinds_of_line_art_differ(drawings):
    assert drawings[1].tags == choose(RESERVED_SEED, 1, outside=False).tags
    assert [len(drawings), len(list(drawings))] == [3, 3]
    inked, extracted = (drawings[1].sketches[kind] for kind in KINDS)
    assert inked.shape == (1, 64, 64) and not inked.equal(extracted)
    pair = DrawnPairs(drawings, "xdog", load_vocabulary())[1]
    assert pair.sketch.equal(extracted)
    restored = (pair.original.numpy().transpose(1, 2, 0) + 1) * 127.5
    assert np.abs(restored - drawings[1].color).max() < 0.01
    assert pair.cvt.sum() >= 3 and pair.cit.sum() >= 2


def batch(true, colored):
    sketches = torch.ones(len(true), 1, *true.shape[1:3])
    return Colored(sketches, true, colored, torch.zeros(len(true), 2), torch.zeros(len(true), 2))


def noise(count, high=200):
    return np.random.default_rng(0).integers(0, high, (count, 16, 16, 3)).astype(np.uint8)


def test_likeness():
    measure = Likeness()
    measure.update(batch(noise(2), noise(2) + np.uint8(10)))
    found = measure.result()
    assert found["colored"]["l1"] == pytest.approx(10)
    assert found["colored"]["psnr"] == pytest.approx(20 * np.log10(25.5))
    assert 0.9 < found["colored"]["ssim"] < 1
    assert found["line_art"]["l1"] == pytest.approx(255 - noise(2).mean())


def test_tags_that_rank_first():
    logits = torch.tensor([[3.0, 1, 0], [0, 1, 2], [0, 5, 1], [9, 0, 0]])
    target = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 0]])
    assert first_rank(logits, target) == {"accuracy": 0.5, "pictures": 2, "left_out": 2}
    nothing = {"accuracy": None, "pictures": 0, "left_out": 4}
    assert first_rank(logits[:, :0], target[:, :0]) == nothing
    # The first tag has the second score in the picture that has it, the second tag the first.
    scores = torch.tensor([[0.0, 0], [3, 3], [2, 2]])
    once = torch.tensor([[0.0, 0], [0, 0], [1, 0]])
    assert mean_average_precision(scores, once) == pytest.approx(0.5)
    both = torch.tensor([[0.0, 0], [0, 1], [1, 0]])
    assert mean_average_precision(scores, both) == pytest.approx((0.5 + 1) / 2)
    assert mean_average_precision(scores, torch.zeros(3, 2)) is None


def test_tags_of_the_line_art():
    judge = ExtractorTags(nn.Sequential(nn.Flatten(), nn.Linear(16 * 16, 2)), torch.device("cpu"))
    nn.init.constant_(judge.extractor[1].weight, 1)
    dark, light = batch(noise(1), noise(1)), batch(noise(1), noise(1))
    dark.sketches.zero_()
    light.cit[:, 0] = 1
    for one in (dark, light):
        judge.update(one)
    assert judge.result() == {"cit_map": 1.0}


class Means(nn.Module):
    num_features = 3

    def forward(self, pictures):
        return pictures.double().mean(dim=(2, 3))


def distance(true, colored, key=None, cache=None, total=0):
    metric = FrechetInceptionDistance(feature=Means())
    where = {"device": torch.device("cpu"), "key": key, "cache": cache}
    measure = frechet.FrechetDistance(metric, total=total or len(true), **where)
    for start in range(0, len(true), 4):
        measure.update(batch(true[start : start + 4], colored[start : start + 4]))
    return measure


def test_the_frechet_distance_of_known_sets():
    true = noise(10)
    assert distance(true, true).result() == pytest.approx(0, abs=1e-6)
    assert distance(true, true + np.uint8(10)).result() == pytest.approx(3 * 10**2)
    flat = np.full((10, 16, 16, 3), 7, np.uint8)  # without any variance
    means = true.astype(float).mean(axis=(1, 2))
    expected = ((means.mean(0) - 7) ** 2).sum() + means.var(0, ddof=1).sum()
    assert distance(true, flat).result() == pytest.approx(expected)
    assert distance(true[:1], true[:1]).result() is None


def test_statistics_of_the_true_pictures_are_kept(tmp_path, capsys):
    true, colored = noise(8), noise(8)[::-1] // 2
    first = distance(true, colored, "a", tmp_path)
    expected = first.result()
    assert not first.is_cached and len(list(tmp_path.iterdir())) == 1
    again = distance(true * 0, colored, "a", tmp_path)  # the true pictures are not looked at
    assert again.is_cached and again.result() == expected
    other = distance(true * 0, colored, "b", tmp_path)
    assert not other.is_cached and other.result() != expected
    first.path.write_bytes(first.path.read_bytes()[:100])
    repaired = distance(true, colored, "a", tmp_path)
    assert not repaired.is_cached and repaired.result() == expected
    assert "is damaged and made again" in capsys.readouterr().err
    assert distance(true * 0, colored, "a", tmp_path).is_cached


def test_statistics_of_a_part_of_the_pictures_are_not_kept(tmp_path):
    true = noise(8)
    partial = distance(true[:7], true[:7], "a", tmp_path, total=8)
    assert partial.result() == pytest.approx(0, abs=1e-6) and not list(tmp_path.iterdir())


def test_statistics_of_drawings_drawn_otherwise_are_others(monkeypatch):
    pairs = DrawnPairs(HeldOutDrawings(2, 32), "line_art", load_vocabulary())
    before = identity(pairs)
    assert identity(pairs) == before
    other = STYLES["adventurer"]._replace(
        choose=lambda seed, index, **which: choose(3, index, **which)
    )
    monkeypatch.setitem(STYLES, "adventurer", other)
    assert identity(pairs) != before


def test_the_extractor_sees_every_color_channel():
    torch.manual_seed(0)
    extractor = TagExtractor(truncated=True).eval()
    pictures = torch.from_numpy(noise(2)).permute(0, 3, 1, 2)
    with torch.no_grad():
        found = frechet.ExtractorFeatures(extractor)(pictures)
        green = extractor(pictures[1:, 1:2].float() / 255).mean(dim=(2, 3))
    assert found.shape == (2, 1536)
    assert torch.allclose(found[1, 512:1024], green[0].double(), rtol=1e-4)


def test_inception_with_weights_of_any_kind(monkeypatch, tmp_path):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    torch.manual_seed(0)
    path = tmp_path / "inception.pth"
    torch.save({}, path)
    with monkeypatch.context() as patch:
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        network = FeatureExtractorInceptionV3("random", ["2048"], str(path))
    torch.save(network.state_dict(), path)
    drawn = DrawnPairs(HeldOutDrawings(1, 32), "line_art", load_vocabulary())
    measure = frechet.inception_distance(path, drawn, torch.device("cpu"), tmp_path)
    true = noise(1)
    measure.update(batch(true, true // 2))
    assert measure.result() is None  # of a single picture
    real, fake = measure.metric.real_features_sum, measure.metric.fake_features_sum
    assert real.shape == (2048,) and real.std() > 0 and not torch.allclose(real, fake)
    again = frechet.inception_distance(path, drawn, torch.device("cpu"), tmp_path)
    assert again.is_cached and again.metric.real_features_sum.equal(real)


def test_code_in_a_weight_file_is_not_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"fc.weight": Harmful()}, tmp_path / "bad.pth")
    drawn = DrawnPairs(HeldOutDrawings(2, 32), "line_art", load_vocabulary())
    with pytest.raises(frechet.InputError, match="bad.pth is not a weight file"):
        frechet.inception_distance(tmp_path / "bad.pth", drawn, torch.device("cpu"))
    assert not (tmp_path / "ran").exists()
