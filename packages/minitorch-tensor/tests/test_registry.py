"""Finding backends: by entry points, lazily, and with errors that help."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import minitorch_tensor as mt
from minitorch_tensor import registry

WORKING = """
    from minitorch_tensor.backends.numpy import NumpyBackend

    class Mine(NumpyBackend):
        name = {name!r}
        interface_version = {version}
"""


@pytest.fixture
def install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str, str], None]]:
    """Install a distribution with one backend: its name, the entry point's target, its module."""
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded = dict(registry._registry.loaded)
    modules = set(sys.modules)

    def add(backend: str, target: str, source: str, distribution: str = "") -> None:
        distribution = distribution or f"mt-{backend}"
        module = target.partition(":")[0]
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source))
        info = tmp_path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        (info / "entry_points.txt").write_text(f"[minitorch.backends]\n{backend} = {target}\n")
        mt.refresh()

    yield add
    monkeypatch.undo()
    for module in set(sys.modules) - modules:
        if module.startswith("mt_"):
            del sys.modules[module]
    registry._registry.loaded.clear()
    registry._registry.loaded.update(loaded)
    mt.refresh()


# -- finding ------------------------------------------------------------------------------------


def test_the_built_in_backends_are_entry_points_like_anyone_elses():
    assert {"simple", "numpy"} <= set(mt.backend_names())
    assert mt.get_backend("simple").name == "simple"
    assert mt.get_backend("numpy") is mt.get_backend("numpy")
    assert mt.get_backend(mt.get_backend("simple")) is mt.get_backend("simple")


def test_an_installed_backend_is_found_and_imported_only_when_asked_for(install):
    install("mine", "mt_mine:Mine", WORKING.format(name="mine", version=2))
    assert "mine" in mt.backend_names()
    assert "mt_mine" not in sys.modules
    with mt.use_backend("mine") as backend:
        assert (mt.ones(2) + 1).backend is backend
    assert "mt_mine" in sys.modules


def test_a_misspelled_name_is_told_what_there_is_and_what_is_close():
    with pytest.raises(mt.BackendNotFound) as error:
        mt.get_backend("nunpy")
    assert str(error.value).startswith(
        "backend: no backend 'nunpy': misspelled or not installed; installed are "
    )
    assert "simple" in str(error.value)
    assert str(error.value).endswith("Did you mean 'numpy'?")


def test_a_known_backend_that_is_not_installed_comes_with_the_command(monkeypatch):
    monkeypatch.setattr(registry._registry, "found", {"numpy": []})
    monkeypatch.setattr(registry._registry, "loaded", {})
    with pytest.raises(mt.BackendNotFound, match=r"pip install 'minitorch-backends\[cuda\]'"):
        mt.get_backend("cuda")


def test_a_name_that_is_no_name_is_refused():
    with pytest.raises(TypeError, match="backend: wanted a name, a device or a Backend, got 3"):
        mt.get_backend(3)


# -- broken ones --------------------------------------------------------------------------------


def test_an_entry_point_without_a_distribution_can_be_reported(monkeypatch):
    point = EntryPoint("lost", "nowhere_to_be_found:Lost", registry.GROUP)
    monkeypatch.setattr(registry._registry, "found", {"lost": [point]})
    with pytest.raises(mt.BackendBroken, match=r"backend 'lost' \(\?, entry point"):
        mt.get_backend("lost")


def test_a_failing_import_is_not_tried_again_before_refresh(install):
    install(
        "slow-to-fail",
        "mt_slow_to_fail:Mine",
        "import sys\nsys.mt_tries = getattr(sys, 'mt_tries', 0) + 1\nraise OSError('no library')",
    )
    for _ in range(3):
        with pytest.raises(mt.BackendBroken, match="OSError at import: no library"):
            mt.get_backend("slow-to-fail")
    assert sys.mt_tries == 1
    mt.refresh()
    with pytest.raises(mt.BackendBroken):
        mt.get_backend("slow-to-fail")
    assert sys.mt_tries == 2
    del sys.mt_tries


def test_a_backend_that_was_uninstalled_meanwhile_says_so(install, tmp_path):
    install("leaving", "mt_leaving:Mine", WORKING.format(name="leaving", version=2))
    assert "leaving" in mt.backend_names()
    (tmp_path / "mt_leaving.py").unlink()
    shutil.rmtree(tmp_path / "mt_leaving-1.2.dist-info")
    with pytest.raises(mt.BackendBroken, match="mt-leaving was uninstalled while"):
        mt.get_backend("leaving")
    assert [i.status for i in registry.describe_backends() if i.name == "leaving"] == ["broken"]
    mt.refresh()
    assert "leaving" not in mt.backend_names()


# -- registered by hand -------------------------------------------------------------------------


def test_a_backend_can_be_registered_by_hand_under_a_free_name(install):
    class ByHand(type(mt.get_backend("simple"))):
        name = "by-hand"

    backend = ByHand()
    mt.register_backend("by-hand", backend)
    assert mt.get_backend("by-hand") is backend
    assert "by-hand" in mt.backend_names()
    for taken in ("by-hand", "numpy"):
        with pytest.raises(ValueError, match=f"the name '{taken}' is already taken"):
            mt.register_backend(taken, backend)
    with pytest.raises(mt.BackendBroken, match="gave str"):
        mt.register_backend("odd", "not a backend")
    with pytest.raises(mt.BackendBroken, match="it calls itself 'by-hand'"):
        mt.register_backend("otherwise", backend)


# -- choosing -----------------------------------------------------------------------------------


def test_use_backend_nests_and_ends_with_its_block():
    outer = mt.get_backend()
    with mt.use_backend("simple"):
        assert mt.get_backend().name == "simple"
        with mt.use_backend("numpy"):
            assert mt.ones(1).backend.name == "numpy"
        assert mt.get_backend().name == "simple"
    assert mt.get_backend() is outer


def test_use_backend_ends_with_its_block_also_on_an_error():
    outer = mt.get_backend()
    with pytest.raises(ZeroDivisionError), mt.use_backend("simple"):
        raise ZeroDivisionError
    assert mt.get_backend() is outer


def test_one_use_backend_serves_several_blocks():
    outer = mt.get_backend()
    simple = mt.use_backend("simple")
    for _ in range(2):
        with simple:
            assert mt.get_backend().name == "simple"
            with simple:
                assert mt.get_backend().name == "simple"
            assert mt.get_backend().name == "simple"
        assert mt.get_backend() is outer


def test_use_backend_without_a_block_lasts():
    with mt.use_backend("numpy"):
        mt.use_backend("simple")
        assert mt.ones(1).backend.name == "simple"


def test_use_backend_is_the_threads_own_choice():
    seen = []
    with mt.use_backend("simple"):
        thread = threading.Thread(target=lambda: seen.append(mt.get_backend().name))
        thread.start()
        thread.join()
    assert seen != ["simple"]


def test_a_failed_choice_changes_nothing():
    outer = mt.get_backend()
    with pytest.raises(mt.BackendNotFound):
        mt.use_backend("nonsense")
    assert mt.get_backend() is outer


def test_use_backend_held_across_await_is_the_tasks_own_choice():
    async def chosen(name, before, after):
        with mt.use_backend(name):
            await before.wait()
            after.set()
            await asyncio.sleep(0)
            return mt.get_backend().name

    async def both():
        first, second = asyncio.Event(), asyncio.Event()
        first.set()
        tasks = [
            asyncio.create_task(chosen("simple", second, first)),
            asyncio.create_task(chosen("numpy", first, second)),
        ]
        await asyncio.sleep(0)
        outside = mt.get_backend().name
        return outside, await asyncio.gather(*tasks)

    before = mt.get_backend().name
    assert asyncio.run(both()) == (before, ["simple", "numpy"])
    assert mt.get_backend().name == before


def test_threads_that_ask_at_once_get_one_instance(install):
    install(
        "slow",
        "mt_slow:Slow",
        """
        import time
        from minitorch_tensor.backends.numpy import NumpyBackend

        class Slow(NumpyBackend):
            name = "slow"
            interface_version = 2
            made = 0

            def __init__(self):
                time.sleep(0.02)
                Slow.made += 1
        """,
    )
    found: list[mt.Backend] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        found.append(mt.get_backend("slow"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert type(found[0]).made == 1


def test_a_backend_that_loads_slowly_holds_up_no_other(install, monkeypatch):
    other_is_there = threading.Event()
    monkeypatch.setattr(registry, "other_is_there", other_is_there, raising=False)
    install(
        "patient",
        "mt_patient:Mine",
        WORKING.format(name="patient", version=2)
        + """
    from minitorch_tensor import registry
    in_time = registry.other_is_there.wait(timeout=20)
        """,
    )
    install("other", "mt_other:Mine", WORKING.format(name="other", version=2))
    thread = threading.Thread(target=mt.get_backend, args=("patient",))
    thread.start()
    mt.get_backend("other")
    other_is_there.set()
    thread.join()
    assert sys.modules["mt_patient"].in_time


# -- the environment variable -------------------------------------------------------------------


def test_the_environment_variable_names_the_default(python):
    code = "import minitorch_tensor as mt; print(mt.ones(1).backend.name)"
    assert python("-c", code, MINITORCH_BACKEND="simple").stdout == "simple\n"


def test_a_wrong_environment_variable_is_named_at_first_use(python):
    code = "import minitorch_tensor as mt; print(mt.get_backend('numpy').name); mt.ones(1)"
    run = python("-c", code, MINITORCH_BACKEND="nonsense")
    assert run.stdout == "numpy\n"
    assert "environment variable MINITORCH_BACKEND: no backend 'nonsense'" in run.stderr


def test_a_broken_default_says_how_to_go_on_without_it(install, monkeypatch):
    monkeypatch.setattr(registry, "PREFERRED", ("broken", "numpy"))
    install("broken", "mt_broken:Mine", "import nowhere_to_be_found")
    monkeypatch.setattr(registry, "_choice", ContextVar("choice", default=None))
    with pytest.raises(mt.BackendBroken, match="for example with MINITORCH_BACKEND=numpy") as error:
        mt.get_backend()
    assert isinstance(error.value.__cause__, ModuleNotFoundError)


def test_mixing_backends_names_them_and_the_way_out():
    x, y = mt.ones(2, device="simple"), mt.ones(2, device="numpy")
    for mix in (
        lambda: x + y,
        lambda: x @ y,
        lambda: mt.cat([x, y]),
        lambda: mt.where(x > 0, y, y),
        lambda: x.gather(0, y.long()),
        lambda: x.clamp(y),
        lambda: mt.einsum("i,i", x, y),
        lambda: mt.equal(x, y),
    ):
        with pytest.raises(
            RuntimeError,
            match=r"operands are on different backends: simple, numpy.*\.to\('simple'\)",
        ):
            mix()
    assert (x + y.to("simple")).backend.name == (x + y.to(x)).backend.name == "simple"
    assert x.to("simple") is x


# -- the table ------------------------------------------------------------------------------------


def test_a_backend_registered_by_hand_stands_in_the_table(install, capsys, monkeypatch):
    from minitorch_tensor.__main__ import main

    class Mine(type(mt.get_backend("simple"))):
        name = "a-mine"

    mt.register_backend("a-mine", Mine())
    infos = {info.name: info for info in registry.describe_backends()}
    assert infos["a-mine"] == registry.BackendInfo(
        "a-mine", "", mt.get_backend("simple").interface_version, "ready"
    )
    assert [info.name for info in infos.values()] == sorted(infos)
    monkeypatch.setenv("MINITORCH_BACKEND", "a-mine")
    assert main(["backends"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if "a-mine" in line and not line.startswith("* default")]
    assert line.split() == ["*", "a-mine", "-", str(infos["a-mine"].interface), "ready"]
    assert lines[-1] == (
        "* default: a-mine, because the environment variable MINITORCH_BACKEND names it."
    )


def test_a_known_backend_that_was_registered_by_hand_is_not_said_to_be_missing(
    install, monkeypatch
):
    class Cuda(type(mt.get_backend("simple"))):
        name = "cuda"

    monkeypatch.setattr(registry._registry, "found", {})
    monkeypatch.setattr(registry._registry, "loaded", {})
    missing = {info.name: info.detail for info in registry.describe_backends()}
    assert missing["cuda"] == "pip install 'minitorch-backends[cuda]'"
    mt.register_backend("cuda", Cuda())
    status = {info.name: info.status for info in registry.describe_backends()}
    assert status == {"cuda": "ready", "fast": "not installed"}
