#!/usr/bin/env python3
"""Run cross-border mobility scenarios: the command a transport officer types.

With no argument it runs the demonstration region. Where the packages are not installed it
sets up its own environment first (see bootstrap.py) and goes on inside it.
"""

from __future__ import annotations

import importlib.util
import sys


def main() -> int:
    """Run the command line, in the project's environment where this one lacks the packages."""
    needed = ("numba", "osmium", "geopandas", "pydantic", "rich", "xlsxwriter", "distributed")
    if any(importlib.util.find_spec(name) is None for name in needed):
        import bootstrap  # noqa: PLC0415 - only where it is needed

        if sys.executable == str(bootstrap.interpreter()):
            print("The environment in .venv is incomplete; delete it and try again.",
                  file=sys.stderr)  # fmt: skip
            return 1
        return bootstrap.main(["run", *sys.argv[1:]])
    from mobility.cli import interrupt  # noqa: PLC0415 - after the check above

    return interrupt.answered_at_once(_command, sys.argv[1:])


def _command() -> int:
    from mobility.cli import main as command  # noqa: PLC0415 - takes its time

    return command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
