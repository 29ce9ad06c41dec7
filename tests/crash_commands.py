"""Every command on disks that fill up or can only be read, and interrupted at random moments.

python tests/crash.py --what commands-disk --times 3        (root on Linux)
python tests/crash.py --what commands-interrupt --times 40
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import crash
from test_fetch import gtfs, region
from toy_region import write_region
from web_server import Handler, serving

MB = 1 << 20


def commands(place: Path, disk: Path, site: str) -> dict[str, list[str]]:
    """What is typed, by command; all that is written comes to lie below `disk`."""
    calm, out = place / "calm", ["--out", str(disk / "out")]
    own = [str(place / name) for name in ("nl.zip", "be.zip", "streets.osm", "zones.csv",
                                          "countries.geojson")]  # fmt: skip
    toy, base, through = (str(place / f"{n}.toml") for n in ("region", "base", "through"))
    disk.mkdir(parents=True, exist_ok=True)
    other = str(_another(place))
    told = {
        "check": ["check", toy, *out],
        "trip": ["trip", through, "W", "E", *out],
        "compare": ["compare", str(calm / "base"), str(calm / "through"), *out],
        "contribution": ["contribution", through, other, *out],
        "carries": ["carries", base, *out],
        "export graphml": ["export", through, str(disk / "x.graphml"), "--out", str(calm)],
        "export gpkg": ["export", through, str(disk / "x.gpkg"), "--out", str(calm)],
        "verify": ["verify", str(calm / "through")],
        "new": ["new", str(disk / "new.toml"), *own, "--no-check", "--force"],
    }
    if site:
        told["fetch"] = ["fetch", str(_fetched(disk, site))]
    script = str(crash.REPOSITORY / "run_scenario.py")
    return {name: [sys.executable, script, *words, "--quiet"] for name, words in told.items()}


def _another(place: Path) -> Path:
    """Write a second measure, for what compares measures."""
    text = (place / "through.toml").read_text(encoding="utf-8")
    path = place / "other.toml"
    path.write_text(text.replace('"through"', '"other"').replace('"express"', '"slow"')
                    .replace("[900]", "[1500]"), encoding="utf-8")  # fmt: skip
    return path


def _fetched(disk: Path, site: str) -> Path:
    return region(disk, f'url = "{site}/x.zip"\nallow_http = true')


def _drip(page: Handler) -> None:
    """Send a feed of a megabyte slowly, so that there is a middle."""
    body = gtfs("v" + "1" * MB)
    page.start(200, Content_Length=len(body), ETag='"1"')
    for first in range(0, len(body), 1 << 16):
        page.wfile.write(body[first : first + (1 << 16)])
        time.sleep(0.1)


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes()
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip


def _half(files: dict[str, bytes]) -> list[str]:
    """What is no cache, no input of a fetch and not there to be taken up."""
    fine = ("zones.csv", "streets.osm", "toy.toml", ".part", ".json")
    return [name for name in files if "/." not in f"/{name}" and not name.endswith(fine)]


def attack_disk(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Run each command on `times` disks that fill up, on an empty one to be read only and so on.

    Each must say so in words with exit code 1, and leave what stood as it was.
    """
    rng, full, wrong = random.Random(seed), 0, []
    write_region(place)
    crash.finish(place, place / "calm")
    disk = place / "disk"
    disk.mkdir()
    with serving(**{"x.zip": _drip}) as site:
        for name in commands(place, place / "names", site.url):
            if name == "verify":  # which writes into the folder of the run's own caches only
                continue
            try:
                crash.mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk))
                words = commands(place, disk, site.url)[name]
                done = _run(words)
                need_kb = sum(map(len, _files(disk).values())) >> 10
                stood = _files(disk)
                crash.mount("-o", "remount,ro", str(disk))
                again = _run(words)
                wrong += [f"{name}: {done.stderr}"] * (done.returncode != 0)
                wrong += [f"{name}, read-only: changed"] * (_files(disk) != stood)
                wrong += _unsaid(f"{name}, read-only", again, ok=(0, 1))
            finally:
                subprocess.run(["umount", str(disk)], check=True)
            for size_kb in (
                max(16, round(need_kb * rng.uniform(0.02, 0.95))) for _ in range(times)
            ):
                full += _on_full_disk(name, size_kb, place, disk, site.url, wrong)
    return full, wrong


def _on_full_disk(
    name: str, size_kb: int, place: Path, disk: Path, site: str, wrong: list[str]
) -> bool:
    where = f"{name}, {size_kb} kB"
    crash.mount("-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(disk))
    try:
        words = commands(place, disk, site)[name]
        done = _run(words)
        print(f"{where}: code {done.returncode}, {done.stderr[:150]}", flush=True)
        if done.returncode == 1:  # what it needs only for a while may not have been needed
            wrong += _unsaid(where, done, ok=(1,))
            wrong += [f"{where}: left {left}" for left in crash.left_behind(disk)]
            wrong += [f"{where}: half {half}" for half in _half(_files(disk))]
        elif done.returncode != 0:
            wrong.append(f"{where}: code {done.returncode}, {done.stderr}")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    return done.returncode == 1


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, env=crash.environment(), capture_output=True, text=True,
                          check=False)  # fmt: skip


def _unsaid(where: str, done: subprocess.CompletedProcess[str], ok: tuple[int, ...]) -> list[str]:
    said = done.returncode == 0 or any(
        words in done.stderr
        for words in ("a full disk", "can't be written", "No space left", "Read-only file system")
    )
    if done.returncode in ok and said and "Traceback" not in done.stderr:
        return []
    return [f"{where}: code {done.returncode}, {done.stderr}"]


def attack_interrupt(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Press Ctrl-C at random moments of every command in turn; within a second, one word, 130."""
    rng, asked, wrong = random.Random(seed), 0, []
    write_region(place)
    crash.finish(place, place / "calm")
    took: dict[str, float] = {}
    with serving(**{"x.zip": _drip}) as site:
        names = list(commands(place, place / "names", site.url))
        for number in range(times):
            name, disk = names[number % len(names)], place / f"disk-{number}"
            words = commands(place, disk, site.url)[name]
            if name not in took:
                began = time.perf_counter()
                _run(commands(place, place / "first", site.url)[name])
                took[name] = time.perf_counter() - began
            moment_s = rng.uniform(0.2, 1.0) * took[name]
            asked += _interrupted(f"{name}, {moment_s:.1f} s", words, moment_s, disk, wrong)
    return asked, wrong


def _interrupted(
    where: str, words: list[str], moment_s: float, disk: Path, wrong: list[str]
) -> bool:
    started = subprocess.Popen(words, env=crash.environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)  # fmt: skip
    time.sleep(moment_s)
    if started.poll() is not None:
        started.communicate()
        return False
    began = time.perf_counter()
    started.send_signal(signal.SIGINT)
    _, said = started.communicate()
    answered_s = time.perf_counter() - began
    print(f"{where}: answered in {answered_s:.2f} s, code {started.returncode}", flush=True)
    half = [*crash.left_behind(disk), *_half(_files(disk))]
    # at the very end Python itself answers, and a shell makes 130 of it too
    by_signal = started.returncode == -signal.SIGINT and said == ""
    right = by_signal or (started.returncode == 130 and said == "interrupted\n")
    if answered_s > 1 or not right or half:
        wrong.append(f"{where}: {answered_s:.2f} s, code {started.returncode}, {said!r}, {half}")
    return True
