"""What the tests share: a small stand-in for MNIST, and the real data."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from minitorch_datasets import mnist, write_idx
from minitorch_datasets.download import RemoteFile

NAMES = tuple(file.name for file in mnist._FILES)


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """Four arrays of MNIST's layout, but few images."""
    rng = np.random.default_rng(0)
    found = {}
    for name, count in zip(NAMES, (12, 12, 5, 5), strict=True):
        if "images" in name:
            found[name] = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        else:
            found[name] = rng.integers(0, 10, count, dtype=np.uint8)
    return found


@pytest.fixture
def folder(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """A folder with the four arrays as gzipped IDX files."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, array in arrays.items():
        write_idx(folder / f"{name}.gz", array)
    return folder


@pytest.fixture
def published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, while the package takes exactly its files for MNIST."""
    files = []
    for name in NAMES:
        packed = (folder / f"{name}.gz").read_bytes()
        remote = RemoteFile(f"{name}.gz", len(packed), hashlib.sha256(packed).hexdigest())
        content = hashlib.sha256(gzip.decompress(packed)).hexdigest()
        files.append(mnist._MnistFile(remote, content))
    monkeypatch.setattr(mnist, "_FILES", tuple(files))
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, in use."""
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep stderr for what the package prints."""


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], str]]:
    """Serves folders on this machine; gives their URL."""
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    with ExitStack() as stack:

        def start(folder: Path) -> str:
            handler = partial(QuietHandler, directory=str(folder))
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture(scope="session")
def peak_memory() -> Callable[[str], int]:
    """Runs code that uses this package, as `d`, in a process of its own; gives the most memory, in
    MiB, that it took."""
    status = Path("/proc/self/status")
    if not status.is_file():
        pytest.skip("needs Linux's /proc")

    def measure(code: str) -> int:
        measured = (
            "import minitorch_datasets as d\n"
            f"try: {code}\n"
            "except d.DatasetError: pass\n"
            f"print(open({str(status)!r}).read())"
        )
        done = subprocess.run(
            [sys.executable, "-c", measured],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return int(done.stdout.split("VmHWM:")[1].split()[0]) // 1024

    return measure


def real_data(name: str) -> Path:
    """The folder of a real data set, or a skip."""
    configured = os.environ.get("MINITORCH_TEST_DATA")
    if configured:
        places = [Path(configured)]
    else:
        places = [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    for place in places:
        if (place / name).is_dir():
            return place / name
    pytest.skip(f"no real data: no folder {name} in {configured or 'any ../shared/data'}")


@pytest.fixture(scope="session")
def real_mnist() -> Path:
    """The folder of the real MNIST, or a skip."""
    return real_data("mnist")


@pytest.fixture(scope="session")
def real_imdb() -> Path:
    """The folder of the real IMDB, or a skip."""
    return real_data("imdb")


@pytest.fixture(scope="session")
def real_shakespeare() -> Path:
    """The folder of the real Tiny Shakespeare, or a skip."""
    return real_data("shakespeare")


@pytest.fixture(scope="session")
def real_sst2() -> Path:
    """The folder of the real SST-2, or a skip."""
    return real_data("sst2")
