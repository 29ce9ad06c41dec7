"""Folders that appear whole or not at all, also after a kill."""

from __future__ import annotations

import dataclasses
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from mobility import leftovers, store
from mobility.batch.folders import whole_folder
from mobility.errors import RunError


@dataclasses.dataclass(frozen=True)
class Kept:
    number: int


def fill(target: Path, text: str) -> None:
    with whole_folder(target) as folder:
        (folder / "file").write_text(text, encoding="utf-8")


def dead_process() -> int:
    """Number of a process that is no more."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_an_error_leaves_the_older_folder(tmp_path: Path) -> None:
    target = tmp_path / "run"
    fill(target, "old")

    def fail() -> None:
        with whole_folder(target) as folder:
            (folder / "file").write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (target / "file").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_killed_between_two_renames_is_put_right(tmp_path: Path) -> None:
    target = tmp_path / "run"
    fill(target, "old")
    mark = f".run-{platform.node()}-{dead_process()}-"
    target.rename(tmp_path / f"{mark}old")
    (tmp_path / f"{mark}new-x").mkdir()

    def fail() -> None:
        with whole_folder(target):
            raise RunError(())

    with pytest.raises(RunError):
        fail()
    assert (target / "file").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_work_of_others_is_left_alone(tmp_path: Path) -> None:
    names = {
        f".run-{platform.node()}-{os.getppid()}-new-x",  # runs still
        f".run-elsewhere-{dead_process()}-new-x",  # on another computer
        f".runner-{platform.node()}-{dead_process()}-new-x",  # another run
        ".run-notes",
    }
    for name in names:
        (tmp_path / name).mkdir()
    fill(tmp_path / "run", "new")
    assert {path.name for path in tmp_path.iterdir()} == names | {"run"}


def test_what_a_killed_process_had_begun_to_keep_is_deleted(tmp_path: Path) -> None:
    mark = f"-{platform.node()}-{dead_process()}-new-x"
    for name in (f".kept{mark}", f".other{mark}"):
        (tmp_path / name).mkdir()
    store.save(Kept(1), tmp_path / "kept")
    assert {path.name for path in tmp_path.iterdir()} == {"kept", f".other{mark}"}


def test_an_interrupted_process_takes_its_own_away(tmp_path: Path) -> None:
    other = tmp_path / f".run-{platform.node()}-{os.getppid()}-new-x"
    other.mkdir()
    for target in ("run", ".prepared/a1", ".parts/b2/pt-0-512"):
        (leftovers.begin(tmp_path / target) / "file").write_text("half", encoding="utf-8")
    leftovers.take_away(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert left == {".prepared", ".parts", ".parts/b2", other.name}


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
                    reason="needs a user who may not write everywhere")  # fmt: skip
def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunError, match="can't be written"):
            fill(tmp_path / "run", "new")
    finally:
        tmp_path.chmod(0o700)
