"""The whole set: registered, documented, untouched inputs, sensible at the edges."""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from indicator_world import MINUTES, frozen, make_times, make_zones, values

from mobility.border import all_border, headlines
from mobility.indicators import all_indicators, registry
from mobility.tables import ACCESSIBILITY, MODES

REPOSITORY = Path(__file__).resolve().parents[1]
SPEED = {"walk": 4, "bike": 1.5, "ebike": 1.2, "car": 0.8, "pt": 1, "bike+pt": 0.9, "car+pt": 0.7}


def all_modes(zones, minutes=MINUTES):
    return {
        mode: make_times(
            [[None if m is None else m * SPEED[mode] for m in row] for row in minutes],
            zones,
            mode=mode,
            percentiles=(5, 25, 50, 75, 95),
            spread=0.2 if "pt" in mode else 0,
        )
        for mode in MODES
    }


def test_every_indicator_of_a_run_is_registered_and_of_the_contract():
    zones = make_zones("NL - BE BE")
    table = all_indicators(all_modes(zones), zones)
    names = list(table["indicator"].cat.categories)
    assert [name for name in names if registry.find(name) is None] == []
    assert len(names) > 60
    assert list(table.columns) == [c.name for c in ACCESSIBILITY]
    key = ["scenario", "zone", "mode", "indicator", "opportunity", "cutoff_s", "percentile"]
    assert not table.duplicated(key).any()
    assert not table["value"].isin([np.inf, -np.inf]).any()
    assert set(table["mode"]) == {*MODES, "|".join(MODES)}


def test_the_page_of_indicators_is_up_to_date():
    written = (REPOSITORY / "docs" / "indicators.md").read_text(encoding="utf-8")
    assert written == registry.page()


@pytest.mark.parametrize("entry", registry.registry(), ids=lambda entry: entry.name)
def test_every_entry_is_complete_and_its_function_is_there(entry):
    assert all(dataclasses.astuple(entry))
    module, name = entry.function.rsplit(".", 1)
    function = getattr(importlib.import_module(module), name)
    assert function.__doc__
    assert entry.en != entry.nl


def test_each_of_the_forty_eight_is_computed_and_tested():
    rows = registry.coverage()
    assert [row.number for row in rows] == [str(k) for k in range(1, 49)]
    written = {
        f"{path.stem}::{name}"
        for path in (REPOSITORY / "tests").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    for row in rows:
        module, name = row.function.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(module), name)), row
        assert row.by_hand, row
        assert set(row.tests()) <= written, row


def test_meanings_are_found_by_the_name_in_a_table():
    assert registry.meaning("gravity_mobiliteitsscan_foreign", "en").startswith(
        "What can be reached"
    )
    assert registry.meaning("cumulative_mean_30_60_min", "nl").startswith("Wat bereikbaar is")
    assert registry.meaning("nonsense", "nl") == "nonsense"
    assert registry.find("time_to_10%").name == "time_to_<amount>"


def test_inputs_stay_as_they_were():
    zones = make_zones()
    times = all_modes(zones)
    before = [frozen(t, zones) for t in times.values()]
    accessibility = all_indicators(times, zones)
    all_border(times, zones, accessibility=accessibility)
    assert [frozen(t, zones) for t in times.values()] == before


def test_the_same_inputs_give_the_same_tables():
    zones = make_zones()
    first, second = (all_border(all_modes(zones), zones) for _ in range(2))
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, second[name])


def test_the_parts_of_all_access_add_up():
    zones = make_zones("NL - BE BE")
    table = all_indicators(all_modes(zones), zones)
    split = [n for n in table["indicator"].cat.categories if n.endswith("_unknown")]
    assert len(split) >= 9
    for name in split:
        whole = name.removesuffix("_unknown")
        parts = sum(values(table, f"{whole}_{part}") for part in ("own", "foreign", "unknown"))
        np.testing.assert_array_equal(values(table, whole), parts)


def test_one_country_has_no_border_figures_but_all_others():
    zones = make_zones("NL NL NL NL")
    times = all_modes(zones)
    accessibility = all_indicators(times, zones)
    foreign = values(accessibility, "cumulative_foreign")
    assert (foreign == 0).all()
    border = all_border(times, zones, accessibility=accessibility)
    figures = border["figures"].set_index("key")
    assert figures.loc["reach_pt", "value"] > 0
    for key in ("penetration_pt", "border_effect_pt", "foreign_people_pt", "asymmetry_pt"):
        assert np.isnan(figures.loc[key, "value"]), key
    assert border["penetration"]["penetration"].isna().all()
    assert border["asymmetry"].empty
    assert border["ratios"].empty
    assert (border["scorecard"]["kind"] != "border").all()
    for lang in ("nl", "en"):
        assert all(h.sentence for h in headlines(border["figures"], lang))


def test_unknown_countries_are_not_taken_for_a_border():
    zones = make_zones("- - - -")
    border = all_border(all_modes(zones), zones)
    assert border["asymmetry"].empty
    assert np.isnan(border["figures"].set_index("key").loc["foreign_people_pt", "value"])


@pytest.mark.parametrize("modes", [(), ("walk",), ("pt",)])
def test_few_or_no_modes(modes):
    zones = make_zones()
    times = {mode: times for mode, times in all_modes(zones).items() if mode in modes}
    assert (len(all_indicators(times, zones)) > 0) == bool(modes)
    border = all_border(times, zones)
    assert len(border["figures"]) == 10
    for lang in ("nl", "en"):
        said = headlines(border["figures"], lang)
        assert len(said) == 10
        assert all(re.fullmatch(r".+\.", h.sentence) for h in said)


def test_no_zones_at_all():
    zones = make_zones("", people=(), towns="")
    times = {mode: make_times([], zones, mode=mode) for mode in ("car", "pt")}
    accessibility = all_indicators(times, zones)
    assert accessibility.empty
    border = all_border(times, zones, accessibility=accessibility)
    assert all(len(border[name]) == 0 for name in ("scorecard", "penetration", "asymmetry"))
    assert border["figures"]["value"].isna().all()


def test_nothing_can_be_reached():
    zones = make_zones()
    minutes = [[None] * 4] * 4
    times = all_modes(zones, minutes)
    table = all_indicators(times, zones)
    assert (values(table, "cumulative") == 0).all()
    assert np.isnan(values(table, "time_to_1%")).all()
    for name in ("co2_per_trip", "reachability_speed", "vf"):
        assert np.isnan(values(table, name)).all(), name
    border = all_border(times, zones, accessibility=table)
    card = border["scorecard"]
    assert card["time_s"].isna().all()
    assert set(card["signal"]) <= {"poor", ""}
    assert (card["share_unreachable"] == 1).all()


def test_zones_without_people_still_have_times():
    zones = make_zones(people=(0, 0, 0, 0))
    times = all_modes(zones)
    table = all_indicators(times, zones)
    assert (values(table, "cumulative", opportunity="population") == 0).all()
    border = all_border(times, zones, accessibility=table)
    assert border["scorecard"]["time_s"].notna().any()
    bare = dataclasses.replace(zones, opportunities=zones.opportunities[[]])
    assert len(all_indicators(times, bare)) > 0
    assert len(all_border(times, bare)["figures"]) == 10
