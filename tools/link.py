"""Make the layers installed in this environment import from the checkout.

The distribution under test declares which layers are installed; their code is that of the tree. So
no test uses an old copy, from an installer's cache or from a `build` folder with modules deleted
since, and compiled kernels stay valid between runs. `wheels.py` checks that wheels match the tree.
Arguments name the distributions to link; the default is all.
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
