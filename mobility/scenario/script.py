"""A Python file where a list of changes can't say it.

The file has a function ``changes(network)``. It is given the supply as it stands after the
base's changes (`feeds`, `streets`, `zones`, `settings` …) and returns either a list of
change tables, as they would stand under ``[[changes]]``, or a new supply. Beside it a
dictionary ``SCENARIO`` may hold the other keys of a scenario file: title, base, modes …
It runs on the user's own word: only files given by path are ever imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobility.errors import Problem, ScenarioError
from mobility.scenario.policy_forms import Script


def read_script(path: Path) -> tuple[dict[str, Any] | None, Script | None, list[Problem]]:
    """Import a scenario's Python file: its ``SCENARIO`` table, and the change it stands for."""
    if not path.is_file():
        return None, None, [Problem(str(path), "no such file", "a Python scenario")]
    try:
        names = _names(path)
    except Exception as error:  # noqa: BLE001 - whatever the user's file raises is theirs to read
        return None, None, [_broken(path, error)]
    problems = []
    if not callable(names.get("changes")):
        problems.append(Problem(str(path), "no function changes", "a function changes(network)"))
    table = names.get("SCENARIO", {})
    if not isinstance(table, dict):
        problems.append(Problem(f"{path}: SCENARIO", repr(table), "a dictionary"))
    if problems:
        return None, None, problems
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    form = Script(kind="script", path=str(path), name=path.name, sha256=digest).placed(
        f"{path}: changes"
    )
    return {"version": 1, **table}, form, []


def call_script(form: Script, supply: object) -> object:
    """Run the file's function on a supply; return what it returns.

    Raises
    ------
    ScenarioError
        The file changed since it was read, or its function raised.
    """
    path = Path(form.path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != form.sha256:
        raise ScenarioError(Problem(form.where, "another content than was checked", "no edits"))
    try:
        function: Callable[[object], object] = _names(path)["changes"]
        return function(supply)
    except ScenarioError:
        raise
    except Exception as error:
        raise ScenarioError(_broken(path, error)) from error


def _names(path: Path) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(f"_scenario_{path.stem}", path)
    assert spec is not None and spec.loader is not None  # noqa: PT018 - a .py file has both
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


def _broken(path: Path, error: Exception) -> Problem:
    trace = error.__traceback__
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    place = f"{path}: line {line}" if line else str(path)
    return Problem(place, f"{type(error).__name__}: {error}", "Python that runs")
