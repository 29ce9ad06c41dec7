"""Stops split by ticket, so that a change of operator or country can cost time.

A penalty belongs to a change between two *tickets*, not to a stop. Where a ticket rule
asks for one, every stop that several operators serve becomes one stop per operator; the
transfers between those carry the penalty, and the engine needs no rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.network.model import TicketRule
from mobility.timetable import Timetable


@dataclass(frozen=True)
class TicketStops:
    """A timetable whose stops belong to one ticket each.

    Parameters
    ----------
    timetable
        With stops split.
    base
        int32 (n_stops,): row of the unsplit stop table each stop came from.
    operator
        int32 (n_stops,): operator code, −1 where the stop is served by nobody.
    country
        object (n_stops,): country of the operator.
    """

    timetable: Timetable
    base: npt.NDArray[np.int32]
    operator: npt.NDArray[np.int32]
    country: npt.NDArray[np.object_]


def unsplit(timetable: Timetable) -> TicketStops:
    """Leave the stops as they are: one ticket for all."""
    n_stops = len(timetable.stops)
    return TicketStops(
        timetable,
        np.arange(n_stops, dtype=np.int32),
        np.full(n_stops, -1, np.int32),
        np.full(n_stops, "", object),
    )


def split_stops(timetable: Timetable, feed_country: dict[str, str]) -> TicketStops:
    """Give every operator its own copy of each stop it serves.

    The first operator (by code) keeps the stop's number, so that a network without shared
    stops stays as it is; the copies follow after all others, with ``stop_id`` unchanged.
    """
    routes = timetable.routes
    operator_codes, _ = pd.factorize(routes["operator"].astype(object), sort=True)
    pattern_operator = operator_codes[timetable.pattern_route]
    n_stops_in = np.diff(timetable.pattern_stop_offset)
    event_operator = np.repeat(pattern_operator, n_stops_in).astype(np.int64)

    width = int(operator_codes.max(initial=0)) + 1
    key = timetable.pattern_stops.astype(np.int64) * width + event_operator
    pairs, inverse = np.unique(key, return_inverse=True)
    pair_stop, pair_operator = pairs // width, pairs % width
    first = np.r_[True, pair_stop[1:] != pair_stop[:-1]] if len(pairs) else np.zeros(0, bool)

    n_base = len(timetable.stops)
    number = np.empty(len(pairs), np.int32)
    number[first] = pair_stop[first]
    number[~first] = n_base + np.arange(int((~first).sum()))
    base = np.r_[np.arange(n_base), pair_stop[~first]].astype(np.int32)
    operator = np.full(len(base), -1, np.int32)
    operator[number] = pair_operator

    route_country = routes["feed"].map(feed_country).fillna("").to_numpy(object)
    country_of = np.full(width, "", object)
    country_of[operator_codes] = route_country
    country = np.where(operator >= 0, country_of[np.maximum(operator, 0)], "")
    split = replace(
        timetable,
        stops=timetable.stops.iloc[base].reset_index(drop=True),
        pattern_stops=number[inverse].astype(np.int32),
    )
    return TicketStops(split, base, operator, country.astype(object))


def penalty_s(
    rule: TicketRule,
    stops: TicketStops,
    from_stop: npt.NDArray[np.int32],
    to_stop: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """Seconds that changing ticket adds between pairs of stops, int32 (n,).

    A change of operator costs `operator_s`; one that changes country as well costs
    `country_s` on top.
    """
    other = stops.operator[from_stop] != stops.operator[to_stop]
    abroad = other & (stops.country[from_stop] != stops.country[to_stop])
    seconds = other * rule.operator_s + abroad * rule.country_s
    return np.asarray(seconds, dtype=np.int32)
