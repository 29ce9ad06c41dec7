"""A list of what was found wrong, counted, with examples and a cure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mobility.merge.model import PROBLEMS, Bool, rows_of, texts

SEVERITIES = ("error", "warning", "note")
_IDS = {"stop_id": "stops.txt", "trip_id": "trips.txt", "route_id": "routes.txt"}


class Problems:
    """Rows of `PROBLEMS`, gathered step by step.

    The words of a problem, of what was done and of the cure are fixed sentences; numbers and
    names stand in columns of their own, so that the sentences can be translated.
    """

    def __init__(self) -> None:
        self._rows: list[dict[str, object]] = []

    def add(
        self, severity: str, feed: str, table: str, problem: str, *, count: int,
        examples: tuple[str, ...] = (), done: str = "", cure: str = "",
    ) -> None:  # fmt: skip
        """Add one problem; none where `count` is 0."""
        if count:
            self._rows.append(
                {
                    "severity": severity, "feed": feed, "table": table, "problem": problem,
                    "count": count, "examples": ", ".join(examples[:3]), "done": done,
                    "cure": cure,
                }
            )  # fmt: skip

    def by_feed(
        self, severity: str, table: pd.DataFrame, rows: Bool, file: str, problem: str,
        done: str, cure: str,
    ) -> None:  # fmt: skip
        """Add a problem for each feed that has any of the rows marked in `rows`."""
        key = next(name for name in _IDS if name in table)
        feeds, ids = texts(table["feed"]), texts(table[key])
        for feed in sorted(set(feeds[rows])):
            mine = np.flatnonzero(rows & (feeds == feed))
            examples = tuple(str(ids[k]) for k in mine[:3])
            self.add(severity, feed, file, problem, count=len(mine), examples=examples,
                     done=done, cure=cure)  # fmt: skip

    def extend(self, other: Problems) -> None:
        """Add another list's rows."""
        self._rows += other._rows

    def table(self) -> pd.DataFrame:
        """All rows, errors first."""
        table = rows_of(PROBLEMS, self._rows)
        rank = table["severity"].map({word: k for k, word in enumerate(SEVERITIES)})
        order = table.assign(rank=rank)
        order = order.sort_values(["rank", "feed", "table", "problem"], kind="stable")
        return order.drop(columns="rank").reset_index(drop=True)
