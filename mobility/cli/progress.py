"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn

from mobility.errors import printable


class OnTerminal:
    """Bars on stderr between entering and leaving; nothing where it is no terminal or `quiet`."""

    def __init__(self, *columns: ProgressColumn, quiet: bool) -> None:
        self._progress = Progress(
            *columns,
            console=Console(stderr=True),
            transient=True,
            disable=quiet or not sys.stderr.isatty(),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()


class Progression(OnTerminal):
    """Shows the scenario, its step and how far the step is. Use as a context manager."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            quiet=quiet,
        )
        self._task: TaskID | None = None

    def step(self, scenario: str, name: str) -> None:
        """Begin a step of a scenario."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        text = escape(printable(f"{scenario}: {name}" if scenario else name))
        self._task = self._progress.add_task(text, total=None)

    def part(self, done: int, total: int) -> None:
        """Tell how many parts of the step are done."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total)
