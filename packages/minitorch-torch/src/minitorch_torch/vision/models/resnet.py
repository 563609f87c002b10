"""Residual networks.

Source: He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition"; Xie, Girshick,
Dollár, Tu and He 2017, "Aggregated residual transformations for deep neural networks" (ResNeXt);
Zagoruyko and Komodakis 2016, "Wide residual networks".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch_nn import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    GroupNorm,
    Linear,
    MaxPool2d,
    Module,
    ReLU,
    Sequential,
    init,
)
from minitorch_tensor import Tensor
from minitorch_torch.missing import lacking
from minitorch_torch.vision.models._weights import refuse_weights

Norm = Callable[[int], Any]


def conv3x3(
    in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> Conv2d:
    """A convolution of 3 x 3 that keeps the size, but for its stride."""
    return Conv2d(
        in_planes,
        out_planes,
        kernel_size=3,
        stride=stride,
        padding=dilation,
        groups=groups,
        bias=False,
        dilation=dilation,
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> Conv2d:
    """A convolution of single pixels."""
    return Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(Module):
    """relu(x + f(x)), where f is two convolutions of 3 x 3.

    Args:
        inplanes, planes: channels of the input, and of the output.
        stride: of the first convolution.
        downsample: brings x to the size of the output.
    """

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        if groups != 1 or base_width != 64 or dilation != 1:
            raise ValueError(
                f"BasicBlock: groups, base_width and dilation must be 1, 64 and 1, got {groups}, "
                f"{base_width} and {dilation}. Bottleneck takes others."
            )
        norm = norm_layer or BatchNorm2d
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))  # type: ignore[no-any-return]


class Bottleneck(Module):
    """relu(x + f(x)), where f is convolutions of 1 x 1, 3 x 3 and 1 x 1.

    The stride is in the middle one, not in the first as in the paper. Args: as of `BasicBlock`, but
    the output has 4 `planes` channels.
    """

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))  # type: ignore[no-any-return]


class ResNet(Module):
    """A residual network of four groups of blocks, for pictures (N, 3, H, W).

    Args:
        block: `BasicBlock` or `Bottleneck`.
        layers: how many blocks each group has.
        num_classes: size of the output, (N, num_classes).
        zero_init_residual: begin with f(x) = 0 in every block.
        groups, width_per_group: of the middle convolutions of `Bottleneck`.
        replace_stride_with_dilation: for each group but the first, whether it widens its windows
            instead of halving the size.
        norm_layer: makes a normalization of so many channels; BatchNorm2d if omitted.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        dilate = replace_stride_with_dilation or (False, False, False)
        if len(dilate) != 3:
            raise ValueError(
                f"ResNet: replace_stride_with_dilation must have 3 elements, got {dilate}."
            )
        self._norm_layer = norm_layer or BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(self.inplanes)
        self.relu = ReLU(inplace=True)
        self.maxpool = MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilate[2])
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, (BatchNorm2d, GroupNorm)):
                _begin_as(module, 1.0)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, (BasicBlock, Bottleneck)):
                    _begin_as(module.bn3 if isinstance(module, Bottleneck) else module.bn2, 0.0)

    def _make_layer(
        self,
        block: type[BasicBlock | Bottleneck],
        planes: int,
        blocks: int,
        stride: int = 1,
        dilate: bool = False,
    ) -> Sequential:
        """A group of blocks; the first one changes size and channels."""
        before = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        outplanes = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != outplanes:
            downsample = Sequential(
                conv1x1(self.inplanes, outplanes, stride), self._norm_layer(outplanes)
            )
        shared = (self.groups, self.base_width)
        made: list[Module] = [
            block(self.inplanes, planes, stride, downsample, *shared, before, self._norm_layer)
        ]
        self.inplanes = outplanes
        made += [
            block(outplanes, planes, 1, None, *shared, self.dilation, self._norm_layer)
            for _ in range(1, blocks)
        ]
        return Sequential(*made)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))  # type: ignore[no-any-return]


def _begin_as(norm: Any, scale: float) -> None:
    """Let a normalization begin with this scale and no shift, if it has them."""
    if norm.weight is not None:
        init.constant_(norm.weight, scale)
    if norm.bias is not None:
        init.zeros_(norm.bias)


def resnet18(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 18 layers. Args: as of `ResNet`; ValueError for trained weights."""
    refuse_weights("resnet18", weights, kwargs)
    return ResNet(BasicBlock, [2, 2, 2, 2], **kwargs)


def resnet34(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 34 layers. Args: as of `ResNet`; ValueError for trained weights."""
    refuse_weights("resnet34", weights, kwargs)
    return ResNet(BasicBlock, [3, 4, 6, 3], **kwargs)


def resnet50(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 50 layers. Args: as of `ResNet`; ValueError for trained weights."""
    refuse_weights("resnet50", weights, kwargs)
    return ResNet(Bottleneck, [3, 4, 6, 3], **kwargs)


def resnet101(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 101 layers. Args: as of `ResNet`; ValueError for trained weights."""
    refuse_weights("resnet101", weights, kwargs)
    return ResNet(Bottleneck, [3, 4, 23, 3], **kwargs)


def resnet152(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 152 layers. Args: as of `ResNet`; ValueError for trained weights."""
    refuse_weights("resnet152", weights, kwargs)
    return ResNet(Bottleneck, [3, 8, 36, 3], **kwargs)


def resnext50_32x4d(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt of 50 layers, in 32 groups of width 4. Args: as of `ResNet`."""
    refuse_weights("resnext50_32x4d", weights, kwargs)
    return ResNet(Bottleneck, [3, 4, 6, 3], **{"groups": 32, "width_per_group": 4, **kwargs})


def wide_resnet50_2(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 50 layers, twice as wide in the middle. Args: as of `ResNet`."""
    refuse_weights("wide_resnet50_2", weights, kwargs)
    return ResNet(Bottleneck, [3, 4, 6, 3], **{"width_per_group": 128, **kwargs})


__all__ = [
    "ResNet",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "wide_resnet50_2",
]

__getattr__ = lacking(__name__)
