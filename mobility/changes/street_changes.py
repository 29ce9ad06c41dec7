"""Changes to streets: new, changed, closed, faster to cycle, congested; and ferries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely

from mobility.changes.model import Changed
from mobility.changes.select import Finder
from mobility.changes.street_select import all_edges, edges_in, midpoints
from mobility.network.model import Supply
from mobility.scenario.street_forms import (
    AddFerry,
    AddStreet,
    ChangeStreet,
    CloseStreet,
    Congestion,
    Point,
    UpgradeCycleway,
)
from mobility.streets import (
    CLOSED,
    GRAPH_MODES,
    Added,
    NewStreet,
    StreetNetwork,
    add_edges,
    close_edges,
    set_speed,
)
from mobility.streets.judging import CLOSED_TO, OPEN_TO, SET_KPH

Bool = npt.NDArray[np.bool_]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_M_PER_DEGREE = 111_195.0
_A = {"start": "a start", "end": "an end"}
_ACCESS_TAG = {"walk": "foot", "bike": "bicycle", "car": "motor_vehicle"}


def add_street(supply: Supply, form: AddStreet) -> Changed:
    """Build a street; it is tied to what its modes use, at its ends or where it crosses too.

    Modes that the class would forbid are let in, both ways; modes not named are kept out.
    """
    tags = {"highway": form.highway, "name": form.name} | _access_tags(form.modes)
    if form.oneway:
        tags["oneway"] = "yes"
    for mode, kph in form.speed_kph.items():
        tags[f"{SET_KPH}{mode}"] = f"{kph:g}"
    new = NewStreet(*_line(form.points), tags=tags, name=form.name)
    added = add_edges(
        supply.streets,
        [new],
        join=form.join,
        join_to=_joined_to(form.modes),
        max_join_m=form.connect_m,
    )
    return _with_added(supply, added, form.where, form.connect_m)


def add_ferry(supply: Supply, form: AddFerry, window: tuple[int, int] | None = None) -> Changed:
    """Set a ferry in: half its headway is the wait, paid at the bank.

    Streets have no timetable. A ferry whose hours do not cover the whole window is
    therefore left out, and counted as idle.
    """
    if form.hours is not None and window is not None:
        start, end = form.hours.seconds
        if start > window[0] or end < window[1]:
            return Changed(supply, {"ferries_idle": 1})
    tags = {
        "route": "ferry",
        "name": form.name,
        "duration": _duration(form.crossing_s),
        "interval": _duration(form.headway_s),
    } | _access_tags(form.modes)
    new = NewStreet(*_line(form.points), tags=tags, name=form.name)
    added = add_edges(
        supply.streets,
        [new],
        join="ends",
        join_to=_joined_to(form.modes),
        max_join_m=form.connect_m,
    )
    return _with_added(supply, added, form.where, form.connect_m)


def _line(points: tuple[Point, ...]) -> tuple[Float64, Float64]:
    at = np.array(points, np.float64)
    return at[:, 0].copy(), at[:, 1].copy()


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _access_tags(modes: tuple[str, ...]) -> dict[str, str]:
    tags = {tag: "yes" if mode in modes else "no" for mode, tag in _ACCESS_TAG.items()}
    out = sorted(set(GRAPH_MODES) - set(modes))
    return tags | {OPEN_TO: ";".join(sorted(modes))} | ({CLOSED_TO: ";".join(out)} if out else {})


def _joined_to(modes: tuple[str, ...]) -> str:
    """The choosiest of the modes: what cars or bikes may use, walkers mostly may as well."""
    return next(mode for mode in ("car", "bike", "ebike", "speed_pedelec", "walk") if mode in modes)


def _with_added(supply: Supply, added: Added, where: str, connect_m: float) -> Changed:
    finder = Finder(supply.feeds, where)
    for _, end, metres in added.loose:
        apart = f"{metres:.0f} m" if np.isfinite(metres) else "more than 20 km"
        finder.complain(
            "points",
            f"{_A[end]} that lies {apart} from any street its modes use",
            f"one within connect_m = {connect_m:g}",
            "Move the point, or raise connect_m.",
        )
    finder.settle()
    factors = {
        mode: _stretched(factor, supply.streets, added)
        for mode, factor in supply.street_factor.items()
    }
    counts = {
        "edges_added": len(added.edges),
        "metres_added": round(float(added.streets.edge_length_m[added.edges].sum()), 1),
    }
    return Changed(replace(supply, streets=added.streets, street_factor=factors), counts)


def _stretched(factor: Float32, old: StreetNetwork, added: Added) -> Float32:
    """Carry a factor per edge over: pieces of a divided edge keep its factor, new streets get 1."""
    new = added.streets
    n_old = len(old.edge_from)
    stretched = np.ones(len(new.edge_from), np.float32)
    stretched[:n_old] = factor
    pieces = np.setdiff1d(np.arange(n_old, len(new.edge_from)), added.edges)
    by_start: dict[tuple[int, int], int] = {
        (int(new.edge_from[p]), int(new.edge_way[p])): int(p) for p in pieces
    }
    for edge in np.flatnonzero(new.edge_to[:n_old] != old.edge_to):
        node, last = int(new.edge_to[edge]), int(old.edge_to[edge])
        while node != last:
            piece = by_start[node, int(new.edge_way[edge])]
            stretched[piece] = factor[edge]
            node = int(new.edge_to[piece])
    stretched.setflags(write=False)
    return stretched


def closed_edges(
    streets: StreetNetwork, hit: Bool, modes: tuple[str, ...] = GRAPH_MODES
) -> StreetNetwork:
    """Close edges marked by `hit` to some modes."""
    return close_edges(streets, np.flatnonzero(hit), modes=modes) if hit.any() else streets


def open_to(streets: StreetNetwork, modes: tuple[str, ...]) -> Bool:
    """Edges that at least one of the modes may use, in at least one direction."""
    usable = np.zeros(len(streets.edge_from), bool)
    for mode in modes:
        if mode in streets.graphs:
            graph = streets.graphs[mode]
            usable |= (graph.forward_ms != CLOSED) | (graph.backward_ms != CLOSED)
    return usable


def close_street(supply: Supply, form: CloseStreet) -> Changed:
    """Close streets to everyone or to some; what nobody could use before does not count."""
    finder = Finder(supply.feeds, form.where)
    hit = all_edges(finder, supply, form.streets, "streets")
    finder.settle()
    modes = form.modes or GRAPH_MODES
    hit &= open_to(supply.streets, modes)
    counts = {"edges_closed": int(hit.sum()), "metres_changed": _metres(supply.streets, hit)}
    return Changed(replace(supply, streets=closed_edges(supply.streets, hit, modes)), counts)


def _metres(streets: StreetNetwork, hit: Bool) -> float:
    return round(float(streets.edge_length_m[hit].sum()), 1)


def change_street(supply: Supply, form: ChangeStreet) -> Changed:
    """Give streets other speeds or users. A factor multiplies speed, and divides time."""
    finder = Finder(supply.feeds, form.where)
    hit = all_edges(finder, supply, form.streets, "streets")
    finder.settle()
    modes = tuple(dict.fromkeys((*form.speed_kph, *form.factor, *form.forbid)))
    hit &= open_to(supply.streets, modes)
    streets, factors = supply.streets, dict(supply.street_factor)
    edges = np.flatnonzero(hit)
    if len(edges):
        for mode, kph in form.speed_kph.items():
            streets = set_speed(streets, edges, mode, kph)
        for mode, factor in form.factor.items():
            factors[mode] = _times(supply, mode, hit, 1 / factor)
        if form.forbid:
            streets = close_edges(streets, edges, modes=form.forbid)
    counts = {"edges_changed": len(edges), "metres_changed": _metres(supply.streets, hit)}
    return Changed(replace(supply, streets=streets, street_factor=factors), counts)


def _times(supply: Supply, mode: str, hit: Bool, factor: float) -> Float32:
    """The mode's time factor per edge, multiplied where `hit`."""
    old = supply.street_factor.get(mode)
    new = np.ones(len(hit), np.float32) if old is None else old.copy()
    new[hit] *= np.float32(factor)
    new.setflags(write=False)
    return new


def upgrade_cycleway(supply: Supply, form: UpgradeCycleway) -> Changed:
    """Make streets a fast cycle route: the speeds given hold where bikes may ride."""
    finder = Finder(supply.feeds, form.where)
    if form.streets:
        hit = all_edges(finder, supply, form.streets, "streets")
    else:
        hit = _along(supply.streets, form.points, form.within_m)
        if not hit.any():
            finder.complain(
                "points", f"no street within {form.within_m:g} m of them", "points along streets"
            )
    finder.settle()
    hit &= open_to(supply.streets, ("bike", "ebike"))
    edges = np.flatnonzero(hit)
    streets = supply.streets
    if len(edges):
        streets = set_speed(streets, edges, "bike", form.bike_kph)
        streets = set_speed(streets, edges, "ebike", form.ebike_kph)
    counts = {"edges_changed": len(edges), "metres_changed": _metres(supply.streets, hit)}
    return Changed(replace(supply, streets=streets), counts)


def _along(streets: StreetNetwork, points: tuple[Point, ...], within_m: float) -> Bool:
    """Edges whose middle lies within a distance of a line."""
    at = np.array(points, np.float64)
    scale = np.array([np.cos(np.radians(at[:, 1].mean())), 1.0]) * _M_PER_DEGREE
    line = shapely.LineString(at * scale)
    middle = shapely.points(np.column_stack(midpoints(streets)) * scale)
    near: Bool = np.asarray(shapely.dwithin(line, middle, within_m), bool)
    return near


def congestion(supply: Supply, form: Congestion) -> Changed:
    """Let cars need longer: on streets, in an area, where both are given on streets in it."""
    finder = Finder(supply.feeds, form.where)
    hit = np.ones(len(supply.streets.edge_from), bool)
    if form.streets:
        hit &= all_edges(finder, supply, form.streets, "streets")
    if form.area is not None:
        inside = edges_in(supply.streets, form.area)
        hit &= inside
    finder.settle()
    hit &= open_to(supply.streets, ("car",))
    if form.factor == 1:
        hit[:] = False
    factors = dict(supply.street_factor)
    if hit.any():
        factors["car"] = _times(supply, "car", hit, form.factor)
    counts = {"edges_changed": int(hit.sum()), "metres_changed": _metres(supply.streets, hit)}
    return Changed(replace(supply, street_factor=factors), counts)
