"""Measure MiniTorch beside PyTorch; see README.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import charts
import processes

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-benchmarks"
PYTHON = VENV / "bin" / "python"
TORCH = "torch==2.13.0"

#: Who takes part: the library, and its number of threads (None: all cores).
CONTESTANTS = {"ours": ("minitorch", None), "torch": ("torch", None), "torch-1": ("torch", 1)}

#: Seconds that a turn lasts at least.
TURN = 0.03

#: Seconds of every turn before its clock starts. Threads of whoever was timed before still spin for
#: some milliseconds, and the system takes its time to spread woken threads over the cores.
WARM_UP = 0.05


def make_environment() -> None:
    """Our packages, PyTorch's CPU build and what draws charts, in an environment of their own."""
    if not PYTHON.exists():
        print(f"making {VENV.name} with {TORCH} (once)", file=sys.stderr)
        venv.create(VENV, with_pip=True)
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, TORCH, "matplotlib"], check=True)
        editable = [
            part
            for p in sorted([*ROOT.glob("packages/*"), ROOT / "apps/minitorch-gpt"])
            for part in ("-e", str(p))
        ]
        subprocess.run([*pip, *editable], check=True)


class Worker:
    """One library in a process of its own, told by lines of JSON what to time."""

    def __init__(self, name: str) -> None:
        self.library, threads = CONTESTANTS[name]
        environment = dict(os.environ)
        if threads is not None:
            environment.update(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--worker", self.library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, **message: Any) -> Any:
        """Send a message and wait for the answer."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the {self.library} process ended while it was asked {message}")
        return json.loads(answer)

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def work(name: str) -> None:
    """Serve a parent process: build a case, run it, time it."""
    import numpy as np
    from cases import CASES, library

    lib = library(name)
    run: Any = None
    times = 0
    for line in sys.stdin:
        message = json.loads(line)
        if message["do"] == "build":
            run = CASES[message["case"]](lib)
            results = [np.asarray(lib.array(r), np.float64).ravel() for r in run()]
            # Enough of every result to compare: its size, its length, and a random projection.
            answer: Any = [
                [
                    r.size,
                    float(np.sqrt(r @ r)),
                    float(r @ np.random.default_rng(5).standard_normal(r.size)),
                ]
                for r in results
            ]
            repeat(run, WARM_UP)
            times = repeat(run, TURN)
        else:
            repeat(run, WARM_UP)
            started = time.perf_counter()
            for _ in range(times):
                run()
            answer = (time.perf_counter() - started) / times
        print(json.dumps(answer), flush=True)


def repeat(run: Any, seconds: float) -> int:
    """Run something at least once and until the time is over; say how often."""
    started, times = time.perf_counter(), 0
    while times == 0 or time.perf_counter() - started < seconds:
        run()
        times += 1
    return times


def measure(workers: dict[str, Worker], name: str, seconds: float) -> dict[str, float]:
    """Median seconds of every contestant at a case, taking turns."""
    results = {c: w.ask(do="build", case=name) for c, w in workers.items()}
    for (size, length, projection), theirs in zip(results["ours"], results["torch"]):
        tolerance = 1e-4 * max(theirs[1], 1e-6)
        if (
            size != theirs[0]
            or max(abs(length - theirs[1]), abs(projection - theirs[2])) > tolerance
        ):
            raise SystemExit(f"{name}: results differ: {results['ours']} {results['torch']}")
    taken: dict[str, list[float]] = {c: [] for c in workers}
    started = time.perf_counter()
    while True:
        for contestant, worker in workers.items():
            taken[contestant].append(worker.ask(do="time"))
        rounds, spent = len(taken["ours"]), time.perf_counter() - started
        if spent > seconds and (rounds >= 7 or (rounds >= 3 and spent > 10 * seconds)):
            break
    return {c: statistics.median(t) for c, t in taken.items()}


def measure_process(name: str) -> dict[str, float]:
    """Median seconds, or peak MiB, of a whole process of every contestant."""
    return {
        contestant: processes.measure(name, library, threads)
        for contestant, (library, threads) in CONTESTANTS.items()
    }


def machine() -> dict[str, Any]:
    """The machine that the figures were taken on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [s for s in cpuinfo.read_text().splitlines() if s.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "torch": TORCH.partition("==")[2],
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "date": time.strftime("%Y-%m-%d"),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="MiniTorch beside PyTorch on this machine.")
    parser.add_argument("--cases", default="", metavar="START", help="cases whose name starts so")
    parser.add_argument("--seconds", type=float, default=3.0, help="spent on a case (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    parser.add_argument("--charts", type=Path, metavar="FILE", help="draw FILE.svg and FILE.png")
    parser.add_argument("--summary", action="store_true", help="end with a short table, Markdown")
    parser.add_argument("--list", action="store_true", help="show the names of the cases")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(args.worker)
        return
    if Path(sys.prefix) != VENV:
        make_environment()
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    from cases import CASES

    names = [name for name in (*CASES, *processes.NAMES) if name.startswith(args.cases)]
    if args.list:
        print("\n".join(names))
        return
    if not names:
        parser.error(f"no case starts with {args.cases!r}; --list shows them.")
    described = machine()
    print(f"{described['processor']}, {described['cores']} cores, Python {described['python']}")
    width = max(len(name) for name in names)
    print(f"{'':{width}}  {'ours':>10}  {'PyTorch':>10}  ratio")
    figures: dict[str, dict[str, float]] = {}
    workers: dict[str, Worker] = {}
    for name in names:
        if name in processes.NAMES:
            medians = measure_process(name)
        else:
            workers = workers or {contestant: Worker(contestant) for contestant in CONTESTANTS}
            medians = measure(workers, name, args.seconds)
        ours, theirs = medians["ours"], min(medians["torch"], medians["torch-1"])
        figures[name] = {**medians, "ratio": ours / theirs}
        scale, unit = (1, "MiB") if name.startswith("memory") else (1e3, "ms")
        print(
            f"{name:{width}}  {ours * scale:7.3f} {unit:3} {theirs * scale:7.3f} {unit:3} "
            f"{ours / theirs:5.2f}",
            flush=True,
        )
        if args.json:  # after every case, so that an interruption loses nothing
            record = {"machine": described, "cases": figures}
            args.json.write_text(json.dumps(record, indent=1) + "\n")
    for worker in workers.values():
        worker.close()
    if args.charts:
        charts.draw(figures, described, args.charts)
    if args.summary:
        print(charts.summary(figures))


if __name__ == "__main__":
    main()
