"""Matrices of a scenario with other changes than its own: packages, lines left out, frictions.

Each is a scenario of its own to the store of parts: what was computed before, here or by a
whole run of the same changes, is read back and not computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mobility import store
from mobility.batch import matrices
from mobility.batch.inputs import Timed
from mobility.batch.job import Job, Teller, day_of, list_parts, prepare_for
from mobility.network import MultimodalNetwork
from mobility.scenario import Scenario
from mobility.tables import TravelTimes


@dataclass(frozen=True)
class Increments:
    """A job whose scenario is run with any list of changes.

    Parameters
    ----------
    job
        Its scenario gives the name, the window and the settings.
    base
        The scenario without its own changes: gives the day where no change sets it.
    teller
        Told each step.
    threads
        Of the routing; None takes all cores.
    prepared
        Networks without changes by day; filled as they are needed.
    """

    job: Job
    base: Scenario
    teller: Teller
    threads: int | None = None
    prepared: dict[Any, Timed] = field(default_factory=dict)

    def start(self, changes: Sequence[Any]) -> tuple[Job, Timed]:
        """Return the job with these changes, and the network it starts from."""
        scenario = self.job.scenario.model_copy(
            update={"changes": tuple(changes), "day": self.base.day}
        )
        job = replace(self.job, scenario=scenario)
        day = day_of(scenario)
        if day not in self.prepared:
            self.prepared[day] = prepare_for(scenario, job.region, job.out, self.teller)
        return job, self.prepared[day]

    def network(self, changes: Sequence[Any]) -> MultimodalNetwork:
        """Return the network with these changes.

        Raises
        ------
        ScenarioError
            They can't be applied without the others.
        """
        job, timed = self.start(changes)
        base = timed.prepared.network
        return matrices.link(matrices.change(job.scenario, base), base)

    def times(self, changes: Sequence[Any], mode: str) -> TravelTimes:
        """Return the matrix of one mode with these changes."""
        job, timed = self.start(changes)
        scenario = job.scenario.model_copy(update={"modes": (mode,)})
        parts = list_parts(replace(job, scenario=scenario), timed)
        if not all((part.folder / store.INDEX).is_file() for part in parts):
            network = self.network(changes)
            for part in parts:
                matrices.compute_part(part, network, threads=self.threads)
        ((_, found),) = matrices.read_parts(parts)
        return found
