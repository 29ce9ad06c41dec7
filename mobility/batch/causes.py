"""What each friction of the border costs the named pairs, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mobility.batch.results import RunData
from mobility.border import resolve_pairs

CAUSES = "decomposition_pairs"


def border_causes(results: Sequence[RunData]) -> pd.DataFrame:
    """Say what the border costs the named pairs, by cause.

    Of several runs that take the border away the last one speaks; of a place the municipality
    it lies in. Empty where no run takes the border away.
    """
    found = next((r for r in reversed(results) if len(r.border.get(CAUSES, ()))), None)
    if found is None:
        return pd.DataFrame()
    municipality = found.zones.municipalities
    named = {
        f"{a.name} – {b.name}": (str(municipality[a.rows[0]]), str(municipality[b.rows[0]]))
        for a, b in resolve_pairs(found.zones, found.pairs)
    }
    return named_causes(found.border[CAUSES], named)


def named_causes(pairs: pd.DataFrame, named: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Pick the causes of named pairs, in minutes, as the report shows them.

    Parameters
    ----------
    pairs
        ``decomposition_pairs``.
    named
        Label → municipality of departure and of arrival.

    Returns
    -------
    DataFrame
        ``origin, destination, mode, cause, minutes, actual_min``.
    """
    rows = []
    for start, end in named.values():
        mine = pairs[(pairs["municipality_o"] == start) & (pairs["municipality_d"] == end)]
        rows.append(
            mine.assign(
                origin=start,
                destination=end,
                minutes=mine["cost_s"] / 60,
                actual_min=mine["actual_s"] / 60,
            )[["origin", "destination", "mode", "cause", "minutes", "actual_min"]]
        )
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
