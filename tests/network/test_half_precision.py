"""Training in bf16 and in fp16 with loss scaling, against float32."""

import pytest
import torch

from benchmarks.train_step import noise as benchmark_noise
from checkpoints.checkpoint import Checkpoint
from checkpoints.writing import save
from network.architecture import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix

SIZE = 48
TINY = Architecture(input_size=SIZE, layers=(1, 1, 1, 1), cit=False, bn=False)


def build(dtype):
    torch.manual_seed(5)
    return Tag2Pix(TINY, ChangingLoss(cit=False), dtype=dtype)


def noise(seed):
    torch.manual_seed(seed)
    return benchmark_noise(SIZE, 2, torch.device("cpu"))


def weights(tag2pix):
    return {name: value.clone() for name, value in tag2pix.generator.state_dict().items()}


def set_scale(tag2pix, scale):
    """Of the generator's loss; the scaler takes one only after its first step."""
    tag2pix.scaler_g.scale(torch.zeros(1))
    tag2pix.scaler_g.update(scale)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_terms_and_gradients_are_those_of_float32(dtype):
    half, single = build(dtype), build(None)
    if dtype is torch.float16:
        set_scale(half, 2.0**8)
    terms, expected = half.training_step(noise(0)), single.training_step(noise(0))
    for name, value in expected.items():
        assert terms[name].dtype == torch.float32
        # Batch normalization over two images, and an update of the discriminator before G_adv.
        tolerance = {"rel": 0.01} if "_l1_" in name or name == "G_loss" else {"abs": 0.4}
        assert float(terms[name]) == pytest.approx(float(value), **tolerance), name
    half.generator.load_state_dict(single.generator.state_dict())
    gradients = []
    for tag2pix in (half, single):
        tag2pix.reconstruction_step(noise(1))
        parameters = list(tag2pix.generator.parameters())
        assert all(p.dtype == torch.float32 for p in parameters)
        gradients.append(torch.cat([p.grad.flatten() for p in parameters]))
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.98


def test_a_step_that_overflows_is_left_out_and_the_scale_falls():
    tag2pix = build(torch.float16)
    before = weights(tag2pix)
    set_scale(tag2pix, 2.0**100)

    tag2pix.training_step(noise(1))

    assert all(torch.equal(value, before[name]) for name, value in weights(tag2pix).items())
    assert tag2pix.scaler_g.get_scale() == 2.0**99
    set_scale(tag2pix, 2.0**8)
    tag2pix.training_step(noise(1))
    assert not any(torch.equal(value, before[name]) for name, value in weights(tag2pix).items())


def test_fp16_goes_on_exactly(tmp_path):
    whole, first, second = (build(torch.float16) for _ in range(3))
    for tag2pix in (whole, first):
        set_scale(tag2pix, 2.0**8)
        tag2pix.training_step(noise(0))
    path = tmp_path / "checkpoint.pkl"
    save(first.state(), path)
    second.restore(Checkpoint.read(path))
    assert second.scaler_g.get_scale() == 2.0**8

    for tag2pix in (whole, second):
        tag2pix.training_step(noise(1))

    states = whole.state(), second.state()
    assert states[0]["tag2pix"]["scalers"] == states[1]["tag2pix"]["scalers"]
    restored = weights(second)
    assert all(torch.equal(value, restored[name]) for name, value in weights(whole).items())
