"""Let runs of different programs and settings write into one folder at once.

python tests/crash.py --what share --times 4
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

import crash
from toy_region import write_region


def another_program(place: Path) -> Path:
    """Copy the program and change a word of it, so that nothing it makes is called the same."""
    shutil.copytree(crash.REPOSITORY / "mobility", place / "mobility",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    for name in ("run_scenario.py", "bootstrap.py"):
        shutil.copy(crash.REPOSITORY / name, place / name)
    with (place / "mobility" / "errors.py").open("a", encoding="utf-8") as file:
        file.write("# another program\n")
    return place / "run_scenario.py"


def attack_share(times: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Run two programs and two settings of the same scenarios at once, into one folder.

    Each must end well, every folder be whole whoever was last; and each run alone afterwards
    gives the bytes it gives in a folder of its own.
    """
    rng, wrong = random.Random(seed), []
    regions = [place / "one", place / "two"]
    for region in regions:
        write_region(region)
    slower = regions[1] / "base.toml"
    text = slower.read_text(encoding="utf-8")
    slower.write_text(f"{text}[settings]\nwalk_kph = 4.0\n", encoding="utf-8")
    scripts = [crash.REPOSITORY / "run_scenario.py", another_program(place / "program")]
    runs = [(script, region) for script in scripts for region in regions]
    calm = [_alone(*run, place / f"calm-{n}", wrong) for n, run in enumerate(runs)]
    if len({frozenset(files.items()) for files in calm}) != len(runs):
        wrong.append("two of the runs do not differ")
    for number in range(times):
        out = place / f"out-{number}"
        started = []
        for run in rng.sample(runs, 3):
            started.append(subprocess.Popen(_words(*run, out), env=crash.environment(),
                                            stderr=subprocess.PIPE, text=True))  # fmt: skip
            time.sleep(rng.uniform(0.0, 0.5))
        for one in started:
            _, said = one.communicate()
            wrong += [f"{number}: code {one.returncode}, {said}"] * (one.returncode != 0)
        wrong += [f"{number}: {what}" for what in crash.broken(out)]
        wrong += [f"{number}: left {left}" for left in crash.left_behind(out)]
        again = rng.randrange(len(runs))
        if _alone(*runs[again], out, wrong) != calm[again]:
            wrong.append(f"{number}: other bytes than in a folder of its own")
    return 3 * times, wrong


def _words(script: Path, region: Path, out: Path) -> list[str]:
    python, _, *rest = crash.command(region, out)
    return [python, str(script), *rest]


def _alone(script: Path, region: Path, out: Path, wrong: list[str]) -> dict[str, str]:
    done = subprocess.run(_words(script, region, out), env=crash.environment(), text=True,
                          capture_output=True, check=False)  # fmt: skip
    wrong += [f"alone: code {done.returncode}, {done.stderr}"] * (done.returncode != 0)
    return crash.outputs(out)
