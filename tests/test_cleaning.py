"""Emptying a results folder: what is there to be faster goes, what is in use and results stay."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import platform
import subprocess
import sys
from pathlib import Path

import crash
import numpy as np
import pytest

from mobility import store
from mobility.batch.cleaning import clean_results
from mobility.cli import main

KEYS = ["0123456789abcdef0123", "fedcba9876543210fedc"]


@dataclasses.dataclass(frozen=True)
class Kept:
    values: np.ndarray


def dead_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Two networks, a clip, a part of a matrix, two results and what others put there."""
    results = tmp_path / "results"
    for key in KEYS:
        store.save(Kept(np.arange(1000)), results / ".prepared" / key)
    store.save(Kept(np.arange(10)), results / ".parts" / KEYS[0] / "pt-0-512")
    clip = results / ".prepared" / "streets" / f"{KEYS[0]}.osm.pbf"
    clip.parent.mkdir()
    clip.write_bytes(b"x" * 500)
    for name in ("base", "through"):
        (results / name).mkdir()
        (results / name / "manifest.json").write_text("{}", encoding="utf-8")
    (results / ".prepared" / "my notes.txt").write_text("mine", encoding="utf-8")
    return results


def counts(rows: tuple) -> dict[str, int]:
    return {row.kind: row.count for row in rows}


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


RESULTS = {"base/manifest.json", "through/manifest.json", ".prepared/my notes.txt"}


def test_working_copies_go_and_results_stay(out: Path) -> None:
    before = files(out)
    counted = clean_results(out, really=False)
    assert files(out) == before
    rows = clean_results(out)
    assert rows == counted
    assert counts(rows) == {"networks": 2, "clips": 1, "parts": 1, "killed": 0}
    assert rows[1].size == 500
    # 1000 numbers of 8 bytes, a head of 128, and the index
    assert rows[0].size > 2 * 8128
    assert files(out) == RESULTS
    assert not (out / ".parts").exists()
    assert counts(clean_results(out)) == dict.fromkeys(counts(rows), 0)


def test_what_was_used_since_a_day_stays(out: Path) -> None:
    old = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC).timestamp()
    for path in [*out.rglob("*"), out / ".prepared" / KEYS[0]]:
        os.utime(path, (old, old))
    store.load(Kept, out / ".prepared" / KEYS[1])
    assert counts(clean_results(out, before=dt.date(2026, 1, 5)))["networks"] == 0
    rows = clean_results(out, before=dt.date(2026, 1, 6))
    assert counts(rows) == {"networks": 1, "clips": 1, "parts": 1, "killed": 0}
    assert (out / ".prepared" / KEYS[1]).is_dir()


@pytest.mark.parametrize("stamp_s", [-86_400, 0, 315_532_800, 2**31 + 5, 9e9])
def test_odd_clocks_delete_nothing_that_is_new(out: Path, stamp_s: float) -> None:
    used, marked = out / ".prepared" / KEYS[0], out / ".prepared" / KEYS[1]
    os.utime(used, (stamp_s, stamp_s))  # the folder's own day, where its index was used today
    for path in (marked, marked / store.INDEX):
        os.utime(path, (stamp_s, stamp_s))
    clean_results(out, before=dt.date(2020, 1, 1))
    assert used.is_dir()
    assert marked.is_dir() == (stamp_s > 2e9)  # of the future: kept unless all are asked for
    clean_results(out)
    assert not marked.exists()


def test_what_a_process_reads_stays(out: Path) -> None:
    script = (
        "import sys, numpy as np\n"
        "held = np.load(sys.argv[1], mmap_mode='r')\nprint('held', flush=True); sys.stdin.read()\n"
    )
    array = out / ".prepared" / KEYS[0] / "0000.npy"
    reader = subprocess.Popen([sys.executable, "-c", script, str(array)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert reader.stdout is not None
    assert reader.stdout.readline() == "held\n"
    try:
        row = clean_results(out)[0]
        assert (row.count, row.in_use) == (1, 1)
        assert array.is_file()
    finally:
        reader.communicate("")
    assert clean_results(out)[0].count == 1
    assert files(out) == RESULTS


def test_what_killed_runs_left_goes_or_comes_back(out: Path) -> None:
    mark = f"-{platform.node()}-{dead_process()}-"
    alive = f"-{platform.node()}-{os.getppid()}-"
    for name in (f".base{mark}new-x", f".base{mark}old", f".prepared/.{KEYS[0]}{mark}gone",
                 f".parts/{KEYS[0]}/.pt-0-512{mark}new-x"):  # fmt: skip
        (out / name).mkdir()
    (out / f".prepared/streets/.{KEYS[1]}.osm.pbf{mark}new-7f.pbf").write_bytes(b"half")
    (out / "lost").mkdir()
    (out / "lost" / "manifest.json").write_text("{}", encoding="utf-8")
    (out / "lost").rename(out / f".lost{mark}old")  # killed between two renames
    (out / f".base{alive}new-x").mkdir()
    rows = clean_results(out)
    assert counts(rows)["killed"] == 5
    assert files(out) == RESULTS | {"lost/manifest.json"}
    assert crash.left_behind(out) == [f".base{alive}new-x"]


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".prepared" / "x").mkdir(parents=True)
    (tmp_path / ".prepared" / "x" / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".prepared" / KEYS[0]).symlink_to(tmp_path / "elsewhere")
    assert set(counts(clean_results(tmp_path)).values()) == {0}
    assert (tmp_path / ".prepared" / "x" / "file").is_file()
    assert (tmp_path / "elsewhere").is_dir()


def test_the_command_says_how_much_it_frees(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", str(out), "--lang", "en", "--dry-run"]) == 0
    assert "clipped streets: 1, 0.0 MB" in capsys.readouterr().out
    assert main(["clean", str(out), "--lang", "en", "--before", "2020-01-01"]) == 0
    assert "prepared networks: 0 deleted" in capsys.readouterr().out
    assert main(["clean", str(out)]) == 0
    assert "klaargemaakte netwerken: 2 verwijderd" in capsys.readouterr().out
    assert main(["clean", str(out / "nowhere")]) == 1
    assert "no such file" in capsys.readouterr().err
