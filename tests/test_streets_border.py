"""Crossings of the border: each one found, an enclave's too, and the gaps between them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from street_toys import metres, node_xml, way_xml, write_osm

from mobility.streets import crossing_gaps, crossings, gap_detours, read_streets
from mobility.streets.countries import country_rows
from mobility.zones import Countries

RESIDENTIAL = {"highway": "residential"}


def square(x0, y0, x1, y1):
    west, south = metres(x0, y0)
    east, north = metres(x1, y1)
    return box(west, south, east, north)


@pytest.fixture
def two_countries():
    """Belgium south of y = 0, the Netherlands north; a Belgian enclave around (0, 1500)."""
    enclave = square(-200, 1400, 200, 1600)
    dutch = square(-30_000, 0, 30_000, 20_000).difference(enclave)
    return Countries({"BE": square(-30_000, -20_000, 30_000, 0).union(enclave), "NL": dutch})


@pytest.fixture
def streets(tmp_path, two_countries):
    # two roads over the border, 10 km apart, and a path closed at the border; both roads are
    # joined 3 km north and 3 km south; the western road runs through the enclave
    places = {
        1: (0, -3000), 2: (0, 3000), 3: (10_000, -3000), 4: (10_000, 3000),
        5: (4000, -3000), 6: (4000, 3000), 7: (4000, 0),
    }  # fmt: skip
    body = [
        node_xml(i, *metres(*place), **({"barrier": "wall"} if i == 7 else {}))
        for i, place in places.items()
    ]
    body += [
        way_xml(1, [1, 2], {"highway": "secondary", "name": "Grensweg", "ref": "N1"}),
        way_xml(2, [3, 4], {"highway": "cycleway", "name": "Oostpad"}),
        way_xml(3, [5, 7, 6], {"highway": "path", "name": "Muurpad", "access": "no"}),
        way_xml(4, [1, 5, 3], RESIDENTIAL),
        way_xml(5, [2, 6, 4], RESIDENTIAL),
    ]
    path = write_osm(tmp_path / "border.osm", "\n".join(body))
    return read_streets([path], countries=two_countries)


def test_every_crossing_once_and_the_enclave_both_ways(streets, two_countries):
    table = crossings(streets, two_countries)
    assert table["border"].unique().tolist() == ["BE-NL"]
    by_name = table.groupby("name").size()
    # the main border once, into and out of the enclave
    assert by_name["Grensweg"] == 3
    assert by_name["Oostpad"] == 1
    assert by_name["Muurpad"] == 1
    north = ((table.loc[table["name"] == "Grensweg", "lat"] - 51) * 111_195).round().tolist()
    assert sorted(north) == pytest.approx([0, 1400, 1600], abs=2)


def test_openness_by_mode(streets, two_countries):
    table = crossings(streets, two_countries).drop_duplicates("name").set_index("name")
    assert table.loc["Oostpad", ["walk", "bike", "car"]].tolist() == ["both", "both", "closed"]
    assert table.loc["Grensweg", "car"] == "both"
    assert not table.loc["Muurpad", "open"]


def test_spacing_along_the_border_skips_closed_crossings(streets, two_countries):
    table = crossings(streets, two_countries)
    main = table[table["lat"].sub(51).abs() < 1e-4].sort_values("lon")
    assert main["name"].tolist() == ["Grensweg", "Muurpad", "Oostpad"]
    gaps = main["bike_gap_km"].dropna().tolist()
    assert gaps == pytest.approx([10.0], abs=0.01)
    assert main["car_gap_km"].isna().all()


def test_gaps_and_their_detours(streets, two_countries):
    table = crossings(streets, two_countries)
    gaps = crossing_gaps(streets, two_countries, table, mode="bike", longer_km=5)
    inner = gaps[gaps["gap_km"].between(9.9, 10.1)]
    assert len(inner) == 1
    lon, lat = metres(5000, 0)
    assert inner[["lon", "lat"]].iloc[0].tolist() == pytest.approx([lon, lat], abs=1e-3)
    places = pd.DataFrame(
        [("zuid", "BE", *metres(4000, -3000)), ("noord", "NL", *metres(4000, 3000))],
        columns=["name", "country", "lon", "lat"],
    )
    found = gap_detours(streets, inner.reset_index(drop=True), places, mode="bike")
    assert found[["origin", "destination"]].to_numpy().tolist() == [["zuid", "noord"]]
    # 4 + 6 + 4 km around against 6 km straight; give-way delays add little
    assert found["detour"].iloc[0] == pytest.approx(14 / 6, rel=0.02)


def test_a_gap_concerns_its_own_border_and_what_lies_near(streets, two_countries):
    lon, lat = metres(5000, 0)
    gap = {"border": "BE-NL", "lon": lon, "lat": lat}
    places = pd.DataFrame(
        [("zuid", "BE", *metres(4000, -3000)), ("noord", "NL", *metres(4000, 3000)),
         ("elders", "DE", *metres(4000, 3000)), ("ver", "BE", *metres(0, -3000))],
        columns=["name", "country", "lon", "lat"],
    )  # fmt: skip

    def pairs(gap_km, **other):
        gaps = pd.DataFrame([{**gap, **other, "gap_km": gap_km}])
        found = gap_detours(streets, gaps, places, mode="bike")
        return found[["origin", "destination"]].to_numpy().tolist()

    # "ver" lies √(5² + 3²) = 5.8 km from the middle: beyond 5 km, within a gap of 10.
    assert pairs(3.0) == [["zuid", "noord"]]
    assert pairs(10.0) == [["zuid", "noord"], ["ver", "noord"]]
    # 15 km are the most, however long the gap.
    away = dict(zip(("lon", "lat"), metres(22_000, 0), strict=True))
    assert pairs(200.0, **away) == []
    assert pairs(3.0, border="BE-DE") == [["zuid", "elders"]]


def test_water_belongs_to_the_nearest_shore():
    countries = Countries({"BE": box(5, 50, 6, 51), "NL": box(5, 51.01, 6, 52)})
    rows = country_rows(
        countries, np.array([5.5, 5.5, 5.5, 5.5, 9.0]), np.array([50.9, 51.002, 51.008, 51.5, 51])
    )
    assert rows.tolist() == [1, 1, 2, 2, 0]


def test_baarle(region_data):
    """Every point of the enclaves' own street pattern gets the country of its polygon."""
    import geopandas as gpd
    import shapely

    frame = gpd.read_file(region_data / "zones" / "countries.gpkg")
    countries = Countries(dict(zip(frame["country"], frame.geometry, strict=True)))
    west, south, east, north = 4.90, 51.42, 4.96, 51.46
    parts = shapely.get_parts(countries.polygons["BEL"])
    enclaves = [part for part in parts if box(west, south, east, north).contains(part)]
    assert len(enclaves) >= 10
    points = shapely.point_on_surface(enclaves)
    inside = [
        p
        for p, e in zip(points, enclaves, strict=True)
        if not countries.polygons["NLD"].contains(p) and e.contains(p)
    ]
    rows = country_rows(countries, shapely.get_x(inside), shapely.get_y(inside))
    assert (rows == 1).all()
    rows = country_rows(countries, np.array([4.880, 5.478]), np.array([51.45, 51.441]))
    assert rows.tolist() == [3, 3]
