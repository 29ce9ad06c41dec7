"""Levels of service near home: the basic level of access and a local score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mobility.errors import MobilityError, Problem, raise_all
from mobility.indicators.frame import Array, Measure, Rows, ends, people, rows_for, tidy
from mobility.indicators.municipalities import membership, municipalities
from mobility.indicators.nearest import dual_measures
from mobility.indicators.practice import same_zones
from mobility.tables import TravelTimes
from mobility.zones import Zones


def basic_level(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    norms: pd.DataFrame,
    *,
    population: str = "population",
) -> pd.DataFrame:
    """Who lives below a basic level of access ("bereikbaarheid op peil").

    Parameters
    ----------
    norms
        ``opportunity, mode, norm_s`` and optionally ``amount`` (how much must be reached; by
        default the nearest place that has any).

    Returns
    -------
    DataFrame
        Per norm and municipality: ``scenario, mode, opportunity, norm_s, amount,
        municipality, country, people, share_below, gap_s, share_unreachable``. `gap_s` is the
        mean time over the norm of those below it that can get there at all. Row
        municipality ``""`` is everybody.

    Raises
    ------
    MobilityError
        A norm names a mode or opportunity that isn't there; all of them at once.
    """
    _check_norms(times_by_mode, zones, norms)
    rows: list[dict[str, object]] = []
    for norm in norms.to_dict("records"):
        times = times_by_mode[str(norm["mode"])]
        origins, _ = ends(times, zones)
        amount = norm.get("amount", np.nan)
        whole = amount == amount  # noqa: PLR0124 – not NaN
        measure = dual_measures(
            times,
            zones,
            opportunity_name=str(norm["opportunity"]),
            amounts=(float(amount),) if whole else (),
            nearest=() if whole else (1,),
            percentile=50,
        )[0]
        groups = municipalities(origins)
        heavy = people(origins, population)
        inside = ~times.outside.all(axis=1) if times.outside.shape[1] else np.ones_like(heavy, bool)
        table = membership(groups, heavy) * inside
        names = [("", "", heavy * inside), *zip(groups.names, groups.countries, table, strict=True)]
        rows += [
            {
                "scenario": times.scenario,
                "mode": times.mode,
                "opportunity": norm["opportunity"],
                "norm_s": norm["norm_s"],
                "amount": amount,
                "municipality": name,
                "country": country,
                **_below(measure.value, weight, float(norm["norm_s"])),
            }
            for name, country, weight in names
        ]
    return pd.DataFrame(rows, columns=list(BASIC_LEVEL))


BASIC_LEVEL = (
    "scenario",
    "mode",
    "opportunity",
    "norm_s",
    "amount",
    "municipality",
    "country",
    "people",
    "share_below",
    "gap_s",
    "share_unreachable",
)


def _check_norms(
    times_by_mode: Mapping[str, TravelTimes], zones: Zones, norms: pd.DataFrame
) -> None:
    problems = []
    for row, norm in enumerate(norms.to_dict("records")):
        for key, known in (
            ("mode", list(times_by_mode)),
            ("opportunity", [str(c) for c in zones.opportunities.columns]),
        ):
            if norm.get(key) not in known:
                problems.append(
                    Problem(f"norms, row {row + 1}, {key}", repr(norm.get(key)), f"one of {known}")
                )
    raise_all(MobilityError, problems)


def _below(nearest_s: Array, weight: Array, norm_s: float) -> dict[str, float]:
    total = weight.sum()
    below = ~(nearest_s <= norm_s)
    late = below & np.isfinite(nearest_s)
    over = weight[late].sum()
    return {
        "people": float(total),
        "share_below": float(weight[below].sum() / total) if total > 0 else np.nan,
        "gap_s": float((nearest_s[late] - norm_s) @ weight[late] / over) if over > 0 else np.nan,
        "share_unreachable": (
            float(weight[np.isnan(nearest_s)].sum() / total) if total > 0 else np.nan
        ),
    }


def local_score(
    times_by_mode: Mapping[str, TravelTimes],
    zones: Zones,
    services: Mapping[str, float],
    *,
    modes: Mapping[str, tuple[float, float]] | None = None,
) -> pd.DataFrame:
    """Score of 0 to 10 for services near home, in the manner of the Flemish Mobiscore.

    Each service class gives 1 where its nearest place is within the mode's full time, 0 beyond
    its zero time, in between linear; the best mode counts. The score is the weighted mean of
    the classes times 10. A class nobody can reach gives 0: that is its score, not its time.

    Parameters
    ----------
    services
        Opportunity column of each class → its weight, e.g. school, shop, care, leisure,
        transit.
    modes
        Mode → (full, zero) seconds; by default walking 300–1200, bike 300–1200, public
        transport 900–2700, those that are there.

    Returns
    -------
    DataFrame
        `ACCESSIBILITY` rows with mode ``"best"``: `local_score` and `local_score_<class>`.
    """
    limits = modes or {"walk": (300, 1200), "bike": (300, 1200), "pt": (900, 2700)}
    used = [times_by_mode[mode] for mode in limits if mode in times_by_mode]
    total = sum(services.values())
    if not used or total <= 0:
        return tidy([])
    scores = {name: np.zeros(len(used[0].origins)) for name in services}
    for times in used:
        same_zones(times, used[0])
        full, zero = limits[times.mode]
        for name in services:
            nearest = dual_measures(
                times, zones, opportunity_name=name, amounts=(), nearest=(1,), percentile=50
            )[0].value
            score = np.clip((zero - nearest) / (zero - full), 0, 1)
            scores[name] = np.fmax(scores[name], score)
    overall = np.sum([weight * scores[n] for n, weight in services.items()], axis=0) / total * 10
    measures = [Measure("local_score", "", overall, "0–10")]
    measures += [Measure("local_score_class", n, 10 * s, "0–10") for n, s in scores.items()]
    first = used[0]
    owned = rows_for(first, measures)
    return tidy([Rows(first.scenario, "best", owned.zones, owned.countries, owned.measures)])
