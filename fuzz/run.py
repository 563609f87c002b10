"""Fuzz every reader of files for as long as wanted, and say what was found.

    python fuzz/run.py --seconds 3600 [--engine atheris] [--target NAME] [--seed N]

The engine `hypothesis` draws damage as the tests do, from other seeds each time; `atheris` (which
must be installed: `pip install atheris`) lets the coverage of Python code lead it, one target a
process. What a reader failed on is kept in `fuzz/found`, by target and digest.
"""

from __future__ import annotations

import argparse
import collections
import errno
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

from mutate import KINDS, Edit, damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from targets import Target

FOUND = Path(__file__).parent / "found"

#: What atheris watches: our readers, and the modules of Python that they read archives with.
WATCHED = [
    "minitorch_datasets",
    "minitorch_nn.checkpoint",
    "minitorch_gpt.trained",
    "minitorch_sentiment.trained",
    "minitorch_tensor.serialization",
    "minitorch_mnist.images",
    "minitorch_backends.kept",
    "tarfile",
    "zipfile",
    "gzip",
]


def keep(name: str, content: bytes, error: BaseException) -> None:
    """Write what a reader failed on, with how."""
    FOUND.mkdir(exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = FOUND / f"{name.replace(' ', '-')}-{digest}"
    path.write_bytes(content)
    text = "".join(traceback.format_exception(error))
    path.with_suffix(".txt").write_text(text, encoding="utf-8")


def run_drawn(known: dict[str, Target], seconds: float, seed: int) -> dict[str, object]:
    """Draw damage for the given time; how often each reader was tried, and what came of it."""
    rng = random.Random(seed)
    names = [name for name, target in known.items() for _ in range(target.weight)]
    tries: collections.Counter[str] = collections.Counter()
    outcomes: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    slowest = ("", 0.0)
    start = time.monotonic()
    end = start + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            name = rng.choice(names)
            target = known[name]
            edits = [
                Edit(rng.choice(KINDS), rng.random(), rng.randrange(1 << 16))
                for _ in range(rng.randint(1, 6))
            ]
            content = damaged(rng.choice(target.seeds), edits, rng.choice(target.seeds))
            begun = time.monotonic()
            try:
                outcome = "read" if target.check(content, Path(folder)) == "read" else "refused"
            except KeyboardInterrupt:
                break
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
                if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                    time.sleep(1)  # another program's doing: the file was not even written
                    continue
                outcome = "failed"
                keep(name, content, error)
            taken = time.monotonic() - begun
            slowest = max(slowest, (name, taken), key=lambda pair: pair[1])
            tries[name] += 1
            outcomes[name][outcome] += 1
    return {
        "seconds": round(time.monotonic() - start),
        "seed": seed,
        "tries": sum(tries.values()),
        "failed": sum(counter["failed"] for counter in outcomes.values()),
        "slowest": {"target": slowest[0], "seconds": round(slowest[1], 2)},
        "peak_MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "targets": {name: dict(outcomes[name]) for name in known},
    }


def run_atheris(known: dict[str, Target], name: str, seconds: float, seed: int) -> None:
    """Fuzz one reader with atheris, which ends the process."""
    import atheris

    target = known[name]
    folder = Path(tempfile.mkdtemp())
    corpus = Path(tempfile.mkdtemp())
    for number, content in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(content)

    def try_it(content: bytes) -> None:
        try:
            target.check(content, folder)
        except Exception as error:
            keep(name, content, error)
            raise

    limits = [f"-max_total_time={int(seconds)}", f"-seed={seed}", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *limits, "-max_len=65536", "-timeout=20", str(corpus)], try_it)
    atheris.Fuzz()


def load(engine: str) -> dict[str, Target]:
    """All readers, watched by atheris if that is the engine."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        try:
            if engine == "atheris":
                import atheris

                with atheris.instrument_imports(include=WATCHED):
                    from targets import targets
            else:
                from targets import targets
            return targets()
        finally:
            os.chdir(here)


def main() -> int:
    """Parse the command line and run; 1 if a reader failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--engine", choices=("hypothesis", "atheris"), default="hypothesis")
    parser.add_argument("--target")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.engine == "atheris" and args.target is None:
        known = load("hypothesis")
        base = [sys.executable, __file__, "--engine", "atheris", "--seed", str(args.seed)]
        base += ["--seconds", str(args.seconds / len(known))]
        codes = [subprocess.call([*base, "--target", name]) for name in known]
        return int(any(codes))
    known = load(args.engine)
    if args.target is not None:
        known = {args.target: known[args.target]}
    if args.engine == "atheris":
        run_atheris(known, args.target, args.seconds, args.seed or 1)
    found = run_drawn(known, args.seconds, args.seed)
    print(json.dumps(found, indent=2))  # noqa: T201
    return int(bool(found["failed"]))


if __name__ == "__main__":
    sys.exit(main())
