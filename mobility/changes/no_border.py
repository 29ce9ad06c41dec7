"""``no-border``: what if the border were none? Each friction set to its domestic value.

The rules, each switched by `remove`:

calendar
    A border line with trips in the feeds but none on the day gets its largest service.
missing-link
    Per distance band: the share of pairs of municipalities with a direct line, within a
    country and across the border. Where the second is lower, virtual lines are made for the
    pairs with the most people until it is the same. A virtual line has the mode that is
    commonest among domestic direct lines of the band, and their median speed and headway.
headway
    A border line that runs less often than the median domestic line of its mode and band
    gets that headway.
fit
    Mean wait at hubs (stops where trains call) between a line and all others. A border line
    that waits longer than the median domestic line is shifted by the smallest number of
    minutes that brings it there, or else by the best of 0–59.
ticket
    Changing operator and country costs nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.edit import runs_on
from mobility.changes.headway import with_headway
from mobility.changes.hub_fit import domestic_wait_s, fitting_shifts
from mobility.changes.missing_links import with_missing_links
from mobility.changes.model import Changed
from mobility.changes.norms import bands, domestic_norms, lines_of_day
from mobility.changes.removal import route_ids
from mobility.changes.timing import shifted
from mobility.feeds.model import Feeds
from mobility.network.model import Supply, TicketRule
from mobility.scenario.policy_forms import NoBorder

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

WHOLE_DAY = (-86_400, 4 * 86_400)


def no_border(supply: Supply, form: NoBorder, day: dt.date) -> Changed:
    """Take frictions of the border away; see the module for the rules.

    Order: calendar, missing links, headway, fit, ticket; norms are those of today's
    domestic lines throughout, so that each friction's value does not depend on the others.
    """
    feeds = supply.feeds
    lines = lines_of_day(feeds, runs_on(feeds, day))
    norms = domestic_norms(lines, form.band_km)
    counts: dict[str, float] = {}
    touched: set[str] = set()
    if "calendar" in form.remove:
        feeds, extended = _run_on_the_day(feeds, day)
        counts["services_extended"] = len(extended)
        touched |= set(extended)
    if "missing-link" in form.remove:
        feeds, made, left = with_missing_links(feeds, supply.zones, norms, form, day)
        counts |= {"links_missing": len(made), "links_left": left}
        touched |= set(made)
    if "headway" in form.remove:
        feeds, changed, without = _domestic_headways(feeds, form, day, norms)
        counts |= {"lines_changed": len(changed), "lines_without_norm": without}
        touched |= set(changed)
    if "fit" in form.remove:
        norm_s = domestic_wait_s(supply.feeds, runs_on(supply.feeds, day), form.transfer_s)
        shifts = fitting_shifts(feeds, runs_on(feeds, day), norm_s, form.transfer_s)
        for route, shift in shifts.items():
            feeds = shifted(feeds, np.flatnonzero(feeds.trips["route"].to_numpy() == route), shift)
        counts["lines_shifted"] = len(shifts)
        touched |= set(route_ids(feeds, np.array(sorted(shifts), np.int64)))
    settings = supply.settings
    if "ticket" in form.remove:
        counts["settings_changed"] = int(settings.ticket != TicketRule())
        settings = replace(settings, ticket=TicketRule())
    return Changed(replace(supply, feeds=feeds, settings=settings), counts, tuple(sorted(touched)))


def _run_on_the_day(feeds: Feeds, day: dt.date) -> tuple[Feeds, list[str]]:
    """Let the largest service of each border line that is idle on the day run on it."""
    every = np.ones(len(feeds.trips), bool)
    table = lines_of_day(feeds, every).table
    foreign = table["route"].to_numpy()[table["foreign"].to_numpy()]
    on = runs_on(feeds, day)
    column = (day - feeds.services.first_day).days
    if not 0 <= column < feeds.services.runs.shape[1]:
        return feeds, []
    route = feeds.trips["route"].to_numpy()
    service = feeds.trips["service"].to_numpy(np.int64)
    runs = feeds.services.runs.copy()
    extended: list[int] = []
    for line in foreign:
        mine = route == line
        if (mine & on).any():
            continue
        runs[int(np.argmax(np.bincount(service[mine]))), column] = True
        extended.append(int(line))
    runs.setflags(write=False)
    if not extended:
        return feeds, []
    changed = replace(feeds, services=replace(feeds.services, runs=runs))
    return changed, list(route_ids(feeds, np.array(extended)))


def _domestic_headways(
    feeds: Feeds, form: NoBorder, day: dt.date, norms: pd.DataFrame
) -> tuple[Feeds, list[str], int]:
    table = lines_of_day(feeds, runs_on(feeds, day)).table
    table = table.assign(band=bands(table["km"].to_numpy(), form.band_km))
    own = table[table["foreign"] & table["mode"].isin(form.modes)]
    changed: list[int] = []
    without = 0
    for line in own.itertuples(index=False):
        key = (line.mode, line.band)
        norm = float(norms.loc[key, "headway_s"]) if key in norms.index else np.nan
        if not np.isfinite(norm) or not np.isfinite(line.headway_s):
            without += 1
            continue
        if line.headway_s <= norm:
            continue
        rows = np.array([line.route], np.int64)
        feeds, counts = with_headway(feeds, rows, norm, WHOLE_DAY, runs_on(feeds, day))
        if any(counts.values()):
            changed.append(int(line.route))
    return feeds, list(route_ids(feeds, np.array(changed, np.int64))), without
