"""Check whether the numbers of a finished run still follow from its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mobility.batch import hashes, manifest, matrices
from mobility.batch.inputs import list_inputs, prepare
from mobility.batch.job import PREPARED, day_of, settings_of, traffic_of
from mobility.batch.reading import read_run
from mobility.batch.results import RunData
from mobility.errors import MobilityError
from mobility.scenario import Scenario, read_region, read_scenarios
from mobility.scenario.clock import clock_s
from mobility.travel_times import travel_times

SAMPLE = 5


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `what`, whether it holds, and what is off where it does not."""

    what: str
    holds: bool
    detail: str = ""


def verify(folder: Path, report: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """Check a run: outputs, manifest, inputs, program, and a sample routed again.

    The sample takes `SAMPLE` origins spread evenly over the zones, all modes of the run; the
    times must be the very same. A comparison has no inputs but runs, which are checked each by
    itself.

    Raises
    ------
    RunError
        The folder is not a finished run.
    """
    facts = manifest.read(folder)
    said = _manifest(folder, facts)
    findings = [*_outputs(folder, facts), said]
    if not said.holds:  # nothing it says can be relied on
        return findings
    findings.append(
        Finding("program", facts["code_sha256"] == hashes.of_code(), "another version of it")
    )
    if "runs" in facts:
        return findings
    report("inputs")
    inputs, scenario = _inputs(facts)
    findings += inputs
    changed = {
        name: version
        for name, version in facts["versions"].items()
        if hashes.versions().get(name) != version
    }
    findings.append(Finding("packages", not changed, ", ".join(sorted(changed))))
    if scenario is not None and all(finding.holds for finding in findings):
        report("sample")
        findings.append(_sample(scenario, read_run(folder), folder.parent, report))
    return findings


def _outputs(folder: Path, facts: dict[str, Any]) -> list[Finding]:
    found = []
    for name, sha256 in sorted(facts["outputs"].items()):
        path = folder / name
        if not path.is_file():
            found.append(Finding(name, holds=False, detail="missing"))
        elif hashes.of_file(path) != sha256:
            found.append(Finding(name, holds=False, detail="changed since the run"))
    return found or [Finding(f"{len(facts['outputs'])} result files", holds=True)]


def _manifest(folder: Path, facts: dict[str, Any]) -> Finding:
    """Tell whether the manifest says what it said, and its fingerprint is that of its facts."""
    whole = manifest.is_whole(folder)
    if whole and "runs" not in facts:
        settled = {key: facts[key] for key in manifest.SETTLED if key != "fingerprint"}
        whole = hashes.of_data(settled) == facts["fingerprint"]
    return Finding("manifest", whole, "changed since the run")


def _inputs(facts: dict[str, Any]) -> tuple[list[Finding], Scenario | None]:
    files = {name: Path(path) for name, path in facts["files"].items()}
    try:
        (scenario,) = read_scenarios([files["scenario"]], region=files["region"])
        now = list_inputs(read_region(files["region"]))
        read_from = manifest.read_from(scenario)
    except MobilityError as error:
        return [Finding("region and scenario files", holds=False, detail=str(error))], None
    # several extracts have one role: they are told apart by their order
    found = [
        Finding(
            f"input {entry['role']} ({entry['path']})",
            (entry["role"], entry["sha256"]) == (file.role, file.sha256),
            "changed since the run",
        )
        for entry, file in zip(facts["inputs"], now, strict=False)
    ]
    found.append(Finding("number of inputs", len(now) == len(facts["inputs"]), f"{len(now)} now"))
    found += [
        Finding(f"{name} file", read_from.get(name) == sha256, "changed since the run")
        for name, sha256 in facts["read_from"].items()
    ]
    changes = [matrices.change_data(form) for form in scenario.changes]
    same = hashes.of_data(changes) == hashes.of_data(facts["changes"])
    return [*found, Finding("changes of the scenario", same, "the scenario file differs")], scenario


def _sample(scenario: Scenario, run: RunData, out: Path, report: Callable[[str], None]) -> Finding:
    region = read_region(scenario.region_path)
    timed = prepare(
        region, day_of(scenario), settings_of(scenario), out / PREPARED, report,
        traffic_of(scenario),
    )  # fmt: skip
    base = timed.prepared.network
    network = matrices.link(matrices.change(scenario, base), base)
    n_zones = len(run.zones.ids)
    origins = np.unique(np.linspace(0, n_zones - 1, min(SAMPLE, n_zones)).astype(np.int32))
    unlike = []
    for mode, kept in run.times.items():
        again = travel_times(
            network, mode, scenario=run.name, start_s=clock_s(scenario.window.start),
            end_s=clock_s(scenario.window.end), step_s=scenario.window.step_s, origins=origins,
            arrive_by=scenario.window.arrive_by,
        )  # fmt: skip
        if not np.array_equal(again.time_s, kept.time_s[origins], equal_nan=True):
            unlike.append(mode)
    what = f"{len(origins)} origins routed again, {len(run.times)} modes"
    return Finding(what, not unlike, "other times by " + ", ".join(unlike))
