"""Maps of parts: crops around small parts, and the weights of pixels."""

import cv2
import numpy as np
import pytest

from images.png import write_png
from loader.augment import Placement, place, place_labels
from loader.layout import DataDir
from loader.parts import PARTS, UNTAGGED, PartPairs, look_closer, pixel_weights
from loader.samples import Sample
from loader.tags import load_vocabulary

SIZE = 64
HAIR, IRIS, BACKGROUND, RIBBON = (
    1 + PARTS.index(part) for part in ("hair", "iris", "background", "ribbon")
)


def small_parts(size=256):
    """A background with hair in it, a small ribbon at the left and an untagged hat at the right."""
    part_map = np.full((size, size), BACKGROUND, np.uint8)
    cv2.circle(part_map, (size // 2, size // 2), size // 4, HAIR, -1)
    cv2.rectangle(part_map, (20, 40), (34, 52), RIBBON, -1)
    cv2.rectangle(part_map, (200, 100), (240, 140), UNTAGGED + 1 + PARTS.index("hat"), -1)
    return part_map


@pytest.mark.parametrize("placement", [(False, 0.0), (True, 0.0), (False, 10.0), (True, -7.0)])
def test_a_crop_is_around_a_part_with_a_tag(placement):
    part_map = small_parts()
    whole = Placement(*placement, (0, 0, SIZE, SIZE))
    seen = []
    for seed in range(60):
        closer = look_closer(whole, part_map, SIZE, np.random.default_rng(seed))
        assert (closer.flip, closer.angle) == placement
        left, top, width, height = closer.box
        assert width == height and SIZE / 4 <= width <= SIZE * 0.8
        assert closer.zoom == pytest.approx(SIZE / width)
        assert min(left, top) >= 0 and max(left, top) + width <= SIZE
        shown = place_labels(part_map, closer, SIZE)
        seen.append({RIBBON, HAIR} & set(np.unique(shown).tolist()))
    assert all(seen)
    ribbons = sum(RIBBON in parts for parts in seen)
    plain = place_labels(part_map, whole, SIZE)
    assert ribbons > 30 and (plain == RIBBON).mean() < 0.004


def test_nothing_to_look_at_leaves_the_placement():
    whole = Placement(True, 3.0, (0, 0, SIZE, SIZE))
    part_map = np.full((40, 40), BACKGROUND, np.uint8)
    part_map[5:30, 5:30] = UNTAGGED + HAIR
    assert look_closer(whole, part_map, SIZE, np.random.default_rng(1)) is whole


def test_maps_lie_on_their_pictures():
    part_map = small_parts()
    picture = np.where(part_map == HAIR, 220, 30).astype(np.uint8)
    for seed in range(8):
        random = np.random.default_rng(seed)
        whole = Placement(seed % 2 == 1, random.uniform(-10, 10), (0, 0, SIZE, SIZE))
        closer = look_closer(whole, part_map, SIZE, random)
        labels, shown = place_labels(part_map, closer, SIZE), place(picture, closer, SIZE)
        core = cv2.erode(np.uint8(labels == HAIR), np.ones((5, 5)))
        outside = cv2.erode(np.uint8(labels != HAIR), np.ones((5, 5)))
        assert (shown[core == 1] > 200).all() and (shown[outside == 1] < 50).all()


def test_weights_of_pixels():
    part_map = np.zeros((100, 100), np.uint8)
    part_map[:50] = BACKGROUND
    part_map[50:52] = RIBBON
    part_map[60, :10] = IRIS
    part_map[70:72] = UNTAGGED + HAIR
    weights = pixel_weights(part_map)
    assert weights.dtype == np.float32
    assert weights[0, 0] == 1
    assert weights[50, 0] == pytest.approx(0.15 / 0.04)
    assert weights[60, 0] == pytest.approx(0.15 / 0.021)
    assert weights[70, 0] == 1 and weights[90, 0] == 0.5


def test_pairs_have_maps(tmp_path):
    colors = np.zeros((256, 3), np.uint8)
    colors[[HAIR, BACKGROUND, RIBBON]] = (200, 30, 30), (240, 240, 240), (30, 30, 200)
    part_map = small_parts()
    for file_id in (4, 5):
        write_png(tmp_path / "rgb_train" / f"{file_id}.png", colors[part_map])
        write_png(tmp_path / "xdog_train" / f"{file_id}.png", np.full((256, 256), 255, np.uint8))
    write_png(tmp_path / "part_train" / "4.png", part_map)
    samples = [Sample(4, (), (3,)), Sample(5, (), (4,))]
    pairs = PartPairs(samples, DataDir(tmp_path), load_vocabulary(), input_size=SIZE, seed=2)
    assert len(pairs) == 1 and pairs.without_map == 1
    wholes = 0
    for epoch in range(30):
        pair = pairs[epoch, 0]
        assert pair.cvt.nonzero().flatten().tolist() == [3]
        assert pair.parts.shape == (SIZE, SIZE) and pair.weights.shape == (1, SIZE, SIZE)
        assert int(pair.parts.max()) < UNTAGGED
        inside = cv2.erode(np.uint8(pair.parts.numpy() == HAIR), np.ones((7, 7))) == 1
        painted = (pair.original[:, inside] + 1) * 127.5
        assert np.abs(painted.numpy() - np.array([[200], [30], [30]])).max(initial=0) < 40
        again = pairs[epoch, 0]
        assert all((a == b).all() for a, b in zip(pair[:-1], again[:-1], strict=True))
        wholes += bool((pair.parts == RIBBON).float().mean() < 0.006) and inside.mean() > 0.1
    assert 5 <= wholes <= 25
