"""Settings that every test here runs under."""

import pytest
from hypothesis import settings

# Compiling a kernel takes seconds, so no example has a deadline.
settings.register_profile("compiled", deadline=None, max_examples=30, derandomize=True)
settings.load_profile("compiled")


def pytest_configure(config: pytest.Config) -> None:
    # Arithmetic is silent: the backends filter numpy's floating-point warnings where they arise,
    # but pytest starts every test with filters of its own.
    for module in ("minitorch_tensor.backends", "minitorch_backends.fast"):
        config.addinivalue_line("filterwarnings", rf"ignore::RuntimeWarning:{module}(\..*)?")
