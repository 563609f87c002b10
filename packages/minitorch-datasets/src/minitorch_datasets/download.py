"""Fetching published files into the cache: mirrors, deadline, checksum, progress.

pooch downloads, verifies and moves into place; it and what it needs are imported only when
something is fetched, so that importing this package stays light.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from minitorch_datasets.errors import DatasetError, UnavailableError

__all__ = ["cache_dir"]

CACHE_VARIABLE = "MINITORCH_DATA_DIR"
CONNECT_TIMEOUT = 4.0  # seconds until a mirror that does not answer is given up
READ_TIMEOUT = 10.0  # seconds that a download may stand still

_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class RemoteFile(NamedTuple):
    """A published file: its name at every mirror, size in bytes, and checksum.

    The checksum is a SHA-256, or "md5:" and an MD5 where the publisher gives only that.
    """

    name: str
    size: int
    checksum: str


def cache_dir() -> Path:
    """The folder that downloads are kept in.

    The environment variable MINITORCH_DATA_DIR names it; where that is not set, it is the
    operating system's place for caches (on Linux `~/.cache/minitorch`).
    """
    configured = os.environ.get(CACHE_VARIABLE)
    if configured:
        return Path(configured).expanduser()
    import pooch  # type: ignore[import-untyped]  # pooch ships no types

    return Path(pooch.os_cache("minitorch"))


def fetch(
    files: Sequence[RemoteFile],
    folder: Path,
    *,
    mirrors: Sequence[str],
    progress: bool | None = None,
    timeout: float = CONNECT_TIMEOUT,
) -> list[Path]:
    """Download files into a folder, each from the first mirror that has it whole.

    A file appears in the folder only when it is complete and its checksum is right. One that is
    there already, and right, is not downloaded again.

    Args:
        files: what to fetch.
        folder: where to; made if it does not exist.
        mirrors: base URLs, http or https, in order of preference.
        progress: show a bar a file on stderr; None shows them if stderr is a terminal.
        timeout: seconds to connect, for all mirrors together.
    Returns: the paths, in the order of files.
    Raises: UnavailableError if no mirror has a file, or the folder cannot be written.
        DatasetError if a mirror is no http or https URL.
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
            except OSError as error:  # requests' errors are OSErrors, without an error number
                if error.errno is not None or isinstance(error, PermissionError):
                    raise UnavailableError(
                        f"cannot write {file.name} to the cache folder {folder} "
                        f"({error.strerror or error})",
                        f"Set {CACHE_VARIABLE} to a folder that can be written",
                    ) from error
                reason = _reason(error)
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
    logger.setLevel("WARNING")  # or it prints each URL, between the progress bars
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tqdm(
            desc=file.name,
            total=file.size,
            unit="B",
            unit_scale=True,
            disable=None if progress is None else not progress,  # tqdm: None asks for a terminal
        ) as bar:
            retrieved = pooch.retrieve(
                f"{mirror.rstrip('/')}/{file.name}",
                known_hash=file.checksum,
                fname=file.name,
                path=folder,
                downloader=pooch.HTTPDownloader(
                    progressbar=bar, chunk_size=1 << 16, timeout=(timeout, READ_TIMEOUT)
                ),
            )
    finally:
        logger.setLevel(level)
    path = Path(retrieved)
    path.chmod(0o644)  # pooch's temporary files are private, but a cache may be shared
    return path


def _reason(error: BaseException) -> str:
    """One short line out of an error of requests, which wraps what happened several times over."""
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
    """Finds out, in the background, whether a mirror can be connected to.

    The timeout of requests does not cover looking up a name, which can hang for minutes. A daemon
    thread can be left behind: neither its caller nor the end of the process waits for it.
    """

    def __init__(self, mirror: str, timeout: float) -> None:
        parts = urlsplit(mirror)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DatasetError(
                f"mirror {mirror!r} is no base URL, wanted http://HOST/PATH or https://HOST/PATH",
                "Check the address",
            )
        self.mirror = mirror
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._failure: str | None = f"no connection within {timeout:g} s"
        self._thread = threading.Thread(target=self._connect, daemon=True)
        self._thread.start()

    def failure(self) -> str | None:
        """Why the mirror cannot be connected to, or None if it can; waits for the deadline."""
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
    """Whom requests would connect to for a URL: its host, or the proxy of the environment.

    Returns: host, port, and "proxy HOST: " for an error message, empty if there is no proxy.
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
