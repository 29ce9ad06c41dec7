"""The command line: words in, exit code out."""

from mobility.cli.main import main

__all__ = ["main"]
