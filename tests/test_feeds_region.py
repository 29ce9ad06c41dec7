"""The region's three real feeds, read whole."""

from __future__ import annotations

import datetime as dt
import zipfile
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest
from toy_gtfs import assert_balance

from mobility.calendars import best_days, days_per_year, overlap_table
from mobility.errors import FeedError
from mobility.feeds import Feeds, read_feeds
from mobility.feeds.clock import written
from mobility.scenario.model import FeedEntry

pytestmark = pytest.mark.region

TUESDAY = dt.date(2019, 10, 8)
BOX = (4.5, 50.6, 6.2, 51.8)
FILES = {
    "nmbs": ("BE", "be-nmbs-2019.zip"),
    "delijn": ("BE", "be-delijn-2018-headways.zip"),
    "nl": ("NL", "nl-2020-headways.zip"),
}


def entries(region: Path, *names: str) -> list[FeedEntry]:
    return [
        FeedEntry(id=name, country=FILES[name][0], path=region / "gtfs" / FILES[name][1])
        for name in names or FILES
    ]


@lru_cache(maxsize=1)
def region_feeds(region: Path) -> Feeds:
    return read_feeds(entries(region), timezone="Europe/Amsterdam", day=TUESDAY, box=BOX)


def test_rows_balance_and_references_hold(region_data: Path) -> None:
    feeds = region_feeds(region_data)
    assert_balance(feeds)
    rows = {source.id: source.rows for source in feeds.sources}
    assert rows["nmbs"]["stop_times.txt"] == 265_371
    assert rows["nmbs"]["trips.txt"] == 17_776
    assert rows["delijn"]["frequencies.txt"] == 655
    assert rows["nl"]["trips.txt"] == 25_935
    assert feeds.stop_times["trip"].max() == len(feeds.trips) - 1
    assert feeds.stop_times["stop"].max() < len(feeds.stops)
    feed_of_stop = feeds.stops["feed"].to_numpy()[feeds.stop_times["stop"]]
    feed_of_trip = feeds.trips["feed"].to_numpy()[feeds.stop_times["trip"]]
    assert (feed_of_stop == feed_of_trip).all()
    feed_of_route = feeds.routes["feed"].to_numpy()[feeds.trips["route"]]
    assert (feed_of_route == feeds.trips["feed"].to_numpy()).all()


def test_events_are_those_of_a_plain_reading(region_data: Path) -> None:
    """The NMBS feed read anew by pandas alone: the same trips of the day, stops and times."""
    with zipfile.ZipFile(region_data / "gtfs" / FILES["nmbs"][1]) as archive:
        raw = {
            name: pd.read_csv(archive.open(f"{name}.txt"), dtype=str, keep_default_na=False)
            for name in ("calendar_dates", "trips", "stop_times", "stops")
        }
    # All weekdays of its calendar.txt are 0, so that calendar_dates.txt alone decides.
    dates = raw["calendar_dates"]
    running = set(
        dates.loc[(dates["date"] == "20191008") & (dates["exception_type"] == "1"), "service_id"]
    )
    trips = set(raw["trips"].loc[raw["trips"]["service_id"].isin(running), "trip_id"])
    events = raw["stop_times"][raw["stop_times"]["trip_id"].isin(trips)]
    place = raw["stops"].set_index("stop_id")[["stop_lon", "stop_lat"]].astype(float)
    lon, lat = place["stop_lon"], place["stop_lat"]
    inside = place.index[lon.between(BOX[0], BOX[2]) & lat.between(BOX[1], BOX[3])]
    serving = set(events.loc[events["stop_id"].isin(inside), "trip_id"])
    expected = {
        (row.trip_id, int(row.stop_sequence), row.stop_id, row.arrival_time, row.departure_time)
        for row in events[events["trip_id"].isin(serving)].itertuples()
    }
    feeds = region_feeds(region_data)
    runs = feeds.services.on(TUESDAY)[feeds.trips["service"].to_numpy()]
    mine = runs & feeds.trips["feed"].eq("nmbs").to_numpy()
    table = feeds.stop_times[mine[feeds.stop_times["trip"].to_numpy()]]
    ids = feeds.trips["trip_id"].to_numpy(object)[table["trip"]]
    stops = feeds.stops["stop_id"].to_numpy(object)[table["stop"]]
    found = {
        (trip[5:], int(sequence), stop[5:], written(arrival), written(departure))
        for trip, sequence, stop, arrival, departure in zip(
            ids, table["sequence"], stops, table["arrival_s"], table["departure_s"], strict=True
        )
    }
    assert len(expected) > 20_000
    assert expected <= found
    # What is kept beyond are trips on which the vehicle of a serving one comes or goes on.
    block = raw["trips"].set_index("trip_id")["block_id"]
    blocks = set(block[sorted(serving)]) - {""}
    beyond = {trip for trip, *_ in found - expected}
    assert 0 < len(beyond) < 100
    assert set(block[sorted(beyond)]) <= blocks


def test_order_of_feeds_does_not_matter(region_data: Path) -> None:
    one = region_feeds(region_data)
    other = read_feeds(
        entries(region_data, "nl", "delijn", "nmbs"),
        timezone="Europe/Amsterdam",
        day=TUESDAY,
        box=BOX,
    )
    for name in ("stops", "routes", "trips", "stop_times", "frequencies", "transfers"):
        assert getattr(one, name).equals(getattr(other, name)), name


def test_calendars_of_the_region(region_data: Path) -> None:
    feeds = region_feeds(region_data)
    overlap = overlap_table(feeds).set_index("feed")
    assert overlap.loc["nmbs", ["first_day", "last_day"]].tolist() == ["2019-10-07", "2019-12-14"]
    best = best_days(feeds)
    assert best.loc[best["kind"] == "working day", "day"].tolist() == ["2019-10-08"]
    # All Saints' Day is a holiday in Belgium alone.
    public = best[best["kind"] == "public holiday"]
    assert public[["countries", "day"]].to_numpy().tolist() == [["BE", "2019-11-01"]]
    days = days_per_year(feeds)
    assert (
        days["days"] == days[["working_days", "saturdays", "sundays", "holidays"]].sum(axis=1)
    ).all()


def test_a_day_none_of_them_has(region_data: Path) -> None:
    with pytest.raises(
        FeedError, match="Take Tuesday 2019-10-08, the best such day all feeds share"
    ):
        read_feeds(
            entries(region_data), timezone="Europe/Amsterdam", day=dt.date(2020, 2, 4), box=BOX
        )
