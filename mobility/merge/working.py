"""Feeds as the merge steps work on them: texts as plain objects, calls looked up once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.calls import Calls, take_calls

TABLES = (
    "agency", "stops", "routes", "trips", "stop_times", "frequencies", "transfers",
    "translations", "route_services",
)  # fmt: skip


@dataclass(frozen=True)
class Working(Feeds):
    """Feeds whose text columns are plain objects, so that no step has to unpack them anew.

    The steps read the same ids and names dozens of times; out of the packed columns that
    takes longer than what they do with them.
    """

    @cached_property
    def calls(self) -> Calls:
        """Calls of all trips, made when first asked for."""
        return take_calls(self)


def working(feeds: Feeds) -> Working:
    """Unpack the text columns of all tables."""
    parts = {field.name: getattr(feeds, field.name) for field in fields(Feeds)}
    return Working(**parts | {name: _unpacked(parts[name]) for name in TABLES})


def finished(feeds: Feeds, begun: Working, before: Feeds) -> Feeds:
    """Pack the text columns again; tables no step has changed are those from before.

    Parameters
    ----------
    feeds
        As the steps left them.
    begun
        What they began with.
    before
        What that was made from.
    """
    parts = {field.name: getattr(feeds, field.name) for field in fields(Feeds)}
    for name in TABLES:
        old: pd.DataFrame = getattr(before, name)
        if parts[name] is getattr(begun, name):
            parts[name] = old
        else:
            parts[name] = parts[name].astype(old.dtypes.to_dict())
    return Feeds(**parts)


def _unpacked(table: pd.DataFrame) -> pd.DataFrame:
    packed = [name for name, kind in table.dtypes.items() if isinstance(kind, pd.StringDtype)]
    return table.astype(dict.fromkeys(packed, object)) if packed else table
