"""Which scenario helps most: counts and means over municipality pairs, nothing weighted twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

# Below a minute a difference is not felt, and is often less than the spread of departures.
FELT_MINUTES = 1.0
REACH_CUTOFF_S = 3600.0


def scenario_ranking(
    municipalities: pd.DataFrame, scenarios: Sequence[str], mode: str
) -> pd.DataFrame:
    """Compare each scenario with the first over all municipality pairs of one mode.

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
    rows = rows[rows["origin"].astype(str) != rows["destination"].astype(str)]
    keys = ["origin", "destination"]
    base = rows[rows["scenario"] == scenarios[0]].set_index(keys)
    crossing = base["country_o"].astype(str) != base["country_d"].astype(str)
    found = []
    for name in scenarios[1:]:
        other = rows[rows["scenario"] == name].set_index(keys)["minutes"].reindex(base.index)
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


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def people_reached(
    accessibility: pd.DataFrame, scenarios: Sequence[str], mode: str
) -> dict[str, float]:
    """Mean over zones of the people reached within an hour, per scenario; may be empty."""
    if accessibility.empty:
        return {}
    rows = accessibility[
        (accessibility["mode"] == mode)
        & (accessibility["cutoff_s"] == REACH_CUTOFF_S)
        & (accessibility["percentile"] == 50)
        & accessibility["indicator"].astype(str).str.contains("cumulative")
    ]
    if rows.empty:
        return {}
    names = rows["opportunity"].astype(str)
    chosen = "population" if (names == "population").any() else min(names)
    means = rows[names == chosen].groupby("scenario", observed=True)["value"].mean()
    return {name: float(means[name]) for name in scenarios if name in means}
