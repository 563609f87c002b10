"""Downloads, from a server on this machine: what arrives is right and whole, or nothing does."""

from __future__ import annotations

import gzip
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest

from minitorch_datasets import (
    DatasetError,
    UnavailableError,
    cache_dir,
    download,
    has_imdb,
    has_mnist,
    has_sst2,
    load_image_dataset,
    load_mnist,
)

UNREACHABLE = "http://127.0.0.1:9/mnist"  # the discard port, where nobody listens

#: Much in little.
UNPACKING = gzip.compress(bytes(1 << 24))


class Mirror(ThreadingHTTPServer):
    """A loopback server of files; `fault` says what it does wrong, `asked` what was asked of it."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), MirrorHandler)
        self.files = files
        self.fault: str | None = None
        self.asked: list[str] = []
        self.closing = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/mnist"

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about clients that hang up: the tests make them."""


class MirrorHandler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        self.server.asked.append(self.path)
        if self.server.fault == "silent":
            self.server.closing.wait(60)
            return
        if name not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[name]
        if self.server.fault == "slow header":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            self.trickle(b"X-Slow: 1\r\n" * 10_000)
            return
        self.send_response(200)
        if self.server.fault not in ("endless", "unpacking"):
            self.send_header("Content-Length", str(len(content)))
        if self.server.fault == "unpacking":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.server.fault == "slow":
            self.trickle(content)
            return
        if self.server.fault == "endless":
            while not self.server.closing.is_set():
                self.wfile.write(bytes(1 << 16))
        if self.server.fault == "unpacking":
            content = UNPACKING
        if self.server.fault == "truncated":
            content = content[: len(content) // 2]
        elif self.server.fault == "damaged":
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.wfile.write(content)

    def trickle(self, content: bytes) -> None:
        """A byte at a time, each in time."""
        for place in range(len(content)):
            self.wfile.write(content[place : place + 1])
            if self.server.closing.wait(0.05):
                return

    def log_message(self, *args: object) -> None:
        """Keep stderr for what the package prints."""


@pytest.fixture
def mirrors(published: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Mirror]]:
    """Two mirrors that both serve the published files."""
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    files = {path.name: path.read_bytes() for path in published.iterdir()}
    servers = [Mirror(files), Mirror(files)]
    threads = [
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        for server in servers
    ]
    for thread in threads:
        thread.start()
    yield servers
    for server, thread in zip(servers, threads, strict=True):
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def load(mirrors: list[Mirror], **options: object) -> int:
    dataset = load_mnist(mirrors=[mirror.url for mirror in mirrors], **options)  # type: ignore[arg-type]
    return len(dataset.train_labels)


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture(autouse=True)
def _cache(cache: Path) -> None:
    """Every test starts with an empty cache."""


def test_what_is_missing_is_downloaded_once_and_kept(mirrors: list[Mirror], cache: Path) -> None:
    assert load(mirrors) == 12
    assert load(mirrors) == 12
    assert len(mirrors[0].asked) == 4
    assert not mirrors[1].asked
    assert files_in(cache) == sorted(f"mnist/{name}" for name in mirrors[0].files)
    for path in (cache / "mnist").iterdir():
        assert path.read_bytes() == mirrors[0].files[path.name]


def test_only_what_is_missing_or_damaged_is_downloaded(mirrors: list[Mirror], cache: Path) -> None:
    load(mirrors)
    mirrors[0].asked.clear()
    first, second, *_ = sorted((cache / "mnist").iterdir())
    first.unlink()
    second.write_bytes(second.read_bytes()[:-5])
    assert load(mirrors) == 12
    assert sorted(mirrors[0].asked) == [f"/mnist/{first.name}", f"/mnist/{second.name}"]
    assert load(mirrors, download=False) == 12


@pytest.mark.parametrize("fault", ["truncated", "damaged", "silent"])
def test_the_second_mirror_helps_when_the_first_fails(
    mirrors: list[Mirror], cache: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "READ_TIMEOUT", 0.1)
    mirrors[0].fault = fault
    assert load(mirrors) == 12
    assert len(mirrors[1].asked) == 4
    assert len(files_in(cache)) == 4


@pytest.mark.parametrize(
    ("fault", "saying"),
    [
        ("truncated", "IncompleteRead|wrong checksum"),  # the first since urllib3 2
        ("damaged", "the file there has a wrong checksum"),
        ("silent", "it stopped answering"),
        ("slow", "it stopped answering, or is too slow"),
        ("slow header", "it stopped answering, or is too slow"),
        ("endless", r"the file there is longer than [\d,]+ bytes"),
        ("unpacking", r"the file there is longer than [\d,]+ bytes"),
    ],
)
def test_a_failed_download_says_why_and_leaves_nothing(
    mirrors: list[Mirror],
    cache: Path,
    fault: str,
    saying: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(download, "READ_TIMEOUT", 0.1)
    mirrors[0].fault = fault
    began = time.monotonic()
    with pytest.raises(UnavailableError, match=saying) as caught:
        load(mirrors[:1], timeout=1.0)
    assert time.monotonic() - began < 20
    assert "train-images-idx3-ubyte.gz cannot be downloaded (127.0.0.1:" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not files_in(cache)


def test_a_file_that_no_mirror_has_names_every_answer(mirrors: list[Mirror], cache: Path) -> None:
    mirrors[0].files = mirrors[1].files = {}
    with pytest.raises(UnavailableError, match=r"HTTP 404 Not Found; 127.*HTTP 404 Not Found"):
        load(mirrors)
    assert not files_in(cache)


def test_an_interrupted_download_leaves_nothing(
    mirrors: list[Mirror], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tqdm

    written = []

    class Interrupted(tqdm.tqdm):  # type: ignore[type-arg]
        def update(self, n: float | None = 1) -> bool | None:
            written.extend(files_in(cache))
            raise KeyboardInterrupt

    monkeypatch.setattr(tqdm, "tqdm", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(mirrors, progress=True)
    assert len(written) == 1  # it did write, to a temporary file
    assert not written[0].endswith(".gz")
    assert not files_in(cache)


def test_a_download_is_timed_over_all_and_not_piece_by_piece(
    mirrors: list[Mirror], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PIECE", 1)  # so that every piece comes in time
    monkeypatch.setattr(download, "READ_TIMEOUT", 1.0)
    monkeypatch.setattr(download, "SLOWEST", 1e9)
    mirrors[0].fault = "slow"
    with pytest.raises(UnavailableError, match="too slow"):
        load(mirrors[:1], timeout=0.5)
    assert not files_in(cache)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_what_a_killed_download_left_is_removed_by_the_next(
    mirrors: list[Mirror], cache: Path
) -> None:
    mirrors[0].fault = "slow"
    code = f"import minitorch_datasets as d; d.load_mnist(mirrors=[{mirrors[0].url!r}])"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        while not files_in(cache):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert len(files_in(cache)) == 1
    assert load(mirrors[1:]) == 12
    assert files_in(cache) == sorted(f"mnist/{name}" for name in mirrors[0].files)
    assert len(list((cache / "mnist").iterdir())) == 4


@pytest.mark.skipif(os.name != "posix", reason="needs a umask")
def test_what_is_downloaded_respects_the_umask(mirrors: list[Mirror], cache: Path) -> None:
    before = os.umask(0o027)
    try:
        load(mirrors)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (cache / "mnist").iterdir()} == {0o640}


def test_a_refused_connection_is_told_so(mirrors: list[Mirror]) -> None:
    with pytest.raises(UnavailableError, match=r"127.0.0.1:9: Connection refused") as caught:
        load_mnist(mirrors=[UNREACHABLE])
    assert "MNIST is not in the cache" in caught.value.reason
    assert load_mnist(mirrors=[UNREACHABLE, mirrors[0].url]).name == "mnist"


def test_a_user_who_may_start_no_thread_is_told_so(
    mirrors: list[Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(UnavailableError, match=r"127.0.0.1:.*: can't start new thread"):
        load(mirrors[:1])


@pytest.fixture
def hanging_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Looking up a name takes until the event is set."""
    answered = threading.Event()

    def getaddrinfo(*args: object, **kwargs: object) -> None:
        answered.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield answered
    answered.set()


def test_a_resolver_that_hangs_is_not_waited_for(
    published: Path, hanging_resolver: threading.Event
) -> None:
    mirrors = ["http://one.invalid/mnist", "http://two.invalid/mnist"]
    with pytest.raises(UnavailableError, match=r"one.invalid: no connection within 0.1 s; two"):
        load_mnist(mirrors=mirrors, timeout=0.1)
    assert not hanging_resolver.is_set()  # we gave up, it did not answer


def test_a_resolver_that_hangs_does_not_keep_the_process(cache: Path) -> None:
    code = (
        "import socket, time, minitorch_datasets as d\n"
        "socket.getaddrinfo = lambda *args, **kwargs: time.sleep(60)\n"
        "try: d.load_mnist(mirrors=['http://one.invalid'], timeout=0.1)\n"
        "except d.UnavailableError as error: print(error.reason)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True
    )
    assert "no connection within 0.1 s" in run.stdout


def test_downloads_go_through_the_proxy_of_the_environment(
    mirrors: list[Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{mirrors[0].server_port}")
    assert load_mnist(mirrors=["http://unknown.invalid/mnist"]).name == "mnist"
    assert mirrors[0].asked[0] == "http://unknown.invalid/mnist/train-images-idx3-ubyte.gz"


def test_a_proxy_that_cannot_be_reached_is_blamed(
    mirrors: list[Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "127.0.0.1:9")
    with pytest.raises(UnavailableError, match=r"proxy 127.0.0.1: Connection refused"):
        load(mirrors[:1])
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert load(mirrors[:1]) == 12


def test_a_cache_that_cannot_be_written_is_told_so(mirrors: list[Mirror], cache: Path) -> None:
    cache.write_text("a file in its place")
    with pytest.raises(UnavailableError, match=r"cannot write .* to the cache folder") as caught:
        load(mirrors)
    assert "MINITORCH_DATA_DIR" in str(caught.value)


@pytest.mark.parametrize("mirror", ["ftp://host/mnist", "host/mnist", "https://"])
def test_a_mirror_must_be_a_web_address(published: Path, mirror: str) -> None:
    with pytest.raises(DatasetError, match="wanted http"):
        load_mnist(mirrors=[mirror])


def test_no_mirror_at_all_is_told_so(published: Path) -> None:
    with pytest.raises(UnavailableError, match="no mirrors given"):
        load_mnist(mirrors=[])


def test_progress_is_shown_on_stderr_only_where_wanted(
    mirrors: list[Mirror], cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    load(mirrors, progress=False)
    assert capfd.readouterr() == ("", "")
    (cache / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    load(mirrors)  # stderr is no terminal here
    assert capfd.readouterr() == ("", "")
    (cache / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    load(mirrors, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "t10k-labels-idx1-ubyte.gz: 100%" in err


def test_the_log_of_pooch_stays_silent_and_as_it_was(mirrors: list[Mirror]) -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = pooch.get_logger()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)  # as pooch has it, whatever was loaded before
    try:
        load(mirrors)
    finally:
        logger.removeHandler(handler)
    assert not records
    assert logger.level == logging.INFO


def test_the_cache_is_the_operating_systems_unless_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("MINITORCH_DATA_DIR")
    assert "minitorch" in cache_dir().parts


HOMELESS = {
    "no home": {},
    "an empty home": {"HOME": ""},
    "a relative home": {"HOME": "home"},
    "an empty place for caches": {"XDG_CACHE_HOME": ""},
    "a relative place for caches": {"XDG_CACHE_HOME": "caches"},
    "a home of nobody for the data": {"MINITORCH_DATA_DIR": "~nobody-of-that-name/data"},
}


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's place for caches")
@pytest.mark.parametrize("variables", HOMELESS.values(), ids=HOMELESS)
def test_the_cache_is_never_a_folder_below_the_working_directory(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("HOME", "XDG_CACHE_HOME", "MINITORCH_DATA_DIR"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)

    def getpwuid(user: int) -> None:
        raise KeyError(user)

    monkeypatch.setattr("pwd.getpwuid", getpwuid)
    monkeypatch.chdir(tmp_path)
    try:
        assert cache_dir().is_absolute()
    except UnavailableError as error:
        assert "Set MINITORCH_DATA_DIR" in str(error)
        for has in (has_imdb, has_mnist, has_sst2):
            assert not has()
        dataset, note = load_image_dataset("auto")
        assert dataset.name == "digits"
        assert note is not None
        assert note.startswith("this user has no folder to keep downloads in")
    assert not list(tmp_path.iterdir())


def test_a_relative_place_for_caches_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MINITORCH_DATA_DIR")
    monkeypatch.setattr(pooch, "os_cache", lambda name: Path("caches") / name)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_dir() == tmp_path / ".cache" / "minitorch"
