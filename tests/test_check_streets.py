"""What ``check`` writes of the streets, end to end on a region drawn by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import toy_region

from mobility.batch.street_inventory import municipal_places
from mobility.cli.main import main
from mobility.zones import Zones

TABLES = ("crossings", "crossing_gaps", "cycle_quality", "missing_links", "worst_detours")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("check")
    toy_region.write_region(folder)
    return folder / "region.toml"


def checked(region, out, lang):
    words = ["check", str(region), "--date", "2019-10-08", "--out", str(out), "--lang", lang]
    assert main([*words, "--quiet"]) == 0
    return out / "check"


def read(folder, name):
    return pd.read_csv(folder / "streets" / f"{name}.csv", encoding="utf-8-sig")


def test_tables_layers_and_page(region, tmp_path):
    folder = checked(region, tmp_path / "nl", "nl")
    assert sorted(p.stem for p in (folder / "streets").iterdir()) == sorted(TABLES)
    crossings = read(folder, "crossings")
    # The one road crosses the border once, 10 km east of its start, open to all.
    assert crossings["name"].tolist() == ["Grensweg"]
    assert crossings["lon"].iloc[0] == pytest.approx(toy_region.metres(10_000, 0)[0], abs=1e-4)
    assert crossings[["walk", "bike", "car"]].iloc[0].tolist() == ["both"] * 3
    # 21 km of one residential street: all of it in the quality table.
    assert read(folder, "cycle_quality")["km"].sum() == pytest.approx(21.0, abs=0.05)
    layer = gpd.read_file(folder / "maps" / "streets.gpkg", layer="crossings")
    assert len(layer) == 1
    page = (folder / "check.html").read_text(encoding="utf-8")
    assert "Wegen over de grens" in page
    assert "Overgangen van een grens: 1;" in page
    page = (checked(region, tmp_path / "en", "en") / "check.html").read_text(encoding="utf-8")
    assert "Crossings of a border: 1;" in page


def test_without_border_polygons_there_is_no_inventory(region, tmp_path):
    text = region.read_text(encoding="utf-8").replace(
        '[border]\ncountries = "countries.geojson"\n', ""
    )
    bare = region.with_name("bare.toml")
    bare.write_text(text, encoding="utf-8")
    folder = checked(bare, tmp_path / "bare", "en")
    assert not (folder / "streets").exists()
    assert not (folder / "maps").exists()


def test_a_municipality_stands_where_most_of_its_people_are():
    zones = Zones(
        ids=np.array(["1", "2", "3"], object),
        names=np.array(["North", "South", "Alone"], object),
        countries=np.array(["NL", "NL", "BE"], object),
        municipalities=np.array(["Town", "Town", ""], object),
        lon=np.array([5.0, 5.1, 5.2]),
        lat=np.array([51.0, 51.1, 51.2]),
        opportunities=pd.DataFrame({"population": [100.0, 300.0, 50.0]}),
    )
    places = municipal_places(zones)
    assert places[["name", "lon", "population"]].to_numpy().tolist() == [
        ["Alone", 5.2, 50.0],
        ["Town", 5.1, 400.0],
    ]
