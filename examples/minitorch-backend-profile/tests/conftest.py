"""Settings that every test here runs under."""

import os

# Tests decide about backends themselves.
for variable in ("MINITORCH_BACKEND", "MINITORCH_PROFILE"):
    os.environ.pop(variable, None)
