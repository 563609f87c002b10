"""The models: torchvision's parameters, and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch_torch as torch
from minitorch_torch.check import check
from minitorch_torch.vision import models

#: The beginning of the SHA-256 of torchvision's names and shapes, a line each.
STATES = {
    "resnet18": "84fb10d9c6905a1c",
    "resnet50": "d7e4f8bb0a536344",
    "resnext50_32x4d": "e3bad165c034e60f",
    "alexnet": "9c198ebdae1863e4",
}
SLOW_STATES = {
    "resnet34": "28f9096d51307499",
    "resnet101": "02c0f34f4842751f",
    "resnet152": "685c66205bc823aa",
    "wide_resnet50_2": "41203d1d536c02ed",
    "vgg16_bn": "347371586a8ea365",
}
VGG_STATES = {
    "vgg11": "cb3dc23f2a13e182",
    "vgg11_bn": "8b6717e727c0ecf9",
    "vgg13": "67c1dc8b57fde74b",
    "vgg13_bn": "f6b0597d18a7e4d2",
    "vgg16": "35c4623e0cd4a39d",
    "vgg19": "4723255af8f6c485",
    "vgg19_bn": "fc3ff6fab2b5cc09",
}


def lines(module: Any, prefix: str = "") -> list[str]:
    state = module.state_dict()
    return [f"{prefix}{key} {tuple(value.shape)}" for key, value in state.items()]


def digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", STATES)
def test_parameters_have_the_names_and_shapes_of_torchvision(name: str) -> None:
    assert digest(lines(getattr(models, name)())) == STATES[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW_STATES)
def test_those_of_large_models_too(name: str) -> None:
    assert digest(lines(getattr(models, name)())) == SLOW_STATES[name]


@pytest.mark.parametrize("name", VGG_STATES)
def test_those_of_vgg_without_drawing_its_linear_layers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Features(Exception):
        pass

    def taken(features: Any, **options: Any) -> Any:
        raise Features(lines(features, "features."))

    monkeypatch.setattr(models.vgg, "VGG", taken)
    with pytest.raises(Features) as caught:
        getattr(models, name)()
    (found,) = caught.value.args
    for layer, shape in (("0", (4096, 25088)), ("3", (4096, 4096)), ("6", (1000, 4096))):
        found += [
            f"classifier.{layer}.weight {shape}",
            f"classifier.{layer}.bias {shape[:1]}",
        ]
    assert digest(found) == VGG_STATES[name]


def test_programs_find_the_models_by_name() -> None:
    found = {n for n, x in vars(models).items() if n.islower() and n[0] != "_" and callable(x)}
    assert found == {*STATES, *SLOW_STATES, *VGG_STATES}


def test_a_block_adds_its_input() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 8, 5, 5).relu()
    for block in (models.resnet.BasicBlock(8, 8), models.resnet.Bottleneck(8, 2)):
        last = block.bn2 if isinstance(block, models.resnet.BasicBlock) else block.bn3
        torch.nn.init.zeros_(last.weight)
        assert np.array_equal(block(x).detach().numpy(), x.numpy())


def test_dilation_takes_the_place_of_stride() -> None:
    x = torch.zeros(1, 3, 64, 64)
    sizes, dilations = [], []
    for replaced in ([False] * 3, [False, True, True]):
        model = models.resnet50(replace_stride_with_dilation=replaced, num_classes=2).eval()
        seen: list[Any] = []
        model.layer4.register_forward_hook(lambda *given, seen=seen: seen.append(given[2].shape))
        assert model(x).shape == (1, 2)
        sizes += [shape[-1] for shape in seen]
        dilations.append([group[1].conv2.dilation[0] for group in (model.layer3, model.layer4)])
    assert sizes == [2, 8] and dilations == [[1, 1], [2, 4]]


def test_every_block_may_begin_as_the_identity() -> None:
    model = models.resnet18(zero_init_residual=True, num_classes=3)
    assert not model.layer3[1].bn2.weight.any().item()
    assert (model.layer3[1].bn1.weight == 1).all().item()


def test_convolutions_begin_as_in_torchvision() -> None:
    torch.manual_seed(0)
    weight = models.resnet18(num_classes=2).layer4[0].conv1.weight  # from 256 to 512 channels
    assert np.isclose(weight.std().item(), (2 / (512 * 9)) ** 0.5, rtol=0.01)


@pytest.mark.parametrize("given", [{"weights": "DEFAULT"}, {"pretrained": True}])
@pytest.mark.parametrize("name", ["resnet18", "vgg16", "alexnet"])
def test_trained_weights_are_refused_with_a_way_out(name: str, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"{name}: there are no trained weights.*load_state_dict"):
        getattr(models, name)(**given)


def test_the_older_way_to_ask_for_none_is_accepted() -> None:
    assert models.resnet18(pretrained=False, num_classes=2).fc.weight.shape == (2, 512)


def test_other_models_are_absent_with_a_reason() -> None:
    with pytest.raises(AttributeError, match=r"models.mobilenet_v2 .*It has ResNet, VGG"):
        models.mobilenet_v2  # noqa: B018
    with pytest.raises(AttributeError, match=r"no trained weights .*load_state_dict"):
        models.ResNet18_Weights  # noqa: B018


def test_a_script_may_look_models_up(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import torchvision.models as models\n"
        "model = models.__dict__['resnet18']()\n"
        "models.__nothing__\n"
    )
    assert [(gap.name, gap.line) for gap in check(script)] == [
        ("torchvision.models.__nothing__", 3)
    ]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="Bottleneck takes others"):
        models.resnet.BasicBlock(8, 8, groups=2)
    with pytest.raises(ValueError, match="3 elements"):
        models.resnet18(replace_stride_with_dilation=[True])
