"""What MiniTorch knowingly lacks of PyTorch's names, with the reason and a way out."""

from __future__ import annotations

_HALF = "MiniTorch computes in float32 and float64. Use torch.float32."
_SHORT = "Its integers are uint8, int32 and int64. Use torch.int32."
_COMPLEX = "It has no complex numbers. Keep real and imaginary part in a last dimension of size 2."
_SPARSE = "It has no sparse tensors. Use a dense one, or gather and scatter_add."
_DISTRIBUTED = "It trains in one process. Run the script without a launcher."
_WEIGHTS = (
    "There are no trained weights to download. Pass weights=None; if you have torchvision's file "
    "of them, model.load_state_dict(torch.load(path)) reads it."
)
_WITH_WEIGHTS = (
    *(f"ResNet{layers}" for layers in (18, 34, 50, 101, 152)),
    *(f"VGG{layers}{norm}" for layers in (11, 13, 16, 19) for norm in ("", "_BN")),
    *("AlexNet", "ResNeXt50_32X4D", "Wide_ResNet50_2"),
)

#: By dotted name, as scripts write it; what begins with one of these is absent with it.
REASONS: dict[str, str] = {
    **dict.fromkeys(("torch.HalfTensor", "torch.BFloat16Tensor"), _HALF),
    **dict.fromkeys(("torch.int8", "torch.int16", "torch.short", "torch.ShortTensor"), _SHORT),
    **dict.fromkeys(
        (
            "torch.complex64",
            "torch.complex128",
            "torch.cfloat",
            "torch.cdouble",
            "torch.complex",
            "torch.view_as_complex",
            "torch.view_as_real",
            "torch.polar",
        ),
        _COMPLEX,
    ),
    **dict.fromkeys(
        ("torch.sparse", "torch.sparse_coo_tensor", "torch.sparse_csr_tensor", "torch.spmm"),
        _SPARSE,
    ),
    "torch.fft": "It has no Fourier transforms. numpy.fft takes x.detach().numpy().",
    "torch.fx": "It records no programs that can be rewritten.",
    "torch.export": "It records no programs. torch.save keeps a state_dict.",
    "torch.onnx": "It writes no ONNX. torch.save keeps a state_dict.",
    "torch.hub": "It has no hub. torch.load reads the file of a state_dict.",
    "torch.library": "An operation of your own is a torch.autograd.Function.",
    "torch.ops": "An operation of your own is a torch.autograd.Function.",
    "torch.quantization": _HALF,
    "torch.ao": _HALF,
    "torch.distributed": _DISTRIBUTED,
    "torch.futures": _DISTRIBUTED,
    **dict.fromkeys((f"torchvision.models.{name}_Weights" for name in _WITH_WEIGHTS), _WEIGHTS),
    "torchvision.tv_tensors": "Pictures are tensors or Pillow's; labels and boxes are left alone.",
    "torchvision.models": "It has ResNet, VGG and AlexNet, without trained weights. Define the "
    "layers of others in the script.",
    "torchvision.io": "torchvision.datasets and Pillow read pictures.",
    "torchvision.ops": "Boxes and their operations are outside its field.",
}
