"""What each friction of the border costs, where a scenario takes them away together.

A ``no-border`` scenario is run for every set of its frictions: 2⁵ networks at most. A friction
that finds nothing to change in a set leaves the network of the rest, so that far fewer are
routed; the shares are exact all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mobility.batch.increments import Increments
from mobility.batch.job import day_of
from mobility.border import by_municipality, by_municipality_pair, decompose
from mobility.border.decomposition import gather
from mobility.changes import apply_changes
from mobility.scenario.policy_forms import NoBorder
from mobility.tables import TravelTimes
from mobility.zones import Zones

# Friction of the change → cause of `mobility.border.decomposition.CAUSES`.
CAUSE_OF = {
    "calendar": "calendar",
    "missing-link": "link",
    "headway": "headway",
    "fit": "fit",
    "ticket": "ticket",
}
# Friction → the count of its effect that says whether it changed anything.
COUNT_OF = {
    "calendar": "services_extended",
    "missing-link": "links_missing",
    "headway": "lines_changed",
    "fit": "lines_shifted",
    "ticket": "settings_changed",
}
MODE = "pt"
"""Mode of travel that lines, timetables and tickets act on."""


@dataclass(frozen=True)
class Frictions:
    """A scenario's ``no-border`` change, and the changes before and after it."""

    form: NoBorder
    before: tuple[Any, ...]
    after: tuple[Any, ...]

    def without(self, causes: frozenset[str]) -> list[Any]:
        """Return the changes that take these causes away."""
        remove = tuple(f for f in self.form.remove if CAUSE_OF[f] in causes)
        form = [replace_remove(self.form, remove)] if remove else []
        return [*self.before, *form, *self.after]


def replace_remove(form: NoBorder, remove: tuple[str, ...]) -> NoBorder:
    """Copy a change with other frictions to take away; it keeps where it was read."""
    return form.model_copy(update={"remove": remove}).placed(form.where)


def frictions_of(changes: Sequence[Any]) -> Frictions | None:
    """Find the ``no-border`` change of a scenario; None where there is none, or several."""
    rows = [row for row, form in enumerate(changes) if isinstance(form, NoBorder)]
    if len(rows) != 1:
        return None
    (row,) = rows
    return Frictions(changes[row], tuple(changes[:row]), tuple(changes[row + 1 :]))


def decomposition_tables(increments: Increments, zones: Zones) -> dict[str, pd.DataFrame]:
    """Share the border effect of a ``no-border`` scenario out over its frictions.

    Returns
    -------
    dict
        ``decomposition`` (in all, per direction and per municipality, with `pairs` that take
        part and `left_out`, those without a journey in some network) and
        ``decomposition_pairs`` (per ordered pair of municipalities across the border); empty
        where the scenario has no such change, or one friction alone.
    """
    found = frictions_of(increments.job.scenario.changes)
    if found is None or len(found.form.remove) < 2:
        return {}
    causes = [CAUSE_OF[friction] for friction in found.form.remove]
    known: dict[frozenset[str], TravelTimes] = {}

    def run(taken: frozenset[str]) -> TravelTimes:
        real = _acting(increments, found, taken)
        if real not in known:
            increments.teller.step(increments.job.scenario.name, "decomposition")
            known[real] = increments.times(found.without(real), MODE)
        return known[real]

    matrices = gather(causes, run)
    whole = decompose(causes, matrices)
    pairs = by_municipality_pair(whole, matrices[frozenset()], zones)
    table = by_municipality(pairs).assign(
        mode=MODE, pairs=int(whole.counted.sum()), left_out=whole.left_out
    )
    return {"decomposition": table, "decomposition_pairs": pairs.assign(mode=MODE)}


def _acting(increments: Increments, found: Frictions, taken: frozenset[str]) -> frozenset[str]:
    """Causes of a set that change the network; the others may as well be left out."""
    if not taken:
        return taken
    changes = found.without(taken)
    job, timed = increments.start(changes)
    base = timed.prepared.network
    effects = apply_changes(base.supply, changes, day=day_of(job.scenario)).effects
    counts = next(e.counts for e in effects if e.kind == found.form.kind)
    return frozenset(
        CAUSE_OF[f] for f in found.form.remove if CAUSE_OF[f] in taken and counts.get(COUNT_OF[f])
    )
