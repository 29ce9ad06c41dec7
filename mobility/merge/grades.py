"""How alike two stops must be to count as one stop, one station, or only near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobility.merge.model import Bool, Float64, Int32, Int64, Text
from mobility.merge.names import CONTAINED

RAIL = 1


@dataclass(frozen=True)
class Grading:
    """Distances (metres) and likenesses that decide.

    Parameters
    ----------
    near_m
        Stops farther apart as the crow flies are not looked at, but for rail stations.
    same_stop_m, same_stop_walk_m
        Two street stops at most this far apart, and on foot, and nearest to one another, are
        the same stop, if their names are alike or they are within `same_pole_m`.
    same_pole_m
        So near that names need not agree.
    forecourt_m
        Street stops of one name, or a station's bus stop and its trains, are one station:
        on foot, or as the crow flies where the bus stop bears the station's very name.
    rail_m
        Two rail stops nearest to one another are one station whatever their names say; where
        one has no name it is enough that the other is the nearest to it.
    station_m
        Two rail stops with alike names are one station.
    coarse_m
        The same where a position is rough or a feed speaks of a stop abroad, if no other
        rail stop there bears the name.
    alike
        Least likeness of names to count as the same name.
    detour
        A walk longer than `detour` times the crow-fly distance plus `detour_m` means that
        something lies between.
    """

    near_m: float = 400.0
    same_stop_m: float = 50.0
    same_stop_walk_m: float = 120.0
    same_pole_m: float = 15.0
    forecourt_m: float = 300.0
    rail_m: float = 250.0
    station_m: float = 800.0
    coarse_m: float = 5_000.0
    alike: float = 0.8
    detour: float = 3.0
    detour_m: float = 200.0


@dataclass(frozen=True)
class Candidates:
    """Pairs of stops, measured; `a` and `b` number the served stops.

    `walked` pairs were measured on the streets, the others are crow-fly times 1.3.
    `poorly_placed` pairs have a stop whose position is rough or that lies abroad for its
    feed; `lone` ones are rail stops, one of them rough, without another of the two feeds
    within `coarse_m`. `modes_a`, `modes_b` are bit sets, rail the lowest bit. `platforms`
    pairs name two platforms.
    """

    a: Int64
    b: Int64
    feed_a: Int32
    feed_b: Int32
    crow_m: Float64
    walk_m: Float64
    walked: Bool
    likeness: Float64
    code: Text
    modes_a: Int64
    modes_b: Int64
    station_a: Bool
    station_b: Bool
    nameless_a: Bool
    nameless_b: Bool
    poorly_placed: Bool
    lone: Bool
    platforms: Bool


def grade_candidates(found: Candidates, rules: Grading) -> tuple[Text, Text]:
    """Grade each pair, and say why; ``""`` where the two have nothing to do with each other.

    Returns
    -------
    tuple
        Grades and reasons, object arrays.
    """
    crow, walk = found.crow_m, found.walk_m
    named = ~np.isnan(found.likeness)
    alike = named & (found.likeness >= rules.alike)
    both_rail = ((found.modes_a & found.modes_b) & RAIL) > 0
    shared = (found.modes_a & found.modes_b) > 0
    rail_a, rail_b = _nearest(found, both_rail, rules.rail_m)
    street_a, street_b = _nearest(found, shared & ~both_rail, rules.same_stop_m)
    mutual_rail, mutual_street = rail_a & rail_b, street_a & street_b
    cut = np.isfinite(walk) & (walk > rules.detour * crow + rules.detour_m)
    # A platform may not be tied to the streets: no way known is no proof for trains.
    cut |= np.isinf(walk) & found.walked & ~(both_rail & alike)
    coded = (found.code != "").astype(bool)
    only = _only_bearer(found, alike & both_rail)
    at_station = _at_station(found)
    part = named & (found.likeness >= CONTAINED) & ~_of_another(found, alike, rules.forecourt_m)
    choices: list[tuple[Bool, str, str]] = [
        (coded & (crow <= rules.station_m) & shared, "same station", "same code"),
        (coded & found.poorly_placed & shared, "same station", "same code, position rough"),
        (both_rail & alike & (crow <= rules.station_m), "same station", "trains, same name"),
        (both_rail & mutual_rail, "same station", "trains, nearest to each other"),
        # Several platforms without a name may lie about a station: it is nearest to each.
        ((rail_a & found.nameless_a) | (rail_b & found.nameless_b), "same station",
         "trains, the nearest, and no name to tell them apart"),
        (both_rail & alike & only & found.poorly_placed, "same station",
         "trains, same name, position rough"),
        (both_rail & part & found.lone, "same station",
         "trains, alone far and wide, position rough"),
        (mutual_street & (alike | (crow <= rules.same_pole_m)) & (walk <= rules.same_stop_walk_m)
         & ~(found.platforms & alike), "same stop", "same mode, side by side"),
        (shared & ~both_rail & alike & (np.minimum(walk, crow * 1.3) <= rules.forecourt_m),
         "same station", "same mode, same name"),
        (at_station & part & (np.minimum(walk, crow * 1.3) <= rules.forecourt_m),
         "same station", "trains and the stop at their station"),
        (at_station & alike & (crow <= rules.forecourt_m), "same station",
         "trains and the stop that bears their station's name"),
        (crow <= rules.near_m, "near", "within walking distance"),
    ]  # fmt: skip
    grade = np.full(len(crow), "", object)
    reason = np.full(len(crow), "", object)
    open_ = np.ones(len(crow), bool)
    for holds, word, why in choices:
        take = holds & open_
        if word != "near":
            _set(grade, reason, take & cut & (crow <= rules.station_m), "apart", _between(walk))
            take = take & ~(cut & (crow <= rules.station_m))
        else:
            take = take & np.isfinite(walk) & (walk <= 2 * rules.near_m)
        _set(grade, reason, take, word, np.full(len(crow), why, object))
        open_ &= grade == ""
    return grade, reason


def _set(grade: Text, reason: Text, rows: Bool, word: str, why: Text) -> None:
    grade[rows], reason[rows] = word, why[rows]


def _between(walk: Float64) -> Text:
    return np.array(
        ["something lies between: a long way round on foot" if np.isfinite(w)
         else "something lies between: no way on foot" for w in walk],
        object,
    )  # fmt: skip


def _nearest(found: Candidates, rows: Bool, limit_m: float) -> tuple[Bool, Bool]:
    """Pairs in `rows` of which b is the nearest to a in its feed, and a to b, within the limit.

    Equal distances make both nearest, so that the order of stops decides nothing.
    """
    rows = rows & (found.crow_m <= limit_m)
    to_a, to_b = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    k = np.flatnonzero(rows)
    if not len(k):
        return to_a, to_b
    size = int(max(found.a.max(), found.b.max())) + 1
    distance = np.round(found.crow_m[k], 2)

    def least(stop: Int64, other_feed: Int32) -> npt.NDArray[np.float64]:
        key = other_feed.astype(np.int64) * size + stop
        names, inverse = np.unique(key, return_inverse=True)
        best = np.full(len(names), np.inf)
        np.minimum.at(best, inverse, distance)
        return np.asarray(best[inverse], np.float64)

    to_a[k] = distance <= least(found.a[k], found.feed_b[k])
    to_b[k] = distance <= least(found.b[k], found.feed_a[k])
    return to_a, to_b


def _only_bearer(found: Candidates, rows: Bool) -> Bool:
    """Pairs in `rows` whose stops each have no other such partner in the other feed.

    Partners within 800 m of the best are platforms of the same station.
    """
    result = rows.copy()
    k = np.flatnonzero(rows)
    size = int(max(found.a.max(initial=0), found.b.max(initial=0))) + 1
    for stop, feed in ((found.a, found.feed_b), (found.b, found.feed_a)):
        key = feed[k].astype(np.int64) * size + stop[k]
        _, inverse = np.unique(key, return_inverse=True)
        nearest = np.full(inverse.max(initial=-1) + 1, np.inf)
        np.minimum.at(nearest, inverse, found.crow_m[k])
        farthest = np.zeros(len(nearest))
        np.maximum.at(farthest, inverse, found.crow_m[k])
        result[k] &= (farthest - nearest)[inverse] <= 800.0
    return result


def _at_station(found: Candidates) -> Bool:
    """Pairs of a train stop and a street stop that says it is at a station."""
    rail_a, rail_b = (found.modes_a & RAIL) > 0, (found.modes_b & RAIL) > 0
    return np.asarray((rail_a & ~rail_b & found.station_b) | (rail_b & ~rail_a & found.station_a))


def _of_another(found: Candidates, alike: Bool, limit_m: float) -> Bool:
    """Pairs whose street stop bears the name of another train stop of that feed near by.

    "Mortsel Station" is at Mortsel, and not at Mortsel-Deurnesteenweg beside it.
    """
    result = np.zeros(len(alike), bool)
    width = int(max(found.feed_a.max(initial=0), found.feed_b.max(initial=0))) + 1
    for street, trains, feed in (
        (found.a, found.modes_b, found.feed_b),
        (found.b, found.modes_a, found.feed_a),
    ):
        key = street.astype(np.int64) * width + feed
        bears = alike & ((trains & RAIL) > 0) & (found.crow_m <= limit_m)
        result |= ~alike & np.isin(key, key[bears])
    return result
