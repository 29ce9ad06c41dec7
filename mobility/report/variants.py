"""Runs of one scenario on several days or windows: what tells their titles apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mobility.report.model import Run, spoken
from mobility.words import LANGUAGES, date, translator


def told_apart(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Add to titles that several runs share what differs between these: day, window, or name.

    A title that one run has alone stays as it is.
    """
    return tuple(
        replace(run, title={lang: _title(run, runs, lang) for lang in LANGUAGES})
        if any(_shares(run, runs, lang) for lang in LANGUAGES)
        else run
        for run in runs
    )


def _shares(run: Run, runs: Sequence[Run], lang: str) -> list[Run]:
    """Other runs of the same title."""
    own = spoken(run.title, lang, run.name)
    return [o for o in runs if o is not run and spoken(o.title, lang, o.name) == own]


def _title(run: Run, runs: Sequence[Run], lang: str) -> str:
    title = spoken(run.title, lang, run.name)
    alike = _shares(run, runs, lang)
    if not alike:
        return title
    said = []
    if run.day is not None and any(other.day != run.day for other in alike):
        said.append(date(run.day, lang))
    if run.window is not None and any(other.window != run.window for other in alike):
        start, end = run.window
        said.append(translator(lang)("{start} to {end}").format(start=start, end=end))
    same = (run.day, run.window)
    if any((other.day, other.window) == same for other in alike):
        said.append(run.name)
    return f"{title} ({', '.join(said)})"
