"""What the law says about each edge: one judgement per set of tags, country and mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mobility.streets.law import TABLE_OF_MODE, Verdict, known_values, rules_for
from mobility.streets.limits import Limits, car_limits
from mobility.streets.model import Bool, Float64, Int64, StreetNetwork

CLOSED_TO = "model:closed"
OPEN_TO = "model:open"
SET_KPH = "model:kph:"


@dataclass(frozen=True, eq=False)
class Combos:
    """The different pairs of tag set and country among the edges.

    Parameters
    ----------
    of_edge
        int64 (n_edges,): row in the lists below.
    tags, countries
        One entry per pair.
    metres, edges
        Length and number of edges of the pair.
    """

    of_edge: Int64
    tags: Sequence[Mapping[str, str]]
    countries: Sequence[str]
    metres: Float64
    edges: Int64


@dataclass(frozen=True, eq=False)
class Judgement:
    """One mode's verdicts per combo, as arrays.

    `factor` slows the mode's own speed, `cap_kph` bounds it (0: no bound), `set_kph` is the
    moving speed a scenario sets (NaN: none).
    """

    forward: Bool
    backward: Bool
    through: Bool
    push: Bool
    factor: Float64
    cap_kph: Float64
    set_kph: Float64


def combos_of(streets: StreetNetwork) -> Combos:
    """Find the different pairs of tag set and country, which the rules are applied to."""
    n_countries = len(streets.country_codes)
    tagset = streets.ways["tagset"].to_numpy(np.int64)[streets.edge_way]
    code = tagset * n_countries + streets.edge_country
    # Codes are few and small: marking them is much faster than sorting the edges.
    seen = np.zeros(len(streets.tagsets) * n_countries, bool)
    seen[code] = True
    found, of_edge = np.flatnonzero(seen), (np.cumsum(seen) - 1)[code]
    return Combos(
        of_edge=of_edge,
        tags=[streets.tagsets[row] for row in found // n_countries],
        countries=[streets.country_codes[row] for row in found % n_countries],
        metres=np.bincount(of_edge, weights=streets.edge_length_m, minlength=len(found)).astype(
            np.float64
        ),
        edges=np.bincount(of_edge, minlength=len(found)),
    )


def judge(combos: Combos, mode: str) -> Judgement:
    """Apply the rule tables of every combo's country for one mode."""
    table = TABLE_OF_MODE[mode]
    verdicts: list[Verdict] = [
        overruled(rules_for(country, table).judge(tags), tags, mode)
        for tags, country in zip(combos.tags, combos.countries, strict=True)
    ]
    open_to = np.array([verdict.access != "no" for verdict in verdicts], bool)
    return Judgement(
        forward=open_to & np.array([verdict.forward for verdict in verdicts], bool),
        backward=open_to & np.array([verdict.backward for verdict in verdicts], bool),
        through=np.array([verdict.access != "destination" for verdict in verdicts], bool),
        push=np.array([verdict.access == "push" for verdict in verdicts], bool),
        factor=np.array([verdict.factor for verdict in verdicts], np.float64),
        cap_kph=np.array([verdict.kph for verdict in verdicts], np.float64),
        set_kph=np.array(
            [float(tags.get(f"{SET_KPH}{mode}", "nan")) for tags in combos.tags], np.float64
        ),
    )


def overruled(verdict: Verdict, tags: Mapping[str, str], mode: str) -> Verdict:
    """Let a scenario have the last word: closed to some modes, opened to others.

    Such words stand among a street's tags under keys of our own, which no map uses.
    """
    if mode in tags.get(CLOSED_TO, "").split(";"):
        return Verdict()
    if mode in tags.get(OPEN_TO, "").split(";") and verdict.access != "yes":
        return Verdict("yes", forward=True, backward=True)
    return verdict


def limits_of(
    combos: Combos, usual_kph: Mapping[tuple[str, str, bool], float] | None = None
) -> Limits:
    """Speed limits of every combo; `usual_kph` holds what was imputed before."""
    return car_limits(combos.tags, combos.countries, combos.metres, usual_kph)


def count_rules(combos: Combos, limits: Limits, car: Judgement) -> dict[str, int]:
    """Count what the rules did not know, and how much was imputed."""
    counts: Counter[str] = Counter()
    generic: Counter[str] = Counter()
    known = known_values()
    for tags, country, edges, metres in zip(
        combos.tags, combos.countries, combos.edges, combos.metres, strict=True
    ):
        for key, value in tags.items():
            if key in known and value not in known[key]:
                # Signs are free text by the thousand; their number says enough.
                shown = key if key == "traffic_sign" else f"{key}={value}"
                counts[f"edges with an unmapped value, {shown}"] += int(edges)
        if not rules_for(country, "car").own_table:
            name = country or "no country"
            generic[name] += metres
    drivable = car.forward | car.backward
    for origin, words in enumerate(("tagged", "imputed within country and class", "by table")):
        chosen = drivable & (limits.origin == origin)
        counts[f"car km, limit {words}"] = round(combos.metres[chosen].sum() / 1000)
    for name, metres in generic.items():
        counts[f"km under the generic rules ({name})"] = round(metres / 1000)
    return dict(sorted(counts.items()))
