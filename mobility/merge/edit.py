"""Taking rows out of feeds so that every row number that points at them stays right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.model import BALANCE, Bool, Int32, rows_of, texts

OF_TRIPS = ("trips", "stop_times", "frequencies")
COUNTED = ("agency", "stops", "routes", "trips", "stop_times", "frequencies", "transfers")


def renumbered(keep: Bool) -> Int32:
    """Old row → new row, −1 for rows that go."""
    new = np.where(keep, np.cumsum(keep) - 1, -1)
    return new.astype(np.int32)


def through(new: Int32, column: pd.Series) -> Int32:
    """Translate a column of old rows into new ones; −1 stays −1."""
    old = column.to_numpy(np.int32)
    return np.where(old >= 0, new[old], np.int32(-1)).astype(np.int32)


def _rows(table: pd.DataFrame, keep: Bool) -> pd.DataFrame:
    return table if keep.all() else table[keep].reset_index(drop=True)


def keep_trips(feeds: Feeds, keep: Bool) -> Feeds:
    """Keep some trips, with their stop times, frequencies and transfer rules.

    A transfer rule between two trips goes with either; routes, stops and services stay, so
    that days per year and stop numbers do too.
    """
    if keep.all():
        return feeds
    new = renumbered(keep)
    tables: dict[str, pd.DataFrame] = {"trips": _rows(feeds.trips, keep)}
    for name in ("stop_times", "frequencies"):
        table: pd.DataFrame = getattr(feeds, name)
        rows = _rows(table, keep[table["trip"].to_numpy()])
        tables[name] = rows.assign(trip=new[rows["trip"].to_numpy()])
    rules = feeds.transfers
    from_trip, to_trip = (through(new, rules[c]) for c in ("from_trip", "to_trip"))
    gone = (rules["from_trip"].to_numpy() >= 0) & (from_trip < 0)
    gone |= (rules["to_trip"].to_numpy() >= 0) & (to_trip < 0)
    tables["transfers"] = _rows(rules.assign(from_trip=from_trip, to_trip=to_trip), ~gone)
    return feeds.with_tables(**tables)


def keep_stop_times(feeds: Feeds, keep: Bool) -> Feeds:
    """Keep some rows of stop_times."""
    return feeds.with_tables(stop_times=_rows(feeds.stop_times, keep))


def with_trip_services(feeds: Feeds, service: Int32, services: object) -> Feeds:
    """Give trips other services."""
    changed = replace(feeds, services=services)  # type: ignore[arg-type]
    names = changed.services.service_ids[service]
    return changed.with_tables(trips=feeds.trips.assign(service=service, service_id=names))


def balance(step: str, before: Feeds, after: Feeds, beside: Feeds | None = None) -> pd.DataFrame:
    """Rows in, dropped, added and out for one step; dropped and added told apart by id.

    Trips are compared by id and stop_times by trip, so that a step that takes two trips out
    and puts a joined one in shows both.
    """
    gone: set[str] = set()
    come: set[str] = set()
    if before.trips is not after.trips:
        old_ids, new_ids = (set(texts(feeds.trips["trip_id"])) for feeds in (before, after))
        gone, come = old_ids - new_ids, new_ids - old_ids
    rows: list[dict[str, object]] = []
    for name in COUNTED:
        old: pd.DataFrame = getattr(before, name)
        new: pd.DataFrame = getattr(after, name)
        dropped, added = max(0, len(old) - len(new)), max(0, len(new) - len(old))
        aside = 0 if beside is None or name not in OF_TRIPS else len(getattr(beside, name))
        if name == "trips":
            dropped, added = len(gone), len(come)
        elif name == "stop_times":
            dropped = _rows_of_trips(before, gone)
            added = _rows_of_trips(after, come)
            cut = len(old) - dropped + added - len(new)
            dropped += max(0, cut)
        rows.append(
            {"step": step, "table": name, "rows_in": len(old) + aside,
             "dropped": dropped, "added": added, "rows_out": len(new) + aside}
        )  # fmt: skip
    return rows_of(BALANCE, rows)


def _rows_of_trips(feeds: Feeds, ids: set[str]) -> int:
    if not ids:
        return 0
    those = np.fromiter((trip in ids for trip in texts(feeds.trips["trip_id"])), bool)
    return int(those[feeds.stop_times["trip"].to_numpy()].sum())
