"""Which scenario helps most: counts and means over municipality pairs, nothing weighted twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

# Below a minute a difference is not felt, and is often less than the spread of departures.
FELT_MINUTES = 1.0
REACH_CUTOFF_S = 3600.0
MEDIAN = 50


def scenario_ranking(
    municipalities: pd.DataFrame,
    scenarios: Sequence[str],
    mode: str,
    bases: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Compare scenarios over all municipality pairs of one mode.

    Each is compared with the one that `bases` names for it, else with the first; one that is
    its own is left out.

    Returns
    -------
    DataFrame
        ``scenario, mode, pairs, faster, slower, gained, lost, mean_change, mean_change_border``,
        best first: by the mean change in minutes over pairs reached in both, then by pairs
        newly reached, then by name. Changes below a minute count as neither faster nor slower.
    """
    columns = [
        "scenario",
        "mode",
        "pairs",
        "faster",
        "slower",
        "gained",
        "lost",
        "mean_change",
        "mean_change_border",
    ]
    if municipalities.empty or len(scenarios) < 2:
        return pd.DataFrame(columns=columns)
    rows = municipalities[municipalities["mode"] == mode]
    rows = rows[rows["origin"].astype(object) != rows["destination"].astype(object)]
    keys = ["origin", "destination"]
    by_scenario = {name: rows[rows["scenario"] == name].set_index(keys) for name in scenarios}
    found = []
    for name in scenarios:
        against = (bases or {}).get(name, scenarios[0])
        if name == against:
            continue
        base = by_scenario[against]
        crossing = base["country_o"].astype(object) != base["country_d"].astype(object)
        other = by_scenario[name]["minutes"].reindex(base.index)
        change = (other - base["minutes"]).to_numpy(float)
        before, after = base["minutes"].notna().to_numpy(), other.notna().to_numpy()
        found.append(
            (
                name,
                mode,
                len(base),
                int((change <= -FELT_MINUTES).sum()),
                int((change >= FELT_MINUTES).sum()),
                int((after & ~before).sum()),
                int((before & ~after).sum()),
                _mean(change),
                _mean(change[crossing.to_numpy()]),
            )
        )
    table = pd.DataFrame(found, columns=columns)
    return table.sort_values(
        ["mean_change", "gained", "scenario"], ascending=[True, False, True], ignore_index=True
    )


def ranking_digits(table: pd.DataFrame) -> int:
    """Decimals that tell ranked scenarios apart: one, and two where none changes a minute."""
    shown = np.abs(table[["mean_change", "mean_change_border"]].to_numpy(float))
    return 1 if np.nanmax(shown, initial=0.0) >= FELT_MINUTES else 2


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def people_reached(
    accessibility: pd.DataFrame,
    scenarios: Sequence[str],
    people: Mapping[str, float],
) -> dict[tuple[str, str], float]:
    """Mean people reached within an hour, per mode and scenario, weighted by inhabitants.

    Parameters
    ----------
    accessibility
        Rows of the `ACCESSIBILITY` contract.
    people
        Zone id → inhabitants.

    Returns
    -------
    dict
        (mode, scenario) → people; empty where the indicator was not computed.
    """
    if accessibility.empty:
        return {}
    rows = accessibility[
        (accessibility["indicator"] == "cumulative")
        & (accessibility["cutoff_s"] == REACH_CUTOFF_S)
        & (accessibility["percentile"] == MEDIAN)
        & (accessibility["opportunity"] == "population")
        & accessibility["scenario"].isin(list(scenarios))
    ]
    weight = rows["zone"].astype(object).map(people).to_numpy(float)
    if not len(rows) or not np.nansum(weight) > 0:
        return {}
    weighed = pd.DataFrame({
        "mode": rows["mode"].astype(object), "scenario": rows["scenario"].astype(object),
        "sum": rows["value"].to_numpy(float) * weight, "weight": weight,
    })  # fmt: skip
    sums = weighed.groupby(["mode", "scenario"], sort=True)[["sum", "weight"]].sum()
    means = sums["sum"] / sums["weight"].where(sums["weight"] > 0)
    return {(str(mode), str(name)): float(value) for (mode, name), value in means.items()}
