"""Networks of small convolutions.

Source: Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image
recognition", table 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch_nn import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
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

#: By the columns of the table: channels of each convolution, and "M" for pooling.
cfgs: dict[str, list[int | str]] = {
    "A": [64, "M", 128, "M", *[256] * 2, "M", *[512] * 2, "M", *[512] * 2, "M"],
    "B": [*[64] * 2, "M", *[128] * 2, "M", *[256] * 2, "M", *[512] * 2, "M", *[512] * 2, "M"],
    "D": [*[64] * 2, "M", *[128] * 2, "M", *[256] * 3, "M", *[512] * 3, "M", *[512] * 3, "M"],
    "E": [*[64] * 2, "M", *[128] * 2, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"],
}


class VGG(Module):
    """Convolutions, then three linear layers, for pictures (N, 3, H, W).

    Args:
        features: the convolutions, (N, 3, H, W) -> (N, 512, H', W').
        num_classes: size of the output, (N, num_classes).
        init_weights: draw the initial parameters as He et al. 2015 do, not as the layers do.
        dropout: probability of dropping, between the linear layers.
    """

    def __init__(
        self,
        features: Module,
        num_classes: int = 1000,
        init_weights: bool = True,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = AdaptiveAvgPool2d((7, 7))
        self.classifier = Sequential(
            Linear(512 * 7 * 7, 4096),
            ReLU(True),
            Dropout(p=dropout),
            Linear(4096, 4096),
            ReLU(True),
            Dropout(p=dropout),
            Linear(4096, num_classes),
        )
        if init_weights:
            for module in self.modules():
                if isinstance(module, Conv2d):
                    init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                elif isinstance(module, Linear):
                    init.normal_(module.weight, 0, 0.01)
                else:
                    continue  # BatchNorm2d begins with scale 1 and shift 0 as it is
                if module.bias is not None:
                    init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))  # type: ignore[no-any-return]


def make_layers(cfg: Sequence[int | str], batch_norm: bool = False) -> Sequential:
    """The convolutions of a configuration, each with its relu, and pooling."""
    layers: list[Module] = []
    channels = 3
    for entry in cfg:
        if isinstance(entry, str):
            layers.append(MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(Conv2d(channels, entry, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(BatchNorm2d(entry))
        layers.append(ReLU(inplace=True))
        channels = entry
    return Sequential(*layers)


def _vgg(name: str, cfg: str, batch_norm: bool, weights: Any, options: dict[str, Any]) -> VGG:
    refuse_weights(name, weights, options)
    return VGG(make_layers(cfgs[cfg], batch_norm), **options)


def vgg11(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 11 layers. Args: as of `VGG`; ValueError for trained weights."""
    return _vgg("vgg11", "A", False, weights, kwargs)


def vgg11_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 11 layers, with normalization of batches."""
    return _vgg("vgg11_bn", "A", True, weights, kwargs)


def vgg13(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 13 layers."""
    return _vgg("vgg13", "B", False, weights, kwargs)


def vgg13_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 13 layers, with normalization of batches."""
    return _vgg("vgg13_bn", "B", True, weights, kwargs)


def vgg16(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 16 layers."""
    return _vgg("vgg16", "D", False, weights, kwargs)


def vgg16_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 16 layers, with normalization of batches."""
    return _vgg("vgg16_bn", "D", True, weights, kwargs)


def vgg19(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 19 layers."""
    return _vgg("vgg19", "E", False, weights, kwargs)


def vgg19_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 19 layers, with normalization of batches."""
    return _vgg("vgg19_bn", "E", True, weights, kwargs)


__all__ = [
    "VGG",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]

__getattr__ = lacking(__name__)
