"""Backends as distributions: built, installed by pip, and found in a fresh interpreter.

One of them works; the others are broken, each in its own way. All are installed at once, so that
every test also shows that none of them hinders another.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

import minitorch_tensor as mt

WORKING = """
from minitorch_tensor.backends.numpy import NumpyBackend

class Mine(NumpyBackend):
    name = {name!r}
    interface_version = {version!r}
"""

#: distribution -> (backend, module, source); without a source there is no such module.
PROJECTS: dict[str, tuple[str, str, str | None]] = {
    "mt-good": ("good", "mt_good", WORKING.format(name="good", version=mt.BACKEND_INTERFACE)),
    "mt-raises": ("raises", "mt_raises", "raise OSError('libmine.so: cannot open')"),
    "mt-exits": ("exits", "mt_exits", "raise SystemExit('no licence')"),
    "mt-needs": ("needs", "mt_needs", "import a_library_that_is_not_installed"),
    "mt-before": ("before", "mt_before", "import minitorch_tensor.sequences"),
    "mt-newer": ("newer", "mt_newer", WORKING.format(name="newer", version=99)),
    "mt-older": ("older", "mt_older", WORKING.format(name="older", version=1)),
    "mt-undated": ("undated", "mt_undated", WORKING.format(name="undated", version=None)),
    "mt-renamed": (
        "renamed",
        "mt_renamed",
        WORKING.format(name="other", version=2),
    ),
    "mt-half": (
        "half",
        "mt_half",
        """
        from minitorch_tensor import Backend

        class Mine(Backend):
            name = "half"
            interface_version = 2

            def empty(self, shape, dtype): ...
            def from_numpy(self, array): ...
            def to_numpy(self, x): ...
            def copy_(self, out, x): ...
            def map(self, fn, x, dtype): ...
            def zip(self, fn, x, y, dtype): ...
        """,
    ),
    "mt-one": ("twice", "mt_one", WORKING.format(name="twice", version=2)),
    "mt-two": ("twice", "mt_two", WORKING.format(name="twice", version=2)),
    "mt-flat": (
        "flat",
        "mt_flat",
        WORKING.format(name="flat", version=2) + "    def copy_(self, out): ...\n",
    ),
    "mt-squats": ("fast", "mt_squats", WORKING.format(name="fast", version=2)),
    "mt-host": ("cpu", "mt_host", WORKING.format(name="cpu", version=2)),
    "mt-loud": (
        "loud",
        "mt_loud",
        "import os\nprint('hello')\nos.write(1, b'world')\n"
        + WORKING.format(name="loud", version=2),
    ),
    "mt-moved": ("moved", "mt_moved", None),
    "mt-typo": ("typo", "mt_typo", "class Mein: pass"),
    "mt-odd": ("odd", "mt_odd", "Mine = dict"),
    "mt-fails": ("fails", "mt_fails", "def Mine(): return 1 / 0"),
    "mt-gpu": (
        "gpu",
        "mt_gpu",
        """
        from minitorch_tensor import BackendUnavailable

        def Mine():
            raise BackendUnavailable("no device found. Install its driver: apt install driver")
        """,
    ),
}

#: distribution -> what it asks for, where that matters; nothing is installed for it.
REQUIRES = {"mt-before": ["minitorch-tensor>=0.1,<0.2"]}

#: backend -> exception, message, and the exception that it chains.
EXPECTED: dict[str, tuple[str, str, str | None]] = {
    "raises": (
        "BackendBroken",
        "backend 'raises' (mt-raises 1.2, entry point mt_raises:Mine) is installed but cannot be "
        "used: OSError at import: libmine.so: cannot open.",
        "OSError",
    ),
    "exits": (
        "BackendBroken",
        "backend 'exits' (mt-exits 1.2, entry point mt_exits:Mine) is installed but cannot be "
        "used: SystemExit at import: no licence.",
        "SystemExit",
    ),
    "needs": (
        "BackendBroken",
        "backend 'needs' (mt-needs 1.2, entry point mt_needs:Mine) is installed but cannot be "
        "used: ModuleNotFoundError at import: No module named 'a_library_that_is_not_installed'.",
        "ModuleNotFoundError",
    ),
    "before": (
        "BackendBroken",
        "backend 'before' (mt-before 1.2, entry point mt_before:Mine) is installed but cannot be "
        "used: ModuleNotFoundError at import: No module named 'minitorch_tensor.sequences'; it "
        f"asks for minitorch-tensor<0.2,>=0.1, and this is minitorch-tensor {mt.__version__}: "
        "upgrade the older of the two, with pip install --upgrade mt-before.",
        "ModuleNotFoundError",
    ),
    "newer": (
        "BackendBroken",
        "backend 'newer' (mt-newer 1.2, entry point mt_newer:Mine) is installed but cannot be "
        "used: it was written for backend interface 99, this minitorch-tensor has interface 2: "
        "minitorch-tensor is too old for it: pip install --upgrade minitorch-tensor.",
        None,
    ),
    "older": (
        "BackendBroken",
        "backend 'older' (mt-older 1.2, entry point mt_older:Mine) is installed but cannot be "
        "used: it was written for backend interface 1, this minitorch-tensor has interface 2: "
        "mt-older is too old: pip install --upgrade mt-older.",
        None,
    ),
    "undated": (
        "BackendBroken",
        "backend 'undated' (mt-undated 1.2, entry point mt_undated:Mine) is installed but cannot "
        "be used: it was written for backend interface None, this minitorch-tensor has interface "
        "2: set interface_version = 2 in its class.",
        None,
    ),
    "renamed": (
        "BackendBroken",
        "backend 'renamed' (mt-renamed 1.2, entry point mt_renamed:Mine) is installed but cannot "
        "be used: it calls itself 'other'; its `name` must be the one it is registered under, by "
        "which a pickled tensor finds it again.",
        None,
    ),
    "half": (
        "BackendBroken",
        "backend 'half' (mt-half 1.2, entry point mt_half:Mine) is installed but cannot be used: "
        "Mine lacks the required methods matmul, reduce: write it as minitorch_tensor.Backend "
        "documents it.",
        None,
    ),
    "twice": (
        "BackendBroken",
        "backend 'twice' is claimed by several distributions: mt-one, mt-two. Uninstall all but "
        "one.",
        None,
    ),
    "moved": (
        "BackendBroken",
        "backend 'moved' (mt-moved 1.2, entry point mt_moved:Mine) is installed but cannot be "
        "used: its entry point names the module 'mt_moved', which does not exist.",
        "ModuleNotFoundError",
    ),
    "typo": (
        "BackendBroken",
        "backend 'typo' (mt-typo 1.2, entry point mt_typo:Mine) is installed but cannot be used: "
        "its entry point names 'Mine', which 'mt_typo' does not have.",
        "AttributeError",
    ),
    "odd": (
        "BackendBroken",
        "backend 'odd' (mt-odd 1.2, entry point mt_odd:Mine) is installed but cannot be used: it "
        "gave dict, no instance of minitorch_tensor.Backend.",
        None,
    ),
    "fails": (
        "BackendBroken",
        "backend 'fails' (mt-fails 1.2, entry point mt_fails:Mine) is installed but cannot be "
        "used: ZeroDivisionError when it was made: division by zero.",
        "ZeroDivisionError",
    ),
    "gpu": (
        "BackendUnavailable",
        "backend: backend 'gpu' cannot run here: no device found. Install its driver: apt install "
        "driver. Choose another, for example 'numpy'.",
        "BackendUnavailable",
    ),
    "flat": (
        "BackendBroken",
        "backend 'flat' (mt-flat 1.2, entry point mt_flat:Mine) is installed but cannot be used: "
        "its method copy_ is called with (out, x), and takes (out).",
        None,
    ),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, install_projects) -> Path:
    """A folder in which all of `PROJECTS` are installed."""
    projects = []
    for distribution, (backend, module, source) in PROJECTS.items():
        folder = tmp_path_factory.mktemp(distribution)
        modules = [module] if source is not None else []
        dependencies = REQUIRES.get(distribution, [])
        (folder / "pyproject.toml").write_text(
            textwrap.dedent(
                f"""
                [build-system]
                requires = ["setuptools"]
                build-backend = "setuptools.build_meta"

                [project]
                name = "{distribution}"
                version = "1.2"
                dependencies = {json.dumps(dependencies)}

                [project.entry-points."minitorch.backends"]
                {backend} = "{module}:Mine"

                [tool.setuptools]
                py-modules = {json.dumps(modules)}
                """
            )
        )
        if source is not None:
            (folder / f"{module}.py").write_text(textwrap.dedent(source))
        projects.append(folder)
    target = tmp_path_factory.mktemp("site")
    install_projects(target, *projects)
    return target


@pytest.fixture(scope="module")
def answers(site: Path, python) -> dict[str, Any]:
    """What each backend answers in one interpreter, asked one after another, the working one last;
    and which of their modules were imported when."""
    code = """
    import json, sys
    import minitorch_tensor as mt

    def plugins():
        return sorted(m for m in sys.modules if m.startswith("mt_"))

    after_import = plugins()
    names = mt.backend_names()
    after_listing = plugins()
    errors = {}
    for name in [n for n in names if n not in ("good", "loud", "numpy", "simple", "fast", "cuda")]:
        for _ in range(2):  # the second time as the first
            try:
                mt.get_backend(name)
            except Exception as e:
                errors.setdefault(name, []).append(
                    [type(e).__name__, str(e), e.__cause__ and type(e.__cause__).__name__])
        assert mt.ones(2, device="numpy").sum().item() == 2.0
    used = mt.ones(3, device="good") + mt.ones(3).to("good")
    print(json.dumps({
        "after_import": after_import, "names": names, "after_listing": after_listing,
        "errors": errors, "good": [used.backend.name, used.tolist()],
    }))
    """
    run = python("-c", textwrap.dedent(code), site=site, MINITORCH_BACKEND="numpy")
    assert (run.returncode, run.stderr) == (0, "")
    answers: dict[str, Any] = json.loads(run.stdout)
    return answers


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_backend_gives_its_own_clear_error_each_time_it_is_asked_for(name, answers):
    assert answers["errors"][name] == [list(EXPECTED[name])] * 2


def test_broken_backends_hinder_no_other(answers):
    assert answers["good"] == ["good", [2.0, 2.0, 2.0]]
    assert answers["errors"].keys() == EXPECTED.keys()


def test_all_are_listed_and_none_imported_before_it_is_asked_for(answers):
    assert {"good", "numpy", "simple", *EXPECTED} <= set(answers["names"])
    assert answers["after_import"] == answers["after_listing"] == []


def test_a_misspelled_name_says_what_is_near(site, python):
    run = python("-c", "import minitorch_tensor as mt; mt.ones(2).to('god')", site=site)
    last = run.stderr.splitlines()[-1]
    assert "BackendNotFound: backend: no backend 'god': misspelled or not installed" in last
    assert last.endswith("Did you mean 'good'?")


@pytest.mark.parametrize("name", ["raises", "exits", "moved", "twice", "half", "god"])
def test_the_environment_variable_breaks_no_import_only_the_first_use(name, site, python):
    code = "import minitorch_tensor as mt; print(mt.ones(1, device='simple').sum()); mt.ones(1)"
    run = python("-c", code, site=site, MINITORCH_BACKEND=name)
    assert run.stdout == "tensor(1., device='simple')\n"
    assert run.returncode == 1
    assert f"backend {name!r}" in run.stderr


def test_the_switch_hides_what_others_installed(site, python):
    code = """
    import minitorch_tensor as mt
    print(mt.backend_names(), mt.get_backend().name)
    mt.get_backend("good")
    """
    run = python("-c", textwrap.dedent(code), site=site, MINITORCH_PLUGINS="0")
    names, _, default = run.stdout.rpartition(" ")
    assert set(ast.literal_eval(names)) <= {"cuda", "fast", "numpy", "simple"}
    assert default in ("fast\n", "numpy\n")
    assert run.stderr.splitlines()[-1].endswith(
        "MINITORCH_PLUGINS=0 hides those of other distributions."
    )


def test_a_backend_installed_while_python_runs_is_found_after_refresh(
    tmp_path, install_projects, monkeypatch, site
):
    monkeypatch.syspath_prepend(str(tmp_path))
    mt.refresh()
    assert "late" not in mt.backend_names()
    project = tmp_path / "project"
    project.mkdir()
    (project / "mt_late.py").write_text(WORKING.format(name="late", version=2))
    (project / "setup.py").write_text(
        "from setuptools import setup\n"
        "setup(name='mt-late', version='1', py_modules=['mt_late'],\n"
        "      entry_points={'minitorch.backends': ['late = mt_late:Mine']})\n"
    )
    install_projects(tmp_path, project)
    assert "late" not in mt.backend_names()
    mt.refresh()
    assert (mt.ones(2, device="late") * 2).tolist() == [2.0, 2.0]


# -- the table ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(site, python) -> dict[str, str]:
    run = python("-m", "minitorch_tensor", "backends", site=site, MINITORCH_BACKEND="numpy")
    assert (run.returncode, run.stderr) == (0, "hello\nworld")
    *lines, blank, default = run.stdout.splitlines()
    assert blank == ""
    assert default == (
        "* default: numpy, because the environment variable MINITORCH_BACKEND names it."
    )
    assert lines[0].split() == ["name", "distribution", "interface", "status"]
    return {line[2:].split()[0]: line for line in lines[1:]}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("good", "  good mt-good 1.2 2 ready"),
        ("numpy", f"* numpy minitorch-tensor {mt.__version__} 2 ready"),
        ("raises", "  raises mt-raises 1.2 ? broken: OSError at import: libmine.so: cannot open"),
        ("newer", "  newer mt-newer 1.2 99 broken: it was written for backend interface 99, this"),
        ("twice", "  twice mt-two 1.2 ? broken: claimed by mt-one and mt-two: uninstall all but"),
        ("gpu", "  gpu mt-gpu 1.2 ? needs: no device found. Install its driver: apt install"),
        (
            "cpu",
            "  cpu mt-host 1.2 ? broken: 'cpu' is the device of this host, not a backend's name",
        ),
        ("cuda", "  cuda - ? not installed: pip install 'minitorch-backends[cuda]'"),
    ],
)
def test_the_table_says_where_each_comes_from_and_whether_it_works(name, row, rows):
    if name == "cuda" and "cuda" in mt.backend_names():
        pytest.skip("cuda is installed here")
    squeezed = rows[name][:2] + " ".join(rows[name][2:].split())
    assert squeezed.startswith(row)


def test_no_other_distribution_can_claim_a_name_of_ours(site, python):
    run = python("-m", "minitorch_tensor", "backends", site=site, MINITORCH_BACKEND="numpy")
    (row,) = [line for line in run.stdout.splitlines() if "mt-squats" in line]
    assert row.endswith("broken: the name 'fast' belongs to minitorch-backends: rename it")
    code = "import minitorch_tensor as mt; print(type(mt.get_backend()).__module__)"
    assert not python("-c", code, site=site).stdout.startswith("mt_squats")


def test_the_table_is_json_for_programs_and_fails_without_a_default(site, python):
    run = python("-m", "minitorch_tensor", "backends", "--json", site=site, MINITORCH_BACKEND="gpu")
    assert run.returncode == 1
    found = json.loads(run.stdout)
    rows = {row["name"]: row for row in found["backends"]}
    assert found["default"] == "gpu"
    assert rows["gpu"]["status"] == "unavailable"
    assert rows["numpy"]["capabilities"]["dtypes"][-1] == "float64"
    assert rows["good"]["seconds"] > 0


def test_what_is_hidden_is_strangers_and_the_table_says_so(site, python):
    run = python(
        "-m",
        "minitorch_tensor",
        "backends",
        site=site,
        MINITORCH_PLUGINS="0",
        MINITORCH_BACKEND="simple",
    )
    assert "mt-" not in run.stdout
    assert "MINITORCH_PLUGINS=0 hides the backends of other distributions.\n" in run.stdout


def test_an_unavailable_default_names_the_variable_and_the_way_out(site, python):
    run = python(
        "-c", "import minitorch_tensor as mt; mt.ones(1)", site=site, MINITORCH_BACKEND="gpu"
    )
    assert (
        "environment variable MINITORCH_BACKEND: backend 'gpu' cannot run here: no dev"
        in run.stderr
    )
    assert "Choose another, for example with MINITORCH_BACKEND=numpy." in run.stderr


def test_the_table_says_why_a_default_is_what_it_is(python):
    run = python("-m", "minitorch_tensor", "backends", MINITORCH_PLUGINS="0", MINITORCH_BACKEND="")
    assert re.search(
        r"\* default: (fast|numpy), because it is the first of fast, numpy that is installed\.$",
        run.stdout,
    )
    run = python("-m", "minitorch_tensor", "backends", MINITORCH_BACKEND="nunpy")
    assert run.stdout.splitlines()[-1] == (
        "* default: nunpy, because the environment variable MINITORCH_BACKEND names it, but no "
        "backend has that name."
    )


def test_the_command_line_explains_itself(python):
    run = python("-m", "minitorch_tensor")
    assert run.returncode == 2
    assert "backends" in run.stderr
