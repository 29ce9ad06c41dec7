"""``hub``: what changing takes at a station, or between the stops of one hub."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mobility.changes.edit import append
from mobility.changes.model import Changed
from mobility.changes.select import Finder
from mobility.feeds.model import Feeds
from mobility.network.model import Supply
from mobility.scenario.policy_forms import Hub

Int64 = npt.NDArray[np.int64]

ONE_HUB_M = 500.0
_M_PER_DEGREE = 111_195.0
_MINIMUM = 2


def hub(supply: Supply, form: Hub) -> Changed:
    """Set the time to change within stations, and between the named stops of one place.

    A station's time holds for all its platforms. Stops of other stations, modes or feeds are
    the same hub where no more than `ONE_HUB_M` lies between them: feeds give the train and
    the bus before it no station in common.
    """
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    found = [finder.stops(ref, f"stops[{n}]") for n, ref in enumerate(form.stops, start=1)]
    finder.settle()
    stations = {int(group[0]): group for rows in found for r in rows for group in [finder.group(r)]}
    rows = np.unique(np.concatenate(list(stations.values())))
    ids = [str(i) for i in feeds.stops["stop_id"].to_numpy(object)[rows]]
    new = dict(supply.hub_transfer_s) | dict.fromkeys(ids, form.transfer_s)
    changed = [i for i in ids if supply.hub_transfer_s.get(i) != form.transfer_s]
    from_stop, to_stop = _between(feeds, list(stations.values()))
    stated, n_links = _with_minimum(feeds, from_stop, to_stop, form.transfer_s)
    return Changed(
        replace(supply, feeds=stated, hub_transfer_s=dict(sorted(new.items()))),
        {"stops_changed": len(changed), "hub_links_changed": n_links},
    )


def _between(feeds: Feeds, stations: list[Int64]) -> tuple[Int64, Int64]:
    """Pairs of stops of different stations of one hub, both ways, ascending."""
    lon, lat = (feeds.stops[name].to_numpy(np.float64) for name in ("lon", "lat"))
    station = np.repeat(np.arange(len(stations)), [len(group) for group in stations])
    rows = np.concatenate(stations)
    order = np.argsort(rows, kind="stable")
    rows, station = rows[order], station[order]
    east = (lon[rows, None] - lon[rows]) * np.cos(np.radians(lat[rows]))
    apart_m = np.hypot(east, lat[rows, None] - lat[rows]) * _M_PER_DEGREE
    near = (apart_m <= ONE_HUB_M) & (station[:, None] != station)
    one, other = np.nonzero(near)
    return rows[one], rows[other]


def _with_minimum(feeds: Feeds, from_stop: Int64, to_stop: Int64, time_s: int) -> tuple[Feeds, int]:
    """State a time between stops, in place of what is stated; how many pairs are new or other."""
    rules = feeds.transfers
    whole = np.logical_and.reduce(
        [rules[n] < 0 for n in ("from_trip", "to_trip", "from_route", "to_route")]
    )
    n_stops = len(feeds.stops)
    old_key = rules["from_stop"].to_numpy(np.int64) * n_stops + rules["to_stop"].to_numpy(np.int64)
    key = from_stop * n_stops + to_stop
    same = (
        whole
        & (rules["transfer_type"].to_numpy() == _MINIMUM)
        & (rules["min_transfer_s"].to_numpy() == time_s)
    )
    new = ~np.isin(key, old_key[same])
    if not new.any():
        return feeds, 0
    kept = rules[~(whole & np.isin(old_key, key[new]))].reset_index(drop=True)
    told = {
        "from_stop": from_stop[new],
        "to_stop": to_stop[new],
        "transfer_type": np.full(int(new.sum()), _MINIMUM),
        "min_transfer_s": np.full(int(new.sum()), time_s),
    }
    return feeds.with_tables(transfers=append(kept, told)), int(new.sum())
