"""Every kind of change once on the region's real feeds and streets; skipped where they are absent."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from mobility.changes import Applied, apply_changes, describe_counts
from mobility.changes.service_cost import service_cost, total_cost
from mobility.errors import ScenarioError
from mobility.feeds import read_feeds
from mobility.network.model import Settings, Supply
from mobility.scenario import FORMS, parse_change
from mobility.scenario.model import BorderEntry, FeedEntry, ZonesEntry
from mobility.streets import read_streets
from mobility.zones import country_at, read_countries, read_zones

pytestmark = pytest.mark.region
DAY = dt.date(2019, 10, 8)
BOX = (4.6, 50.7, 6.1, 51.7)

HAMONT = {"near": "Hamont", "feed": "nmbs"}
WEERT = {"near": "Weert", "feed": "nl", "mode": "rail"}
HASSELT = {"near": "Hasselt", "feed": "nmbs"}
TO_HAMONT = [{"feed": "nmbs", "mode": "rail", "serves": [HAMONT]}]
EINDHOVEN = {"center": [5.47, 51.43], "radius_m": 5000}
ALONG_F74 = [[5.46, 51.43], [5.50, 51.30], [5.54, 51.25]]

TABLES = [
    {
        "kind": "add-line",
        "id": "ic",
        "mode": "rail",
        "feed": "nmbs",
        "stops": [HAMONT, WEERT],
        "run_s": [600],
        "headway_s": 3600,
        "first": "06:20",
        "last": "22:20",
    },
    {"kind": "extend-line", "lines": TO_HAMONT, "at": HAMONT, "stops": [WEERT], "run_s": [600]},
    {
        "kind": "reroute",
        "lines": TO_HAMONT,
        "start_at": {"near": "Lommel", "feed": "nmbs"},
        "end_at": HAMONT,
        "run_s": [900],
    },
    {"kind": "change-headway", "lines": TO_HAMONT, "headway_s": 1800, "as_one": True},
    {
        "kind": "change-headway",
        "lines": [{"feed": "delijn", "mode": "bus"}],
        "headway_s": 900,
        "period": {"start": "07:00", "end": "09:00"},
    },
    {"kind": "change-speed", "lines": [{"mode": "rail"}], "factor": 1.1},
    {"kind": "change-dwell", "lines": [{"mode": "rail"}], "add_s": 30},
    {"kind": "remove-lines", "lines": [{"feed": "nl", "mode": "bus"}]},
    {"kind": "remove-trips", "lines": [{"mode": "rail"}], "period": {"start": "20:00"}},
    {"kind": "remove-stops", "stops": [{"near": "Neerpelt", "feed": "nmbs"}]},
    {"kind": "shift-timetable", "lines": TO_HAMONT, "shift_s": 600},
    {
        "kind": "meet",
        "lines": [
            {"feed": "nmbs", "mode": "rail", "serves": [HASSELT, {"near": "Genk", "feed": "nmbs"}]}
        ],
        "others": [{"feed": "nmbs", "mode": "rail", "serves": [{"near": "Mol", "feed": "nmbs"}]}],
        "at": HASSELT,
    },
    {"kind": "add-street", "name": "F74", "points": ALONG_F74, "connect_m": 2000},
    {"kind": "change-street", "streets": [{"area": EINDHOVEN}], "factor": {"car": 1.2}},
    {"kind": "close-street", "streets": [{"name": "N69"}]},
    {"kind": "upgrade-cycleway", "points": ALONG_F74, "within_m": 500},
    {"kind": "congestion", "area": EINDHOVEN, "factor": 1.4},
    {
        "kind": "add-ferry",
        "name": "Veer",
        "points": [[5.80, 51.07], [5.83, 51.07]],
        "crossing_s": 180,
        "headway_s": 900,
        "connect_m": 2000,
    },
    {"kind": "park-and-ride", "stops": [HAMONT]},
    {"kind": "hub", "stops": [WEERT], "transfer_s": 180},
    {
        "kind": "flex-zone",
        "id": "flex",
        "area": EINDHOVEN,
        "hubs": [{"near": "Eindhoven", "mode": "rail"}],
        "wait_s": 900,
    },
    {"kind": "ticket", "country_minutes": 5},
    {"kind": "calendar", "date": DAY},
    {"kind": "disruption", "border": True},
    {"kind": "opportunities", "opportunity": "population", "zones": ["Eindhoven"], "add": 20000},
    {"kind": "speeds", "walk_kph": 3.6},
    {"kind": "no-border", "max_new_lines": 5},
]


@pytest.fixture(scope="module")
def supply(region_data) -> Supply:
    gtfs, zone_folder = region_data / "gtfs", region_data / "zones"
    entries = [
        FeedEntry(id="nmbs", country="BE", path=gtfs / "be-nmbs-2019.zip"),
        FeedEntry(id="nl", country="NL", path=gtfs / "nl-2020-headways.zip"),
        FeedEntry(id="delijn", country="BE", path=gtfs / "be-delijn-2018-headways.zip"),
    ]
    feeds = read_feeds(entries, timezone="Europe/Amsterdam", day=DAY, box=BOX)
    countries = read_countries(BorderEntry(countries=zone_folder / "countries.gpkg"))
    zones = read_zones(
        ZonesEntry(
            path=zone_folder / "zones.gpkg",
            id="zone_id",
            name="name",
            country="country",
            municipality="municipality",
            opportunities=("population",),
        ),
        countries,
    )
    stops = feeds.stops
    placed = country_at(countries, stops["lon"].to_numpy(), stops["lat"].to_numpy())
    feeds = feeds.with_tables(stops=stops.assign(country=placed))
    streets = read_streets(
        [region_data / "osm" / "region-modelled.osm.pbf"], countries=countries, box=None
    )
    return Supply(feeds, streets, zones, Settings(), countries=countries)


def run(supply: Supply, *tables) -> Applied:
    forms = []
    for row, table in enumerate(tables, 1):
        form, problems = parse_change(table, f"x.toml: changes[{row}]")
        assert form is not None, [str(p) for p in problems]
        forms.append(form)
    return apply_changes(supply, forms, day=DAY)


def check_tables(supply: Supply, dtypes) -> None:
    feeds = supply.feeds
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    same = trip[1:] == trip[:-1]
    assert (np.diff(trip) >= 0).all()
    assert (np.diff(times["sequence"].to_numpy())[same] > 0).all()
    arrival, departure = times["arrival_s"].to_numpy(), times["departure_s"].to_numpy()
    assert (departure >= arrival).all()
    assert (arrival[1:] >= departure[:-1])[same].all()
    assert feeds.trips["trip_id"].is_unique
    assert {name: dict(getattr(feeds, name).dtypes) for name in dtypes} == dtypes


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t["kind"])
def test_each_kind_on_real_feeds(supply, table) -> None:
    names = ("stops", "routes", "trips", "stop_times", "frequencies")
    dtypes = {name: dict(getattr(supply.feeds, name).dtypes) for name in names}
    applied = run(supply, table)
    check_tables(applied.supply, dtypes)
    assert set(applied.effects[0].texts) == {"nl", "en"}
    assert describe_counts(applied.effects[0], "nl")
    assert len(applied.supply.zones.ids) == len(supply.zones.ids)


def test_every_kind_but_through_running_is_tried() -> None:
    # through-run is tried below, on a line made for it: real feeds have no such pair to the minute
    assert {t["kind"] for t in TABLES} == set(FORMS) - {"through-run"}


def test_line_19_runs_through_to_weert(supply) -> None:
    line = {
        "kind": "add-line",
        "id": "w",
        "mode": "rail",
        "feed": "nmbs",
        "stops": [HAMONT, WEERT],
        "run_s": [600],
        "headway_s": 1800,
        "first": "05:00",
        "last": "23:30",
    }
    through = {
        "kind": "through-run",
        "first": {
            "feed": "nmbs",
            "mode": "rail",
            "serves": [HAMONT, {"near": "Mol", "feed": "nmbs"}],
        },
        "second": {"route_id": "nmbs:w"},
        "at": HAMONT,
    }
    applied = run(supply, line, through)
    counts = applied.effects[1].counts
    assert counts["trips_joined"] >= 10
    assert 0 <= counts["mean_stand_s"] <= 1800
    before, after = (
        total_cost(service_cost(s.feeds, DAY)) for s in (run(supply, line).supply, applied.supply)
    )
    # joined trips run the same ways; what is added is the stand between them
    added_h = counts["trips_joined"] * counts["mean_stand_s"] / 3600
    assert after["vehicle_hours"] - before["vehicle_hours"] == pytest.approx(added_h, abs=0.05)
    assert after["vehicle_km"] == pytest.approx(before["vehicle_km"], rel=1e-4)


def test_names_of_real_places_are_found_or_asked_back(supply) -> None:
    with pytest.raises(ScenarioError) as error:
        run(
            supply,
            {"kind": "remove-stops", "stops": [{"near": "Maastricht", "feed": "delijn"}]},
            {"kind": "hub", "stops": [{"near": "Hammont", "feed": "nmbs"}], "transfer_s": 60},
            {"kind": "remove-lines", "lines": [{"operator": "De Lijm"}]},
        )
    text = str(error.value)
    assert "fits places far from each other" in text
    assert 'Did you mean "Hamont"' in text
    assert 'operator "De Lijm"' in text
