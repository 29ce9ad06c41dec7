"""What the region's real feeds say about its border: hubs, crossings, stops, round trips."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mobility.border.from_timetable import feed_countries
from mobility.border.suite import service_tables
from mobility.feeds import read_feeds
from mobility.scenario.model import FeedEntry
from mobility.timetable import build_timetable
from mobility.zones import Zones

pytestmark = pytest.mark.region
DAY = dt.date(2019, 10, 8)
FEEDS = {"nmbs": ("be-nmbs-2019", "BE"), "nl": ("nl-2020-headways", "NL"),
         "delijn": ("be-delijn-2018-headways", "BE")}  # fmt: skip


@pytest.fixture(scope="module")
def world(region_data):
    feeds = read_feeds(
        [
            FeedEntry(id=name, path=region_data / "gtfs" / f"{file}.zip", country=country)
            for name, (file, country) in FEEDS.items()
        ],
        timezone="Europe/Amsterdam",
        day=DAY,
        box=(4.6, 50.7, 6.1, 51.7),
    )
    table = pd.read_csv(region_data / "zones" / "zones.csv")
    zones = Zones(
        ids=table["zone_id"].to_numpy(object),
        names=table["name"].to_numpy(object),
        countries=table["country"].to_numpy(object),
        municipalities=table["municipality"].to_numpy(object),
        lon=table["lon"].to_numpy(float),
        lat=table["lat"].to_numpy(float),
        opportunities=table[["population"]].astype(float),
    )
    return build_timetable(feeds, DAY, timezone="Europe/Amsterdam", seed=1), zones


def test_the_regions_border_service(world):
    timetable, zones = world
    assert feed_countries(timetable) == {"delijn": "BE", "nl": "NL", "nmbs": "BE"}
    tables = service_tables(timetable, zones)
    hubs = set(tables["hub_waits"]["hub"])
    assert any("Maastricht" in hub for hub in hubs)
    waits = tables["hub_waits"].dropna(subset=["wait_mean_s"])
    assert (waits["wait_p10_s"] <= waits["wait_p50_s"]).all()
    assert (waits["wait_p50_s"] <= waits["wait_p90_s"]).all()
    sections = tables["permeability"]
    assert sections["section"].str.contains("Maastricht").any()
    assert (sections["services"] > 0).all()
    trips = tables["round_trips"]
    assert trips["feasible"].any()
    assert trips["origin"].str.contains("Hasselt").any()
    shares = tables["stop_access_shares"].set_index("country")
    assert 0.5 < shares.loc["", "share_near"] < 1
    levels = [c for c in shares.columns if c.startswith("share_") and c != "share_near"]
    np.testing.assert_allclose(shares[levels].sum(axis=1), 1)
