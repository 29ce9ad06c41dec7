"""What a change gives back: the new supply, and in numbers what it touched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from mobility.network.model import Supply


@dataclass(frozen=True)
class Effect:
    """What one change did.

    Parameters
    ----------
    kind, where
        Kind of change, and the file and key it was read from.
    text
        One sentence that says the change, in the language asked for.
    texts
        The same in every language, by language code.
    counts
        What it affected, e.g. ``{"trips_added": 34, "stops_added": 1}``; the names are
        those of `mobility.changes.counts.COUNTS`.
    routes
        route_ids it touched, sorted.
    """

    kind: str
    where: str
    counts: Mapping[str, float]
    routes: tuple[str, ...] = ()
    text: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Changed:
    """Supply after one change, and its effect."""

    supply: Supply
    counts: Mapping[str, float]
    routes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Applied:
    """Supply after all changes.

    Parameters
    ----------
    supply
        For `mobility.network.build_network`.
    effects
        One per change, in order.
    day
        Service day a ``calendar`` change asks for; None where there is none.
    """

    supply: Supply
    effects: tuple[Effect, ...] = field(default_factory=tuple)
    day: dt.date | None = None
