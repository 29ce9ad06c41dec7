"""Progress on a terminal; where that can't redraw or is a file, of a batch in plain lines."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn

from mobility.errors import printable
from mobility.tables import MODES
from mobility.words import label, marked, number, translator

STEPS: Final = {
    "hash": marked("look at the input files"),
    "clip": marked("cut the streets to the region"),
    "load": marked("open the prepared network"),
    "read": marked("read timetables and streets"),
    "merge": marked("join the timetables"),
    "link": marked("tie stops and zones to streets"),
    "changes": marked("apply the changes"),
    "route": marked("search journeys"),
    "indicators": marked("compute indicators"),
    "decomposition": marked("share the border effect out"),
    "write": marked("write files"),
    "compare": marked("compare scenarios"),
}


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
    """Shows the scenario, its step and how far the step is. Use as a context manager.

    Parameters
    ----------
    quiet
        Show nothing.
    lang
        Language of the steps.
    lines
        Write a line per step to stderr where no bar can be drawn: into a file or a pipe, and on
        a terminal that can't go back a line (``TERM=dumb``).
    """

    def __init__(self, *, quiet: bool, lang: str = "en", lines: bool = False) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            quiet=quiet,
        )
        console = self._progress.console
        self._lines = lines and not quiet and (not console.is_terminal or console.is_dumb_terminal)
        if self._lines:
            self._progress.disable = True  # else a bare line ends what can't be drawn
        self._lang = lang
        self._started_s = time.monotonic()
        self._task: TaskID | None = None
        self._all: TaskID | None = None
        self._beside: dict[str, tuple[TaskID, str]] = {}

    def step(self, scenario: str, name: str) -> None:
        """Begin a step of a scenario."""
        self._end_step()
        text = self._text(scenario, name)
        self._task = self._progress.add_task(escape(text), total=None)
        self._line(text)

    def part(self, done: int, total: int) -> None:
        """Tell how many parts of the step are done."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def beside(self, scenario: str, name: str, done: int, total: int) -> None:
        """Tell the step of a scenario that runs beside others, and how much of it is done."""
        text = self._text(scenario, name)
        task, before = self._beside.get(scenario, (None, ""))
        if task is None:
            task = self._progress.add_task("", total=1)
        self._beside[scenario] = task, text
        self._progress.update(task, description=escape(text), completed=done, total=total or 1)
        if text != before:
            self._line(text)

    def ended(self, scenario: str, *, failed: bool) -> None:
        """Tell that a scenario has ended."""
        self._end_step()
        if scenario in self._beside:
            self._progress.remove_task(self._beside.pop(scenario)[0])
        _ = translator(self._lang)
        self._line(f"{scenario}: {_('failed') if failed else _('done')}")

    def whole(self, done: int, total: int) -> None:
        """Tell how many of all scenarios have ended."""
        _ = translator(self._lang)
        n, of = number(done, self._lang), number(total, self._lang)
        text = _("{n} of {total} scenarios").format(n=n, total=of)
        if self._all is None:
            self._all = self._progress.add_task("")
        self._progress.update(self._all, description=text, completed=done, total=total)
        self._line(text)

    def _end_step(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None

    def _text(self, scenario: str, name: str) -> str:
        if name in STEPS:
            name = translator(self._lang)(STEPS[name])
        elif name in MODES:
            name = label(name, self._lang)
        return printable(f"{scenario}: {name}" if scenario else name)

    def _line(self, text: str) -> None:
        if self._lines:
            minutes, seconds = divmod(int(time.monotonic() - self._started_s), 60)
            print(f"{minutes:3d}:{seconds:02d}  {printable(text)}", file=sys.stderr, flush=True)
