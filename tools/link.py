"""Let the layers that are installed in this environment be read from the checkout.

Which layers are there is what the distribution under test declares; what is in them is the tree
as it stands. So no test meets an older copy, out of an installer's cache or from a `build` folder
that still has a module deleted since, and compiled kernels stay valid from run to run. That the
wheels hold what the tree holds is for `wheels.py` to see. Named distributions alone are linked, and
all where none is named.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(names: list[str]) -> None:
    """Replace each installed copy by a line in a .pth file, as an editable install would."""
    installed = Path(sysconfig.get_path("purelib"))
    for source in ROOT.glob("*/*/src"):
        if names and source.parent.name not in names:
            continue
        package = source.parent.name.replace("-", "_")
        if (installed / package).is_dir():
            shutil.rmtree(installed / package)
            (installed / f"{package}.pth").write_text(f"{source}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
