"""``clean``: what is kept of older downloads, or of runs to be faster next time."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING

from mobility.cli.main import DONE
from mobility.errors import Problem, RegionError, printable, writing
from mobility.fetch import clean
from mobility.words import label, marked, number, translator

if TYPE_CHECKING:
    from mobility.batch.cleaning import Freed, Kind

NAMES: dict[Kind, str] = {
    "networks": marked("prepared networks"),
    "clips": marked("clipped streets"),
    "parts": marked("computed matrices"),
    "killed": marked("left behind by killed runs"),
}


def clean_place(options: argparse.Namespace) -> int:
    """Empty a region's store of older copies, or a results folder of its working copies."""
    before, really = _day(options.before), not options.dry_run
    _ = translator(options.lang)
    if options.place.is_dir():
        from mobility.batch.cleaning import clean_results  # noqa: PLC0415 - takes long to load

        with writing(options.place):
            rows = clean_results(options.place, before=before, really=really)
        said = [_told(row, options.lang, really=really) for row in rows]
    elif options.place.is_file():
        with writing(options.place):
            done = clean(options.place.resolve(), before=before, really=really)
        text = _("{files} older files deleted, {size} MB")
        if not really:
            text = _("{files} older files would be deleted, {size} MB")
        said = [text.format(files=number(done.files, options.lang),
                            size=_megabytes(done.size, options.lang))]  # fmt: skip
    else:
        raise RegionError(
            Problem(str(options.place), "no such file", "a region file or a folder of results")
        )
    if not options.quiet:
        print(printable("\n".join(said)))
    return DONE


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise RegionError(Problem("--before", text, "a date such as 2026-01-31")) from None


def _told(row: Freed, lang: str, *, really: bool) -> str:
    _ = translator(lang)
    text = _("{what}: {n} deleted, {size} MB") if really else _("{what}: {n}, {size} MB")
    told = text.format(what=label(NAMES[row.kind], lang), n=number(row.count, lang),
                       size=_megabytes(row.size, lang))  # fmt: skip
    if row.in_use:
        told += "; " + _("{n} in use, kept").format(n=number(row.in_use, lang))
    return told


def _megabytes(size: int, lang: str) -> str:
    return number(size / 1e6, lang, 1)
