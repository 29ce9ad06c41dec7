"""Scenario × mode → matrix: in blocks of origins that are kept, so that a run can go on.

Each block is a *part*: a folder named by the fingerprint of all it rests on. A part that
stands is not computed again, whoever computed it; a matrix is its parts in order. So a
batch that was killed goes on where it was, and one process, many threads or a Dask cluster
give the same bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mobility import store
from mobility.batch import hashes
from mobility.batch.inputs import Prepared
from mobility.batch.reuse import Reused, join, put_together, rows_of
from mobility.changes import Applied, apply_changes
from mobility.draws import travel_times
from mobility.errors import RunError
from mobility.network import MultimodalNetwork, build_network
from mobility.scenario import Scenario
from mobility.scenario.clock import clock_s
from mobility.tables import TravelTimes

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Part:
    """One block of origins of one matrix.

    Parameters
    ----------
    base
        Folder of the prepared base network.
    scenario, mode
        What is computed.
    first, last
        Zone rows first … last − 1 are the origins.
    folder
        Where the block is kept.
    """

    base: Path
    scenario: Scenario
    mode: str
    first: int
    last: int
    folder: Path


def list_parts(
    scenario: Scenario, base: Path, base_key: str, n_zones: int, block: int, cache: Path
) -> list[Part]:
    """Cut a scenario's matrices into parts of at most `block` origins, mode by mode.

    The fingerprint leaves out modes, titles and facts: they change no number.
    """
    key = hashes.of_data({
        "base": base_key,
        "scenario": scenario.name,
        "changes": [change_data(form) for form in scenario.changes],
        "window": scenario.window.model_dump(mode="json"),
        "settings": scenario.settings,
    })  # fmt: skip
    return [
        Part(base, scenario, mode, first, min(first + block, n_zones),
             cache / key[:20] / f"{mode.replace('+', '-')}-{first}-{min(first + block, n_zones)}")
        for mode in scenario.modes
        for first in range(0, n_zones, block)
    ]  # fmt: skip


def change_data(form: Any) -> Any:
    """Return a change as plain data, for fingerprints and the manifest."""
    return form.model_dump(mode="json")


@functools.lru_cache(maxsize=1)
def load_base(folder: Path) -> Prepared:
    """Open a prepared network once per process."""
    return store.load(Prepared, folder)


def change(scenario: Scenario, base: MultimodalNetwork) -> Applied:
    """Apply a scenario's changes to the base's supply."""
    window = (clock_s(scenario.window.start), clock_s(scenario.window.end))
    return apply_changes(base.supply, scenario.changes, day=base.day, window=window)


def link(applied: Applied, base: MultimodalNetwork) -> MultimodalNetwork:
    """Make the network of a changed supply, linking again only what was touched."""
    if applied.supply is base.supply:
        return base
    return build_network(applied.supply, day=base.day, timezone=base.timezone, reuse=base)


@dataclass(frozen=True)
class _Keyed:
    """A scenario known by its fingerprint, so that a cache can hold its network."""

    key: str
    scenario: Scenario = field(compare=False)


@functools.lru_cache(maxsize=1)
def _scenario_network(base: Path, keyed: _Keyed) -> MultimodalNetwork:
    network = load_base(base).network
    return link(change(keyed.scenario, network), network)


def compute_part(
    part: Part,
    network: MultimodalNetwork | None = None,
    on_progress: Progress | None = None,
    threads: int | None = None,
    reused: Reused | None = None,
) -> str:
    """Compute one part if it is not there, and return its folder.

    `network` is the scenario's, where the caller has it; a worker loads and changes its own,
    once for all parts of a scenario. `reused` holds the rows that need no search.
    """
    if is_there(part):
        return str(part.folder)
    if network is None:
        network = _scenario_network(part.base, _Keyed(part.folder.parent.name, part.scenario))
    rows = np.arange(part.first, part.last)
    if reused is None:
        times = _route(part, network, rows, on_progress, threads)
    else:
        again, old = rows[reused.changed[rows]], rows[~reused.changed[rows]]
        times = rows_of(reused.times, old, part.scenario.name)
        if len(again):
            new = _route(part, network, again, on_progress, threads)
            times = put_together(times, new, old, again)
        else:
            times = join([times])
    store.save(times, part.folder)
    return str(part.folder)


def _route(
    part: Part,
    network: MultimodalNetwork,
    rows: npt.NDArray[np.intp],
    on_progress: Progress | None,
    threads: int | None,
) -> TravelTimes:
    window = part.scenario.window
    return travel_times(
        network,
        part.mode,
        scenario=part.scenario.name,
        start_s=clock_s(window.start),
        end_s=clock_s(window.end),
        step_s=window.step_s,
        origins=rows.astype(np.int32),
        arrive_by=window.arrive_by,
        on_progress=on_progress,
        threads=threads,
    )


def is_there(part: Part) -> bool:
    """Whether a part is computed."""
    return (part.folder / store.INDEX).is_file()


def read_parts(parts: Sequence[Part]) -> Iterator[tuple[str, TravelTimes]]:
    """Read kept parts back, joined, one matrix per mode in the order of `parts`."""
    by_mode: dict[str, list[Part]] = {}
    for part in parts:
        by_mode.setdefault(part.mode, []).append(part)
    for mode, blocks in by_mode.items():
        yield mode, join([_read_part(part) for part in blocks])


def _read_part(part: Part) -> TravelTimes:
    try:
        return store.load(TravelTimes, part.folder)
    except RunError:
        store.remove(part.folder)
        compute_part(part)
        return store.load(TravelTimes, part.folder)
