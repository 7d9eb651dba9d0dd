"""How large everything is that `gpu.py` measures."""

from typing import NamedTuple


class Scale(NamedTuple):
    """How large everything is. Training at 512 px is without batch normalization, as published."""

    cpu: bool
    layers: tuple[int, int, int, int]
    small: int
    large: int
    train_small: tuple[int, ...]
    train_large: tuple[int, ...]
    color_small: tuple[int, ...]
    color_large: tuple[int, ...]
    checked_batch: int  # of the pieces that compare values
    resumed: tuple[str, ...]  # in which --amp
    steps: int
    pairs: int
    compiler: str


FULL = Scale(
    cpu=False,
    layers=(12, 8, 5, 5),
    small=256,
    large=512,
    train_small=(4, 16, 32, 64),
    train_large=(1, 4, 8, 16, 32),
    color_small=(1, 4, 16, 64),
    color_large=(1, 4, 16),
    checked_batch=8,
    resumed=("off", "auto"),
    steps=20,
    pairs=400,
    compiler="inductor",
)
# The compiler of the CPU takes minutes, so only the tracing is tried there.
TINY = Scale(
    cpu=True,
    layers=(1, 1, 1, 1),
    small=32,
    large=48,
    train_small=(2,),
    train_large=(1,),
    color_small=(1, 2),
    color_large=(1,),
    checked_batch=8,
    resumed=("auto",),
    steps=2,
    pairs=12,
    compiler="aot_eager",
)
