"""Operations written so that they, or their gradients, take fewer passes over memory.

The values are those of the plain operations that each docstring names. Autograd writes the
gradient of a mean out pixel by pixel, and that of a concatenation is a view with gaps; what follows
then runs in slow paths, which took a fifth of a training step on CPUs. `torch.compile` is given the
plain operations: it joins them by itself, and loses an argument of a Function that takes several.
So is the ONNX exporter, which does not know the data type of what a Function returns.
"""

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def _needs_plain() -> bool:
    return torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export()


def channel_means(x: Tensor) -> Tensor:
    """`x.mean((2, 3))`: (B, C, H, W) to (B, C)."""
    return x.mean((2, 3)) if _needs_plain() else _ChannelMeans.apply(x)


def concatenate(*parts: Tensor) -> Tensor:
    """`torch.cat(parts, 1)` of (B, C, H, W) each."""
    return torch.cat(parts, 1) if _needs_plain() else _Concatenate.apply(*parts)


def gated_relu(x: Tensor, gate: Tensor, shortcut: Tensor) -> Tensor:
    """`relu(x * gate + shortcut)`: x and shortcut (B, C, H, W), gate (B, C)."""
    gate, shortcut = gate.to(x.dtype), shortcut.to(x.dtype)
    if _needs_plain():
        return F.relu(x * gate[:, :, None, None] + shortcut)
    return _GatedReLU.apply(x, gate, shortcut)


def pixel_shuffle(x: Tensor) -> Tensor:
    """`F.pixel_shuffle(x, 2)`: (B, 4C, H, W) to (B, C, 2H, 2W)."""
    return F.pixel_shuffle(x, 2) if _needs_plain() else _PixelShuffle.apply(x)


class _ChannelMeans(Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.size = x.shape[2:]
        if x.dtype is torch.bfloat16:
            # On CPUs torch makes a float32 copy for the mean; the sum accumulates in float32, too.
            return x.sum(dim=(2, 3)) / ctx.size.numel()
        return x.mean(dim=(2, 3))

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> Tensor:
        return (grad / ctx.size.numel())[:, :, None, None].expand(-1, -1, *ctx.size)


class _Concatenate(Function):
    @staticmethod
    def forward(ctx, *parts: Tensor) -> Tensor:
        ctx.channels = [part.shape[1] for part in parts]
        return torch.cat(parts, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, ...]:
        parts = grad.split(ctx.channels, 1)
        return tuple(part.contiguous(memory_format=torch.channels_last) for part in parts)


class _GatedReLU(Function):
    @staticmethod
    def forward(ctx, x: Tensor, gate: Tensor, shortcut: Tensor) -> Tensor:
        result = torch.addcmul(shortcut, x, gate[:, :, None, None]).relu_()
        ctx.save_for_backward(x, gate, result)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, gate, result = ctx.saved_tensors
        grad = torch.ops.aten.threshold_backward(grad, result, 0)
        return grad * gate[:, :, None, None], (grad * x).sum(dim=(2, 3)), grad


class _PixelShuffle(Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return F.pixel_shuffle(x, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> Tensor:
        if grad.device.type != "cpu":
            return F.pixel_unshuffle(grad, 2)
        # Torch gathers single channels; here all channels of a pixel move at once, then change
        # places with its four neighbors in a kernel that is vectorized.
        batch, channels, height, width = grad.shape
        pixels = grad.permute(0, 2, 3, 1).reshape(batch, height // 2, 2, width // 2, 2, channels)
        quarters = pixels.transpose(2, 3).reshape(batch, height // 2, width // 2, 4 * channels)
        return torch.channel_shuffle(quarters.permute(0, 3, 1, 2), 4)


class TransposedConv2d(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` with a bias; in training on CPUs the bias is added after it.

    There the kernel for the gradients of weight and bias together takes up to twice the time of
    that for the weight alone, and the gradient of the bias is only a sum.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(x)
        y = F.conv_transpose2d(
            x, self.weight, None, self.stride, self.padding, self.output_padding, 1, self.dilation
        )
        return y.add_(self.bias.to(y.dtype)[:, None, None])


class GroupedConv2d(nn.Conv2d):
    """`nn.Conv2d` with groups; on CPUs narrow groups are computed several at a time.

    CPU kernels work on many channels at once and waste most of that on groups of two or four. So
    neighboring groups become one, with zeros where a channel sees nothing of another's group.
    """

    def forward(self, x: Tensor) -> Tensor:
        own = self.in_channels // self.groups
        wanted = 4 if x.dtype in (torch.float32, torch.float64) else 8
        narrow = 1 < own < wanted and x.device.type == "cpu"
        if not narrow or torch.onnx.is_in_onnx_export():
            return super().forward(x)
        count = wanted // own
        weight = merge_groups(self.weight, self.groups, count)
        return F.conv2d(
            x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups // count
        )


def merge_groups(weight: Tensor, groups: int, count: int) -> Tensor:
    """The weight of `groups` / `count` groups that compute what `groups` do: (O, I, H, W) to
    (O, `count` * I, H, W), zero outside each old group."""
    own = weight.unflatten(0, (groups // count, count, -1)).unsqueeze(3)  # (G, N, O/GN, 1, I, H, W)
    diagonal = torch.eye(count, dtype=weight.dtype, device=weight.device)[:, None, :, None]
    merged = own * diagonal[..., None, None]
    return merged.flatten(3, 4).flatten(0, 2)
