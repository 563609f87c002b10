import os
import subprocess
import sys

from minitorch_tensor import backend_names, get_backend


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_fast_is_found_by_its_entry_point():
    assert "fast" in backend_names()
    assert get_backend("fast").name == "fast"


def test_fast_is_the_default_where_it_is_installed():
    assert run_python("import minitorch_tensor as mt; print(mt.get_backend().name)") == "fast\n"


def test_importing_the_package_imports_no_compiler_and_prints_nothing():
    code = "import sys, minitorch_backends; assert 'numba' not in sys.modules"
    assert run_python(code) == ""


def test_listing_backends_imports_none():
    code = (
        "import sys, minitorch_tensor as mt; mt.backend_names(); "
        "assert 'numba' not in sys.modules and 'minitorch_backends' not in sys.modules"
    )
    assert run_python(code) == ""


def test_loading_fast_leaves_the_environment_as_it_was():
    code = (
        "import os; before = dict(os.environ); "
        "import minitorch_backends.fast; assert dict(os.environ) == before"
    )
    assert run_python(code) == ""


def test_without_a_compiler_fast_says_what_keeps_it() -> None:
    code = (
        "import minitorch_tensor as mt\n"
        "try: mt.get_backend('fast')\n"
        "except mt.BackendUnavailable as error: print(error)"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert "NUMBA_DISABLE_JIT" in done.stdout
    assert "backend numpy" in done.stdout
