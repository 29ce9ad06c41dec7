"""Disks that fill up and places that can't be written: said in words, what stood stays."""

from __future__ import annotations

import dataclasses
import errno
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import crash
import networkx as nx
import numpy as np
import osmium
import pytest
from street_toys import two_way_square
from toy_region import write_region

from mobility import store
from mobility.batch.folders import whole_folder
from mobility.cli import main
from mobility.errors import RunError, StreetError, writing
from mobility.network import graph
from mobility.streets import clipping


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
@pytest.mark.parametrize("limit_kb", [1, 110, 170, 440])
def test_a_run_that_finds_no_room_says_so(tmp_path: Path, limit_kb: int) -> None:
    # The largest files of a step: prepared network, charts, map layers, report.
    write_region(tmp_path)
    out = tmp_path / "out"
    done = crash.run_limited(tmp_path, out, limit_kb)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "can't be written" in done.stderr
    assert crash.broken(out) == []
    assert crash.left_behind(out) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("database or disk is full", "a full disk"),
        ("x: disk I/O error", "can't be written"),
        ("Failed to commit transaction", "can't be written"),
    ],
)
def test_what_sqlite_says(tmp_path: Path, words: str, said: str) -> None:
    with pytest.raises(RunError, match=said), writing(tmp_path):
        raise sqlite3.OperationalError(words)


def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))


def fail_in_folder(tmp_path: Path, error: Exception) -> None:
    with whole_folder(tmp_path / "run") as folder:
        (folder / "file").write_text("half", encoding="utf-8")
        raise error


@dataclasses.dataclass(frozen=True)
class Kept:
    values: np.ndarray


def fail_in_store(tmp_path: Path, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "save", fail)
        store.save(Kept(np.zeros(3)), tmp_path / "kept")


@pytest.mark.parametrize("fail", [fail_in_folder, fail_in_store])
@pytest.mark.parametrize(
    ("code", "said"),
    [(errno.ENOSPC, "a full disk"), (errno.EROFS, "can't be written"), (errno.EIO, "can't be")],
)
def test_what_the_system_refuses(
    tmp_path: Path, fail: Callable[[Path, Exception], None], code: int, said: str
) -> None:
    with pytest.raises(RunError, match=said):
        fail(tmp_path, OSError(code, os.strerror(code)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fail", [fail_in_folder, fail_in_store])
def test_a_full_disk_in_a_librarys_own_words(
    tmp_path: Path, fail: Callable[[Path, Exception], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_room(monkeypatch)
    with pytest.raises(RunError, match="a full disk"):
        fail(tmp_path, RuntimeError("could not write"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fail", [fail_in_folder, fail_in_store])
def test_other_errors_are_not_put_down_to_the_disk(
    tmp_path: Path, fail: Callable[[Path, Exception], None]
) -> None:
    with pytest.raises(RuntimeError, match="a defect"):
        fail(tmp_path, RuntimeError("a defect"))
    with pytest.raises(FileNotFoundError):
        fail(tmp_path, FileNotFoundError(errno.ENOENT, "no such file"))


def test_an_interrupt_is_no_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_room(monkeypatch)
    with pytest.raises(KeyboardInterrupt), writing(tmp_path):
        raise KeyboardInterrupt


def test_clipping_streets_on_a_full_disk_does_not_blame_the_streets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = two_way_square(tmp_path)

    def fail(*_: object) -> None:
        raise RuntimeError("Write error")

    monkeypatch.setattr(osmium.SimpleWriter, "add_node", fail)
    with pytest.raises(StreetError):
        clipping.clip(source, (4.0, 50.0, 6.0, 52.0), tmp_path / "clip" / "x.osm.pbf")
    no_room(monkeypatch)
    with pytest.raises(RunError, match="a full disk"):
        clipping.clip(source, (4.0, 50.0, 6.0, 52.0), tmp_path / "clip" / "x.osm.pbf")
    assert list((tmp_path / "clip").iterdir()) == []


@pytest.mark.parametrize("step", ["mkdir", "replace"])
def test_clipping_streets_into_a_read_only_folder_does_not_blame_the_streets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    source = two_way_square(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(*{"mkdir": (Path, "mkdir"), "replace": (os, "replace")}[step], fail)
        with pytest.raises(RunError, match="can't be written"):
            clipping.clip(source, (4.0, 50.0, 6.0, 52.0), tmp_path / "clip" / "x.osm.pbf")
    assert not list(tmp_path.rglob(".*"))


def test_a_clip_that_a_killed_process_had_begun_goes(tmp_path: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    target = tmp_path / "clip" / "x.osm.pbf"
    target.parent.mkdir()
    left = target.with_name(f".{target.name}-{platform.node()}-{done.pid}-new-7f.pbf")
    left.write_bytes(b"half")
    clipping.clip(two_way_square(tmp_path), (4.0, 50.0, 6.0, 52.0), target)
    assert list(target.parent.iterdir()) == [target]


def test_a_file_that_can_not_be_written_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_region(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "graph.graphml")

    monkeypatch.setattr("mobility.cli.runs.write_graph", fail)
    code = main(["export", str(base), str(tmp_path / "x.graphml"), "--out",
                 str(tmp_path / "out"), "--quiet"])  # fmt: skip
    assert code == 1
    assert "graph.graphml: found a place that can't be written" in capsys.readouterr().err


class Layer:
    """A layer of a map that finds no room, told in words nobody knows."""

    def to_file(self, path: Path, **_: object) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("no such table: gpkg_contents")


@pytest.mark.parametrize("ending", ["gpkg", "graphml"])
def test_a_graph_without_room_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    def half(_: object, path: Path) -> None:
        Layer().to_file(path)

    def room(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=100 if list(tmp_path.glob(".*")) else 1 << 30)

    monkeypatch.setattr(graph, "gis_layers", lambda _: {"streets": Layer()})
    monkeypatch.setattr(graph, "to_networkx", lambda _: None)
    monkeypatch.setattr(nx, "write_graphml", half)
    monkeypatch.setattr(shutil, "disk_usage", room)
    target = tmp_path / f"x.{ending}"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(RunError, match="a full disk"):
        graph.write_graph(None, target)  # type: ignore[arg-type]
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_graph_in_a_read_only_folder_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unopened(Layer):
        def to_file(self, path: Path, **_: object) -> None:
            raise RuntimeError("unable to open database file")

    def touch(path: Path, **_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(graph, "gis_layers", lambda _: {"streets": Unopened()})
    monkeypatch.setattr(Path, "touch", touch)
    with pytest.raises(RunError, match="can't be written"):
        graph.write_graph(None, tmp_path / "x.gpkg")  # type: ignore[arg-type]


def test_a_region_file_is_renewed_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_region(tmp_path)
    target = tmp_path / "mine.toml"
    words = ["new", str(target), str(tmp_path / "nl.zip"), str(tmp_path / "zones.csv"),
             str(tmp_path / "streets.osm"), "--no-check", "--quiet"]  # fmt: skip
    assert main(words) == 0
    before = target.read_text(encoding="utf-8")
    written = Path.write_text

    def half(path: Path, text: str, **how: str) -> int:
        written(path, text[:100], **how)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", half)
    assert main([*words, "--force", "--name", "Another"]) == 1
    assert "a full disk" in capsys.readouterr().err
    assert target.read_text(encoding="utf-8") == before
    assert not list(tmp_path.glob(".*"))
