"""Door-to-door travel times between zones, over a window of departures or arrivals.

Public transport modes run the range search of `mobility.raptor`; street modes ask the
street network. Both give the same `TravelTimes`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from mobility import raptor
from mobility.errors import MobilityError, Problem, RunError, raise_all
from mobility.network.model import Links, MultimodalNetwork
from mobility.network.street_times import street_seconds
from mobility.tables import MODES, PARTS, PERCENTILES, STREET_MODES, TRANSIT_MODES, TravelTimes

Known = TypeVar("Known")
Int32 = npt.NDArray[np.int32]
Progress = Callable[[int, int], None]

BLOCK_ORIGINS: Final = 8
"""Origins per task: small enough to stop within a second, large enough to cost nothing."""
ACCESS: Final = {"pt": "walk", "bike+pt": "bike", "car+pt": "car"}
EGRESS: Final = "walk"
NO_TIME: Final = int(raptor.NO_TIME)
MAX_DEPARTURES: Final = 32_000


@dataclass(frozen=True)
class Window:
    """Departures (or arrivals) start_s, start_s + step_s, … before end_s."""

    start_s: int
    end_s: int
    step_s: int = 60
    arrive_by: bool = False

    def times_s(self) -> Int32:
        """All of them, ascending, int32."""
        return np.arange(self.start_s, self.end_s, self.step_s, dtype=np.int32)


@dataclass(frozen=True)
class Engine:
    """How to search; every choice gives the same answer.

    Parameters
    ----------
    few_lanes
        Share a lane between departures that catch the same trips.
    reduce
        Leave out ways on foot that can't help.
    """

    few_lanes: bool = True
    reduce: bool = True


PLAIN: Final = Engine(few_lanes=False, reduce=False)


@dataclass(frozen=True)
class Search:
    """A network made ready for searching in one mode and direction.

    Parameters
    ----------
    service
        The timetable, mirrored for arrivals.
    access, egress
        From where a search starts to stops and from stops to where it ends (the other way
        round in the mirror), rows by zone.
    trip_offset, trip_feed
        First trip of each pattern, feed number per trip, in the order of `service`.
    feed_names
        Feed ids, by number.
    turn_s
        In the mirror, time s stands for ``turn_s - s``; 0 where not mirrored.
    mirrored
        Whether time runs backwards.
    """

    service: raptor.Service
    access: raptor.StopLinks
    egress: raptor.StopLinks
    trip_offset: Int32
    trip_feed: Int32
    feed_names: tuple[str, ...]
    turn_s: int
    mirrored: bool


def _stop_links(links: Links) -> raptor.StopLinks:
    return raptor.StopLinks(
        np.asarray(links.offset, np.int32),
        np.ascontiguousarray(links.stop, np.int32),
        raptor.pack(np.asarray(links.time_s)),
    )


class Same(Generic[Known]):
    """A network or layout known by identity, so that a cache can hold what was made of it.

    Parameters
    ----------
    known
        What is meant; two keys are equal where it is the very same object.
    """

    def __init__(self, known: Known) -> None:
        self.known = known

    def __hash__(self) -> int:
        return id(self.known)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.known is other.known


def prepare_search(
    network: MultimodalNetwork, mode: str, *, arrive_by: bool = False, engine: Engine = PLAIN
) -> Search:
    """Lay the network out for the kernels; the last few layouts are kept."""
    return _lay_out(Same(network), ACCESS[mode], arrive_by, engine.reduce)


@functools.lru_cache(maxsize=len(ACCESS))
def _lay_out(
    same: Same[MultimodalNetwork], access_mode: str, arrive_by: bool, reduce: bool
) -> Search:
    network = same.known
    timetable, transfers = network.timetable, network.transfers
    service = raptor.prepare(
        n_stops=len(timetable.stops),
        pattern_stop_offset=timetable.pattern_stop_offset,
        pattern_stops=timetable.pattern_stops,
        pickup=timetable.pickup,
        drop_off=timetable.drop_off,
        pattern_trip_offset=timetable.pattern_trip_offset,
        pattern_event_offset=timetable.pattern_event_offset,
        arrival_s=timetable.arrival_s,
        departure_s=timetable.departure_s,
        transfer_offset=transfers.offset,
        transfer_stop=transfers.to_stop,
        transfer_s=transfers.time_s,
    )
    access = _stop_links(network.access[access_mode])
    egress = _stop_links(network.egress[EGRESS])
    feeds = timetable.routes["feed"].astype(str).to_numpy(object)
    feed_names = tuple(sorted(set(feeds)))
    number = {name: k for k, name in enumerate(feed_names)}
    feed_of_route = np.array([number[name] for name in feeds], np.int32)
    trip_feed = feed_of_route[np.asarray(timetable.trip_route)].astype(np.int32)
    trip_offset = np.asarray(timetable.pattern_trip_offset, np.int32)
    turn_s = 0
    if arrive_by:
        turn_s = int(np.asarray(timetable.departure_s).max(initial=0)) + 1
        service = raptor.mirror(service, turn_s=turn_s)
        access, egress = egress, access
        pattern = np.repeat(np.arange(len(service.n_trips)), service.n_trips)
        trip = np.arange(len(trip_feed))
        trip_feed = trip_feed[trip_offset[pattern] + trip_offset[pattern + 1] - 1 - trip]
    if reduce:
        service, access, egress = raptor.reduce_walks(service, access, egress)
    return Search(service, access, egress, trip_offset, trip_feed, feed_names, turn_s, arrive_by)


def travel_times(
    network: MultimodalNetwork,
    mode: str,
    *,
    scenario: str,
    start_s: int,
    end_s: int,
    step_s: int = 60,
    percentiles: tuple[int, ...] = PERCENTILES,
    origins: npt.NDArray[np.integer] | None = None,
    destinations: npt.NDArray[np.integer] | None = None,
    parts: bool = True,
    threads: int | None = None,
    on_progress: Progress | None = None,
    arrive_by: bool = False,
    engine: Engine = Engine(),
) -> TravelTimes:
    """Travel times from origins to destinations in one mode.

    Parameters
    ----------
    network
        What to travel on.
    mode
        One of `mobility.tables.MODES`. ``pt`` is the better of public transport and walking
        all the way, ``bike+pt`` of public transport reached by bike and cycling all the way;
        ``car+pt`` must ride.
    scenario
        Name the result carries.
    start_s, end_s, step_s
        Departures start_s, start_s + step_s, … before end_s, each counted once: waiting at
        the door is travel time. With `arrive_by` they are arrivals, and waiting at the
        destination is.
    percentiles
        Nearest rank, over departures, unreachable as the worst.
    origins, destinations
        Rows of the network's zones; all of them by default.
    parts
        Also split the median journey. Of several departures with the median time the first
        counts. A direct journey on foot or by bike is access from end to end.
    threads
        Default: as many as cores. The answer does not depend on it.
    on_progress
        Called with (origins done, origins in all).
    engine
        How to search; does not change the answer.

    Returns
    -------
    TravelTimes

    Raises
    ------
    RunError
        An unknown mode, an empty window, zone rows out of range.
    """
    window = Window(start_s, end_s, step_s, arrive_by)
    n_zones = len(network.supply.zones.ids)
    rows_o = _rows(origins, n_zones)
    rows_d = _rows(destinations, n_zones)
    problems = _query_problems(network, mode, rows_o, rows_d)
    raise_all(RunError, problems + _window_problems(window, percentiles))
    if mode in STREET_MODES:
        return _street_times(network, mode, scenario, percentiles, rows_o, rows_d, parts)
    direct_s = direct_seconds(network, mode, rows_o, rows_d)
    search = prepare_search(network, mode, arrive_by=arrive_by, engine=engine)
    answer = _run(
        search,
        direct_s,
        (rows_o, rows_d),
        window,
        percentiles=percentiles,
        max_rides=network.supply.settings.max_rides,
        parts=parts,
        threads=threads,
        on_progress=on_progress,
        engine=engine,
    )
    return _assemble(network, mode, scenario, percentiles, rows_o, rows_d, window, search, answer)


def _rows(rows: npt.NDArray[np.integer] | None, n_zones: int) -> Int32:
    return np.arange(n_zones, dtype=np.int32) if rows is None else np.asarray(rows, np.int32)


def check_query(network: MultimodalNetwork, mode: str, rows_o: Int32, rows_d: Int32) -> None:
    """Raise `RunError` on an unknown mode, missing links or zone rows out of range."""
    raise_all(RunError, _query_problems(network, mode, rows_o, rows_d))


def _query_problems(
    network: MultimodalNetwork, mode: str, rows_o: Int32, rows_d: Int32
) -> list[Problem]:
    problems = []
    if mode not in MODES:
        problems.append(Problem("mode", mode, f"one of {', '.join(MODES)}"))
    elif mode in TRANSIT_MODES and ACCESS[mode] not in network.access:
        problems.append(Problem("mode", mode, f"links to stops by {ACCESS[mode]} in the network"))
    max_rides = network.supply.settings.max_rides
    if not 1 <= max_rides <= raptor.MAX_RIDES:
        problems.append(Problem("settings: max_rides", str(max_rides), f"1 to {raptor.MAX_RIDES}"))
    n_zones = len(network.supply.zones.ids)
    for name, rows in (("origins", rows_o), ("destinations", rows_d)):
        if len(rows) and (rows.min() < 0 or rows.max() >= n_zones):
            problems.append(
                Problem(name, f"rows {rows.min()} to {rows.max()}", f"rows of {n_zones} zones")
            )
    return problems


def _window_problems(window: Window, percentiles: tuple[int, ...]) -> list[Problem]:
    problems = []
    if window.step_s <= 0 or window.end_s <= window.start_s:
        span = f"{window.start_s} to {window.end_s} by {window.step_s} s"
        problems.append(Problem("window", span, "a start before its end, and a step above 0"))
    elif len(window.times_s()) > MAX_DEPARTURES:
        problems.append(
            Problem(
                "window",
                f"{len(window.times_s())} departures",
                f"at most {MAX_DEPARTURES}",
                "Take a longer step.",
            )
        )
    rising = list(percentiles) == sorted(set(percentiles))
    if not percentiles or not rising or min(percentiles) < 1 or max(percentiles) > 100:
        problems.append(Problem("percentiles", str(percentiles), "ascending numbers from 1 to 100"))
    return problems


def street_matrix_ms(network: MultimodalNetwork, mode: str, rows_o: Int32, rows_d: Int32) -> Int32:
    """Milliseconds along the streets, NO_TIME where there is no way or no such street graph."""
    seconds = street_seconds(network, mode, rows_o, rows_d)
    reached = np.isfinite(seconds)
    return np.where(reached, np.rint(np.where(reached, seconds, 0) * 1000), NO_TIME).astype(
        np.int32
    )


def direct_seconds(network: MultimodalNetwork, mode: str, rows_o: Int32, rows_d: Int32) -> Int32:
    """Whole seconds without a vehicle, rounded up; NO_TIME where the mode must ride."""
    if mode == "car+pt":
        return np.full((len(rows_o), len(rows_d)), NO_TIME, np.int32)
    ms = street_matrix_ms(network, ACCESS[mode], rows_o, rows_d)
    return np.where(ms == NO_TIME, NO_TIME, -(-ms // 1000)).astype(np.int32)


def make_query(
    search: Search,
    departures: Int32,
    percentiles: tuple[int, ...],
    max_rides: int,
    *,
    parts: bool,
    few_lanes: bool,
) -> raptor.Query:
    """Put a question for the kernels; `departures` in seconds of the search's clock."""
    return raptor.Query(
        departures=raptor.pack(departures),
        percentiles=np.asarray(percentiles, np.int32),
        max_rides=max_rides,
        few_lanes=few_lanes,
        parts=parts,
        backwards=search.mirrored,
        trip_offset=search.trip_offset,
        trip_feed=search.trip_feed,
        n_feeds=len(search.feed_names),
    )


def subset_links(links: raptor.StopLinks, rows: Int32) -> raptor.StopLinks:
    """Links of some places, renumbered from 0."""
    counts = np.diff(links.offset)[rows]
    offset = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(counts, out=offset[1:])
    entry = np.arange(offset[-1]) + np.repeat(links.offset[rows] - offset[:-1], counts)
    return raptor.StopLinks(offset, links.stop[entry], links.time[entry])


@functools.lru_cache(maxsize=1)
def _memory(same: Same[Search], n_lanes: int, max_rides: int) -> SimpleQueue[raptor.Work]:
    """Memory of the last layout's searches: to be given fresh pages takes longer than to search."""
    del same, n_lanes, max_rides  # they only tell one memory from another
    return SimpleQueue()


def _run(
    search: Search,
    direct_s: Int32,
    rows: tuple[Int32, Int32],
    window: Window,
    *,
    percentiles: tuple[int, ...],
    max_rides: int,
    parts: bool,
    threads: int | None,
    on_progress: Progress | None,
    engine: Engine,
) -> raptor.Answer:
    """Search from all origins (from all destinations in the mirror), block by block."""
    times_s = window.times_s()
    rows_from, rows_to = rows
    if search.mirrored:
        times_s = np.ascontiguousarray(search.turn_s - times_s[::-1])
        rows_from, rows_to = rows_to, rows_from
        direct_s = direct_s.T
    direct_s = np.ascontiguousarray(direct_s)
    query = make_query(
        search, times_s, percentiles, max_rides, parts=parts, few_lanes=engine.few_lanes
    )
    access = subset_links(search.access, rows_from)
    egress = subset_links(search.egress, rows_to)
    answer = raptor.make_answer(len(rows_from), len(rows_to), query)
    n_threads = max(1, min(threads or os.cpu_count() or 1, -(-len(rows_from) // BLOCK_ORIGINS)))
    works = _memory(Same(search), len(times_s), max_rides)

    def block(first: int) -> int:
        try:
            work = works.get_nowait()
        except Empty:
            work = raptor.make_work(search.service, n_lanes=len(times_s), max_rides=max_rides)
        memory = work, raptor.make_scratch(query)
        last = min(first + BLOCK_ORIGINS, len(rows_from))
        part = raptor.map_fields(lambda field: field[first:last], answer)
        try:
            return raptor.run_block(
                search.service, access, egress, direct_s[first:last], query, *memory, first, part
            )
        finally:
            works.put(work)

    faults = _in_threads(block, len(rows_from), n_threads, on_progress)
    if faults:
        raise MobilityError(
            Problem(
                "search",
                f"{faults} journeys without an explanation",
                "none",
                "This is a fault of the program; please report it.",
            )
        )
    return answer


def _in_threads(
    block: Callable[[int], int], n: int, n_threads: int, on_progress: Progress | None
) -> int:
    """Run blocks on threads; an interrupt drops what has not begun."""
    starts = range(0, n, BLOCK_ORIGINS)
    if n_threads == 1:
        faults = 0
        for first in starts:
            faults += block(first)
            if on_progress:
                on_progress(min(first + BLOCK_ORIGINS, n), n)
        return faults
    pool = ThreadPoolExecutor(n_threads)
    try:
        waiting = {pool.submit(block, first) for first in starts}
        faults = 0
        for done, future in enumerate(_as_done(waiting), start=1):
            faults += future.result()
            if on_progress:
                on_progress(min(done * BLOCK_ORIGINS, n), n)
        return faults
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _as_done(waiting: set[Future[int]]) -> Iterator[Future[int]]:
    while waiting:
        done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_EXCEPTION)
        yield from done


def _outside(
    network: MultimodalNetwork, modes: tuple[str, str], rows_o: Int32, rows_d: Int32
) -> npt.NDArray[np.bool_]:
    """Pairs with an end that has no street within reach."""

    def off(mode: str, rows: Int32) -> npt.NDArray[np.bool_]:
        snap_m = network.zone_snap_m.get(mode)
        return np.zeros(len(rows), bool) if snap_m is None else ~np.isfinite(snap_m[rows])

    return off(modes[0], rows_o)[:, None] | off(modes[1], rows_d)[None, :]


def _seconds(times: Int32) -> npt.NDArray[np.float32]:
    return np.where(times == NO_TIME, np.nan, times).astype(np.float32)


def _assemble(
    network: MultimodalNetwork,
    mode: str,
    scenario: str,
    percentiles: tuple[int, ...],
    rows_o: Int32,
    rows_d: Int32,
    window: Window,
    search: Search,
    answer: raptor.Answer,
) -> TravelTimes:
    if search.mirrored:
        answer = raptor.map_fields(
            lambda field: np.ascontiguousarray(np.swapaxes(field, 0, 1)), answer
        )
    zones = network.supply.zones
    rides = answer.rides.astype(np.float32)
    reached_at_all = answer.rides >= 0
    names, operators, parts = _operator_names(search, answer), None, {}
    if answer.parts.shape[2]:
        order = (4, 1, 2, 3, 0) if search.mirrored else (0, 1, 2, 3, 4)
        parts = {
            name: np.where(reached_at_all, answer.parts[:, :, k], np.nan).astype(np.float32)
            for name, k in zip(PARTS, order, strict=True)
        }
        operators = names[1]
        if search.mirrored:
            direct = answer.rides == 0
            parts["access_s"], parts["egress_s"] = (
                np.where(direct, parts["egress_s"], parts["access_s"]),
                np.where(direct, 0, parts["egress_s"]).astype(np.float32),
            )
    return TravelTimes(
        scenario=scenario,
        mode=mode,
        origins=zones.ids[rows_o],
        destinations=zones.ids[rows_d],
        country_o=zones.countries[rows_o],
        country_d=zones.countries[rows_d],
        percentiles=tuple(percentiles),
        time_s=_seconds(answer.time_s),
        share_reached=(answer.reached / np.float32(len(window.times_s()))).astype(np.float32),
        transfers_p50=np.where(reached_at_all, np.maximum(rides - 1, 0), np.nan).astype(np.float32),
        outside=_outside(network, (ACCESS[mode], EGRESS), rows_o, rows_d),
        parts=parts,
        operators=operators,
        operator_names=names[0],
    )


def _operator_names(search: Search, answer: raptor.Answer) -> tuple[tuple[str, ...], Int32 | None]:
    """Read the feed keys: names joined by +, sorted, and the index of each pair."""
    if not answer.feeds.size:
        return (), None
    keys, inverse = np.unique(answer.feeds, return_inverse=True)
    base = len(search.feed_names) + 1
    names = []
    for key in keys.tolist():
        feeds, rest = [], key
        while rest > 0:
            feeds.append(search.feed_names[rest % base - 1])
            rest //= base
        names.append("+".join(feeds))
    kept = sorted(set(names) - {""})
    number = {name: k for k, name in enumerate(kept)} | {"": -1}
    index = np.array([number[name] for name in names], np.int32)
    return tuple(kept), index[inverse.reshape(answer.feeds.shape)]


def _street_times(
    network: MultimodalNetwork,
    mode: str,
    scenario: str,
    percentiles: tuple[int, ...],
    rows_o: Int32,
    rows_d: Int32,
    parts: bool,
) -> TravelTimes:
    """Travel times of a street mode; all of the journey counts as ride."""
    ms = street_matrix_ms(network, mode, rows_o, rows_d)
    reached = ms != NO_TIME
    time_s = np.where(reached, ms / 1000, np.nan).astype(np.float32)
    nothing = np.where(reached, 0, np.nan).astype(np.float32)
    zones = network.supply.zones
    return TravelTimes(
        scenario=scenario,
        mode=mode,
        origins=zones.ids[rows_o],
        destinations=zones.ids[rows_d],
        country_o=zones.countries[rows_o],
        country_d=zones.countries[rows_d],
        percentiles=tuple(percentiles),
        time_s=np.repeat(time_s[:, :, None], len(percentiles), axis=2),
        share_reached=reached.astype(np.float32),
        transfers_p50=nothing,
        outside=_outside(network, (mode, mode), rows_o, rows_d),
        parts={name: time_s if name == "ride_s" else nothing for name in PARTS} if parts else {},
    )
