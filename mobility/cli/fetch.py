"""``fetch``: a region's files from their owners."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import threading
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from mobility.cli.main import DONE, WRONG_FILES
from mobility.cli.progress import OnTerminal
from mobility.errors import printable
from mobility.fetch import Row, Standing, fetch, status
from mobility.scenario import Region, read_region
from mobility.words import date, label, marked, number, translator
from mobility.zones.assembling import assemble

STATES = {
    "new": marked("fetched"),
    "updated": marked("renewed"),
    "unchanged": marked("up to date"),
    "restored": marked("from the store"),
    "kept": marked("older copy stays in use"),
    "failed": marked("not fetched"),
    "absent": marked("missing"),
    "local": marked("put there by you"),
}


def fetch_region(options: argparse.Namespace) -> int:
    """Get a region's files, or say with ``--status`` how they stand.

    Returns
    -------
    int
        0, or 1 where a file the region needs is missing or could not be renewed.
    """
    path = options.region.resolve()
    region = read_region(path, check_files=False)
    if options.status:
        return show_status(status(path, region, _today()), options.lang)
    if region.generator:
        _say(translator(options.lang)("This region makes its own files; nothing is fetched."))
        return DONE
    with Transfers(quiet=options.quiet) as transfers:
        rows = fetch(path, region, locked=options.locked, tell=transfers.tell)
    if not options.quiet:
        Console(highlight=False).print(as_table(rows, options.lang))
    wrong = [row for row in rows if not row.optional and (row.problems or row.state == "absent")]
    for row in rows:
        for problem in row.problems:
            kept = row.entry.fetched[:10] if row.entry is not None else ""
            print(f"- {printable(str(problem))}" + _kept(kept, options.lang), file=sys.stderr)
    if not any(row.state == "absent" and not row.optional for row in rows):
        _assemble(region)
    for row in wrong:
        if row.state == "absent":
            _ = translator(options.lang)
            text = _("{file}: put it there yourself; see the region file").format(file=row.role)
            print(f"- {printable(text)}", file=sys.stderr)
    return WRONG_FILES if wrong else DONE


def _kept(day: str, lang: str) -> str:
    if not day:
        return ""
    text = translator(lang)("the copy of {day} stays in use")
    return " – " + text.format(day=date(dt.date.fromisoformat(day), lang))


def _assemble(region: Region) -> None:
    """Put the zones together now, so that what is wrong with them shows now."""
    needed = [source.path for source in region.zones.sources]
    if needed and all(path.is_file() for path in needed):
        assemble(region.zones, region.border)


def as_table(rows: Sequence[Row], lang: str) -> Table:
    """Lay out what came of each file."""
    _ = translator(lang)
    table = Table(title=_("Files of the region"), title_justify="left")
    table.add_column(_("File"))
    table.add_column(_("State"))
    table.add_column("MB", justify="right")
    table.add_column(_("Of"))
    table.add_column(_("Covers"))
    for row in rows:
        entry = row.entry
        state = label(STATES[row.state], lang)
        if row.optional and row.state in ("absent", "failed"):
            state += f" ({_('optional')})"
        table.add_row(
            escape(printable(row.role)),
            state,
            number(entry.size / 1e6, lang, 1) if entry else "–",
            _day(entry.fetched[:10], lang) if entry else "–",
            _span(entry.first_day, entry.last_day, lang) if entry else "–",
        )
    return table


def show_status(found: Sequence[Standing], lang: str) -> int:
    """Print how each file stands: its age, what is stale, what runs out."""
    _ = translator(lang)
    table = Table(title=_("Files of the region"), title_justify="left")
    for head in (_("File"), _("Of"), _("Covers"), _("Remark")):
        table.add_column(head)
    for one in found:
        table.add_row(
            escape(printable(one.role)),
            date(one.since, lang) if one.since else "–",
            _span(*one.days, lang),
            escape(printable("; ".join(remarks(one, lang)))),
        )
    Console(highlight=False).print(table)
    return WRONG_FILES if any(not one.there and not one.optional for one in found) else DONE


def remarks(one: Standing, lang: str) -> list[str]:
    """Say what deserves a look at one file."""
    _ = translator(lang)
    if not one.there:
        text = _("missing; run fetch") if one.fetchable else _("missing; put it there yourself")
        return [text + (f" ({_('optional')})" if one.optional else "")]
    found = []
    if one.stale and (one.age_days or 0) < 0:
        found.append(_("last checked on a day still to come: a clock was wrong; run fetch"))
    elif one.stale:
        text = _("stale: last checked {n} days ago; run fetch")
        found.append(text.format(n=number(one.age_days or 0, lang)))
    if one.days_left is not None and one.days_left < 0:
        found.append(_("ran out {n} days ago").format(n=number(-one.days_left, lang)))
    elif one.runs_out:
        found.append(_("runs out in {n} days").format(n=number(one.days_left or 0, lang)))
    if one.since is None and one.fetchable:
        found.append(_("not fetched, or exchanged since: its date is unknown"))
    return found


def _span(first: str, last: str, lang: str) -> str:
    return f"{_day(first, lang)} – {_day(last, lang)}" if first and last else "–"


def _day(text: str, lang: str) -> str:
    return date(dt.date.fromisoformat(text), lang) if text else "–"


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _say(text: str) -> None:
    print(printable(text))


class Transfers(OnTerminal):
    """Shows each download with its size, speed and time left; silent off a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            quiet=quiet,
        )
        self._tasks: dict[str, TaskID] = {}
        self._mutex = threading.Lock()

    def tell(self, role: str, done: int, total: int | None) -> None:
        """Show how far a file is."""
        with self._mutex:
            if role not in self._tasks:
                self._tasks[role] = self._progress.add_task(escape(printable(role)), total=total)
            self._progress.update(self._tasks[role], completed=done, total=total)
