"""From words to the job: every error ends here, as a message and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mobility.cli.arguments import parser, with_default_command
from mobility.errors import CLOSED, FULL, MobilityError, RunError, printable, unwritable

DONE, WRONG_FILES, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns
    -------
    int
        0 done, 1 the user's files are wrong (said on stderr), 2 usage, 130 interrupted.
    """
    _speak_utf8()
    try:
        options = parser().parse_args(with_default_command(list(arguments)))
    except SystemExit as end:
        return int(end.code or 0)
    try:
        return _command(options.command)(options)
    except MobilityError as error:
        say_problems(error)
        return WRONG_FILES
    except OSError as error:
        if error.errno is None or error.errno not in FULL | CLOSED:
            raise
        place = Path(str(error.filename or options.command))
        say_problems(RunError(unwritable(place, error.errno)))
        return WRONG_FILES
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def say_problems(error: MobilityError, head: str = "") -> None:
    """Write every problem on a line of its own, control characters taken out."""
    if head:
        print(printable(head), file=sys.stderr)
    for problem in error.problems:
        print(f"- {printable(str(problem))}", file=sys.stderr)


def _speak_utf8() -> None:
    """Let names be written on consoles that would stop at them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """Load a command when it is asked for, so that ``--help`` and errors come at once."""
    if name == "run":
        from mobility.cli.run import run  # noqa: PLC0415

        return run
    if name == "check":
        from mobility.cli.check import check  # noqa: PLC0415

        return check
    if name == "trip":
        from mobility.cli.trip import trip  # noqa: PLC0415

        return trip
    if name in ("contribution", "carries"):
        from mobility.cli import packages  # noqa: PLC0415

        return packages.contribution if name == "contribution" else packages.carries
    if name == "new":
        from mobility.cli.new import new  # noqa: PLC0415

        return new
    if name == "fetch":
        from mobility.cli.fetch import fetch_region  # noqa: PLC0415

        return fetch_region
    if name == "clean":
        from mobility.cli.clean import clean_place  # noqa: PLC0415

        return clean_place
    from mobility.cli import runs  # noqa: PLC0415

    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "compare": runs.compare,
        "verify": runs.verify_run,
        "export": runs.export,
    }
    return commands[name]


def repository() -> Path:
    """Return the folder that holds ``feeds`` and ``scenarios``."""
    return Path(__file__).resolve().parents[2]
