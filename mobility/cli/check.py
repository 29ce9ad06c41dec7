"""``check``: what merging a region's files finds, as a verdict and a page."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from mobility.batch.drives import observed_drives
from mobility.batch.inputs import read_and_merge, street_counts
from mobility.batch.job import PREPARED
from mobility.batch.street_inventory import take_inventory
from mobility.batch.write import CHECKED, write_check
from mobility.calendars import days_of
from mobility.checkpage import verdict
from mobility.checkpage.coverage import with_coverage
from mobility.cli.main import WRONG_FILES
from mobility.cli.progress import Progression
from mobility.errors import FeedError, Problem, RegionError, printable
from mobility.feeds import read_feeds
from mobility.feeds.choose_day import best_common_day
from mobility.fetch import lock_path, read_lock, snapshot_day
from mobility.network import Settings
from mobility.scenario import Region, read_region
from mobility.words import date, translator


def check(options: argparse.Namespace) -> int:
    """Read and merge a region, print the verdict, write the page and the evidence.

    Returns
    -------
    int
        0, or 1 where the region can't be used.
    """
    region = read_region(options.region)
    with Progression(quiet=options.quiet, lang=options.lang) as progress:
        progress.step("check", "days")
        day = _day(region, options.date)
        found = read_and_merge(
            region, day, Settings(), lambda name: progress.step("check", name),
            cache=options.out / PREPARED,
        )  # fmt: skip
        merged = with_coverage(
            found.merged, found.streets, found.zones, max_snap_m=Settings().max_snap_m
        )
        inventory, observed = None, observed_drives(region)
        if found.countries is not None:
            progress.step("check", "streets")
            inventory = take_inventory(found.streets, found.zones, found.countries, observed)
        target = options.out / CHECKED
        write_check(
            target, merged, region=region.name, day=day, lang=options.lang,
            countries=found.countries, streets=street_counts(found.streets),
            inventory=inventory,
        )  # fmt: skip
    text, code = verdict(merged, day=day, lang=options.lang)
    if not options.quiet or code:
        out = sys.stderr if code else sys.stdout
        for line in text.splitlines():
            print(printable(line), file=out)
        print(printable(_age(options.region, options.lang)), file=out)
        print(printable(str(target / "check.html")), file=out)
    return WRONG_FILES if code else 0


def _age(path: Path, lang: str) -> str:
    """Say of what day the data are, by the lock file."""
    _ = translator(lang)
    day = snapshot_day({
        role: entry for role, entry in read_lock(lock_path(path.resolve())).items() if entry.url
    })  # fmt: skip
    if day is None:
        return _("None of the files was fetched: of what day they are is not known.")
    return _("Newest file fetched on {day}; how each stands: fetch --status").format(
        day=date(day, lang)
    )


def _day(region: Region, text: str | None) -> dt.date:
    """Return the day asked for, or the best Tuesday or Thursday that all feeds share."""
    if text:
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise RegionError(Problem("--date", text, "a date such as 2026-10-06")) from None
    entries = [feed for feed in region.feeds if feed.path.exists() or not feed.optional]
    feeds = read_feeds(entries, timezone=region.timezone, day=None, box=None)
    day = best_common_day(days_of(feeds)) or best_common_day(days_of(feeds), range(7))
    if day is None:
        spans = ", ".join(
            f"{s.id} {s.days[0]}–{s.days[1]}" if s.days else f"{s.id} none" for s in feeds.sources
        )
        raise FeedError(
            Problem(str(region.name), f"no day that all feeds share: {spans}",
                    "one common day", "Get feeds of the same period")
        )  # fmt: skip
    return day
