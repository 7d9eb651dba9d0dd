"""Networks against the reference's manifests and golden forward passes."""

import pytest
import torch
from goldens import FORWARD, forward, generator_of
from reference import GOLDEN, manifest

from network import Discriminator, TagExtractor, build_generator

GENERATORS = sorted(
    path.stem
    for path in (GOLDEN / "manifests").glob("*.json")
    if manifest(path.stem)["kind"] == "generator"
)


def assert_layout(network: torch.nn.Module, name: str) -> None:
    expected = manifest(name)
    state = network.state_dict()
    assert list(state) == [entry["key"] for entry in expected["state_dict"]]
    for entry in expected["state_dict"]:
        assert list(state[entry["key"]].shape) == entry["shape"], entry["key"]
        assert str(state[entry["key"]].dtype) == f"torch.{entry['dtype']}", entry["key"]
    parameters = dict(network.named_parameters())
    assert list(parameters) == expected["parameters"]
    assert sum(p.numel() for p in parameters.values()) == expected["parameter_count"]


@pytest.mark.parametrize("name", GENERATORS)
def test_generator_layout(name):
    assert_layout(generator_of(manifest(name)), name)


def test_discriminator_layout():
    assert_layout(Discriminator(115, 370), "discriminator__any")


@pytest.mark.parametrize("name, truncated", [("cit_full__3463", False), ("cit_half__34", True)])
def test_tag_extractor_layout(name, truncated):
    assert_layout(TagExtractor(370, truncated=truncated), name)


@pytest.mark.parametrize("name", FORWARD)
def test_forward_golden(name):
    for output, compared in forward(name).items():
        assert compared.is_near, output


@pytest.mark.parametrize(
    "model", ["tag2pix", "senet", "resnext", "catconv", "catall", "adain", "seadain"]
)
@pytest.mark.parametrize("options", [{}, {"bn": False, "guide": False, "cit": False}])
def test_a_gradient_reaches_every_trainable_parameter(model, options):
    generator = build_generator(model, input_size=32, layers=(2, 1, 1, 1), **options)
    features = torch.rand(2, 512, 4, 4) if options.get("cit", True) else None
    final, guide = generator(torch.rand(2, 1, 32, 32), features, torch.ones(2, 115))
    assert final.shape == guide.shape == (2, 3, 32, 32)
    (final.square().mean() + guide.square().mean()).backward()
    without = {
        name
        for name, parameter in generator.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    }
    assert not without
    frozen = {n for n, p in generator.named_parameters() if not p.requires_grad}
    assert all(name.startswith("colorFC") for name in frozen)
    assert bool(frozen) == (model == "resnext")


@torch.no_grad()
def test_initial_weights():
    torch.manual_seed(0)
    generator = build_generator("adain", layers=(1, 1, 1, 1))
    weight = generator.deconv1.secat_layer[0].conv2.weight
    assert weight.std() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.02)
    assert generator.Linear.weight.std() == pytest.approx((2 / 115) ** 0.5, rel=0.02)
    style = generator.deconv1.secat_layer[0].adain1.style.linear
    assert style.weight_orig.std() == pytest.approx(1, rel=0.02)
    assert style.bias[:256].eq(1).all() and style.bias[256:].eq(0).all()
    assert not generator.deconv5[0].bias.any() and not generator.deconv_for_decoder[0].bias.any()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"model": "unet"}, "unknown model"),
        ({"input_size": 72}, "multiple of 16"),
        ({"layers": (1, 2, 3)}, "four positive"),
        ({"model": "senet", "relu": True}, "no style layers"),
    ],
)
def test_what_cannot_be_built_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        build_generator(**options)
