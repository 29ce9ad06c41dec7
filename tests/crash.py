"""Kill batches at random moments and see what is left: the old or the new, whole.

    python tests/crash.py --times 40
    python tests/crash.py --times 12 --what disk
    python tests/crash.py --times 20 --what interrupt
    python tests/crash.py --times 300 --what endure
    python tests/crash.py --times 60 --what fetch

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
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # also where nothing is installed

from toy_region import write_region

REPOSITORY = Path(__file__).resolve().parents[1]
STAMPS_S = (-86_400.0, 0.0, 315_532_799.0, 1e9, 4_102_444_800.0)  # 1969 to 2100


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
            for key in ("timings_s", "peak_memory_mb", "cores", "files", "sha256"):
                facts.pop(key, None)
            data = json.dumps(facts, sort_keys=True).encode()
        found["/".join(parts)] = hashlib.sha256(data).hexdigest()
    return found


def broken(out: Path) -> list[str]:
    """Run folders that are there but not whole."""
    found: list[str] = []
    if not out.exists():
        return found
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


def left_behind(out: Path) -> list[str]:
    """Half-written folders, at any depth of the place and its caches."""
    return sorted(
        path.relative_to(out).as_posix()
        for path in out.rglob(".*")
        if path.name not in (".prepared", ".parts")
    )


def run_limited(folder: Path, out: Path, limit_kb: int) -> subprocess.CompletedProcess[str]:
    """Run where no file may grow beyond a size, as on a disk or under a quota that ends there."""
    limit = (
        "import resource, runpy, sys; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_kb << 10}, {limit_kb << 10})); "
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    python, *rest = command(folder, out)
    # uncompiled, so that no machine code has to be kept
    return subprocess.run([python, "-c", limit, *rest], env=environment(NUMBA_DISABLE_JIT="1"),
                          capture_output=True, text=True, check=False)  # fmt: skip


def kill_after(folder: Path, out: Path, seconds: float) -> bool:
    """Start a run, kill it; tell whether it was still at work."""
    started = subprocess.Popen(command(folder, out), env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(seconds)
    at_work = started.poll() is None
    started.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    started.wait()
    return at_work


def stamp(place: Path, rng: random.Random) -> None:
    """Give every file and folder a time of change out of another century."""
    for path in place.rglob("*"):
        moment_s = rng.choice(STAMPS_S)
        os.utime(path, (moment_s, moment_s))


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
            stamp(place, rng)
            finish(place, out)
            if outputs(out) != calm:
                wrong.append(f"after kill {number}: other bytes than an undisturbed run")
            left = [p.name for p in out.iterdir() if "-new-" in p.name or p.name.endswith("-old")]
            wrong += [f"after kill {number}: {name} left behind" for name in left]
    return killed, wrong


def fill_up(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Run on disks of a random size that fill up at another file each time (root on Linux).

    Each must end in words and leave what stands whole; once there is room again, the next run
    must give the bytes of one that always had it. Last, the disk can only be read.
    """
    rng = random.Random(seed)
    write_region(place)
    finish(place, place / "calm")
    calm = outputs(place / "calm")
    needed_kb = sum(p.stat().st_size for p in (place / "calm").rglob("*") if p.is_file()) >> 10
    disk, wrong, full = place / "disk", [], 0
    disk.mkdir()
    for number in range(times):
        mount("-t", "tmpfs", "-o", f"size={rng.randint(8, needed_kb)}k", "tmpfs", str(disk))
        try:
            done = subprocess.run(command(place, disk / "out"), env=environment(), check=False,
                                  capture_output=True, text=True)  # fmt: skip
            full += done.returncode == 1 and "a full disk" in done.stderr
            print(f"disk {number}: code {done.returncode}, {done.stderr[:200]}", flush=True)
            wrong += [f"disk {number}: {what}" for what in broken(disk / "out")]
            wrong += [f"disk {number}: left {what}" for what in left_behind(disk / "out")]
            if "Traceback" in done.stderr or done.returncode not in (0, 1):
                wrong.append(f"disk {number}: {done.stderr}")
            mount("-o", "remount,size=64m", str(disk))
            finish(place, disk / "out")
            if outputs(disk / "out") != calm:
                wrong.append(f"disk {number}: other bytes than with room")
            mount("-o", "remount,ro", str(disk))
            finish(place, disk / "out")  # what stands is left alone
            done = subprocess.run(command(place, disk / "new"), env=environment(), check=False,
                                  capture_output=True, text=True)  # fmt: skip
            if done.returncode != 1 or "can't be written" not in done.stderr:
                wrong.append(f"disk {number}: read-only, {done.stderr}")
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    return full, wrong


def interrupt(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Press Ctrl-C at random moments of the demonstration run, every second one uncompiled.

    Each must end within a second with exit code 130 and one word, leave no half-written folder
    and no process. Prints what each took.
    """
    rng = random.Random(seed)
    asked, wrong, slowest = 0, [], 0.0
    for number in range(times):
        out = place / f"out-{number}"
        kernels = {"NUMBA_CACHE_DIR": str(place / f"kernels-{number}")} if number % 2 else {}
        script = [sys.executable, str(REPOSITORY / "run_scenario.py"), "--out", str(out),
                  "--quiet", "--workers", str(1 + number % 4 // 2)]  # fmt: skip
        started = subprocess.Popen(script, env=environment(**kernels), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)  # fmt: skip
        moment_s = rng.uniform(0.3, 45.0)
        time.sleep(moment_s)
        if started.poll() is not None:
            _, said = started.communicate()
            wrong += [f"{number}: code {started.returncode}, {said}"] * (started.returncode != 0)
            continue
        asked += 1
        began = time.perf_counter()
        os.killpg(started.pid, signal.SIGINT)
        _, said = started.communicate()
        took_s = time.perf_counter() - began
        slowest = max(slowest, took_s)
        how = f"{number}: after {moment_s:.1f} s, {took_s:.2f} s"
        print(f"{how}, code {started.returncode}", flush=True)
        left = left_behind(out) if out.exists() else []
        if took_s > 1 or started.returncode != 130 or said != "interrupted\n" or left:
            wrong.append(f"{how}, code {started.returncode}, left {left}, said {said[-1500:]}")
        shutil.rmtree(out, ignore_errors=True)
    print(f"slowest {slowest:.2f} s")
    return asked, wrong


def endure(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Run one scenario after the other in this one process and watch its memory.

    Each has another headway, so that nothing but the baseline stands already. Memory after the
    first third must be that at the end, but for a twentieth. Told as it goes, so that a run cut
    short has told what it found.
    """
    import psutil

    from mobility.cli import main as command_line

    rng, process = random.Random(seed), psutil.Process()
    write_region(place)
    scenario = place / "through.toml"
    text = scenario.read_text(encoding="utf-8")
    used_mb: list[float] = []
    began = time.perf_counter()
    for number in range(times):
        headway_s = 60 * rng.randint(5, 60) + number
        scenario.write_text(
            text.replace("headway_s = 3600", f"headway_s = {headway_s}"), encoding="utf-8"
        )
        code = command_line([str(scenario), "--out", str(place / "out"), "--quiet", "--workers",
                             "1"])  # fmt: skip
        if code != 0:
            return number, [f"run {number}: exit code {code}"]
        shutil.rmtree(place / "out" / ".parts", ignore_errors=True)
        used_mb.append(process.memory_info().rss / 1e6)
        if number % 10 == 9:
            files = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
            print(f"{number + 1} runs, {time.perf_counter() - began:.0f} s: {used_mb[-1]:.0f} MB, "
                  f"{files} open files, {process.num_threads()} threads", flush=True)  # fmt: skip
    shown = [round(used_mb[i * (times - 1) // 9]) for i in range(10)]
    print(f"memory in MB at tenths of {times} runs: {shown}")
    print(f"{(time.perf_counter() - began) / times:.1f} s a run, highest {max(used_mb):.0f} MB")
    middle = sorted(used_mb[times // 3 : times // 2])[(times // 2 - times // 3) // 2]
    last = sorted(used_mb[-(times // 6) :])[times // 12]
    grown = [] if last <= 1.05 * middle else [f"memory grew from {middle:.0f} to {last:.0f} MB"]
    return times, grown


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def attacks() -> dict[str, tuple[Attack, str]]:
    """Name every attack, with what its first number counts."""
    import crash_clock  # these rest on this module
    import crash_commands
    import crash_share
    import crash_steps

    return ATTACKS | {
        "fetch": (crash_steps.attack_fetch, "killed at a step"),
        "prepare": (crash_steps.attack_prepare, "killed at a step"),
        "clock": (crash_clock.attack_clock, "jumps"),
        "share": (crash_share.attack_share, "at once"),
        "commands-disk": (crash_commands.attack_disk, "found no room"),
        "commands-interrupt": (crash_commands.attack_interrupt, "interrupted at work"),
    }


Attack = Callable[[int, int, Path], tuple[int, list[str]]]
ATTACKS: dict[str, tuple[Attack, str]] = {
    "kill": (attack, "killed at work"),
    "disk": (fill_up, "found no room"),
    "interrupt": (interrupt, "interrupted at work"),
    "endure": (endure, "one after the other"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    known = attacks()
    parser.add_argument("--what", choices=list(known), default="kill")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    how, told = known[options.what]
    with tempfile.TemporaryDirectory() as place:
        hit, wrong = how(options.times, options.seed, Path(place))
    print(f"{options.times} runs, {hit} {told}, {len(wrong)} findings")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
