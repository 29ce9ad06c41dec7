"""Named pairs of places: found in the zones, or suggested where nobody named any."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobility.errors import MobilityError, Problem, nearest, raise_all
from mobility.indicators.frame import Array, great_circle_m, people
from mobility.indicators.municipalities import centres, membership, municipalities
from mobility.scenario.model import Pair
from mobility.zones import Zones

CITY_KM = (15.0, 150.0)
BORDER_KM = 20.0


@dataclass(frozen=True)
class Place:
    """A named place: its country (``""`` where unknown or several) and its zone rows."""

    name: str
    country: str
    rows: npt.NDArray[np.intp]


def resolve_pairs(zones: Zones, pairs: Sequence[Pair]) -> list[tuple[Place, Place]]:
    """Find both ends of every pair among municipality names, zone ids and zone names.

    Upper and lower case are the same. A name that stands in two countries is told apart by
    its country in brackets: ``"Bergen (BE)"``.

    Raises
    ------
    MobilityError
        Names that are not there, with the nearest known ones, or that stand in two countries;
        all of them at once.
    """
    problems: list[Problem] = []
    found: list[tuple[Place, Place]] = []
    for k, pair in enumerate(pairs):
        ends = [
            _find(zones, name, f"pairs[{k}].{end}", problems)
            for end, name in (("origin", pair.origin), ("destination", pair.destination))
        ]
        if ends[0] is not None and ends[1] is not None:
            found.append((ends[0], ends[1]))
    raise_all(MobilityError, problems)
    return found


def _find(zones: Zones, name: str, where: str, problems: list[Problem]) -> Place | None:
    """One place, or None with a problem added."""
    country = ""
    match = re.fullmatch(r"(.+?)\s*\(([A-Za-z]{2,3})\)", name.strip())
    if match and match[2].upper() in set(zones.countries):
        name, country = match[1], match[2].upper()
    wanted = name.strip().casefold()
    for names in (zones.municipalities, zones.ids, zones.names):
        hits = np.array([str(n).casefold() == wanted for n in names], bool)
        hits &= (zones.countries == country) | (country == "")
        if not hits.any():
            continue
        rows = np.flatnonzero(hits)
        countries = sorted(set(zones.countries[rows]))
        if len(countries) > 1:
            problems.append(
                Problem(
                    where,
                    f"{name!r} in {countries}",
                    "one country",
                    f'Write "{name} ({countries[0]})".',
                )
            )
            return None
        return Place(str(names[rows[0]]), countries[0], rows)
    known = sorted({str(n) for n in (*zones.municipalities, *zones.names) if n})
    near = nearest(name, known)
    problems.append(
        Problem(
            where,
            repr(name),
            "a municipality, zone id or zone name of the zone file",
            f"Did you mean {near}?" if near else "",
        )
    )
    return None


def suggest_pairs(zones: Zones, *, city: int = 8, border: int = 8) -> tuple[Pair, ...]:
    """Name the pairs that weigh most, for a region whose file names none.

    Municipality pairs in two countries are ranked by P_o · P_d ÷ d²: the first `border` of
    them less than 20 km apart are border links, the first `city` between 15 and 150 km
    apart, with at least one larger town each, are city links. In one country there are no
    border links, and the city links are domestic.
    """
    groups = municipalities(zones)
    heavy = membership(groups, people(zones))
    lon, lat = centres(zones, heavy)
    size = heavy.sum(axis=1)
    km = great_circle_m(lon, lat, lon, lat) / 1000
    upper = np.triu(np.ones_like(km, dtype=bool), 1) & (km > 0)
    known = (groups.countries != "")[:, None] & (groups.countries != "")[None, :]
    across = (groups.countries[:, None] != groups.countries[None, :]) & known
    pull = size[:, None] * size[None, :] / np.maximum(km, 1.0) ** 2
    reach = across if across.any() else np.ones_like(upper)
    far = (km >= CITY_KM[0]) & (km <= CITY_KM[1])
    large = size >= np.quantile(size, 0.75) if len(size) else np.zeros(0, bool)
    urban = large[:, None] & large[None, :]
    named = _labels(groups.names, groups.countries)
    picked = [
        *_heaviest(pull, upper & reach & far & urban, city, "city", named),
        *_heaviest(pull, upper & across & (km < BORDER_KM), border, "border", named),
    ]
    return tuple(picked)


def _labels(names: npt.NDArray[np.object_], countries: npt.NDArray[np.object_]) -> list[str]:
    """Municipality names, with the country where two share a name."""
    listed = list(names)
    return [
        f"{n} ({c})" if listed.count(n) > 1 and c else str(n)
        for n, c in zip(names, countries, strict=True)
    ]


def _heaviest(
    pull: Array, allowed: npt.NDArray[np.bool_], count: int, kind: str, names: list[str]
) -> list[Pair]:
    """Pairs of the strongest pull, each place in at most three of them."""
    rows, columns = np.nonzero(allowed)
    order = np.lexsort((columns, rows, -pull[rows, columns]))
    used: dict[int, int] = {}
    picked: list[Pair] = []
    for k in order:
        a, b = int(rows[k]), int(columns[k])
        if len(picked) == count or used.get(a, 0) >= 3 or used.get(b, 0) >= 3:
            continue
        used[a], used[b] = used.get(a, 0) + 1, used.get(b, 0) + 1
        picked.append(
            Pair(
                origin=names[a],
                destination=names[b],
                kind="city" if kind == "city" else "border",
            )
        )
    return picked
