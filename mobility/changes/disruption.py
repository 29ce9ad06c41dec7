"""``disruption``: lines, stops, streets, or everything at the border, closed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.edit import append, keep_trips, trip_bounds, with_stop_times
from mobility.changes.model import Changed
from mobility.changes.removal import pass_stops, route_ids, without_trips
from mobility.changes.select import Finder
from mobility.changes.street_changes import closed_edges
from mobility.changes.street_select import border_edges, named_edges
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.line_forms import LineOut
from mobility.timetable.phases import PIECE

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def disruption(supply: Supply, form: LineOut) -> Changed:
    """Close lines, stops, streets, or the border.

    Trips that cross a closed border are cut there: what lies in one country still runs, as
    in spring 2020, at its times of today. Streets that cross it are closed for everyone. A
    closed stop is passed, the timetable elsewhere stays: nobody gains by a closure.
    """
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    routes = finder.lines(form.lines, "lines") if form.lines else np.empty(0, np.int64)
    stops = [finder.stops(ref, f"stops[{n}]") for n, ref in enumerate(form.stops, start=1)]
    edges = [named_edges(finder, supply.streets, name, f"streets[{n}]")
             for n, name in enumerate(form.streets, start=1)]  # fmt: skip
    countries = _countries(finder, form)
    finder.settle()
    counts: dict[str, float] = {}
    touched: set[str] = set()
    if form.border:
        supply, cut, crossing = _cut_at_border(supply, form, countries)
        counts |= cut
        touched |= set(crossing)
        hit = border_edges(supply.streets, countries, supply.countries)
        supply = replace(supply, streets=closed_edges(supply.streets, hit))
        counts["edges_closed"] = int(hit.sum())
    if stops:
        finder = Finder(supply.feeds, form.where)
        trips = finder.trips_of(np.arange(len(supply.feeds.routes)), form.period)
        passed = pass_stops(supply, np.concatenate(stops), trips, None)
        supply = passed.supply
        counts |= passed.counts
        touched |= set(passed.routes)
    if form.lines:
        trips = Finder(supply.feeds, form.where).trips_of(routes, form.period)
        touched |= set(route_ids(supply.feeds, routes))
        counts["trips_removed"] = counts.get("trips_removed", 0) + len(trips)
        supply = without_trips(supply, trips)
    if edges:
        hit = np.logical_or.reduce(edges)
        supply = replace(supply, streets=closed_edges(supply.streets, hit))
        counts["edges_closed"] = counts.get("edges_closed", 0) + int(hit.sum())
    return Changed(supply, counts, tuple(sorted(touched)))


def _countries(finder: Finder, form: LineOut) -> frozenset[str]:
    """Countries whose common borders are closed; empty: all."""
    known = sorted({str(c) for c in finder.feeds.stops["country"].to_numpy(object) if c})
    for n, country in enumerate(form.countries, start=1):
        if country not in known:
            finder.complain(f"countries[{n}]", f'"{country}"', f"one of {', '.join(known)}")
    if len(form.countries) == 1:
        finder.complain("countries", "one country", "two or more, or none for all borders")
    return frozenset(form.countries)


def crosses(
    one: npt.NDArray[np.object_], two: npt.NDArray[np.object_], among: frozenset[str]
) -> Bool:
    """Whether a step from one country to the other crosses a border (of those `among`)."""
    step: Bool = (one != two) & (one != "") & (two != "")
    if among:
        step &= np.isin(one, sorted(among)) & np.isin(two, sorted(among))
    return step


def _cut_at_border(
    supply: Supply, form: LineOut, among: frozenset[str]
) -> tuple[Supply, dict[str, float], tuple[str, ...]]:
    feeds = supply.feeds
    times = feeds.stop_times
    trip = times["trip"].to_numpy(np.int64)
    country = feeds.stops["country"].to_numpy(object)[times["stop"].to_numpy()]
    step = np.zeros(len(times), bool)
    step[1:] = crosses(country[:-1], country[1:], among) & (trip[1:] == trip[:-1])
    finder = Finder(feeds, form.where)
    hit = np.zeros(len(feeds.trips), bool)
    hit[finder.trips_of(np.arange(len(feeds.routes)), form.period)] = True
    step &= hit[trip]
    crossing = np.unique(trip[step])
    ids = route_ids(feeds, np.unique(feeds.trips["route"].to_numpy()[crossing]))
    if not len(crossing):
        return supply, {"trips_cut": 0}, ids
    cut, dropped = _split(feeds, step)
    counts: dict[str, float] = {"trips_cut": len(crossing), "trips_removed": dropped}
    return replace(supply, feeds=cut), counts, ids


def _split(feeds: Feeds, step: Bool) -> tuple[Feeds, int]:
    """Split trips before the rows of `step`; pieces with one stop are dropped.

    Returns
    -------
    tuple
        Feeds, and the trips of which nothing is left.
    """
    times = feeds.stop_times
    trip = times["trip"].to_numpy(np.int64)
    start, _ = trip_bounds(feeds)
    steps = np.cumsum(step)
    piece = steps - np.concatenate([steps, [0]])[start][trip]  # 0, 1, 2 … within each trip
    key = pd.MultiIndex.from_arrays([trip, piece])
    size = pd.Series(1, index=key).groupby(level=[0, 1]).transform("size").to_numpy()
    late = piece > 0
    later = np.unique(np.stack([trip[late & (size > 1)], piece[late & (size > 1)]]), axis=1)
    keep = size > 1
    width = int(piece.max(initial=0)) + 1
    codes, code = later[0] * width + later[1], trip * width + piece
    place = np.minimum(np.searchsorted(codes, code), max(len(codes) - 1, 0))
    moved = (codes[place] == code) if len(codes) else np.zeros(len(code), bool)
    new_trip = np.where(moved, len(feeds.trips) + place, trip)
    rows = feeds.trips.iloc[later[0]].reset_index(drop=True)
    # a piece of a headway service leaves when the whole would have been there
    ids = [f"{i}{PIECE}{p}" for i, p in zip(rows["trip_id"], later[1], strict=True)]
    rows = rows.assign(trip_id=ids, block_id="")
    headways = _headways_of_pieces(feeds, later, times[keep], new_trip[keep])
    grown = feeds.with_tables(trips=append(feeds.trips, dict(rows)), frequencies=headways)
    new = times.assign(trip=new_trip)[keep].sort_values(["trip", "sequence"], kind="stable")
    # the first piece keeps the trip's number; its headway hours are still those of its first stop
    split = with_stop_times(grown, new) if not len(headways) else _plain(grown, new)
    left = np.bincount(split.stop_times["trip"].to_numpy(), minlength=len(split.trips)) > 1
    return keep_trips(split, left), int((~left).sum())


def _plain(feeds: Feeds, times: pd.DataFrame) -> Feeds:
    """Exchange stop times without moving headway hours, which are right already."""
    bare = feeds.with_tables(frequencies=feeds.frequencies.iloc[:0])
    return with_stop_times(bare, times).with_tables(frequencies=feeds.frequencies)


def _headways_of_pieces(
    feeds: Feeds, later: Int64, times: pd.DataFrame, new_trip: Int64
) -> pd.DataFrame:
    """Headway hours for the pieces of headway services, moved to each piece's first stop."""
    table = feeds.frequencies
    if not len(table):
        return table
    first = pd.Series(times["departure_s"].to_numpy(np.int64)).groupby(new_trip).min()
    start, _ = trip_bounds(feeds)
    old_first = feeds.stop_times["departure_s"].to_numpy(np.int64)
    pieces = pd.DataFrame({"trip": later[0], "new": len(feeds.trips) + np.arange(later.shape[1])})
    own = pd.DataFrame({"trip": table["trip"].unique()})
    own = own.assign(new=own["trip"])
    every = pd.concat([own, pieces[pieces["trip"].isin(own["trip"])]])
    rows = table.merge(every, on="trip", how="left")
    rows = rows[rows["new"].isin(first.index)]
    move = first.loc[rows["new"]].to_numpy() - old_first[start[rows["trip"].to_numpy()]]
    moved = rows.assign(
        trip=rows["new"], start_s=rows["start_s"] + move, end_s=rows["end_s"] + move
    )
    moved = moved.sort_values(["trip", "start_s"], kind="stable", ignore_index=True)
    return moved[table.columns].astype(dict(table.dtypes))
