"""Folders that appear whole or not at all, also after a kill."""

from __future__ import annotations

import dataclasses
import os
import platform
import shutil
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


# --- files


def write_whole(target: Path, text: str) -> None:
    with leftovers.whole_file(target) as beside:
        beside.write_text(text, encoding="utf-8")


def test_an_error_leaves_the_older_file(tmp_path: Path) -> None:
    target = tmp_path / "new" / "x.gpkg"
    write_whole(target, "old")

    def fail() -> None:
        with leftovers.whole_file(target) as beside:
            assert beside.suffix == ".gpkg"
            beside.write_text("half", encoding="utf-8")
            beside.with_name(f"{beside.name}-journal").write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in target.parent.iterdir()] == ["x.gpkg"]
    write_whole(target, "new")
    assert target.read_text(encoding="utf-8") == "new"


def test_a_file_that_is_the_very_one_is_not_left_twice(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", "same")
    with leftovers.whole_file(tmp_path / "x") as beside:
        beside.hardlink_to(tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_file_is_as_open_to_others_as_any(tmp_path: Path) -> None:
    write_whole(tmp_path / "whole", "x")
    (tmp_path / "plain").write_text("x", encoding="utf-8")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("stamp_s", [0, -86_400, 315_532_800, 4_000_000_000])
def test_files_of_killed_processes_go_whatever_the_clock_says(tmp_path: Path, stamp_s: int) -> None:
    dead, alive = dead_process(), os.getppid()
    for process in (dead, alive):
        left = tmp_path / f".x.pbf-{platform.node()}-{process}-new-7f.pbf"
        left.write_text("half", encoding="utf-8")
        os.utime(left, (stamp_s, stamp_s))
    write_whole(tmp_path / "x.pbf", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f".x.pbf-{platform.node()}-{alive}-new-7f.pbf",
        "x.pbf",
    ]


def test_an_interrupted_process_takes_its_files_away(tmp_path: Path) -> None:
    (tmp_path / ".prepared/streets").mkdir(parents=True)
    for name in (".run", ".prepared/streets/.clip"):
        left = tmp_path / f"{name}-{platform.node()}-{os.getpid()}-new-7f"
        left.write_text("half", encoding="utf-8")
    leftovers.take_away(tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


# --- other processes


def test_two_that_exchange_a_folder_at_once_both_end_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "run"
    fill(target, "old")
    rename = Path.rename
    others: list[Path] = []

    def rename_and_be_outrun(path: Path, to: Path) -> Path:
        moved = rename(path, to)
        if path == target and not others:  # another process puts its own there
            others.append(to)
            target.mkdir()
            (target / "file").write_text("other", encoding="utf-8")
        return moved

    monkeypatch.setattr(Path, "rename", rename_and_be_outrun)
    fill(target, "new")
    assert others
    assert (target / "file").read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_kept_folder_that_another_process_has_just_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(Kept(1), tmp_path / "kept")
    rename = Path.rename

    def outrun(path: Path, to: Path) -> Path:
        shutil.rmtree(path)
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", outrun)
    store.remove(tmp_path / "kept")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_folder_does_not_come_back(tmp_path: Path) -> None:
    # Killed while it was deleted.
    gone = tmp_path / f".kept-{platform.node()}-{dead_process()}-gone"
    gone.mkdir()
    (gone / store.INDEX).write_text("{}", encoding="utf-8")
    store.save(Kept(1), tmp_path / "kept")
    assert store.load(Kept, tmp_path / "kept").number == 1
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_removed_folder_leaves_nothing_that_is_not_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(Kept(1), tmp_path / "kept")
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # killed before
    store.remove(tmp_path / "kept")
    monkeypatch.undo()
    (left,) = tmp_path.iterdir()
    assert left == leftovers.aside(tmp_path / "kept", "gone")
