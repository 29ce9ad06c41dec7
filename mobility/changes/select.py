"""Names in a change → rows of the tables; what is not found answers with the nearest names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mobility.changes.edit import first_departures
from mobility.errors import Problem, ScenarioError, nearest, raise_all
from mobility.feeds.model import Feeds
from mobility.scenario.selectors import LineSelector, Period, StopRef

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

ONE_PLACE_M = 1500.0  # stops of one name this near to each other are one place
_STATION_WORDS = {"station", "centraal", "cs", "busstation", "central", "centrum", "gare", "spoor"}
_EARTH_M_PER_DEGREE = 111_195.0


def fold(name: str) -> str:
    """Write a name without accents, case and punctuation, words parted by one blank."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def distance_m(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], lon_0: float, lat_0: float
) -> npt.NDArray[np.float64]:
    """Straight distance from points to one point, metres; flat, fine within a region."""
    x = (lon - lon_0) * np.cos(np.radians(lat_0))
    metres: npt.NDArray[np.float64] = np.hypot(x, lat - lat_0) * _EARTH_M_PER_DEGREE
    return metres


@dataclass
class Finder:
    """Looks names up in one state of the feeds; gathers what it can't find.

    `problems` fills up; call `settle` before using what was found.
    """

    feeds: Feeds
    where: str
    problems: list[Problem] = field(default_factory=list)
    _folded: npt.NDArray[np.object_] | None = None

    def settle(self) -> None:
        """Raise all that was not found."""
        raise_all(ScenarioError, self.problems)

    # -- stops ---------------------------------------------------------------------------

    def stops(self, ref: StopRef, key: str) -> Int64:
        """Rows of all stops (platforms, poles) that a reference means; empty if none."""
        table = self.feeds.stops
        if ref.id:
            rows = np.flatnonzero(table["stop_id"].to_numpy(object) == ref.id)
            if not len(rows):
                self.missing(key, f'the stop "{ref.id}"', ref.id, table["stop_id"])
                return rows
            children = np.flatnonzero(np.isin(table["parent"].to_numpy(), rows))
            return np.union1d(rows, children)
        allowed = self._allowed(ref)
        names = self._names()
        rows = self._by_name(fold(ref.near), names, allowed)
        if not len(rows):
            known = table["name"].to_numpy(object)[allowed]
            of = "".join(
                f", {what} {value}"
                for what, value in (("feed", ref.feed), ("mode", ref.mode))
                if value
            )
            self.missing(key, f'the stop name "{ref.near}"{of}', ref.near, known)
            return rows
        if not self._one_place(rows):
            self._ambiguous(key, ref, rows)
            return rows[:0]
        return rows

    def stop(self, ref: StopRef, key: str, *, feed: str = "", mode: str = "") -> int:
        """The one row to stop at: of `feed` and `mode` if there is one, else the busiest; or −1."""
        rows = self.stops(ref, key)
        if not len(rows):
            return -1
        table = self.feeds.stops
        boarding = table["location_type"].to_numpy()[rows] == 0
        if boarding.any():
            rows = rows[boarding]
        order = np.lexsort(
            (
                table["stop_id"].to_numpy(object)[rows].astype(str),
                -self._uses()[rows],
                ~self._served_by(mode)[rows] if mode else np.zeros(len(rows)),
                table["feed"].to_numpy(object)[rows] != feed if feed else np.zeros(len(rows)),
            )
        )
        return int(rows[order[0]])

    def group(self, row: int) -> Int64:
        """All platforms of the station a stop belongs to, itself included."""
        parent = self.feeds.stops["parent"].to_numpy()
        root = int(parent[row]) if parent[row] >= 0 else row
        return np.union1d([root], np.flatnonzero(parent == root)).astype(np.int64)

    def _allowed(self, ref: StopRef) -> Bool:
        table = self.feeds.stops
        allowed = np.ones(len(table), bool)
        if ref.feed:
            allowed &= table["feed"].to_numpy(object) == ref.feed
        if ref.mode:
            allowed &= self._served_by(ref.mode)
        return allowed

    def _names(self) -> npt.NDArray[np.object_]:
        if self._folded is None:
            names = self.feeds.stops["name"].to_numpy(object)
            known = {n: fold(str(n)) for n in set(names.tolist())}
            self._folded = np.array([known[n] for n in names], object)
        return self._folded

    @staticmethod
    def _by_name(wanted: str, names: npt.NDArray[np.object_], allowed: Bool) -> Int64:
        """The whole name; else the name but for station words; else the name as words in it."""
        rows: Int64 = np.flatnonzero(allowed).astype(np.int64)
        if not wanted:
            return rows[:0]
        exact: Int64 = rows[names[rows] == wanted]
        if len(exact):
            return exact
        padded = f" {wanted} "
        holding = np.array([r for r in rows if padded in f" {names[r]} "], np.int64)
        words = set(wanted.split())
        station = [r for r in holding if set(names[r].split()) - words <= _STATION_WORDS]
        return np.array(station, np.int64) if station else holding

    def _one_place(self, rows: Int64) -> bool:
        table = self.feeds.stops
        lon, lat = table["lon"].to_numpy(float)[rows], table["lat"].to_numpy(float)[rows]
        middle = (float(np.median(lon)), float(np.median(lat)))
        return bool((distance_m(lon, lat, *middle) <= ONE_PLACE_M).all())

    def _served_by(self, mode: str) -> Bool:
        feeds = self.feeds
        by_mode = (feeds.routes["mode"].to_numpy(object) == mode)[feeds.trips["route"].to_numpy()]
        served = np.zeros(len(feeds.stops), bool)
        times = feeds.stop_times
        served[times["stop"].to_numpy()[by_mode[times["trip"].to_numpy()]]] = True
        return served

    def _uses(self) -> Int64:
        stop = self.feeds.stop_times["stop"].to_numpy()
        return np.bincount(stop, minlength=len(self.feeds.stops)).astype(np.int64)

    # -- lines ---------------------------------------------------------------------------

    def lines(self, selectors: Sequence[LineSelector], key: str) -> Int64:
        """Rows of routes that have trips and fit one of the selectors, ascending."""
        found = [self._line(s, f"{key}[{n}]") for n, s in enumerate(selectors, start=1)]
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)

    def line(self, selector: LineSelector, key: str) -> Int64:
        """Rows of routes that fit one selector."""
        return self._line(selector, key)

    def _line(self, selector: LineSelector, key: str) -> Int64:
        feeds = self.feeds
        routes = feeds.routes
        fits = np.zeros(len(routes), bool)
        fits[feeds.trips["route"].unique()] = True  # a line without trips is none
        for name in ("feed", "route_id", "mode", "operator", "short_name", "long_name"):
            wanted = getattr(selector, name)
            if not wanted:
                continue
            column = routes[name].to_numpy(object)
            same = np.array([fold(str(v)) == fold(wanted) for v in column], bool)
            if name in ("feed", "route_id", "mode"):
                same = column == wanted
            if not (fits & same).any():
                self.missing(key, f'{name} "{wanted}"', wanted, sorted(set(map(str, column[fits]))))
                return np.empty(0, np.int64)
            fits &= same
        for n, ref in enumerate(selector.serves, start=1):
            rows = self.stops(ref, f"{key}.serves[{n}]")
            if not len(rows):
                return np.empty(0, np.int64)
            fits &= self._serving(rows)
            if not fits.any():
                self.complain(key, f"no line that serves {ref}", "lines that serve all the stops")
        return np.flatnonzero(fits)

    def _serving(self, stops: Int64) -> Bool:
        feeds = self.feeds
        hit = np.zeros(len(feeds.stops), bool)
        hit[stops] = True
        times = feeds.stop_times
        trips = np.unique(times["trip"].to_numpy()[hit[times["stop"].to_numpy()]])
        serving = np.zeros(len(feeds.routes), bool)
        serving[feeds.trips["route"].to_numpy()[trips]] = True
        return serving

    def trips_of(self, routes: Int64, period: Period | None = None) -> Int64:
        """Rows of trips of some routes whose first departure lies in a period."""
        hit = np.isin(self.feeds.trips["route"].to_numpy(), routes)
        if period is not None and period != Period():
            first = first_departures(self.feeds)
            start, end = period.seconds
            hit &= (first >= start) & (first < end)
        return np.flatnonzero(hit)

    # -- messages ------------------------------------------------------------------------

    def complain(self, key: str, found: str, expected: str, cure: str = "") -> None:
        """Note a problem at a key of the change."""
        self.problems.append(Problem(f"{self.where}.{key}", found, expected, cure))

    def missing(
        self, key: str, found: str, wanted: str, known: Iterable[object], where: str = "feeds"
    ) -> None:
        """Note a name that the data do not have, with the nearest ones they have."""
        names = {str(k) for k in known if k}
        # "Weert" stands for "Weert, We NS" as well
        towns = {name.partition(",")[0] for name in names}
        near = nearest(wanted, sorted(names | towns))
        cure = f"Did you mean {near}?" if near else ""
        self.complain(key, f"{found}, which the {where} do not have", "one they have", cure)

    def _ambiguous(self, key: str, ref: StopRef, rows: Int64) -> None:
        table = self.feeds.stops
        names = table["name"].to_numpy(object)[rows]
        ids = table["stop_id"].to_numpy(object)[rows]
        some = sorted({f"{n} ({i})" for n, i in zip(names, ids, strict=True)})
        more = f" and {len(some) - 5} more" if len(some) > 5 else ""
        self.complain(
            key,
            f'"{ref.near}", which fits places far from each other: {", ".join(some[:5])}{more}',
            "one place",
            "Give the whole name, the feed, the mode, or the id.",
        )
