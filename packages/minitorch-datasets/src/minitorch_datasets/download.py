"""Downloading published files into the cache: mirrors, limits of time and size, checksums.

pooch downloads files, verifies them and moves them into place; it and its dependencies are imported
only for a download, so that importing this package stays fast.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from minitorch_datasets._files import scratch
from minitorch_datasets.errors import DatasetError, UnavailableError

__all__ = ["cache_dir"]

CACHE_VARIABLE = "MINITORCH_DATA_DIR"
CONNECT_TIMEOUT = 4.0  # seconds to wait for a mirror
READ_TIMEOUT = 10.0  # seconds that a piece of a download may take
PIECE = 16 << 10  # bytes
SLOWEST = 16 << 10  # bytes per second, averaged over a download

_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class RemoteFile(NamedTuple):
    """A published file: its name at every mirror, size in bytes, and checksum.

    The checksum is a SHA-256, or "md5:" and an MD5 if the publisher gives only that.
    """

    name: str
    size: int
    checksum: str


def cache_dir() -> Path:
    """The folder for downloads.

    The environment variable MINITORCH_DATA_DIR names it; the default is in the operating system's
    cache folder (on Linux `~/.cache/minitorch`).

    Raises: UnavailableError if there is neither: a user in a container may have no home folder.
    """
    configured = os.environ.get(CACHE_VARIABLE)
    try:
        if configured:
            return Path(configured).expanduser()
        import pooch  # type: ignore[import-untyped]  # pooch ships no types

        folder = Path(pooch.os_cache("minitorch"))
        # Its specification says to ignore a relative XDG_CACHE_HOME.
        folder = folder if folder.is_absolute() else Path.home() / ".cache" / "minitorch"
        if not folder.is_absolute():
            raise RuntimeError(f"the home folder {Path.home()} is relative")
    except RuntimeError as error:
        raise UnavailableError(
            f"this user has no folder to keep downloads in ({error})",
            f"Set {CACHE_VARIABLE} to a folder that can be written",
        ) from error
    return folder


def fetch(
    files: Sequence[RemoteFile],
    folder: Path,
    *,
    mirrors: Sequence[str],
    progress: bool | None = None,
    timeout: float = CONNECT_TIMEOUT,
) -> list[Path]:
    """Download files into a folder, each from the first mirror that serves it intact.

    A file appears in the folder only when it is complete and its checksum is right. An existing
    file with the right checksum is not downloaded again.

    Args:
        files: the files to download.
        folder: the target; made if it does not exist.
        mirrors: base URLs, http or https, in order of preference.
        progress: show one bar per file on stderr; None shows them if stderr is a terminal.
        timeout: seconds to connect, for all mirrors together.
    Returns: the paths, in the order of files.
    Raises: UnavailableError if no mirror serves a file intact and in time, or the folder cannot be
        written.
        DatasetError if a mirror is not an http or https URL.
    """
    probes = [_Probe(mirror, timeout) for mirror in mirrors]
    return [_fetch_one(file, folder, probes, progress, timeout) for file in files]


def _fetch_one(
    file: RemoteFile,
    folder: Path,
    probes: Sequence[_Probe],
    progress: bool | None,
    timeout: float,
) -> Path:
    failures = []
    for probe in probes:
        reason = probe.failure()
        if reason is None:
            try:
                return _retrieve(file, folder, probe.mirror, progress, timeout)
            except _BrokenOffError as error:
                reason = error.reason
            except OSError as error:
                raise UnavailableError(
                    f"cannot write {file.name} to the cache folder {folder} "
                    f"({error.strerror or error})",
                    f"Set {CACHE_VARIABLE} to a folder that can be written",
                ) from error
            except ValueError:  # pooch: the checksum, and the download is deleted
                reason = "the file there has a wrong checksum"
        failures.append(f"{urlsplit(probe.mirror).netloc}: {reason}")
    raise UnavailableError(
        f"{file.name} cannot be downloaded ({'; '.join(failures) or 'no mirrors given'})",
        "Try again with a network, or name the folder that holds the files as data_dir",
    )


def _retrieve(
    file: RemoteFile, folder: Path, mirror: str, progress: bool | None, timeout: float
) -> Path:
    import pooch
    from tqdm import tqdm

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # otherwise it prints each URL between the progress bars
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            scratch(folder) as parts,
            tqdm(
                desc=file.name,
                total=file.size,
                unit="B",
                unit_scale=True,
                disable=None if progress is None else not progress,  # None asks for a terminal
            ) as bar,
        ):

            def download(url: str, output: str, _: object) -> None:
                with Path(output).open("wb") as stream, _Answer(url, file.size, timeout) as answer:
                    for chunk in answer:
                        stream.write(chunk)
                        bar.update(len(chunk))

            retrieved = pooch.retrieve(
                f"{mirror.rstrip('/')}/{file.name}",
                known_hash=file.checksum,
                fname=file.name,
                path=parts,
                downloader=download,
            )
            # pooch's files are private, but a cache may be shared: apply the umask
            Path(retrieved).chmod(parts.stat().st_mode & 0o666)
            return Path(retrieved).replace(folder / file.name)
    finally:
        logger.setLevel(level)


class _BrokenOffError(Exception):
    """The reason why a download failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Answer:
    """The content of a URL, piece by piece.

    requests applies its timeouts to each piece, however small, and not to name resolution. So a
    daemon thread makes the request, and the iterator waits for it with limits of its own.

    Args:
        url: the URL to request.
        size: the expected and largest number of bytes.
        timeout: seconds to connect.
    Raises: _BrokenOffError while it is iterated, if the answer is missing, too slow or too long.
    """

    def __init__(self, url: str, size: int, timeout: float) -> None:
        self._url = url
        self._size = size
        self._timeout = timeout
        self._pieces: queue.Queue[bytes | Exception | None] = queue.Queue(maxsize=64)
        self._left = threading.Event()

    def __enter__(self) -> Self:
        try:
            threading.Thread(target=self._ask, daemon=True).start()
        except RuntimeError as error:
            raise _BrokenOffError(str(error)) from error
        return self

    def __exit__(self, *error: object) -> None:
        self._left.set()

    def __iter__(self) -> Iterator[bytes]:
        end = time.monotonic() + self._timeout + READ_TIMEOUT + self._size / SLOWEST
        taken = 0
        while True:
            # The first piece includes connecting, perhaps with a redirection.
            wait = READ_TIMEOUT + (0 if taken else self._timeout)
            try:
                piece = self._pieces.get(timeout=max(0.0, min(wait, end - time.monotonic())))
            except queue.Empty:
                raise _BrokenOffError("it stopped answering, or is too slow") from None
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise _BrokenOffError(_reason(piece)) from piece
            taken += len(piece)
            if taken > self._size:
                raise _BrokenOffError(f"the file there is longer than {self._size:,} bytes")
            yield piece

    def _ask(self) -> None:
        import requests

        try:
            with requests.get(
                self._url,
                stream=True,
                timeout=(self._timeout, READ_TIMEOUT),
                headers={"Accept-Encoding": "identity"},
            ) as response:
                response.raise_for_status()
                # Not decoded: a compressed response could unpack to any size.
                for piece in response.raw.stream(PIECE, decode_content=False):
                    if not self._hand_over(piece):
                        return
        except Exception as error:  # noqa: BLE001 - the iterator raises it
            self._hand_over(error)
        else:
            self._hand_over(None)

    def _hand_over(self, piece: bytes | Exception | None) -> bool:
        """Pass a piece to the iterator; true while it still wants more."""
        while not self._left.is_set():
            with contextlib.suppress(queue.Full):
                self._pieces.put(piece, timeout=0.1)
                return True
        return False


def _reason(error: BaseException) -> str:
    """One short line for an error of requests, which wraps the cause several times."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code} {response.reason}"
    if "Timeout" in type(error).__name__:
        return "it stopped answering"
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner
        inner = getattr(error, "reason", None) or (error.args[-1] if error.args else None)
    return f"{type(error).__name__}: {error}".replace("\n", " ")


class _Probe:
    """Tries to connect to a mirror in the background.

    The timeout of requests does not cover name resolution, which can hang for minutes. A daemon
    thread can be abandoned: neither its caller nor the end of the process waits for it.
    """

    def __init__(self, mirror: str, timeout: float) -> None:
        parts = urlsplit(mirror)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DatasetError(
                f"mirror {mirror!r} is not a base URL, wanted http://HOST/PATH or https://HOST/PATH",
                "Check the address",
            )
        self.mirror = mirror
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._failure: str | None = f"no connection within {timeout:g} s"
        self._thread = threading.Thread(target=self._connect, daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # the user's limit of threads is reached
            self._failure = str(error)
            self._deadline = 0.0

    def failure(self) -> str | None:
        """Why the mirror cannot be connected to, or None if it can; waits for the deadline."""
        if self._deadline:
            self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return self._failure

    def _connect(self) -> None:
        through = ""
        try:
            host, port, through = _first_hop(self.mirror)
            socket.create_connection((host, port), self._timeout).close()
        except TimeoutError:
            return
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be encoded
            self._failure = through + (getattr(error, "strerror", None) or str(error))
        else:
            self._failure = None


def _first_hop(url: str) -> tuple[str, int, str]:
    """The server that requests would connect to for a URL: its host, or the environment's proxy.

    Returns: host, port, and "proxy HOST: " for an error message, empty without a proxy.
    """
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    through = ""
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        through = f"proxy {parts.hostname}: "
    if not parts.hostname:
        raise ValueError(f"{proxy!r} names no proxy host")
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme, 80), through
