"""Changing at border hubs: how long one waits, what is missed, and the best shift of a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem
from mobility.indicators.frame import Array
from mobility.indicators.service import require

WAIT_LIMIT_S = 3600.0


def connections(
    arrivals: pd.DataFrame, departures: pd.DataFrame, *, min_transfer_s: float = 120
) -> pd.DataFrame:
    """Each arrival at a hub with the next departure of every other line one can catch.

    Parameters
    ----------
    arrivals
        ``hub, line, arrival_s`` and optionally ``country``.
    departures
        ``hub, line, departure_s`` and optionally ``country``. With countries on both sides only
        changes from one country's line to another's count.
    min_transfer_s
        Time to change; the wait starts after it.

    Returns
    -------
    DataFrame
        ``hub, from_line, to_line, arrival_s, departure_s, wait_s``; a row per arrival and other
        line at the hub, NaN where none departs any more.
    """
    require(arrivals, ["hub", "line", "arrival_s"], "arrivals at hubs")
    require(departures, ["hub", "line", "departure_s"], "departures at hubs")
    abroad = "country" in arrivals.columns and "country" in departures.columns
    columns = ["hub", "line"] + (["country"] if abroad else [])
    coming = _by_hub(arrivals, [*columns, "arrival_s"])
    parts: list[tuple[npt.NDArray[np.object_] | Array, ...]] = []
    for hub, leaving in _by_hub(departures, [*columns, "departure_s"]).items():
        if hub not in coming:
            continue
        arriving, lines = coming[hub], leaving["line"]
        for line in sorted(set(lines)):
            mine = lines == line
            other = arriving["line"] != line
            if abroad:
                other &= arriving["country"] != leaving["country"][mine][0]
            when = np.append(np.sort(leaving["departure_s"][mine].astype(np.float64)), np.nan)
            came = arriving["arrival_s"][other].astype(np.float64)
            caught = when[np.searchsorted(when[:-1], came + min_transfer_s, side="left")]
            same = [np.full(len(came), word, object) for word in (hub, line)]
            wait = caught - came - min_transfer_s
            parts.append((same[0], arriving["line"][other], same[1], came, caught, wait))
    names = ["hub", "from_line", "to_line", "arrival_s", "departure_s", "wait_s"]
    if not parts:
        return pd.DataFrame(columns=names)
    whole = [np.concatenate(column) for column in zip(*parts, strict=True)]
    table = pd.DataFrame(dict(zip(names, whole, strict=True)))
    return table.sort_values(names[:4], kind="stable", ignore_index=True)


def _by_hub(
    table: pd.DataFrame, columns: list[str]
) -> dict[str, dict[str, npt.NDArray[np.object_]]]:
    """Columns of each hub's rows as plain arrays, which compare faster than tables."""
    whole = {name: table[name].to_numpy(object) for name in columns}
    rows = table.groupby("hub", sort=True, observed=True).indices
    return {str(hub): {name: whole[name][at] for name in columns} for hub, at in rows.items()}


def wait_distribution(
    table: pd.DataFrame,
    *,
    limit_s: float = WAIT_LIMIT_S,
    delays_s: npt.ArrayLike | None = None,
    mean_delay_s: float | None = None,
    slack_s: float = 180,
) -> pd.DataFrame:
    """Distribution of the wait, and the risk of missing the connection, per hub and lines.

    Parameters
    ----------
    table
        From `connections`.
    limit_s
        A wait longer than this is no connection.
    delays_s
        Observed delays of arrivals; the risk is the share of delay and arrival pairs in which
        the delay exceeds the wait.
    mean_delay_s
        Instead: mean of an exponential delay, P(delay > wait) = exp(−wait/mean).
    slack_s
        Share of connections whose wait is below this is `share_tight`.

    Returns
    -------
    DataFrame
        ``hub, from_line, to_line, arrivals, connected, wait_mean_s, wait_p10_s, wait_p50_s,
        wait_p90_s, share_tight, risk_missed``; figures over the connected arrivals, NaN where
        none is. `risk_missed` is NaN without delays. Percentiles are by nearest rank.
    """
    if delays_s is not None and mean_delay_s is not None:
        raise MobilityError(Problem("delays", "observed delays and a mean", "one of the two"))
    rows = []
    keys = ["hub", "from_line", "to_line"]
    for key, part in table.groupby(keys, sort=True, observed=True):
        wait = np.sort(part["wait_s"].to_numpy(np.float64))
        good = wait[wait <= limit_s]
        rows.append(
            (
                *key,
                len(wait),
                len(good),
                good.mean() if len(good) else np.nan,
                *[_rank(good, share) for share in (0.1, 0.5, 0.9)],
                (good < slack_s).mean() if len(good) else np.nan,
                _risk(good, delays_s, mean_delay_s),
            )
        )
    names = ["arrivals", "connected", "wait_mean_s", "wait_p10_s", "wait_p50_s", "wait_p90_s"]
    return pd.DataFrame(rows, columns=[*keys, *names, "share_tight", "risk_missed"])


def _rank(ordered: Array, share: float) -> float:
    if not len(ordered):
        return float("nan")
    return float(ordered[int(np.ceil(share * len(ordered) - 1e-9)) - 1])


def _risk(wait: Array, delays_s: npt.ArrayLike | None, mean_delay_s: float | None) -> float:
    if not len(wait):
        return float("nan")
    if mean_delay_s is not None:
        return float(np.exp(-wait / mean_delay_s).mean()) if mean_delay_s > 0 else 0.0
    if delays_s is None:
        return float("nan")
    late = np.sort(np.asarray(delays_s, np.float64))
    beyond = len(late) - np.searchsorted(late, wait, side="right")
    return float((beyond / len(late)).mean()) if len(late) else float("nan")


def best_shift(
    arrivals: pd.DataFrame,
    departures: pd.DataFrame,
    *,
    line: str,
    shifts_s: Sequence[float] = tuple(range(-1800, 1860, 60)),
    min_transfer_s: float = 120,
    limit_s: float = WAIT_LIMIT_S,
) -> pd.DataFrame:
    """Mean wait at hubs, for each shift of one line's whole timetable.

    Both its arrivals and its departures are shifted, so what one direction gains the other may
    lose. A change that isn't possible counts as `limit_s`.

    Returns
    -------
    DataFrame
        ``shift_s, wait_mean_s, connected, changes``, ordered by mean wait, then by the smaller
        shift; the first row is the best.
    """
    rows = []
    for shift in shifts_s:
        coming = arrivals.assign(
            arrival_s=arrivals["arrival_s"] + np.where(arrivals["line"] == line, shift, 0)
        )
        leaving = departures.assign(
            departure_s=departures["departure_s"] + np.where(departures["line"] == line, shift, 0)
        )
        table = connections(coming, leaving, min_transfer_s=min_transfer_s)
        mine = table[(table["from_line"] == line) | (table["to_line"] == line)]
        wait = mine["wait_s"].to_numpy(np.float64)
        good = wait <= limit_s
        mean = np.where(good, wait, limit_s).mean() if len(wait) else np.nan
        rows.append((shift, mean, int(good.sum()), len(wait)))
    table = pd.DataFrame(rows, columns=["shift_s", "wait_mean_s", "connected", "changes"])
    order = table.assign(size=table["shift_s"].abs()).sort_values(
        ["wait_mean_s", "size", "shift_s"], kind="stable"
    )
    return order.drop(columns="size").reset_index(drop=True)
