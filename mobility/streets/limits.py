"""How fast cars may drive: tagged limits of every spelling, legal and usual ones elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mobility.streets.law import read_table, two_letters
from mobility.streets.model import Bool, Float64, Int64

_MPH_KPH = 1.609344
_KNOT_KPH = 1.852
_NUMBER = re.compile(r"^(\d+(?:\.\d+)?)\s*(mph|knots|km/h|kmh|kph)?$")
_IMPLICIT_KEYS = ("maxspeed:type", "source:maxspeed", "zone:traffic", "zone:maxspeed")
_URBAN_CLASSES = frozenset({"residential", "living_street", "pedestrian"})
_LIT = frozenset({"yes", "24/7", "automatic"})
_SIDEWALK = frozenset({"both", "left", "right", "yes", "separate"})
# A country and class whose tagged streets are shorter than this says little about the rest.
_ENOUGH_M = 2_000.0
TAGGED, IMPUTED, BY_TABLE = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Limits:
    """Speed limits of sets of tags, one entry per set and country.

    Parameters
    ----------
    forward_kph, backward_kph
        float64.
    urban
        bool: within a built-up area, as far as the tags tell.
    origin
        int8: `TAGGED`, `IMPUTED` from tagged streets of the same country, class and
        surroundings, or `BY_TABLE`.
    usual_kph
        (country, class, urban) → what untagged streets took from tagged ones.
    """

    forward_kph: Float64
    backward_kph: Float64
    urban: Bool
    origin: npt.NDArray[np.int8]
    usual_kph: Mapping[tuple[str, str, bool], float]


@lru_cache(maxsize=1)
def _implicit() -> Mapping[str, tuple[float, bool]]:
    return {
        row["code"].lower(): (float(row["kph"]), row["urban"] == "1")
        for row in read_table("implicit_maxspeed")
    }


@lru_cache(maxsize=4)
def class_table(name: str, rural: str, urban: str) -> Mapping[tuple[str, str], tuple[float, float]]:
    """(country, highway) → (rural, urban) numbers of a class table of the package."""
    return {
        (row["country"], row["highway"]): (float(row[rural]), float(row[urban]))
        for row in read_table(name)
    }


def of_class(
    table: Mapping[tuple[str, str], tuple[float, float]], country: str, highway: str
) -> tuple[float, float]:
    """Numbers of a class in a country, else of its parent country, else generic."""
    code = two_letters(country)
    for place in (code, code.split("-")[0], "any"):
        if (place, highway) in table:
            return table[place, highway]
    return table["any", "road"]


def parse_limit(text: str, country: str = "") -> float:
    """Read a ``maxspeed`` value in km/h; NaN where it says nothing we know.

    Understands numbers with and without a unit, lists (the lowest counts), implicit codes
    of many countries (``NL:urban``, ``BE-VLG:rural``), and codes without their country.
    """
    found = []
    for part in re.split(r"[;|,]", text.strip().lower()):
        number = _NUMBER.match(part.strip())
        if number:
            unit = {"mph": _MPH_KPH, "knots": _KNOT_KPH}.get(number[2] or "", 1.0)
            found.append(float(number[1]) * unit)
        else:
            known = _code(part.strip(), country)
            if known is not None:
                found.append(known[0])
    return min((kph for kph in found if kph > 0), default=np.nan)


def _code(part: str, country: str) -> tuple[float, bool] | None:
    table = _implicit()
    code = two_letters(country).lower()
    for name in (part, f"{code}:{part}", f"{code.split('-')[0]}:{part}"):
        if name in table:
            return table[name]
    return None


def _implicit_kph(tags: Mapping[str, str], country: str) -> float:
    for key in _IMPLICIT_KEYS:
        if key in tags:
            value = tags[key].lower()
            known = _code(value, country)
            # zone:maxspeed=BE:30 and zone:maxspeed=30 both name a number after all.
            kph = known[0] if known else parse_limit(value.split(":")[-1], country)
            if kph > 0 and (known or key == "zone:maxspeed"):
                return kph
    return np.nan


def is_urban(tags: Mapping[str, str], country: str) -> bool:
    """Whether a street lies in a built-up area, as far as its own tags tell.

    An implicit code or zone decides; then a limit of at most 50, residential class, street
    lamps or a pavement make it urban; a limit above 50 makes it rural.
    """
    for key in ("maxspeed", *_IMPLICIT_KEYS):
        known = _code(tags.get(key, "").lower(), country) if key in tags else None
        if known is not None:
            return known[1]
    kph = parse_limit(tags["maxspeed"], country) if "maxspeed" in tags else np.nan
    if not np.isnan(kph):
        return bool(kph <= 50)
    if tags.get("highway") in _URBAN_CLASSES or tags.get("lit") in _LIT:
        return True
    return any(tags.get(key) in _SIDEWALK for key in ("sidewalk", "sidewalk:both"))


def car_limits(
    tagsets: Sequence[Mapping[str, str]],
    countries: Sequence[str],
    metres: Float64,
    usual_kph: Mapping[tuple[str, str, bool], float] | None = None,
) -> Limits:
    """Speed limits per set of tags and country.

    What is not tagged takes the length-weighted median of the tagged streets of the same
    country, class and surroundings where they are long enough, else the country's table.

    Parameters
    ----------
    tagsets, countries, metres
        One entry per combination: tags, country code, length of streets that have them.
    usual_kph
        Imputed speeds of an earlier call, which then hold again: a scenario that tags one
        street must not change the speed of another.
    """
    n = len(tagsets)
    forward, backward = np.full(n, np.nan), np.full(n, np.nan)
    urban = np.zeros(n, bool)
    for i, (tags, country) in enumerate(zip(tagsets, countries, strict=True)):
        both = parse_limit(tags["maxspeed"], country) if "maxspeed" in tags else np.nan
        if np.isnan(both):
            both = _implicit_kph(tags, country)
        ahead = parse_limit(tags.get("maxspeed:forward", ""), country)
        back = parse_limit(tags.get("maxspeed:backward", ""), country)
        forward[i] = both if np.isnan(ahead) else ahead
        backward[i] = both if np.isnan(back) else back
        urban[i] = is_urban(tags, country)
    origin = np.where(np.isnan(forward) & np.isnan(backward), BY_TABLE, TAGGED).astype(np.int8)
    forward = np.where(np.isnan(forward), backward, forward)
    backward = np.where(np.isnan(backward), forward, backward)
    groups = _groups(tagsets, countries, urban)
    usual = usual_kph
    if usual is None:
        usual = _usual_kph(groups, forward, origin, metres)
    legal = class_table("car_limits", "rural_kph", "urban_kph")
    for group, members in groups.items():
        empty = members[origin[members] == BY_TABLE]
        if group in usual:
            origin[empty] = IMPUTED
        country, highway, built_up = group
        by_law = of_class(legal, country, highway)[int(built_up)]
        forward[empty] = backward[empty] = usual.get(group, by_law)
    return Limits(forward, backward, urban, origin, usual)


def _groups(
    tagsets: Sequence[Mapping[str, str]], countries: Sequence[str], urban: Bool
) -> dict[tuple[str, str, bool], Int64]:
    """Rows of each country, class and surroundings."""
    rows: dict[tuple[str, str, bool], list[int]] = {}
    for i, (tags, country) in enumerate(zip(tagsets, countries, strict=True)):
        rows.setdefault((country, tags.get("highway", ""), bool(urban[i])), []).append(i)
    return {group: np.array(members, np.int64) for group, members in rows.items()}


def _usual_kph(
    groups: Mapping[tuple[str, str, bool], Int64],
    kph: Float64,
    origin: npt.NDArray[np.int8],
    metres: Float64,
) -> dict[tuple[str, str, bool], float]:
    """Median tagged limit of each group with enough tagged street to tell."""
    usual = {}
    for group, members in groups.items():
        tagged = members[origin[members] == TAGGED]
        if metres[tagged].sum() >= _ENOUGH_M:
            usual[group] = _weighted_median(kph[tagged], metres[tagged])
    return usual


def _weighted_median(values: Float64, weights: Float64) -> float:
    order = np.lexsort((weights, values))
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(values[order][min(int(half), len(order) - 1)])
