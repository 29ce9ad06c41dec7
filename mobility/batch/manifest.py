"""manifest.json: what every number of a run rests on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mobility.batch import hashes
from mobility.batch.inputs import Timed
from mobility.batch.matrices import change_data
from mobility.batch.results import LANGUAGES, RunData
from mobility.errors import Problem, RunError
from mobility.scenario import Region, Scenario

NAME = "manifest.json"
SETTLED = (
    "scenario", "region", "demonstration", "day", "timezone", "window", "modes", "settings",
    "seed", "changes", "inputs", "versions", "code_sha256", "fingerprint",
)  # fmt: skip


def settled(scenario: Scenario, region: Region, timed: Timed) -> dict[str, Any]:
    """Gather what determines the numbers; its SHA-256 is the run's ``fingerprint``.

    Paths are given as written relative to the region file's folder where they lie below it,
    so that the same inputs in another folder have the same fingerprint. Settings are those the
    scenario starts from; what its changes set stands in ``changes``.
    """
    settings = timed.prepared.network.supply.settings
    home = scenario.region_path.parent
    inputs = [
        dataclasses.asdict(file) | {"path": _relative(file.path, home)}
        for file in timed.prepared.inputs
    ]
    facts = {
        "scenario": scenario.name,
        "region": region.name,
        "demonstration": region.demonstration,
        "day": scenario.day.date.isoformat(),
        "timezone": region.timezone,
        "window": scenario.window.model_dump(mode="json"),
        "modes": list(scenario.modes),
        "settings": dataclasses.asdict(settings),
        "seed": settings.seed,
        "changes": [change_data(form) for form in scenario.changes],
        "inputs": inputs,
        "versions": hashes.versions(),
        "code_sha256": hashes.of_code(),
    }
    return facts | {"fingerprint": hashes.of_data(facts)}


def _relative(path: str, home: Path) -> str:
    try:
        return Path(path).relative_to(home).as_posix()
    except ValueError:
        return Path(path).as_posix()


def shown(
    facts: Mapping[str, Any],
    scenario: Scenario,
    region: Region,
    lang: str,
    baseline: RunData | None,
) -> dict[str, Any]:
    """Gather what else decides the bytes of a run's folder: language, words, pairs, baseline.

    ``read_from`` holds the SHA-256 of the files of words and settings: region, scenario, bases.
    """
    words = {
        "title": {code: getattr(scenario.title, code) for code in LANGUAGES},
        "description": {code: getattr(scenario.description, code) for code in LANGUAGES},
    }
    pairs = {"pairs": [pair.model_dump() for pair in region.pairs]} if region.pairs else {}
    return {
        "lang": lang,
        "fingerprint": facts["fingerprint"],
        "baseline_fingerprint": baseline.facts["fingerprint"] if baseline else "",
        "read_from": read_from(scenario),
        **words,
        **pairs,
    }


def read_from(scenario: Scenario) -> dict[str, str]:
    """Return the SHA-256 of the region file, the scenario file and those it builds on."""
    files = {"region": scenario.region_path, "scenario": scenario.path}
    files |= {f"base {number}": path for number, path in enumerate(scenario.base_paths, start=1)}
    return {name: hashes.of_file(path) for name, path in files.items()}


def complete(
    result: RunData, folder: Path, files: Mapping[str, Path], took: Mapping[str, Any]
) -> dict[str, Any]:
    """Add what was written (each file's SHA-256), said, counted and measured.

    Parameters
    ----------
    result
        The scenario computed.
    folder
        Where its files stand already.
    files
        Region and scenario file.
    took
        Language and baseline's fingerprint; ``timings_s, peak_memory_mb, cores``, the only part
        that differs from run to run.
    """
    return {
        **result.facts,
        "baseline": result.baseline,
        "title": dict(result.title),
        "description": dict(result.description),
        "effects": {lang: list(lines) for lang, lines in result.effects.items()},
        "pairs": [pair.model_dump() for pair in result.pairs],
        "notes": list(result.notes),
        "counts": dict(sorted(result.counts.items())),
        "outputs": outputs(folder),
        "files": {name: path.as_posix() for name, path in files.items()},
        "snapshot": dict(result.snapshot),
        **took,
    }


def outputs(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder but the manifest, by its path there."""
    return {
        path.relative_to(folder).as_posix(): hashes.of_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME
    }


def compared(results: Sequence[RunData], lang: str) -> dict[str, Any]:
    """Gather what decides the bytes of a comparison: the runs, their words and the language."""
    runs = [
        {
            "scenario": result.name,
            "fingerprint": result.facts["fingerprint"],
            "title": dict(result.title),
            "description": dict(result.description),
            "pairs": [pair.model_dump() for pair in result.pairs],
        }
        for result in results
    ]
    facts = {"runs": runs, "lang": lang, "code_sha256": hashes.of_code()}
    return facts | {"fingerprint": hashes.of_data(facts)}


def write(manifest: Mapping[str, Any], folder: Path) -> None:
    """Write the manifest into a run folder, with the SHA-256 of all it says as ``sha256``."""
    (folder / NAME).write_text(_text(manifest), encoding="utf-8", newline="\n")


def _text(manifest: Mapping[str, Any]) -> str:
    """Lay a manifest out, sealed: one that says the same is the same text."""
    plain = {key: value for key, value in manifest.items() if key != "sha256"}
    sealed = plain | {"sha256": hashes.of_data(plain)}
    return json.dumps(sealed, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def is_whole(folder: Path) -> bool:
    """Tell whether a manifest is, byte for byte, the one that was written."""
    return (folder / NAME).read_bytes() == _text(read(folder)).encode()


def is_current(folder: Path, shown: Mapping[str, Any]) -> bool:
    """Tell whether a folder holds a run with these facts, every file of it unchanged."""
    try:
        facts = read(folder)
    except RunError:
        return False
    return all(facts.get(key) == value for key, value in shown.items()) and all(
        (folder / name).is_file() and hashes.of_file(folder / name) == sha256
        for name, sha256 in facts["outputs"].items()
    )


def read(folder: Path) -> dict[str, Any]:
    """Read a run folder's manifest.

    Raises
    ------
    RunError
        There is none, or it can't be read.
    """
    path = folder / NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        missing = {"fingerprint", "outputs", "files"} - found.keys()
        if missing:
            raise KeyError(*sorted(missing))  # noqa: TRY301 - answered as any unreadable manifest
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise RunError(
            Problem(str(path), f"no readable manifest ({cause})", "a finished run's folder",
                    "Give the folder of one scenario, e.g. results/baseline")
        ) from cause  # fmt: skip
    return dict(found)
