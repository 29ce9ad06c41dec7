"""Stops of different feeds that are one place: found, graded, and linked by a transfer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from mobility.feeds.model import Feeds
from mobility.merge.calls import feed_numbers
from mobility.merge.grades import Candidates, Grading, grade_candidates
from mobility.merge.ground import metres, near_pairs, on_sphere, whole_minutes
from mobility.merge.model import (
    STOPS,
    Bool,
    Float64,
    Int32,
    Int64,
    Text,
    WalkMetres,
    table_of,
    texts,
)
from mobility.merge.names import CONTAINED, best_likeness, take_apart
from mobility.merge.overrides import Overrides
from mobility.merge.places import UIC, UIC_DIGITS
from mobility.merge.transfer_rows import CROW_FACTOR, with_transfers

CROW_SOURCE = f"crow-fly × {CROW_FACTOR}"
_MODES = ("rail", "metro", "tram", "bus", "coach", "ferry", "funicular", "other")


@dataclass(frozen=True)
class _Stops:
    """What matching needs to know of the served stops; `row` is their row in feeds.stops."""

    row: Int64
    feed: Int32
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    modes: Int64
    names: list[tuple[str, ...]]
    codes: list[frozenset[str]]
    abroad: Bool


def match_stops(
    feeds: Feeds,
    *,
    walk_m: WalkMetres | None = None,
    overrides: Overrides | None = None,
    grading: Grading | None = None,
) -> tuple[Feeds, pd.DataFrame]:
    """Match the stops of different feeds, and write the matches into the transfers.

    A pair graded "same stop" or "same station" gets a transfer of type 2 in both directions
    with the station's own minimum, or the walk if that takes longer, unless transfers.txt
    already says something of the pair. A matched stop whose position its feed gives to whole
    minutes of arc only is moved to its partner's.

    Parameters
    ----------
    feeds
        Feeds; stops that no trip serves are left alone.
    walk_m
        Metres on foot; None takes 1.3 times the crow-fly distance and says so.
    overrides
        (stop_id, stop_id) in order → grade; they go before everything else.
    grading
        Distances and likenesses that decide.

    Returns
    -------
    Feeds
        With positions mended and transfers added.
    pandas.DataFrame
        One row per pair, `STOPS` contract, ordered by stop ids.
    """
    rules = grading or Grading()
    stops = _served(feeds)
    a, b, lone = _pairs(stops, feeds, rules, overrides or {})
    found = _measure(stops, a, b, lone, walk_m, rules)
    grade, reason = grade_candidates(found, rules)
    grade, reason = _overridden(feeds, stops, a, b, grade, reason, overrides or {})
    evidence = _evidence(feeds, stops, found, a, b, grade, reason)
    mended = _moved(feeds, stops, found, grade)
    return with_transfers(mended, evidence), evidence


def station_of(feeds: Feeds, matches: pd.DataFrame) -> Int32:
    """Number of the station each stop belongs to: parents and matches taken together.

    Returns
    -------
    numpy.ndarray
        int32 (n_stops,); equal numbers are one station.
    """
    size = len(feeds.stops)
    parent = feeds.stops["parent"].to_numpy(np.int64)
    child = np.flatnonzero(parent >= 0)
    one = matches["grade"].isin(["same stop", "same station"]).to_numpy()
    row_of = pd.Series(np.arange(size), index=feeds.stops["stop_id"].to_numpy(object))
    ends = [row_of.reindex(matches.loc[one, c]).dropna() for c in ("stop_a", "stop_b")]
    left = np.concatenate([child, ends[0].to_numpy(np.int64)])
    right = np.concatenate([parent[child], ends[1].to_numpy(np.int64)])
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


def _served(feeds: Feeds) -> _Stops:
    times = feeds.stop_times
    mode_number = pd.Series(range(len(_MODES)), index=list(_MODES))
    of_route = mode_number.reindex(texts(feeds.routes["mode"])).fillna(len(_MODES) - 1)
    of_trip = of_route.to_numpy(np.int64)[feeds.trips["route"].to_numpy()]
    modes = np.zeros(len(feeds.stops), np.int64)
    np.bitwise_or.at(modes, times["stop"].to_numpy(), 1 << of_trip[times["trip"].to_numpy()])
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    row = np.flatnonzero((modes > 0) & np.isfinite(lon) & np.isfinite(lat))
    country = {source.id: source.country for source in feeds.sources}
    home = np.array([country[feed] for feed in texts(feeds.stops["feed"])], object)
    here = texts(feeds.stops["country"])
    return _Stops(
        row, feed_numbers(feeds, texts(feeds.stops["feed"]))[row], lon[row], lat[row], modes[row],
        _names(feeds, row), _codes(feeds, row), ((home != here) & (home != "") & (here != ""))[row],
    )  # fmt: skip


def _names(feeds: Feeds, row: Int64) -> list[tuple[str, ...]]:
    """All names each stop goes by: its own, its station's, and their translations."""
    spoken = feeds.translations
    other: dict[tuple[str, str], set[str]] = {}
    about_stops = spoken["table"].isin(["stops", ""]).to_numpy()
    columns = ("feed", "original", "translation")
    for feed, original, translation in zip(
        *(texts(spoken[c])[about_stops] for c in columns), strict=True
    ):
        other.setdefault((feed, original), set()).update(translation.split(" / "))
    name, feed = texts(feeds.stops["name"]), texts(feeds.stops["feed"])
    parent = feeds.stops["parent"].to_numpy(np.int64)
    found: list[tuple[str, ...]] = []
    for k, up in zip(row.tolist(), parent[row].tolist(), strict=True):
        if up < 0 and (feed[k], name[k]) not in other:
            found.append((name[k],) if name[k] else ())
            continue
        own = {name[k]} | ({name[up]} if up >= 0 else set())
        for one in sorted(own):
            own |= other.get((feed[k], one), set())
        found.append(tuple(sorted(own - {""})))
    return found


def _codes(feeds: Feeds, row: Int64) -> list[frozenset[str]]:
    """Station codes: the public code, and UIC numbers standing in the code or id."""
    code, ids = texts(feeds.stops["code"]), texts(feeds.stops["stop_id"])
    parent = feeds.stops["parent"].to_numpy(np.int64)
    found = []
    none: frozenset[str] = frozenset()
    for k, up in zip(row.tolist(), parent[row].tolist(), strict=True):
        own = _codes_in(str(code[k]), str(ids[k]), none)
        found.append(own | _codes_in(str(code[up]), str(ids[up]), none) if up >= 0 else own)
    return found


def _codes_in(code: str, stop_id: str, none: frozenset[str]) -> frozenset[str]:
    """Codes that one stop's own code and id hold; `none` where there are none."""
    bare = code.strip()
    # One or two characters are platform letters, not codes.
    codes = {bare} if len(bare) > 2 else set()
    for text in (code, stop_id.partition(":")[2]):
        if len(text) >= UIC_DIGITS:
            codes |= {"uic:" + "".join(match) for match in UIC.findall(text)}
    return frozenset(codes) if codes else none


def _pairs(
    stops: _Stops, feeds: Feeds, rules: Grading, overrides: Overrides
) -> tuple[Int64, Int64, Bool]:
    """Pairs to look at: near ones, far rail stations, and those the user names.

    Also, which are of two rail stops that have no other of the two feeds within `coarse_m`.
    """
    point = on_sphere(stops.lon, stops.lat)
    rail = (stops.modes & 1) > 0
    found: list[npt.NDArray[np.int64]] = []
    lonely = [np.zeros((0, 2), np.int64)]
    for f in range(len(feeds.sources)):
        for g in range(f + 1, len(feeds.sources)):
            ours, theirs = np.flatnonzero(stops.feed == f), np.flatnonzero(stops.feed == g)
            i, j = near_pairs(point[ours], point[theirs], rules.near_m)
            found.append(np.column_stack([ours[i], theirs[j]]))
            ours, theirs = ours[rail[ours]], theirs[rail[theirs]]
            i, j = near_pairs(point[ours], point[theirs], rules.coarse_m)
            i, j = ours[i], theirs[j]
            lone = (np.bincount(i)[i] == 1) & (np.bincount(j)[j] == 1)
            alike = np.array(
                [
                    _likeness(stops, p, q) >= (CONTAINED if alone else rules.alike)
                    or bool(stops.codes[p] & stops.codes[q])
                    for p, q, alone in zip(i, j, lone, strict=True)
                ],
                bool,
            )
            found.append(np.column_stack([i, j])[alike.astype(bool)])
            lonely.append(np.column_stack([i, j])[lone])
    found.append(_named_pairs(stops, feeds, overrides))
    pairs = np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, 2), np.int64)
    key, alone = (p[:, 0] * len(stops.row) + p[:, 1] for p in (pairs, np.concatenate(lonely)))
    return pairs[:, 0], pairs[:, 1], np.isin(key, alone)


def _named_pairs(stops: _Stops, feeds: Feeds, overrides: Overrides) -> npt.NDArray[np.int64]:
    ids = feeds.stops["stop_id"].to_numpy(object)[stops.row]
    number = {stop: k for k, stop in enumerate(ids)}
    rows = [
        sorted((number[a], number[b]), key=lambda k: (stops.feed[k], ids[k]))
        for a, b in overrides
        if a in number and b in number
    ]
    return np.array(rows, np.int64).reshape(-1, 2)


def _likeness(stops: _Stops, p: int, q: int) -> float:
    return best_likeness(stops.names[p], stops.names[q])


def _measure(
    stops: _Stops, a: Int64, b: Int64, lone: Bool, walk_m: WalkMetres | None, rules: Grading
) -> Candidates:
    crow = metres(stops.lon[a], stops.lat[a], stops.lon[b], stops.lat[b])
    walk, walked = _walks(stops, a, b, crow, walk_m, rules)
    rough = whole_minutes(stops.lon, stops.lat)
    coarse = rough | stops.abroad
    return Candidates(
        a=a, b=b, feed_a=stops.feed[a], feed_b=stops.feed[b],
        crow_m=crow, walk_m=walk, walked=walked,
        likeness=np.array([_likeness(stops, p, q) for p, q in zip(a, b, strict=True)], float),
        code=np.array(
            [min(stops.codes[p] & stops.codes[q], default="") for p, q in zip(a, b, strict=True)],
            object,
        ),
        modes_a=stops.modes[a], modes_b=stops.modes[b],
        station_a=_says_station(stops, a), station_b=_says_station(stops, b),
        nameless_a=_nameless(stops, a), nameless_b=_nameless(stops, b),
        poorly_placed=coarse[a] | coarse[b], lone=lone & (rough[a] | rough[b]),
        platforms=np.array([_two_platforms(stops, p, q) for p, q in zip(a, b, strict=True)], bool),
    )  # fmt: skip


def _walks(
    stops: _Stops, a: Int64, b: Int64, crow: Float64, walk_m: WalkMetres | None, rules: Grading
) -> tuple[Float64, Bool]:
    """Metres on foot per pair, and whether they were measured on the streets.

    The streets are asked about near pairs only; far ones are matched by name or code. A stop
    that can't even walk to itself lies beyond the streets: there, nothing is known.
    """
    walk = crow * CROW_FACTOR
    walked = np.zeros(len(a), bool)
    near = crow <= rules.station_m
    if walk_m is None or not near.any():
        return walk, walked
    served = np.unique(np.concatenate([a[near], b[near]]))
    lon, lat = stops.lon[served], stops.lat[served]
    on_streets = np.zeros(len(stops.row), bool)
    on_streets[served] = np.isfinite(walk_m(lon, lat, lon, lat))
    walked = near & on_streets[a] & on_streets[b]
    if walked.any():
        p, q = a[walked], b[walked]
        walk[walked] = walk_m(stops.lon[p], stops.lat[p], stops.lon[q], stops.lat[q])
    return walk, walked


def _two_platforms(stops: _Stops, p: int, q: int) -> bool:
    """Whether both names tell a platform, and not the same one."""
    named = [{take_apart(name).platform for name in stops.names[k]} - {""} for k in (p, q)]
    return bool(named[0] and named[1]) and not named[0] & named[1]


def _says_station(stops: _Stops, k: Int64) -> Bool:
    """Which stops' names say that they are at a station; only the stops in `k` are looked at."""
    said = np.zeros(len(stops.row), bool)
    for one in np.unique(k):
        said[one] = any(take_apart(name).station for name in stops.names[one])
    return said[k]


def _nameless(stops: _Stops, k: Int64) -> Bool:
    """Which stops have no name but a number or nothing; only the stops in `k` are looked at."""
    bare = np.zeros(len(stops.row), bool)
    for one in np.unique(k):
        bare[one] = not any(take_apart(name).words for name in stops.names[one])
    return bare[k]


def _overridden(
    feeds: Feeds, stops: _Stops, a: Int64, b: Int64, grade: Text, reason: Text, over: Overrides
) -> tuple[Text, Text]:
    ids = feeds.stops["stop_id"].to_numpy(object)[stops.row]
    grade, reason = grade.copy(), reason.copy()
    for k, (p, q) in enumerate(zip(ids[a], ids[b], strict=True)):
        forced = over.get((min(p, q), max(p, q)))
        if forced is not None:
            grade[k], reason[k] = forced, "said by the user"
    return grade, reason


def _mode_words(modes: Int64) -> Text:
    words = {
        int(m): "+".join(w for k, w in enumerate(_MODES) if m >> k & 1) for m in np.unique(modes)
    }
    return np.array([words[int(m)] for m in modes], object)


def _evidence(
    feeds: Feeds, stops: _Stops, found: Candidates, a: Int64, b: Int64, grade: Text, reason: Text
) -> pd.DataFrame:
    ids, names = texts(feeds.stops["stop_id"]), texts(feeds.stops["name"])
    columns: dict[str, object] = {"grade": grade, "reason": reason}
    for side, k in (("a", a), ("b", b)):
        columns[f"stop_{side}"] = ids[stops.row[k]]
        columns[f"name_{side}"] = names[stops.row[k]]
        columns[f"modes_{side}"] = _mode_words(stops.modes[k])
        columns[f"lon_{side}"], columns[f"lat_{side}"] = stops.lon[k], stops.lat[k]
    columns |= {
        "crow_m": found.crow_m, "walk_m": found.walk_m, "likeness": found.likeness,
        "code": found.code,
        "walk_source": np.where(found.walked, "streets", CROW_SOURCE).astype(object),
    }  # fmt: skip
    table = table_of(STOPS, columns)
    table = table[(table["grade"] != "").to_numpy()]
    return table.sort_values(["stop_a", "stop_b"], kind="stable").reset_index(drop=True)


def _moved(feeds: Feeds, stops: _Stops, found: Candidates, grade: Text) -> Feeds:
    """Put stops known to whole minutes only where their matched partner is."""
    one = np.isin(grade.astype(str), ["same stop", "same station"])
    coarse = whole_minutes(stops.lon, stops.lat)
    lon, lat = feeds.stops["lon"].to_numpy(float).copy(), feeds.stops["lat"].to_numpy(float).copy()
    changed = False
    rail = ((found.modes_a & found.modes_b) & 1) > 0
    for k in np.flatnonzero(one & rail & (coarse[found.a] != coarse[found.b])):
        p, q = int(found.a[k]), int(found.b[k])
        rough, exact = (p, q) if coarse[p] else (q, p)
        lon[stops.row[rough]], lat[stops.row[rough]] = stops.lon[exact], stops.lat[exact]
        changed = True
    return feeds.with_tables(stops=feeds.stops.assign(lon=lon, lat=lat)) if changed else feeds
