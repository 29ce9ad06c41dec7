"""Where compiled kernels are kept: beside the program, by what they were compiled from.

numba compiles a kernel again when the file it stands in changes, but not when a kernel it calls
does. A folder for each state of the kernels' files leaves no stale machine code to be run.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

KERNELS = ("raptor", "dijkstra")
VARIABLE = "NUMBA_CACHE_DIR"


def keep_compiled() -> None:
    """Name the folder to numba, where the user has named none and it can be written.

    numba reads the name when it is first imported, so this runs before any other module.
    """
    package = Path(__file__).resolve().parent
    if VARIABLE not in os.environ and os.access(package, os.W_OK):
        os.environ[VARIABLE] = str(package / "__pycache__" / f"kernels-{fingerprint(package)}")


def fingerprint(package: Path) -> str:
    """Return a short hash of all kernels' files."""
    digest = hashlib.sha256()
    for room in KERNELS:
        for path in sorted((package / room).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
