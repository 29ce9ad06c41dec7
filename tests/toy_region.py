"""A whole region drawn by hand: one road, two countries, two feeds, four files.

      NL                          |  BE
    W ──── a ═══════ line 1 ══════|═ n/b ══════ line 2 ═════ c ── E
    0     600 m                10 000  10 600              20 600  21 000 m

Line 1 (feed nl) leaves a at :10 and reaches n at :20. Line 2 (feed be) leaves b, the same
place, at :25 and reaches c at :35. Walking 4.8 km/h = 4/3 m/s.
"""

from __future__ import annotations

from pathlib import Path

from street_toys import metres, node_xml, way_xml, write_osm
from toy_gtfs import files, write_zip

# Half a metre short, so that rounding of coordinates does not cost a second.
PLACES_M = {"W": 0.0, "a": 599.5, "n": 10_600.0, "c": 20_600.0, "E": 20_999.5}
BORDER_M = 10_000

# One departure, 07:00:00. Walk 600 m at 4/3 m/s = 450 s; wait until 07:10 = 150 s; ride 600 s;
# change 120 s at least; wait 07:22–07:25 = 180 s; ride 600 s; walk 400 m = 300 s. Sum 2400 s.
PARTS_S = {"access_s": 450, "wait_s": 150 + 180, "ride_s": 1200, "transfer_s": 120, "egress_s": 300}
W_TO_E_S = sum(PARTS_S.values())

SCENARIO = """version = 1
name = "through"
title.nl = "Doorgaande lijn"
title.en = "Through line"
base = "base.toml"
[[changes]]
kind = "add-line"
id = "express"
mode = "bus"
feed = "nl"
stops = [{ id = "nl:a" }, { id = "be:c" }]
run_s = [900]
dwell_s = 0
headway_s = 3600
first = "06:10"
last = "20:10"
both_ways = true
"""


def feed(name: str, stops: list[tuple[str, str]], minutes: list[tuple[int, int]]) -> dict[str, str]:
    """One line with an hourly trip each way, 05:00 to 22:00."""
    there = [(0, stops, minutes)]
    back_minutes = [(70 - b, 70 - a) for a, b in reversed(minutes)]
    back = [(1, list(reversed(stops)), back_minutes)]
    trips, times = ["route_id,service_id,trip_id,direction_id"], []
    for direction, along, clock in there + back:
        for hour in range(5, 23):
            trip = f"{name}-{direction}-{hour}"
            trips.append(f"r{name},wk,{trip},{direction}")
            for k, ((stop, _), (arrive, leave)) in enumerate(zip(along, clock, strict=True)):
                h_a, m_a = divmod(hour * 60 + arrive, 60)
                h_d, m_d = divmod(hour * 60 + leave, 60)
                times.append(f"{trip},{h_a}:{m_a:02d}:00,{h_d}:{m_d:02d}:00,{stop},{k + 1}")
    rows = []
    for stop, place in stops:
        lon, lat = metres(PLACES_M[place], 0)
        rows.append(f"{stop},{'Grens' if place == 'n' else stop.upper()},{lat},{lon}")
    return files(
        agency=f"agency_id,agency_name,agency_timezone\n{name},{name.upper()},Europe/Brussels\n",
        stops="\n".join(["stop_id,stop_name,stop_lat,stop_lon", *rows]) + "\n",
        routes="route_id,agency_id,route_short_name,route_long_name,route_type\n"
        f"r{name},{name},{'1' if name == 'nl' else '2'},,3\n",
        trips="\n".join(trips) + "\n",
        stop_times="\n".join(["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times])
        + "\n",
    )


def write_region(folder: Path, *, feed_order: tuple[str, ...] = ("nl", "be")) -> Path:
    """Write the region's files and its scenarios; return the baseline scenario's path."""
    folder.mkdir(parents=True, exist_ok=True)
    write_zip(folder / "nl.zip", feed("nl", [("a", "a"), ("n", "n")], [(10, 10), (20, 20)]))
    write_zip(folder / "be.zip", feed("be", [("b", "n"), ("c", "c")], [(25, 25), (35, 35)]))
    nodes = [node_xml(i + 1, *metres(m, 0)) for i, m in enumerate(PLACES_M.values())]
    street = way_xml(1, [1, 2, 3, 4, 5], {"highway": "residential", "name": "Grensweg"})
    write_osm(folder / "streets.osm", "\n".join([*nodes, street]))
    zones = ["zone_id,name,municipality,country,population,lon,lat"]
    for zone, country, people in (("W", "NL", 1000), ("E", "BE", 500)):
        lon, lat = metres(PLACES_M[zone], 0)
        zones.append(f"{zone},{zone}stad,{zone}stad,{country},{people},{lon},{lat}")
    (folder / "zones.csv").write_text("\n".join(zones) + "\n", encoding="utf-8")
    (folder / "countries.geojson").write_text(_countries(), encoding="utf-8")
    country = {"nl": "NL", "be": "BE"}
    feeds = "".join(
        f'[[feeds]]\nid = "{name}"\ncountry = "{country[name]}"\npath = "{name}.zip"\n'
        for name in feed_order
    )
    (folder / "region.toml").write_text(
        f'version = 1\nname = "Toy"\ntimezone = "Europe/Amsterdam"\n{feeds}'
        '[streets]\nosm = ["streets.osm"]\n'
        '[zones]\npath = "zones.csv"\nid = "zone_id"\nname = "name"\ncountry = "country"\n'
        'municipality = "municipality"\nopportunities = ["population"]\n'
        '[border]\ncountries = "countries.geojson"\n'
        '[[pairs]]\norigin = "Wstad"\ndestination = "Estad"\nkind = "border"\n',
        encoding="utf-8",
    )
    base = folder / "base.toml"
    base.write_text(
        'version = 1\nname = "base"\ntitle.nl = "Nu"\ntitle.en = "Now"\nregion = "region.toml"\n'
        'modes = ["walk", "bike", "car", "pt"]\n[day]\ndate = 2019-10-08\n'
        '[window]\nstart = "07:00"\nend = "07:01"\nstep_s = 60\n',
        encoding="utf-8",
    )
    (folder / "through.toml").write_text(SCENARIO, encoding="utf-8")
    return base


def _countries() -> str:
    border, far = metres(BORDER_M, 0)[0], (4.0, 6.0)
    rings = {
        "NL": [[far[0], 50.5], [border, 50.5], [border, 51.5], [far[0], 51.5], [far[0], 50.5]],
        "BE": [[border, 50.5], [far[1], 50.5], [far[1], 51.5], [border, 51.5], [border, 50.5]],
    }
    shapes = ",".join(
        f'{{"type":"Feature","properties":{{"country":"{code}"}},'
        f'"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}'
        for code, ring in rings.items()
    )
    return f'{{"type":"FeatureCollection","features":[{shapes}]}}'
