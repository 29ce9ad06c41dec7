"""Scenario × mode → matrix: in blocks of origins that are kept, so that a run can go on.

Each block is a *part*: a folder named by the fingerprint of all it rests on. A part that
stands is not computed again, whoever computed it; a matrix is its parts in order. So a
batch that was killed goes on where it was, and one process, many threads or a Dask cluster
give the same bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mobility import store
from mobility.batch import hashes
from mobility.batch.inputs import Prepared
from mobility.changes import Applied, apply_changes
from mobility.errors import RunError
from mobility.network import MultimodalNetwork, build_network
from mobility.scenario import Scenario
from mobility.scenario.clock import clock_s
from mobility.tables import PARTS, TravelTimes
from mobility.travel_times import travel_times

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
) -> str:
    """Compute one part if it is not there, and return its folder.

    `network` is the scenario's, where the caller has it; a worker loads and changes its own,
    once for all parts of a scenario.
    """
    if (part.folder / store.INDEX).is_file():
        return str(part.folder)
    if network is None:
        network = _scenario_network(part.base, _Keyed(part.folder.parent.name, part.scenario))
    store.save(_route(part, network, on_progress, threads), part.folder)
    return str(part.folder)


def _route(
    part: Part,
    network: MultimodalNetwork,
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
        origins=np.arange(part.first, part.last, dtype=np.int32),
        arrive_by=window.arrive_by,
        on_progress=on_progress,
        threads=threads,
    )


def join(parts: Sequence[TravelTimes]) -> TravelTimes:
    """Stack blocks of origins; the operators' names are numbered anew, in sorted order."""
    first = parts[0]
    names = sorted({name for part in parts for name in part.operator_names})
    number = {name: i for i, name in enumerate(names)}

    def stack(field: str) -> Any:
        return np.concatenate([getattr(part, field) for part in parts])

    operators = None
    if all(part.operators is not None for part in parts):
        operators = np.concatenate([_renumbered(part, number) for part in parts])
    return TravelTimes(
        scenario=first.scenario,
        mode=first.mode,
        origins=stack("origins"),
        destinations=first.destinations,
        country_o=stack("country_o"),
        country_d=first.country_d,
        percentiles=first.percentiles,
        time_s=stack("time_s"),
        share_reached=stack("share_reached"),
        transfers_p50=stack("transfers_p50"),
        outside=stack("outside"),
        parts={
            name: np.concatenate([part.parts[name] for part in parts])
            for name in PARTS
            if all(name in part.parts for part in parts)
        },
        operators=operators,
        operator_names=tuple(names),
    )


def _renumbered(part: TravelTimes, number: Mapping[str, int]) -> np.ndarray[Any, Any]:
    assert part.operators is not None
    new = np.array([number[name] for name in part.operator_names] + [-1], np.int32)
    return new[part.operators]


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
