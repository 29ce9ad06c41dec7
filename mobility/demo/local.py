"""Local buses by rule, for zones that no line of the tables reaches.

The tables hold the lines that matter between towns, not every town bus, flex bus and
neighbourhood bus. Without those, whole neighbourhoods would walk an hour to the first stop.
So each zone whose nearest stop is more than `REACH_KM` away gets a bus to the best served stop
of its municipality, else the nearest well served one. The feeds name these lines as made by rule.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from mobility.demo.source import Line, Place, Row, Tables

AGENCY = "Local bus (by rule)"
REACH_KM = 0.7
BUS_KPH = 22.0
WAY_PER_CROW_KM = 1.3
MIN_LINES_AT_HUB = 2
# People from which a bus runs at such headways: peak, day, evening, Saturday, Sunday.
HEADWAYS = (
    (20_000, ("15", "20", "30", "20", "30")),
    (5_000, ("30", "30", "60", "60", "60")),
    (0, ("60", "60", "", "60", "")),
)
PERIODS = ("peak_min", "day_min", "evening_min", "saturday_min", "sunday_min")


def crow_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Straight line between two points in degrees, near 51 degrees north."""
    dx, dy = (a[0] - b[0]) * 70.0, (a[1] - b[1]) * 111.25
    return math.sqrt(dx * dx + dy * dy)


def _at(stop: Row) -> tuple[float, float]:
    return float(stop["lon"]), float(stop["lat"])


def _hubs(tables: Tables) -> dict[str, int]:
    """Stations, and stops at which several lines call, with how many."""
    calls = Counter(stop for line in tables.lines for stop in set(line.stops))
    return {
        name: n
        for name, n in sorted(calls.items())
        if n >= MIN_LINES_AT_HUB or tables.stops[name]["kind"] == "station"
    }


def _town_of(stop: Row, places: list[Place]) -> str:
    return min(places, key=lambda p: (crow_km(_at(stop), (p.lon, p.lat)), p.id)).municipality_code


def _hub_for(
    place: Place, hubs: Mapping[str, int], towns: Mapping[str, str], tables: Tables
) -> str:
    here = (place.lon, place.lat)
    own = [name for name in hubs if towns[name] == place.municipality_code]
    if own:
        return min(own, key=lambda name: (-hubs[name], name))
    country = tables.municipalities[place.municipality_code]["country"]
    same = [name for name in hubs if tables.stops[name]["country"] == country]
    return min(same, key=lambda name: (crow_km(_at(tables.stops[name]), here), name))


def _line(place: Place, stop: Row, hub: str, tables: Tables, number: int) -> Line:
    km = crow_km(_at(stop), _at(tables.stops[hub])) * WAY_PER_CROW_KM
    minutes = max(3, math.ceil(km / BUS_KPH * 60))
    country = tables.municipalities[place.municipality_code]["country"]
    headways = next(values for people, values in HEADWAYS if place.people >= people)
    row = {
        "line": f"local-{place.id.lower()}",
        "feeds": "nl" if country == "NL" else "delijn",
        "agency": AGENCY,
        "short_name": f"L{number}",
        "long_name": f"{stop['name']} – {hub}",
        "route_type": "704",
        "kind": "headway",
        **dict(zip(PERIODS, headways, strict=True)),
        "first": "06:00",
        "last": "23:00",
        "minute": "",
        "minute_back": "",
        "source": "made by rule: stands for town, flex and neighbourhood buses",
        "year": "",
    }
    return Line(row, (stop["name"], hub), (0, minutes))


def with_local_lines(tables: Tables) -> Tables:
    """Return the tables with a local bus for each zone that has no stop nearby."""
    places = [place for place in tables.places if place.municipality_code]
    hubs = _hubs(tables)
    towns = {name: _town_of(tables.stops[name], places) for name in hubs}
    stops, lines = dict(tables.stops), list(tables.lines)
    served = [_at(tables.stops[name]) for line in tables.lines for name in line.stops]
    for place in places:
        here = (place.lon, place.lat)
        if not place.zone or min(crow_km(here, at) for at in served) <= REACH_KM:
            continue
        stop = {
            "name": f"{place.name} Local",
            "country": tables.municipalities[place.municipality_code]["country"],
            "lon": f"{place.lon + 0.0012:.4f}",
            "lat": f"{place.lat + 0.0008:.4f}",
            "kind": "bus",
            "code": "",
        }
        stops[stop["name"]] = stop
        hub = _hub_for(place, hubs, towns, tables)
        lines.append(_line(place, stop, hub, tables, len(lines) - len(tables.lines) + 1))
    return replace(tables, stops=stops, lines=tuple(lines))
