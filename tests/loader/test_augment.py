"""The one affine map of the augmentation against the chain of Pillow operations it stands for."""

import random

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from benchmarks.plain_loader import Steps, apply_steps, draw_steps
from loader import augment
from loader.augment import Placement, draw_placement, jitter, place

SIZE = 128
MANY = 4000


def smooth_image(size):
    """Waves of a few periods, different in each channel, nothing symmetric."""
    y, x = np.mgrid[:size, :size] / size
    channels = [
        np.sin(7 * x + 3 * y) + 0.5 * np.cos(5 * y),
        np.cos(9 * y - 4 * x),
        np.sin(11 * x * y + 2 * x),
    ]
    return np.uint8(np.clip(128 + 55 * np.dstack(channels), 0, 255))


def placement_of(steps):
    offset = round((SIZE - steps.side) / 2)
    left, top, width, height = steps.box
    return Placement(steps.flip, steps.angle, (offset + left, offset + top, width, height))


@pytest.mark.parametrize("source", [SIZE, 100, 300])
@pytest.mark.parametrize(
    "steps",
    [
        Steps(False, 0.0, SIZE, (0, 0, SIZE, SIZE)),
        Steps(True, 0.0, SIZE, (0, 0, SIZE, SIZE)),
        Steps(False, 0.0, SIZE, (5, 1, 121, 124)),
        Steps(False, 8.0, 113, (0, 0, 113, 113)),
        Steps(True, -6.5, 115, (3, 2, 110, 112)),
    ],
)
def test_one_map_is_the_chain_of_steps(source, steps):
    image = smooth_image(source)
    expected = np.asarray(apply_steps(Image.fromarray(image), steps, SIZE), np.float32)
    actual = place(image, placement_of(steps), SIZE).astype(np.float32)
    difference = np.abs(actual - expected)
    # At the border the two extend the image differently.
    assert difference[3:-3, 3:-3].max() <= 4 and difference.mean() < 1


def test_line_art_is_not_blurred():
    """Thin lines keep the contrast that they have after the chain of steps."""
    lines = np.full((300, 300), 255, np.uint8)
    for position in range(20, 300, 25):
        cv2.line(lines, (position, 0), (position - 15, 299), 0, 2, cv2.LINE_AA)
    steps = Steps(False, 5.0, 118, (1, 2, 114, 113))
    expected = np.asarray(apply_steps(Image.fromarray(lines), steps, SIZE), np.float32)
    actual = place(lines, placement_of(steps), SIZE).astype(np.float32)
    assert actual.mean() == pytest.approx(expected.mean(), rel=0.01)
    assert actual.std() > 0.9 * expected.std()
    assert np.corrcoef(actual.ravel(), expected.ravel())[0, 1] > 0.97


def statistics(draws):
    """Flip rate, rotation rate, and mean and deviation of angle, area, aspect and position."""
    columns = np.array(draws).T
    flips, angles, areas, aspects, positions = columns
    rotated = angles != 0
    values = [flips.mean(), rotated.mean()]
    for column in (angles[rotated], areas, aspects, positions):
        values += [column.mean(), column.std()]
    return np.array(values)


def test_many_draws_are_distributed_like_the_chain_of_steps():
    chance, generator = random.Random(1), np.random.default_rng(2)
    theirs, ours = [], []
    for _ in range(MANY):
        steps = draw_steps(chance, SIZE)
        left, _, width, height = steps.box
        room = max(1, steps.side - width)
        area = width * height / steps.side**2
        theirs.append((steps.flip, steps.angle, area, width / height, left / room))

        drawn = draw_placement(generator, SIZE)
        side = SIZE if not drawn.angle else int(SIZE * augment.rotation_crop(drawn.angle))
        left, _, width, height = drawn.box
        left -= 0 if not drawn.angle else round((SIZE - side) / 2)
        room = max(1, side - width)
        ours.append(
            (drawn.flip, drawn.angle, width * height / side**2, width / height, left / room)
        )
    tolerance = [0.04, 0.04, 0.6, 0.3, 0.004, 0.004, 0.004, 0.004, 0.04, 0.04]
    assert np.all(np.abs(statistics(theirs) - statistics(ours)) < tolerance)
    areas, aspects = np.array(ours).T[2:4]
    assert 0.88 < areas.min() < 0.91 and areas.max() <= 1
    assert 0.93 < aspects.min() < 0.96 and 1.04 < aspects.max() < 1.07


def test_nothing_from_outside_the_image_is_seen():
    """The cut out of a rotated image has no empty corners, but for rounding."""
    generator = np.random.default_rng(3)
    corners = np.array([[x, y, 1] for x in (0, SIZE - 1) for y in (0, SIZE - 1)]).T
    for _ in range(500):
        placement = draw_placement(generator, SIZE)
        seen = augment._output_to_image(placement, SIZE, SIZE, SIZE) @ corners
        assert seen.min() > -1 and seen.max() < SIZE


class Fixed:
    """Stands for a random generator that draws the given numbers."""

    def __init__(self, factors, order):
        self.factors, self.order = list(factors), order

    def uniform(self, low, high):
        assert low <= self.factors[0] <= high
        return self.factors.pop(0)

    def permutation(self, _):
        return self.order


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(("brightness", "strong"), [(0.85, False), (1.2, False), (5.0, True)])
def test_jitter_is_pillows(order, brightness, strong):
    gray = smooth_image(64)[..., 0]
    actual = jitter(gray / np.float32(255), Fixed((brightness, 1.15), order), strong)
    expected = Image.fromarray(gray)
    for step in order:
        kind = (ImageEnhance.Brightness, ImageEnhance.Contrast)[step]
        expected = kind(expected).enhance((brightness, 1.15)[step])
    assert np.abs(255 * actual - np.asarray(expected, np.float32)).max() < 1.5 + brightness


def test_strong_jitter_brightens_one_to_seven_times():
    generator = np.random.default_rng(4)
    gray = np.full((4, 4), 0.1, np.float32)
    means = [jitter(gray, generator, strong=True).mean() for _ in range(2000)]
    assert 0.1 <= min(means) < 0.12 and 0.68 < max(means) <= 0.7 + 1e-6
    assert np.mean(means) == pytest.approx(0.4, abs=0.02)
