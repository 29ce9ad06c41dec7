"""Let the clock jump while a region is run, and between runs (Linux with a C compiler).

    python tests/crash.py --what clock --times 6

Only the clock on the wall jumps, as when somebody sets it: waits and durations go on. Times of
change of inputs and caches are set to other centuries too.
"""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import crash
from toy_region import write_region

JUMPS_S = (-3600, 86_400, -86_400, -2_000_000_000, 2_500_000_000, 0)
SOURCE = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long jumped(void) {
    const char *name = getenv("CLOCK_FILE");
    char text[32] = {0};
    if (!name) return 0;
    int file = syscall(SYS_openat, AT_FDCWD, name, O_RDONLY);
    if (file < 0) return 0;
    syscall(SYS_read, file, text, 31);
    syscall(SYS_close, file);
    return atol(text);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int done = syscall(SYS_clock_gettime, clock, now);
    if (!done && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += jumped();
    return done;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec fine;
    clock_gettime(CLOCK_REALTIME, &fine);
    now->tv_sec = fine.tv_sec;
    now->tv_usec = fine.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *now) {
    struct timespec fine;
    clock_gettime(CLOCK_REALTIME, &fine);
    if (now) *now = fine.tv_sec;
    return fine.tv_sec;
}
"""


def build(place: Path) -> dict[str, str]:
    """Compile the clock; return what hands it to a process."""
    source, library, jump = place / "clock.c", place / "clock.so", place / "clock.txt"
    source.write_text(SOURCE, encoding="utf-8")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return {"LD_PRELOAD": str(library), "CLOCK_FILE": str(jump)}


def attack_clock(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Run with a clock that jumps several times a second; return the jumps and what was wrong."""
    rng, jumps, wrong = random.Random(seed), 0, []
    write_region(place)
    clock = build(place)
    began = time.perf_counter()
    crash.finish(place, place / "calm")
    longest_s = 60 + 10 * (time.perf_counter() - began)
    calm = crash.outputs(place / "calm")
    for number in range(times):
        out = place / f"out-{number // 2}"  # every second time what stands is found again
        words = [*crash.command(place, out)[:-1], str(2 - number // 2 % 2)]
        crash.stamp(place, rng)
        code, said, made = _run(words, clock, rng, longest_s)
        jumps += made
        print(f"{number}: {made} jumps, code {code}", flush=True)
        wrong += [f"{number}: {what}" for what in _unlike(out, calm)]
        if code != 0 or said:
            wrong.append(f"{number}: code {code}, {said}")
    return jumps, wrong


def _run(
    words: list[str], clock: dict[str, str], rng: random.Random, longest_s: float
) -> tuple[int, str, int]:
    jump = Path(clock["CLOCK_FILE"])
    jump.write_text(str(rng.choice(JUMPS_S)), encoding="utf-8")
    started = subprocess.Popen(words, env=crash.environment(**clock), stderr=subprocess.PIPE,
                               text=True)  # fmt: skip
    began, made = time.perf_counter(), 1
    while started.poll() is None:
        if time.perf_counter() - began > longest_s:
            started.kill()
            return -1, f"no end after {longest_s:.0f} s", made
        time.sleep(rng.uniform(0.05, 0.5))
        beside = jump.with_suffix(".new")
        beside.write_text(str(rng.choice(JUMPS_S)), encoding="utf-8")
        beside.replace(jump)
        made += 1
    assert started.stderr is not None
    return started.returncode, started.stderr.read(), made


def _unlike(out: Path, calm: dict[str, str]) -> list[str]:
    wrong = [*crash.broken(out), *(f"left {left}" for left in crash.left_behind(out))]
    if crash.outputs(out) != calm:
        wrong.append("other bytes than with a calm clock")
    for path in out.glob("*/manifest.json"):
        took = json.loads(path.read_text(encoding="utf-8")).get("timings_s", {})
        short = {name: value for name, value in took.items() if _least(value) < 0}
        wrong += [f"{path.parent.name}: took {short}"] * bool(short)
    return wrong


def _least(value: object) -> float:
    if isinstance(value, dict):
        return min(map(_least, value.values()), default=0.0)
    return float(value)  # type: ignore[arg-type]
