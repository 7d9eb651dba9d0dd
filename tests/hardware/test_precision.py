"""Which number format `--amp auto` takes on which device."""

import pytest
import torch

from errors import InputError
from hardware.device import autocast_dtype, describe_precision

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
OLDER = {"architecture": "x86_64", "avx2": True, "avx512_f": True, "avx512_vnni": True}


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ({"avx512_bf16": True}, "bf16"),
        ({"amx_bf16": True}, "bf16"),
        ({"avx512_bf16": True, "amx_bf16": True}, "bf16"),
        ({"avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"amx_tile": True, "amx_int8": True}, "float32"),
        ({}, "float32"),
    ],
)
def test_processors_take_bf16_where_they_compute_in_it(monkeypatch, flags, wanted):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: OLDER | flags)
    assert describe_precision(autocast_dtype("auto", CPU)) == wanted


def test_what_a_processor_can_is_unknown_to_older_versions_of_torch(monkeypatch):
    monkeypatch.delattr("torch.cpu.get_capabilities")
    assert autocast_dtype("auto", CPU) is None


@pytest.mark.parametrize(
    ("capability", "wanted"),
    [((6, 1), "fp16"), ((7, 5), "fp16"), ((8, 0), "bf16"), ((9, 0), "bf16"), ((12, 0), "bf16")],
)
def test_gpus_take_bf16_from_ampere_on(monkeypatch, capability, wanted):
    asked = []
    monkeypatch.setattr(
        "torch.cuda.get_device_capability", lambda device: asked.append(device) or capability
    )
    assert describe_precision(autocast_dtype("auto", GPU)) == wanted
    assert asked == [GPU]


@pytest.mark.parametrize("device", [CPU, GPU])
def test_what_is_asked_for_is_taken_whatever_the_device_is_good_for(monkeypatch, device):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: OLDER)
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda _: (7, 0))
    assert autocast_dtype("bf16", device) is torch.bfloat16
    assert autocast_dtype("off", device) is None


def test_fp16_needs_a_gpu():
    assert autocast_dtype("fp16", GPU) is torch.float16
    with pytest.raises(InputError, match="fp16 needs a GPU"):
        autocast_dtype("fp16", CPU)
