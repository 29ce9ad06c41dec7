"""Preparing a region with a large extract: clipped once, kept, and the same numbers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
from toy_region import write_region

from mobility.batch import inputs
from mobility.network import Settings
from mobility.scenario import read_region
from mobility.streets import clipping

DAY = dt.date(2019, 10, 8)


@pytest.fixture
def region(tmp_path: Path) -> Path:
    """The toy region with its streets as a PBF, and some streets far away in it."""
    write_region(tmp_path)
    node, way = osmium.osm.mutable.Node, osmium.osm.mutable.Way
    with osmium.SimpleWriter(str(tmp_path / "streets.osm.pbf")) as writer:
        xml = str(tmp_path / "streets.osm")
        for thing in osmium.FileProcessor(xml, osmium.osm.NODE):
            writer.add_node(thing)
        for k in (901, 902):
            writer.add_node(node(id=k, location=(10.0 + k / 1e4, 45.0)))
        for thing in osmium.FileProcessor(xml, osmium.osm.WAY):
            writer.add_way(thing)
        writer.add_way(way(id=900, nodes=[901, 902], tags={"highway": "primary"}))
    path = tmp_path / "region.toml"
    text = path.read_text(encoding="utf-8").replace('"streets.osm"', '"streets.osm.pbf"')
    path.write_text(text, encoding="utf-8")
    return path


def prepared(path: Path, out: Path, told: list[str]):
    return inputs.prepare(read_region(path), DAY, Settings(), out, told.append)


def test_a_large_extract_is_clipped_once(
    region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    whole = prepared(region, tmp_path / "whole", told)
    assert "clip" not in told
    monkeypatch.setattr(clipping, "FROM_BYTES", 1)
    clipped = prepared(region, tmp_path / "out", told)
    assert told.count("clip") == 1
    (kept,) = (tmp_path / "out" / inputs.CLIPS).glob("*.osm.pbf")
    assert all(way.id != 900 for way in osmium.FileProcessor(str(kept), osmium.osm.WAY))
    a, b = whole.prepared.network.supply.streets, clipped.prepared.network.supply.streets
    for name in ("node_id", "edge_from", "edge_to", "edge_length_m"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    # Another day rests on the same clip.
    inputs.prepare(read_region(region), DAY + dt.timedelta(days=1), Settings(), tmp_path / "out",
                   told.append)  # fmt: skip
    assert told.count("clip") == 1


def test_zones_of_several_sources_are_put_together_before_reading(tmp_path: Path) -> None:
    write_region(tmp_path)
    zones = pd.read_csv(tmp_path / "zones.csv")
    sources = ""
    for country in ("NL", "BE"):
        mine = zones[zones["country"] == country]
        places = gpd.points_from_xy(mine["lon"], mine["lat"], crs="EPSG:4326")
        frame = gpd.GeoDataFrame(mine.drop(columns=["lon", "lat"]), geometry=places)
        frame.to_file(tmp_path / f"{country}.geojson", driver="GeoJSON")
        sources += (
            f'[[zones.sources]]\npath = "{country}.geojson"\ncountry = "{country}"\n'
            f'id = "zone_id"\nname = "name"\nmunicipality = "municipality"\n'
            f'attribution = "Office of {country}"\nopportunities = {{ population = "population" }}\n'
        )
    path = tmp_path / "region.toml"
    text = path.read_text(encoding="utf-8").replace('"zones.csv"', '"made/zones.gpkg"')
    path.write_text(text.replace("[border]", f"{sources}[border]"), encoding="utf-8")
    timed = inputs.prepare(read_region(path), DAY, Settings(), tmp_path / "out")
    made = timed.prepared.network.supply.zones
    assert made.ids.tolist() == ["W", "E"]
    assert made.opportunities["population"].tolist() == [1000, 500]
    (entry,) = [row for row in timed.prepared.inputs if row.role == "zones"]
    assert entry.attribution == "Office of NL; Office of BE"
