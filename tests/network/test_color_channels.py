"""Channels that carry the colors of parts: where they are, what a network begins with, the loss."""

import pytest
import torch

from network.color_channels import BEYOND, HEIGHT, STEEPNESS, ColorChannels, ColoredPart, places
from network.generator import build_generator

SIZE, LAYERS = 64, (2, 2, 1, 1)
# In CIELAB: a light red and a dark blue thing, and something green.
PARTS = [
    ColoredPart(3, {7: (75.0, 60.0, 30.0), 8: (25.0, 30.0, -60.0)}, 0.05),
    ColoredPart(1, {20: (50.0, -30.0, 30.0)}, 0.3),
]


def built(seed=1):
    torch.manual_seed(seed)
    generator = build_generator(input_size=SIZE, layers=LAYERS, cit=False)
    return generator, ColorChannels(generator, LAYERS, PARTS)


def batch(count=8):
    generator = torch.Generator().manual_seed(3)
    sketch = torch.ones(count, 1, SIZE, SIZE)
    maps = torch.zeros(count, SIZE, SIZE, dtype=torch.uint8)
    cvt = torch.zeros(count, 115)
    for number in range(count):
        x, y = torch.randint(4, SIZE // 2, (2,), generator=generator).tolist()
        sketch[number, 0, y : y + 24, x : x + 2] = 0
        sketch[number, 0, y : y + 2, x : x + 24] = 0
        maps[number, y : y + 24, x : x + 24] = 3
        cvt[number, 7 + number % 2] = 1
    return sketch, cvt, maps


def test_parts_that_come_first_are_in_more_blocks():
    found = places((3, 2, 2, 1), 14)
    assert [(place.stage, place.block) for place in found] == [
        *((1, 2), (2, 1), (2, 0), (3, 1), (3, 0)),
    ]
    assert found[0].parts == tuple(range(14))
    assert found[1].parts == tuple(range(10)) and found[2].parts == tuple(range(10, 14))
    assert found[3].parts == tuple(range(5)) and found[4].parts == tuple(range(5, 10))
    assert [place.first for place in found] == [0, 0, 30, 0, 15]
    assert [place.stage for place in places((1, 1, 1, 1), 14)] == [1, 2, 3]


def test_gates_begin_as_colors():
    generator, channels = built()
    sketch, cvt, _ = batch()
    channels.begin(sketch, cvt)
    tags = torch.zeros(3, 115)
    tags[0, 7] = tags[1, 8] = tags[1, 20] = 1
    style = generator.colorFC(tags)
    for place in channels.places:
        stage = getattr(generator, f"deconv{place.stage}")
        gate = stage.get_submodule(stage.key)[place.block].selayer
        width = gate.fc[2].weight.shape[0]
        gates = gate(torch.rand(3, width, 4, 4), style)
        closed = torch.sigmoid(torch.tensor(-STEEPNESS * BEYOND))
        codes = {
            (0, 0): (1.0, 2.0, 1.0),
            (1, 0): (-1.0, 1.0, -2.0),
            (1, 1): (0.0, -1.0, 1.0),
        }
        for picture in range(3):
            for number, part in enumerate(place.parts):
                first = 4 * (place.first + 3 * number)
                found = gates[picture, first : first + 12].reshape(3, 4)
                if (picture, part) in codes:
                    wanted = torch.sigmoid(STEEPNESS * torch.tensor(codes[picture, part]))
                else:
                    wanted = closed.expand(3)
                assert torch.allclose(found, wanted[:, None].expand(3, 4), atol=1e-5)


def test_the_encoder_and_the_colors_begin_with_a_spread():
    generator, channels = built()
    sketch, cvt, _ = batch()
    x = sketch
    for number in range(1, 6):
        x = getattr(generator, f"conv{number}")(x)
    assert x.std((0, 2, 3)).mean() < 0.1
    channels.begin(sketch, cvt)
    x = sketch
    for number in range(1, 6):
        stage = getattr(generator, f"conv{number}")
        assert torch.allclose(
            stage[:3](x).std((0, 2, 3)), torch.ones(stage[2].out_channels), atol=1e-3
        )
        x = stage(x)
    final, _ = generator(sketch, None, cvt)
    assert 0.2 < torch.atanh(final.clamp(-0.999, 0.999)).std() < 0.4


def test_the_loss_is_the_error_of_the_channels():
    generator, channels = built()
    sketch, cvt, maps = batch()
    cvt[0] = 0  # a picture that has the part, and no tag of it
    generator(sketch, None, cvt)
    for place in channels.places:
        side = SIZE // (16 >> place.stage)
        share = torch.nn.functional.avg_pool2d((maps[:, None] == 3).float(), SIZE // side)
        shown = torch.zeros(8, place.first + 6, side, side)
        shown[1:, place.first : place.first + 3] = HEIGHT * share[1:]
        full = torch.nn.functional.pixel_unshuffle(shown, 2)
        channels.seen[place] = full.requires_grad_()
    assert float(channels.loss(maps, cvt)) == pytest.approx(0, abs=1e-10)
    for place in channels.places:
        channels.seen[place] = torch.zeros_like(channels.seen[place])
    expected = 0.0
    for place in channels.places:
        side = SIZE // (16 >> place.stage)
        share = torch.nn.functional.avg_pool2d((maps[:, None] == 3).float(), SIZE // side)
        error = float((HEIGHT * share[1:]).square().mean())
        expected += error / (HEIGHT**2 * 0.05 * 0.95) / len(place.parts)
    assert float(channels.loss(maps, cvt)) == pytest.approx(expected, rel=1e-5)


def test_channels_learn_where_a_part_is():
    generator, channels = built()
    sketch, cvt, maps = batch()
    channels.begin(sketch, cvt)
    optimizer = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    losses = []
    for _ in range(30):
        generator(sketch, None, cvt)
        loss = channels.loss(maps, cvt)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
