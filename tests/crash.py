"""Kill batches at random moments and see what is left: the old or the new, whole.

    python tests/crash.py --times 40

Each time a run of a small region is started in a process of its own and killed after a random
time. Then every run folder there must verify byte for byte, and a run that is let finish must give
the bytes of one that was never disturbed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from toy_region import write_region

REPOSITORY = Path(__file__).resolve().parent.parent


def command(folder: Path, out: Path) -> list[str]:
    files = [str(folder / "base.toml"), str(folder / "through.toml")]
    script = str(REPOSITORY / "run_scenario.py")
    return [sys.executable, script, *files, "--out", str(out), "--quiet", "--workers", "1"]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONHASHSEED": "0", **more}


def finish(folder: Path, out: Path, **more: str) -> None:
    done = subprocess.run(command(folder, out), env=environment(**more), capture_output=True,
                          text=True, check=False)  # fmt: skip
    if done.returncode != 0:
        raise AssertionError(done.stderr)


def outputs(out: Path) -> dict[str, str]:
    """SHA-256 of every file of every run, but for what manifests measure."""
    found = {}
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        parts = path.relative_to(out).parts
        if parts[0].startswith("."):
            continue
        data = path.read_bytes()
        if path.name == "manifest.json":
            facts = json.loads(data)
            for key in ("timings_s", "peak_memory_mb", "cores", "files"):
                facts.pop(key, None)
            data = json.dumps(facts, sort_keys=True).encode()
        found["/".join(parts)] = hashlib.sha256(data).hexdigest()
    return found


def broken(out: Path) -> list[str]:
    """Run folders that are there but not whole."""
    found = []
    for folder in (p for p in out.iterdir() if p.is_dir() and not p.name.startswith(".")):
        if folder.name == "comparison":
            if not (folder / "report.html").is_file():
                found.append(f"{folder.name}: no report")
            continue
        facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for name, sha256 in facts["outputs"].items():
            data = (folder / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                found.append(f"{folder.name}/{name}")
    return found


def kill_after(folder: Path, out: Path, seconds: float) -> bool:
    """Start a run, kill it; tell whether it was still at work."""
    started = subprocess.Popen(command(folder, out), env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(seconds)
    at_work = started.poll() is None
    started.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    started.wait()
    return at_work


def attack(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Kill `times` runs; return how many were at work, and what was found wrong."""
    rng = random.Random(seed)
    write_region(place)
    finish(place, place / "calm")
    calm = outputs(place / "calm")
    began = time.perf_counter()
    finish(place, place / "again")
    whole_s = time.perf_counter() - began
    killed, wrong = 0, []
    for number in range(times):
        out = place / f"out-{number // 4}"  # every fourth starts from nothing
        killed += kill_after(place, out, rng.uniform(0.2, 1.0) * whole_s)
        if out.exists():
            wrong += [f"kill {number}: {what}" for what in broken(out)]
        if number % 4 == 3 or number == times - 1:
            finish(place, out)
            if outputs(out) != calm:
                wrong.append(f"after kill {number}: other bytes than an undisturbed run")
            left = [p.name for p in out.iterdir() if "-new-" in p.name or p.name.endswith("-old")]
            wrong += [f"after kill {number}: {name} left behind" for name in left]
    return killed, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        killed, wrong = attack(options.times, options.seed, Path(place))
    print(f"{options.times} runs, {killed} killed at work, {len(wrong)} findings")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
