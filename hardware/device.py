"""Which device the arithmetic runs on, and in which number format."""

import contextlib

import torch

from errors import InputError


def default_device(cpu: bool = False) -> torch.device:
    """The GPU if there is one and `cpu` does not forbid it."""
    return torch.device("cuda" if torch.cuda.is_available() and not cpu else "cpu")


def autocast_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """The autocast dtype for one of hardware.PRECISIONS, None for plain float32.

    auto: bf16 where the device computes in it natively, fp16 on older GPUs, float32 on CPUs
    that would only emulate bf16 (they have neither AVX512_BF16 nor AMX). Raises InputError for
    fp16 on a CPU.
    """
    if precision == "auto":
        return _native_dtype(device)
    if precision == "fp16" and device.type == "cpu":
        raise InputError("--amp fp16 needs a GPU; use bf16 or off on the CPU")
    return {"bf16": torch.bfloat16, "fp16": torch.float16, "off": None}[precision]


def _native_dtype(device: torch.device) -> torch.dtype | None:
    if device.type == "cuda":
        has_bf16 = torch.cuda.get_device_capability(device) >= (8, 0)
        return torch.bfloat16 if has_bf16 else torch.float16
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    native = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.bfloat16 if native else None


def describe_precision(dtype: torch.dtype | None) -> str:
    """The name in PRECISIONS of what `autocast_dtype` returned, float32 for None."""
    return {None: "float32", torch.bfloat16: "bf16", torch.float16: "fp16"}[dtype]


def autocast(device: torch.device, dtype: torch.dtype | None) -> contextlib.AbstractContextManager:
    if dtype is None:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype)
