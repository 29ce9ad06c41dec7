#!/usr/bin/env python3
"""Set up the project's own environment, then run something in it.

Needs nothing but Python 3.11 or newer with pip, also where the system's Python is
externally managed (Debian, Ubuntu, Homebrew): everything goes into ``.venv`` beside this
file.

    python3 bootstrap.py                 set up only
    python3 bootstrap.py run [...]       set up and run run_scenario.py with what follows
    python3 bootstrap.py test [...]      set up with the test tools and run pytest
    python3 bootstrap.py lint            set up with the development tools, run ruff and mypy
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("MOBILITY_VENV", HERE / ".venv"))
LOCKS = {"run": "run.txt", "test": "test.txt", "lint": "dev.txt"}


def interpreter() -> Path:
    """Return the environment's Python."""
    return HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_environment() -> list[str]:
    """Make ``.venv`` if it is not there; return the pip command that installs into it."""
    python = interpreter()
    if not python.exists():
        print(f"Setting up {HOME} (once) ...", file=sys.stderr, flush=True)
        venv.EnvBuilder(with_pip=False, clear=HOME.exists()).create(HOME)
    for command in (
        [str(python), "-m", "pip"],
        [sys.executable, "-m", "pip", "--python", str(python)],
    ):
        if _succeeds([*command, "--version"]):
            return command
    # No pip outside that can reach inside (before 22.3): bring the one Python carries along.
    subprocess.run([str(python), "-m", "ensurepip", "--default-pip"], check=True)
    return [str(python), "-m", "pip"]


def _succeeds(command: list[str]) -> bool:
    done = subprocess.run(
        command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return done.returncode == 0


def install(what: str) -> None:
    """Install the locked packages of one purpose, unless they are there already."""
    lock = HERE / "requirements" / LOCKS[what]
    fingerprint = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    stamp = HOME / f".{what}-{fingerprint}"
    if interpreter().exists() and stamp.exists():
        return
    pip = make_environment()
    command = [*pip, "install", "--quiet", "--disable-pip-version-check"]
    # Nothing is compiled here; one small package in plain Python comes as source only.
    ready = ["--only-binary", ":all:", "--no-binary", "json2html"]
    # The lock names every package there is to be, so none has to be asked what it needs; and of
    # the 8,000 modules in them a run imports a quarter, so the others need not be compiled.
    whole = ["--no-deps", "--no-compile"]
    locked = [*command, "--require-hashes", *whole, *ready, "-r", str(lock)]
    if subprocess.run(locked, check=False).returncode != 0:
        print(
            "The locked packages don't fit this Python; taking the newest that pyproject.toml "
            "allows.",
            file=sys.stderr,
            flush=True,
        )
        extra = {"run": "", "test": "[test]", "lint": "[test,dev]"}[what]
        subprocess.run([*command, f"{HERE}{extra}"], check=True)
    _compile_what_runs_import()
    stamp.touch()


def _compile_what_runs_import() -> None:
    """Import the program once, and keep what is compiled for it whatever the surroundings say."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [str(interpreter()), "-c", "import mobility.cli.run"]
    subprocess.run(command, cwd=HERE, env=kept, check=True)


def commands(what: str, rest: list[str]) -> list[list[str]]:
    """Return what to run inside the environment."""
    python = str(interpreter())
    if what == "run":
        return [[python, str(HERE / "run_scenario.py"), *rest]]
    if what == "test":
        return [[python, "-m", "pytest", *rest]]
    return [
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "mypy"],
    ]


def main(arguments: list[str]) -> int:
    """Set up, run, and return the exit code of what was run."""
    if sys.version_info < (3, 11):
        print(f"Python 3.11 or newer is needed; this is {sys.version}", file=sys.stderr)
        return 1
    what, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if what not in ("", *LOCKS):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        install(what or "run")
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"Setting up {HOME} failed: {problem}", file=sys.stderr)
        return 1
    if not what:
        return 0
    # Paths that were typed are relative to where they were typed.
    folder = None if what == "run" else HERE
    for command in commands(what, rest):
        try:
            code = subprocess.run(command, cwd=folder, check=False).returncode
        except KeyboardInterrupt:
            return 130
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
