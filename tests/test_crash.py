"""Kills, places, locales, clocks and full disks: the same bytes, or a clear answer."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import crash
import pytest
from toy_region import write_region


def test_killed_runs_leave_whole_folders_and_go_on(tmp_path: Path) -> None:
    killed, wrong = crash.attack(4, 7, tmp_path)
    assert killed >= 2
    assert wrong == []


def test_other_surroundings_give_the_same_bytes(tmp_path: Path) -> None:
    write_region(tmp_path / "a")
    write_region(tmp_path / "b" / "elsewhere with é")
    crash.finish(tmp_path / "a", tmp_path / "a" / "out")
    crash.finish(tmp_path / "b" / "elsewhere with é", tmp_path / "b" / "out", PYTHONHASHSEED="4711",
                 TZ="Pacific/Auckland", LC_ALL="C", LANG="C", NUMBA_NUM_THREADS="1")  # fmt: skip
    assert crash.outputs(tmp_path / "b" / "out") == crash.outputs(tmp_path / "a" / "out")


def test_two_runs_at_once_share_one_cache(tmp_path: Path) -> None:
    write_region(tmp_path)
    crash.finish(tmp_path, tmp_path / "calm")
    both = [
        subprocess.Popen(crash.command(tmp_path, tmp_path / "out"), env=crash.environment(),
                         stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    for started in both:
        _, said = started.communicate(timeout=300)
        assert started.returncode == 0, said
    assert crash.outputs(tmp_path / "out") == crash.outputs(tmp_path / "calm")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process there")
def test_an_interrupt_is_answered_at_once(tmp_path: Path) -> None:
    write_region(tmp_path)
    out = tmp_path / "out"
    started = subprocess.Popen(crash.command(tmp_path, out), env=crash.environment(),
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    while not out.exists() and started.poll() is None:
        time.sleep(0.02)
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert started.returncode == 130
    assert said == "interrupted\n"
    assert not [path for path in out.iterdir() if path.name in ("base", "through")]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process there")
@pytest.mark.parametrize(
    "busy", ["hashlib.pbkdf2_hmac('sha256', b'', b'', 2**30)", "time.sleep(60)", "stubborn()"]
)
def test_an_interrupt_is_answered_while_a_library_has_the_word(tmp_path: Path, busy: str) -> None:
    # Compiled code that lets other threads run, a wait, and code that swallows interrupts.
    script = (
        "import hashlib, sys, time\n"
        "from mobility import leftovers\n"
        "from mobility.cli.interrupt import answered_at_once\n"
        "from pathlib import Path\n"
        "def stubborn():\n"
        "    while True:\n"
        "        try:\n"
        "            time.sleep(60)\n"
        "        except KeyboardInterrupt:\n"
        "            pass\n"
        "def command():\n"
        "    leftovers.begin(Path(sys.argv[3]) / 'run')\n"
        "    file = leftovers.whole_file(Path(sys.argv[1]))\n"
        "    file.__enter__().touch()\n"
        "    print('begun', flush=True)\n"
        f"    {busy}\n"
        "    return 0\n"
        "sys.exit(answered_at_once(command, sys.argv[1:]))\n"
    )
    target = tmp_path / "elsewhere" / "x.gpkg"
    target.parent.mkdir()
    out = tmp_path / "out"
    started = subprocess.Popen([sys.executable, "-c", script, str(target), "--out", str(out)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               cwd=crash.REPOSITORY)  # fmt: skip
    assert started.stdout is not None
    assert started.stdout.readline() == "begun\n"
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=30)
    assert (started.returncode, said) == (130, "interrupted\n")
    assert [p for p in tmp_path.rglob("*") if p not in (out, target.parent)] == []
