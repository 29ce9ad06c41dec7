"""Setting up the environment: what is run in it, and where."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import bootstrap

SCRIPT = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('here', encoding='utf-8')\n"


def test_a_run_begins_where_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the user's folder, not the program's."""
    program, mine = tmp_path / "program", tmp_path / "mine"
    for folder in (program, mine):
        folder.mkdir()
    (program / "run_scenario.py").write_text(SCRIPT, encoding="utf-8")
    monkeypatch.setattr(bootstrap, "HERE", program)
    monkeypatch.setattr(bootstrap, "install", lambda what: None)
    monkeypatch.setattr(bootstrap, "interpreter", lambda: Path(sys.executable))
    monkeypatch.chdir(mine)
    assert bootstrap.main(["run", "out.txt"]) == 0
    assert (mine / "out.txt").exists()
    assert not (program / "out.txt").exists()
