"""Rows taken over from the baseline give the matrix computed whole, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import worlds
from test_cluster import outputs
from test_travel_times import EIGHT, run
from toy_region import write_region

from mobility import increments
from mobility.batch import reuse
from mobility.cli import main
from mobility.tables import TravelTimes

OPPORTUNITIES = """version = 1
name = "people"
title.nl = "Meer mensen"
title.en = "More people"
base = "base.toml"
[[changes]]
kind = "opportunities"
opportunity = "population"
add = 500
zones = ["E"]
"""


def same(one: TravelTimes, two: TravelTimes) -> bool:
    fields = ["origins", "country_o", "time_s", "share_reached", "transfers_p50", "outside"]
    for name in [*fields, "operators"]:
        a, b = getattr(one, name), getattr(two, name)
        if not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
            return False
    parts = all(np.array_equal(one.parts[n], two.parts[n], equal_nan=True) for n in two.parts)
    return parts and one.operator_names == two.operator_names


@pytest.mark.parametrize("seed", range(12))
def test_any_rows_put_together_give_the_whole(seed: int) -> None:
    world = worlds.random_world(seed)
    start = worlds.start_of(world)
    whole = reuse.join([run(world, "pt", start_s=start, end_s=start + 1800)])
    chosen = np.random.default_rng(seed).random(len(whole.origins)) < 0.5
    old, new = np.flatnonzero(~chosen), np.flatnonzero(chosen)
    parts = [reuse.rows_of(whole, rows, whole.scenario) for rows in (old, new)]
    assert same(reuse.put_together(*parts, old, new), whole)


def test_operators_of_rows_left_behind_are_forgotten() -> None:
    world = worlds.drawn_world(
        """
        nl bus: A -10- B        08:05 every 15 until 11:05
        be bus: M -10- N        08:05 every 15 until 11:05
        """,
        doors={"a": {"A": 60}, "b": {"B": 60}, "m": {"M": 60}, "n": {"N": 60}},
    )
    whole = run(world, "pt", start_s=EIGHT, end_s=EIGHT + 1800)
    assert whole.operator_names == ("be", "nl")
    from_a = reuse.join([reuse.rows_of(whole, np.array([0]), "x")])
    assert from_a.operator_names == ("nl",)
    assert from_a.operators is not None
    assert from_a.operators.tolist() == [[-1, 0, -1, -1]]


def test_a_scenario_takes_over_what_it_leaves_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People move in: no time changes, so no origin is searched again, and no byte differs."""
    base = write_region(tmp_path)
    people = tmp_path / "people.toml"
    people.write_text(OPPORTUNITIES, encoding="utf-8")
    asked = []
    changed = increments.changed_origins

    def noted(*given: object) -> object:
        answer = changed(*given)
        asked.append(int(answer.sum()))
        return answer

    monkeypatch.setattr(reuse, "changed_origins", noted)
    arguments = [str(base), str(people), "--lang", "en", "--quiet", "--workers", "1", "--out"]
    assert main([*arguments, str(tmp_path / "reused")]) == 0
    assert asked
    assert not any(asked)
    monkeypatch.setattr(reuse, "changed_origins", lambda *_: np.ones(2, bool))
    assert main([*arguments, str(tmp_path / "whole")]) == 0
    assert outputs(tmp_path / "reused" / "people") == outputs(tmp_path / "whole" / "people")
