"""Merging the region's real feeds: what must be found there, and what must not."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from mobility.feeds import read_feeds
from mobility.merge import Merged, match_stops, merge_feeds, place_stops
from mobility.merge.ground import metres
from mobility.scenario.model import BorderEntry, FeedEntry, MergeEntry
from mobility.zones import read_countries

DAY = dt.date(2019, 10, 8)
BOX = (4.53, 50.66, 6.17, 51.75)
FILES = {
    "delijn": ("BE", "be-delijn-2018-headways.zip"),
    "nl": ("NL", "nl-2020-headways.zip"),
    "nmbs": ("BE", "be-nmbs-2019.zip"),
}
pytestmark = [pytest.mark.region, pytest.mark.slow]


@pytest.fixture(scope="module")
def feeds(region_data: Path):
    entries = [
        FeedEntry(id=name, country=country, path=region_data / "gtfs" / file)
        for name, (country, file) in FILES.items()
    ]
    return read_feeds(entries, timezone="Europe/Amsterdam", day=DAY, box=BOX)


@pytest.fixture(scope="module")
def countries(region_data: Path):
    return read_countries(BorderEntry(countries=region_data / "zones" / "countries.gpkg"))


@pytest.fixture(scope="module")
def merged(feeds, countries) -> Merged:
    # The Dutch feed's departures are spread evenly over the day: its region file says so.
    # De Lijn's holds the timetables of two periods side by side.
    options = MergeEntry(modelled_times=("nl",), two_editions=("delijn",))
    return merge_feeds(
        feeds, day=DAY, timezone="Europe/Amsterdam", countries=countries, options=options
    )


SHARED_RAIL = {
    ("nl:598", "nmbs:8400424"): "Maastricht",
    ("nl:591", "nmbs:8400426"): "Maastricht Randwyck",
    ("nl:8319", "nmbs:8400219"): "Eijsden",
    ("nl:8318", "nmbs:8846201"): "Visé",
    ("nl:8317", "nmbs:8843901"): "Bressoux",
    ("nl:8316", "nmbs:8841004"): "Liège-Guillemins",
    ("nl:22075", "nmbs:8841558"): "Liège-Carré",
    ("nl:11381", "nmbs:8831005"): "Hasselt",
    ("nl:1233", "nmbs:8400131"): "Breda",
    ("nl:3353", "nmbs:8821105"): "Noorderkempen",
    ("nl:4968", "nmbs:8821006"): "Antwerpen-Centraal",
    ("nl:4969", "nmbs:8821121"): "Antwerpen-Berchem",
    ("nl:4970", "nmbs:8822004"): "Mechelen",
    ("nl:4971", "nmbs:8819406"): "Brussels Airport",
    ("nl:4972", "nmbs:8812005"): "Brussel-Noord",
    ("nl:4973", "nmbs:8813003"): "Brussel-Centraal",
    ("nl:4974", "nmbs:8814001"): "Brussel-Zuid",
    ("nl:1430", "nmbs:8400530"): "Rotterdam",
    ("nl:300", "nmbs:8400058"): "Amsterdam Cs, in the Belgian feed 3 km off",
    ("nl:8662", "nmbs:8015345"): "Aachen",
    ("nl:2234", "nmbs:8400561"): "Schiphol, 1.3 km off",
    ("delijn:10639", "nmbs:8831401"): "Diest",
    ("delijn:4443", "nmbs:8833308"): "Tienen",
    ("delijn:5672", "nmbs:8833001"): "Leuven",
}


def test_the_shared_rail_stations_are_these_and_no_others(merged):
    stops = merged.evidence["stops"]
    one = stops["grade"].isin(["same stop", "same station"])
    rail = stops["modes_a"].str.contains("rail") & stops["modes_b"].str.contains("rail")
    found = stops[(one & rail).to_numpy()]
    assert set(zip(found["stop_a"], found["stop_b"], strict=True)) == set(SHARED_RAIL)


PLATFORM = re.compile(r"\([^)]*\)|perron \w+", re.IGNORECASE)
STATION_WORDS = {"station", "centraal", "gare"}


def plain_name(text: str) -> str:
    """A name without accents, brackets, platform and station words; ``""`` for none."""
    if re.fullmatch(r"stop \d+", text):
        return ""
    bare = unicodedata.normalize("NFKD", PLATFORM.sub(" ", text)).encode("ascii", "ignore")
    words = re.findall("[a-z]+", bare.decode().lower())
    return " ".join(word for word in words if word not in STATION_WORDS)


def test_stations_of_one_name_are_matched_wherever_the_whole_feeds_have_them(
    region_data, countries
):
    """Told by names and crow-fly metres alone, on every day and without a box."""
    entries = [
        FeedEntry(id=name, country=country, path=region_data / "gtfs" / file)
        for name, (country, file) in FILES.items()
    ]
    whole = read_feeds(entries, timezone="Europe/Amsterdam", day=None, box=None)
    _, matches = match_stops(place_stops(whole, countries))
    one = matches[matches["grade"].isin(["same stop", "same station"]).to_numpy()]
    matched = set(zip(one["stop_a"], one["stop_b"], strict=True))
    rail = (whole.routes["mode"] == "rail").to_numpy()[whole.trips["route"].to_numpy()]
    times = whole.stop_times
    trains = np.unique(times["stop"].to_numpy()[rail[times["trip"].to_numpy()]])
    served = np.unique(times["stop"].to_numpy())
    stops = whole.stops
    names = [plain_name(name) for name in stops["name"]]
    said = stops["name"].str.contains("station", case=False).to_numpy()
    bearers: dict[str, list[int]] = {}
    for k in served:
        if names[k] and (k in trains or said[k]):
            bearers.setdefault(names[k], []).append(int(k))
    lon, lat = stops["lon"].to_numpy(float), stops["lat"].to_numpy(float)
    pairs = [
        (min(a, b), max(a, b)) for a in trains for b in bearers.get(names[a], ())
        if stops["feed"][a] != stops["feed"][b]
        and metres(lon[a], lat[a], lon[b], lat[b]) <= 300.0
    ]  # fmt: skip
    ids = stops["stop_id"].to_numpy(object)
    expected = {(ids[a], ids[b]) for a, b in pairs}
    # A few of train with train, the others of trains with the street stop at their station.
    assert len(expected) == 57
    assert ("nl:1559", "nmbs:8400526") in expected  # Roosendaal lies outside the region's box
    assert expected - matched == set()
    assert ("nl:1560", "nmbs:8400526") in matched  # its other platform, without a name
    assert ("delijn:13034", "nmbs:8821154") not in matched  # Mortsel, Mortsel-Deurnesteenweg


def test_stops_that_count_as_one_are_near_or_said_to_be_rough(merged):
    stops = merged.evidence["stops"]
    one = stops[stops["grade"].isin(["same stop", "same station"]).to_numpy()]
    rough = one["reason"].str.contains("rough")
    assert (one.loc[~rough.to_numpy(), "crow_m"] <= 800).all()
    assert rough.sum() == 4
    far = one.loc[~rough.to_numpy()]
    again = metres(*(far[c].to_numpy(float) for c in ("lon_a", "lat_a", "lon_b", "lat_b")))
    assert (abs(again - far["crow_m"].to_numpy()) < 0.1).all()


def dropped_lines(merged, decision="dropped"):
    table = merged.evidence["trips_dropped"]
    rows = table[(table["decision"] == decision).to_numpy()]
    return rows.groupby(["line", "kept_line"]).size().to_dict()


def test_amsterdam_brussels_is_counted_once(merged, feeds):
    found = dropped_lines(merged)
    # All 33 modelled runs of the Dutch feed go for the Belgian feed's timetable.
    assert found[("nl:59426", "nmbs:615")] == 33
    routes = feeds.routes["route_id"].to_numpy(object)
    left = set(routes[merged.feeds.trips["route"].to_numpy()])
    assert "nl:59426" not in left
    assert {"nmbs:615", "nmbs:618"} <= left


def test_the_train_over_liege_is_counted_once(merged):
    found = dropped_lines(merged)
    assert sum(n for (line, _), n in found.items() if line == "nl:18646") == 17 + 16 + 64


def test_maastricht_hasselt_buses_are_counted_once(merged):
    # De Lijn's headway line in either direction goes; the Dutch feed has one stop more.
    assert dropped_lines(merged)[("delijn:42354", "nl:67592")] == 2
    lines = merged.evidence["cross_border_lines"]
    assert "delijn:42354" not in set(lines["line"])
    assert sorted(lines.loc[(lines["line"] == "nl:67592").to_numpy(), "country_from"]) == [
        "BE",
        "NL",
    ]


def test_domestic_lines_are_all_kept(merged, feeds):
    gone = {line for line, kept in dropped_lines(merged) if line[:4] != kept[:4]}
    assert gone == {"nl:59426", "nl:18646", "delijn:42354", "delijn:42355"}
    table = merged.evidence["trips_dropped"]
    twice = table[(table["reason"] == "one line in two editions of its feed").to_numpy()]
    assert len(twice) == 145
    assert set(twice["kept_trip"]) <= set(merged.feeds.trips["trip_id"]) | set(table["trip"])
    # A run of several lines bears the name of the longest piece.
    joined = merged.evidence["trips_stitched"]
    pieces = set(joined["line_a"]) | set(joined["line_b"])
    routes = set(feeds.routes["route_id"]) - gone - set(twice["line"]) - pieces
    after = merged.feeds.routes["route_id"].to_numpy(object)
    assert routes <= set(after[merged.feeds.trips["route"].to_numpy()])


def test_without_the_users_word_modelled_trains_are_doubtful_only(feeds, countries):
    found = merge_feeds(feeds, day=DAY, timezone="Europe/Amsterdam", countries=countries)
    assert ("nl:59426", "nmbs:615") not in dropped_lines(found)
    assert dropped_lines(found, "doubtful")[("nl:59426", "nmbs:615")] == 33


def test_trains_cut_at_the_border_run_through(merged):
    stitched = merged.evidence["trips_stitched"]
    joined = stitched[(stitched["decision"] == "joined").to_numpy()]
    assert set(joined["way"]) == {"block"}
    assert joined["dwell_s"].between(0, 900).all()
    at = set(joined["stop_name"])
    assert {"Visé-Frontière", "Eijsden (NL)", "BREDA (NL)", "Noorderkempen (Brecht)", "Mol"} <= at


def test_the_inventory_has_the_known_crossings(merged):
    lines = merged.evidence["cross_border_lines"].set_index(["line", "country_from", "country_to"])
    amsterdam = lines.loc[("nmbs:615", "NL", "BE")]
    assert (amsterdam.last_stop_before, amsterdam.first_stop_after) == (
        "nmbs:8400131",
        "nmbs:8821105",
    )
    assert amsterdam.departures == 13
    baarle = lines.loc[("delijn:42193", "NL", "BE")]
    assert baarle.times == "headways"
    assert set(lines["mode"]) == {"bus", "rail"}


def test_merging_again_changes_nothing(merged, countries):
    options = MergeEntry(modelled_times=("nl",), two_editions=("delijn",))
    again = merge_feeds(
        merged.feeds, day=DAY, timezone="Europe/Amsterdam", countries=countries, options=options
    )
    for name in ("stops", "routes", "trips", "stop_times", "frequencies", "transfers"):
        assert getattr(again.feeds, name).equals(getattr(merged.feeds, name)), name


def test_rows_balance(merged, feeds):
    books = merged.evidence["balance"]
    assert (books["rows_in"] - books["dropped"] + books["added"] == books["rows_out"]).all()
    trips = books[(books["table"] == "trips").to_numpy()]
    assert trips["rows_in"].iloc[0] == len(feeds.trips)
    assert trips["rows_out"].iloc[-1] == len(merged.feeds.trips)
