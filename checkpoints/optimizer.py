"""The state of an optimizer of the Adam family, from a file that may hold anything."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

MOMENTS = ("exp_avg", "exp_avg_sq")


def load_optimizer(optimizer: Optimizer, content: Mapping[str, Any]) -> None:
    """Load a state dict whose moments are those of the optimizer's parameters, which torch does not
    look at. Raises ValueError, and what torch raises of content that is something else."""
    parameters = optimizer.param_groups[0]["params"]
    shapes = dict(zip(content["param_groups"][0]["params"], parameters, strict=True))
    for position, moments in content["state"].items():
        if position not in shapes:
            raise ValueError(f"the optimizer has no parameter {position}")
        if "step" not in moments:
            raise ValueError(f"the optimizer's parameter {position} lacks its step")
        for name in MOMENTS:
            value = moments.get(name)
            if not isinstance(value, Tensor) or value.shape != shapes[position].shape:
                raise ValueError(f"the optimizer's {name} of parameter {position} does not fit")
    optimizer.load_state_dict(dict(content))
