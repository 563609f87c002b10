"""Measure MiniTorch's `cuda` backend beside PyTorch on a GPU; see README.md."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import run as cpu
from cases import BYTES, draw, gpu_cases, library

VENV = cpu.ROOT / ".venv-benchmarks-gpu"
PYTHON = VENV / "bin" / "python"

#: Sets of inputs for each case. They take turns, so that none is still in the GPU's caches from the
#: last time, as far as they are large.
INPUTS = 3

#: Elements that are copied from one place to another to find out what memory can do.
COPIED = 1 << 26


def make_environment() -> None:
    """Our packages, with CUDA, and PyTorch, in an environment of their own."""
    if not PYTHON.exists():
        print(f"making {VENV.name} with {cpu.TORCH} (once)", file=sys.stderr)
        cpu.venv.create(VENV, with_pip=True)
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet"]
        editable = [
            part
            for path in sorted(cpu.ROOT.glob("packages/*"))
            for part in ("-e", f"{path}[cuda]" if path.name == "minitorch-backends" else str(path))
        ]
        subprocess.run([*pip, cpu.TORCH, *editable], check=True)


class Contestant:
    """One library on the GPU.

    Args:
        name: of the library, as `cases.library` knows it.
        stream: the CUDA stream that it works on.
    """

    def __init__(self, name: str, stream: Any) -> None:
        self.lib = library(name, "cuda")
        self.stream = stream
        self._runs: list[Callable[[], list[Any]]] = []
        self._turn = 0

    def build(self, build: Callable[[Any], Callable[[], list[Any]]]) -> list[list[Any]]:
        """Make a case anew, with INPUTS inputs; returns what each first run came to."""
        self._runs = []
        results = []
        for number in range(INPUTS):
            draw(number)
            self._runs.append(build(self.lib))
            results.append([self.lib.array(r) for r in self._runs[-1]()])
        return results

    def run(self) -> None:
        """Run the case once, on the next inputs."""
        self._turn += 1
        self._runs[self._turn % INPUTS]()

    def seconds(self, times: int) -> float:
        """GPU seconds of a run, between events before the first and after the last of some."""
        import torch

        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record(self.stream)
        for _ in range(times):
            self.run()
        end.record(self.stream)
        end.synchronize()
        return float(start.elapsed_time(end)) / 1e3 / times

    def launches(self) -> int:
        """The number of kernels and copies that a run puts on the GPU, by CUDA's own count."""
        import torch
        from torch.autograd import DeviceType
        from torch.profiler import ProfilerActivity, profile

        with profile(activities=[ProfilerActivity.CUDA]) as profiler:
            self.run()
            torch.cuda.synchronize()
        return sum(event.device_type is DeviceType.CUDA for event in profiler.events())


def check(name: str, ours: list[list[Any]], theirs: list[list[Any]]) -> None:
    """End the program if results differ by more than rounding."""
    import numpy as np

    for a, b in zip(ours, theirs):
        for x, y in zip(a, b, strict=True):
            x, y = (np.asarray(z, np.float64) for z in (x, y))
            error = float(np.sqrt(((x - y) ** 2).sum()))
            if x.shape != y.shape or not error <= 1e-4 * max(float(np.sqrt((y**2).sum())), 1e-6):
                raise SystemExit(
                    f"{name}: results differ by {error:.2g}, shapes {x.shape} {y.shape}"
                )


def measure(
    contestants: dict[str, Contestant], name: str, build: Any, seconds: float
) -> dict[str, Any]:
    """Median seconds and launches of both libraries at a case, taking turns."""
    check(name, *[contestant.build(build) for contestant in contestants.values()])
    launches = {}
    for which, contestant in contestants.items():
        contestant.seconds(3)
        launches[which] = contestant.launches()
    once = max(contestants["ours"].seconds(1), 1e-6)
    times = max(INPUTS, int(0.02 / once))
    turns = max(7, int(seconds / (2 * once * times)))
    taken: dict[str, list[float]] = {which: [] for which in contestants}
    for _ in range(min(turns, 100)):
        for which, contestant in contestants.items():
            taken[which].append(contestant.seconds(times))
    medians = {which: statistics.median(t) for which, t in taken.items()}
    return {**medians, "ratio": medians["ours"] / medians["torch"], "launches": launches}


def copy_bandwidth(stream: Any) -> float:
    """Bytes a second, read and written, of the driver's copy from device to device."""
    import torch

    x, y = (torch.empty(COPIED, device="cuda") for _ in range(2))
    taken = []
    for _ in range(20):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record(stream)
        y.copy_(x)
        end.record(stream)
        end.synchronize()
        taken.append(start.elapsed_time(end) / 1e3)
    return 8 * COPIED / statistics.median(taken)


def contest() -> dict[str, Contestant]:
    """Both libraries, on one GPU, each on a stream of its own."""
    import torch

    import minitorch_tensor as mt

    # float32 means float32: PyTorch's convolutions would use less precise products (TF32).
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    mt.use_backend("cuda")
    from minitorch_backends.cuda.device import get_device

    return {
        "ours": Contestant("minitorch", torch.cuda.ExternalStream(get_device().stream)),
        "torch": Contestant("torch", torch.cuda.current_stream()),
    }


def machine() -> dict[str, Any]:
    """The machine that the figures were taken on."""
    import torch

    return {
        **cpu.machine(),
        "gpu": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="MiniTorch beside PyTorch on this machine's GPU.")
    parser.add_argument("--cases", default="", metavar="START", help="cases whose name starts so")
    parser.add_argument("--seconds", type=float, default=1.0, help="spent on a case (default 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    parser.add_argument("--list", action="store_true", help="show the names of the cases")
    parser.add_argument(
        "--here", action="store_true", help="with what this Python has, no environment of its own"
    )
    args = parser.parse_args()
    cases = {name: build for name, build in gpu_cases().items() if name.startswith(args.cases)}
    if args.list:
        print("\n".join(cases))
        return
    if not cases:
        parser.error(f"no case starts with {args.cases!r}; --list shows them.")
    if not args.here and Path(sys.prefix) != VENV:
        make_environment()
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    import torch

    if not torch.cuda.is_available():
        raise SystemExit("no GPU that PyTorch can use; nvidia-smi must list one.")
    described = machine()
    contestants = contest()
    bandwidth = copy_bandwidth(contestants["torch"].stream)
    gpu = described["gpu"]
    speed = f"{bandwidth / 1e9:,.0f} GB/s, read and written"
    print(f"{gpu}, PyTorch {described['torch']}; the driver copies {speed}")
    width = max(len(name) for name in cases)
    print(f"{'':{width}}  {'ours':>10}  {'PyTorch':>10}  ratio  {'of copy':>7}  launches  GPU")
    figures: dict[str, Any] = {}
    for name, build in cases.items():
        found = figures[name] = {**measure(contestants, name, build, args.seconds), "gpu": gpu}
        share = ""
        if name in BYTES:
            found["of copy"] = BYTES[name] / found["ours"] / bandwidth
            share = f"{found['of copy']:.0%}"
        launches = f"{found['launches']['ours']}/{found['launches']['torch']}"
        print(
            f"{name:{width}}  {found['ours'] * 1e3:7.3f} ms  {found['torch'] * 1e3:7.3f} ms  "
            f"{found['ratio']:5.2f}  {share:>7}  {launches:>8}  {gpu}",
            flush=True,
        )
        if args.json:  # after every case, so that an interruption loses nothing
            record = {"machine": described, "copy": bandwidth, "cases": figures}
            args.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
