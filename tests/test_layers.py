"""A run's layers for QGIS, and the charts that follow from what its folder holds."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import worlds
from report_world import make_input, make_times, make_zones

from mobility import raptor, travel_times
from mobility.batch.figures import (
    _curves_differ,
    _named_pair_differs,
    _waterfall,
    departures_worth_drawing,
)
from mobility.batch.hours import supply_hours
from mobility.batch.isochrones import stop_seconds
from mobility.batch.layers import differences, side_by_side
from mobility.charts import Stamp
from mobility.cli.summary import _change
from mobility.maps import default_style
from mobility.raptor import origins, reduce
from mobility.report import sections
from mobility.report.ranking import ranking_digits
from mobility.travel_times import NO_TIME, Window


@pytest.mark.parametrize("seed", range(6))
def test_times_to_stops_and_the_walk_from_there_are_the_times_to_zones(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = worlds.random_world(seed)
    monkeypatch.setattr(travel_times, "street_matrix_ms", world.street_matrix_ms)
    at = worlds.start_of(world)
    network = world.network
    zones = len(network.supply.zones.ids)
    found = travel_times.travel_times(
        network, "pt", scenario="s", start_s=at, end_s=at + 60, percentiles=(50,)
    ).at(50)
    egress = network.egress["walk"]
    for origin in range(zones):
        there = stop_seconds(network, origin, Window(at, at + 60))
        direct = travel_times.direct_seconds(
            network, "pt", np.array([origin], np.int32), np.arange(zones, dtype=np.int32)
        )[0]
        for zone in range(zones):
            links = slice(egress.offset[zone], egress.offset[zone + 1])
            ways = [*(there[egress.stop[links]] + egress.time_s[links])]
            ways += [float(direct[zone])] if direct[zone] != NO_TIME else []
            best = np.nanmin([np.inf, *ways])
            assert best == (np.inf if np.isnan(found[origin, zone]) else found[origin, zone])


def test_kernels_are_compiled_for_one_kind_of_arrays() -> None:
    # A second kind costs a fresh machine ten seconds: made here of arrays that may be written.
    network = worlds.random_world(1).network
    stop_seconds(network, 0, Window(28_800, 28_860))
    plain = travel_times.prepare_search(network, "pt")
    service = plain.service._replace(**{k: v.copy() for k, v in plain.service._asdict().items()})
    raptor.mirror(service, turn_s=90_000)
    raptor.reduce_walks(service, plain.access, plain.egress)
    kernels = (origins._one_origin, origins._all_destinations, reduce._mark_useful)
    if not hasattr(kernels[0], "signatures"):
        pytest.skip("kernels are not compiled")
    assert [len(kernel.signatures) for kernel in kernels] == [1, 1, 1]


def runs(gain_s: int) -> tuple[SimpleNamespace, SimpleNamespace]:
    zones = make_zones(3, 2)
    base, new = (
        SimpleNamespace(zones=zones, times={
            mode: make_times(zones, name, mode, gain if mode == "pt" else 0)
            for mode in ("pt", "bike")
        })
        for name, gain in (("base", 0), ("new", gain_s))
    )  # fmt: skip
    return base, new


def test_differences_are_a_layer_for_each_mode_that_differs() -> None:
    base, new = runs(300)
    layers = differences(base, new)
    assert list(layers) == ["difference_pt"]
    layer = layers["difference_pt"]
    people = new.zones.opportunities["population"].to_numpy()
    before, after = (run.times["pt"].at(50).astype(float) for run in (base, new))
    # Zone 0: five minutes less to each destination abroad, nothing to the others.
    known = np.isfinite(before[0]) & np.isfinite(after[0])
    by_hand = (people * (after[0] - before[0]))[known].sum() / people[known].sum() / 60
    assert by_hand < -1
    assert layer["change_min"][0] == pytest.approx(by_hand)
    assert layer["gained"].sum() == 0
    assert layer["lost"].sum() == 0
    assert layer.geometry[0].equals(new.zones.shapes[0])


def test_runs_that_are_alike_have_no_layer_of_differences() -> None:
    assert differences(*runs(0)) == {}


def test_zones_that_only_one_run_reaches_are_counted() -> None:
    base, new = runs(300)
    lost = new.times["pt"].time_s.copy()
    lost[0, 1:3] = np.nan
    new.times["pt"] = dataclasses.replace(new.times["pt"], time_s=lost)
    layer = differences(base, new)["difference_pt"]
    assert layer["lost"].tolist() == [2, 0, 0, 0, 0, 0]


def test_hours_count_the_trips_that_start_in_them() -> None:
    world = worlds.drawn_world(
        "nl bus: A -10- B   08:00 every 40 until 09:20\nbe tram: B -5- C   25:10",
        doors={"x": {"A": 0}, "y": {"B": 60}},
    )
    table = supply_hours(world.network.timetable)
    # 08:00, 08:40, 09:20 and 25:10, which is in the second hour of a day.
    assert dict(zip(table["hour"], table["departures"], strict=True)) == {8: 2, 9: 1, 1: 1}


def departures(**by_run: dict[str, int]) -> pd.DataFrame:
    rows = [(run, name, 8, n) for run, own in by_run.items() for name, n in own.items()]
    return pd.DataFrame(rows, columns=["scenario", "operator", "hour", "departures"])


def test_departures_of_the_first_run_and_of_those_that_differ_are_drawn() -> None:
    data = make_input(3, 2, 3, modes=("pt",))
    one, two, three = (run.name for run in data.runs)
    same = {"A": 5, "B": 2}
    data = dataclasses.replace(
        data, departures=departures(**{one: same, two: same, three: {"A": 6, "B": 2}})
    )
    shown = departures_worth_drawing(data, "others")
    assert list(dict.fromkeys(shown["scenario"])) == [one, three]
    alike = dataclasses.replace(data, departures=departures(**{one: same, two: same}))
    assert departures_worth_drawing(alike, "others").empty


def test_operators_beyond_seven_are_one() -> None:
    data = make_input(3, 2, 1, modes=("pt",))
    many = {f"O{k}": 20 - k for k in range(9)}
    data = dataclasses.replace(data, departures=departures(**{data.baseline.name: many}))
    shown = departures_worth_drawing(data, "others")
    # O6, O7 and O8 together: 14 + 13 + 12.
    assert shown.groupby("operator")["departures"].sum()["others"] == 39
    assert shown["operator"].nunique() == 7


def test_the_waterfall_is_of_the_pair_that_the_border_costs_most() -> None:
    rows = [
        ("A", "B", "pt", "link", 5.0, 60.0),
        ("C", "D", "pt", "link", 10.0, 90.0),
        ("C", "D", "pt", "headway", 2.5, 90.0),
    ]
    columns = ["origin", "destination", "mode", "cause", "minutes", "actual_min"]
    drawn = _waterfall(pd.DataFrame(rows, columns=columns), "en", Stamp())
    assert "C – D" in drawn.get_suptitle()
    widths = sorted(p.get_width() for p in drawn.axes[0].patches)
    assert widths == pytest.approx([2.5, 10.0, 77.5, 90.0])  # 90 − 12.5 without a border


def test_ranked_changes_have_two_decimals_only_where_none_is_a_minute() -> None:
    table = pd.DataFrame({"mean_change": [-0.2, 0.0], "mean_change_border": [np.nan, -0.93]})
    assert ranking_digits(table) == 2
    assert ranking_digits(table.assign(mean_change=[-1.0, 0.0])) == 1


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (60.4, 55.6, "ov −5"),  # 60 and 56 are shown, and 4.8 rounds to 5
        (60.4, 60.6, "="),  # 60 and 61 are shown, and nothing is felt
        (60.0, 60.5, "ov +1"),  # half a minute rounds up
    ],
)
def test_the_terminal_rounds_the_change_as_the_report_does(
    before: float, after: float, told: str
) -> None:
    minutes = pd.Series({("base", "pt"): before, ("new", "pt"): after})
    assert _change(minutes, "base", "new", "nl") == told
    reported = sections._pair_cells(np.array([before, after]), [0, 0], 100.0)[1].note
    digits = [text.texts["nl"] for text in [reported] if text]
    assert digits == ([] if told == "=" else [told.removeprefix("ov ")])


def test_runs_side_by_side_share_a_layer_of_differences_and_one_of_isochrones() -> None:
    base, new = runs(300)
    layer = gpd.GeoDataFrame({"minutes": [30.0]}, geometry=[shapely.box(5, 51, 6, 52)], crs=4326)
    crossings = layer.rename(columns={"minutes": "edge"})
    background = SimpleNamespace(layers={"isochrones": layer, "crossings": crossings})
    found = side_by_side([
        SimpleNamespace(**vars(run), name=name, baseline=baseline, background=background)
        for run, name, baseline in ((base, "base", ""), (new, "new", "base"), (new, "newer", "base"))
    ])  # fmt: skip
    assert set(found) == {"differences", "isochrones", "crossings"}
    table = found["differences"]
    # Only public transport differs, by what `differences` says of each scenario alone.
    assert list(table.columns) == ["zone_id", "name", "new pt [min]", "newer pt [min]", "geometry"]
    alone = differences(base, new)["difference_pt"]
    assert np.array_equal(table["new pt [min]"], alone["change_min"], equal_nan=True)
    assert found["isochrones"]["scenario"].tolist() == ["base", "new", "newer"]
    assert found["crossings"] is crossings
    assert default_style("differences", table).column == "new pt [min]"


@pytest.mark.parametrize(
    ("minutes", "differs"),
    [
        ([[30.0, 30.0], [20.0, 20.4]], False),  # 24 s: the same whole minutes
        ([[30.0, 30.0], [20.0, 20.5]], True),
        ([[30.0, np.nan], [20.0, 20.0]], True),  # reached in one alone
        ([[np.nan, np.nan], [20.0, 20.0]], False),
    ],
)
def test_named_pairs_are_drawn_where_a_bar_of_them_differs(
    minutes: list[list[float]], differs: bool
) -> None:
    rows = [
        ("base" if k == 0 else "new", pair, 50, value)
        for pair, values in zip(("A – B", "C – D"), minutes, strict=True)
        for k, value in enumerate(values)
    ]
    rows.append(("new", "C – D", 95, 99.0))  # the bars are of medians
    table = pd.DataFrame(rows, columns=["scenario", "pair", "percentile", "minutes"])
    assert _named_pair_differs(table) is differs


def test_curves_are_drawn_where_one_could_tell_them_apart() -> None:
    # A two-thousandth of 10,000 people is 5.
    curve = np.array([0.0, 4_000.0, 10_000.0])
    assert not _curves_differ([curve, curve + np.array([0.0, 4.0, 0.0])])
    assert _curves_differ([curve, curve, curve - np.array([0.0, 5.0, 0.0])])
