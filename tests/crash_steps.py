"""Kill a process before any one of the files it writes, moves or deletes.

    python tests/crash.py --what fetch --times 60
    python tests/crash.py --what prepare --times 60

Random moments find what takes long; this finds what lies between two steps that take no time. A
hook of the interpreter counts what the process does to files below a folder, and kills it, as
nothing can answer, before the one asked for.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import crash
from test_fetch import gtfs, region
from web_server import Site, serving, sound

from mobility.fetch import lock_path, read_lock, store_of
from mobility.fetch.checks import hash_of

REPOSITORY = Path(__file__).resolve().parents[1]
KILLED = -getattr(signal, "SIGKILL", signal.SIGTERM)
HOOK = """
import os, signal, sys
left, place = int(sys.argv[1]), sys.argv[2]
writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
def count(event, args):
    global left
    if event == "open" and not (isinstance(args[2], int) and args[2] & writing):
        return
    if event in ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"):
        if isinstance(args[0], (str, os.PathLike)) and os.fspath(args[0]).startswith(place):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
sys.argv = sys.argv[3:]
"""
FETCH = """
from pathlib import Path
from mobility.fetch import Limits, Web, fetch
from mobility.scenario import read_region
path = Path(sys.argv[0])
one = Web(Limits(hosts_at_once=1))  # so that the steps have one order
bad = [r for r in fetch(path, read_region(path, check_files=False), web=one) if r.problems]
sys.exit(str(bad) if bad else 0)
"""
COMMAND = """
import runpy
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def killed_before(
    step: int, below: Path, program: str, arguments: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Run a program until it is about to do the `step`-th thing to a file below a folder."""
    return subprocess.run([sys.executable, "-c", HOOK + program, str(step), str(below), *arguments],
                          cwd=REPOSITORY, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONHASHSEED": "0"})  # fmt: skip


def fetch_killed(step: int, place: Path) -> tuple[bool, list[str]]:
    """Renew a file, killed at a step; whether it was, and what is not right then or afterwards."""
    old, new = gtfs("v1"), gtfs("v2")
    with serving(**{"x.zip": sound(old)}) as site:
        path = _region(place, site)
        first = killed_before(0, place, FETCH, [str(path)])
        assert first.returncode == 0, first.stderr
        site.pages["/x.zip"] = sound(new, '"2"')
        killed = killed_before(step, place, FETCH, [str(path)])
        wrong = [] if killed.returncode in (0, KILLED) else [killed.stderr]
        stands = _feed(path).read_bytes() if _feed(path).is_file() else b""
        wrong += [] if stands in (old, new) else ["neither the old nor the new file"]
        after = killed_before(0, place, FETCH, [str(path)])
        wrong += [] if after.returncode == 0 else [f"the next fetch: {after.stderr}"]
    return killed.returncode == KILLED, wrong + _unlike(path, old, new)


def _unlike(path: Path, old: bytes, new: bytes) -> list[str]:
    """What is not as after a renewal that nothing disturbed."""
    wrong = [] if _feed(path).read_bytes() == new else ["not the new file"]
    if read_lock(lock_path(path))["feed x"].sha256 != hash_of(_feed(path)):
        wrong.append("another file in the lock")
    kept = [p.read_bytes() for p in store_of(path).rglob("*") if p.is_file()]
    if kept != [old]:
        wrong.append(f"{len(kept)} older files")
    found = {p.name for p in path.parent.rglob("*") if p.is_file()} - {"zones.csv", "streets.osm"}
    expected = {"x.zip", path.name, lock_path(path).name}
    left = sorted(found - expected - {p.name for p in store_of(path).rglob("*")})
    return wrong + [f"left behind: {name}" for name in left]


def _region(place: Path, site: Site) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    return region(place, f'url = "{site.url}/x.zip"\nallow_http = true')


def _feed(path: Path) -> Path:
    return path.parent / "toy/store/x.zip"


def attack_fetch(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Kill a fetch before each step in turn, or before drawn ones where they are more."""
    hit, wrong = 0, []
    steps = list(range(1, 200))
    random.Random(seed).shuffle(steps)
    last = 200
    for step in steps:
        if step >= last or hit == times:
            continue
        killed, found = fetch_killed(step, place / str(step))
        hit += killed
        last = last if killed else min(last, step)
        wrong += [f"before step {step}: {what}" for what in found]
    print(f"{last - 1} steps in all")
    return hit, wrong


def attack_prepare(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Kill the preparation of a region before drawn steps; the next must find all whole."""
    crash.write_region(place)
    crash.finish(place, place / "calm")
    calm = crash.outputs(place / "calm")
    script, rng = str(REPOSITORY / "run_scenario.py"), random.Random(seed)
    hit, wrong, out = 0, [], place / "out"
    words = [script, "trip", str(place / "through.toml"), "W", "E", "--out", str(out), "--quiet"]
    step, rest = 1, 0
    while hit < times:
        shutil.rmtree(out, ignore_errors=True)
        done = killed_before(step, out, COMMAND, words)
        if done.returncode == 0:  # that many steps there are not
            rest = step - 1
            step = 1
            if hit >= rest:
                break
            continue
        hit += 1
        wrong += [f"before step {step}: {done.stderr}"] * (done.returncode != KILLED)
        again = killed_before(0, out, COMMAND, words)
        wrong += [f"after step {step}: {again.stderr}"] * (again.returncode != 0)
        wrong += [f"after step {step}: left {left}" for left in crash.left_behind(out)]
        step += rng.randint(1, 4)
    crash.finish(place, out)
    wrong += ["other bytes than undisturbed"] * (crash.outputs(out) != calm)
    print(f"{rest} steps in all" if rest else "steps not counted to the end")
    return hit, wrong
