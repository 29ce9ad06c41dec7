"""Compiled kernels are kept by what they were compiled from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from mobility.compiled import KERNELS, fingerprint

PACKAGE = Path(__file__).resolve().parent.parent / "mobility"


def test_any_change_of_a_kernel_is_another_folder(tmp_path: Path) -> None:
    for room in KERNELS:
        shutil.copytree(PACKAGE / room, tmp_path / room)
    before = fingerprint(tmp_path)
    assert before == fingerprint(PACKAGE)
    inner = tmp_path / "raptor" / "rounds.py"
    inner.write_text(inner.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert fingerprint(tmp_path) != before


def test_the_folder_is_named_before_numba_is_loaded() -> None:
    code = "import mobility, numba; print(numba.config.CACHE_DIR)"
    free = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    for environment, expected in (
        (free, fingerprint(PACKAGE)),
        ({**free, "NUMBA_CACHE_DIR": "elsewhere"}, "elsewhere"),
    ):
        said = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, env=environment,
                              capture_output=True, text=True, check=True).stdout  # fmt: skip
        assert said.strip().endswith(expected)
