"""Odd but valid feeds in one region in the far south-west, from zips to journeys.

One road of 40 km runs east from 70° W, 33° S; each odd line has a stretch of it to itself.
Chile's clock is an hour behind Argentina's in July.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from street_toys import metres, node_xml, way_xml, write_osm
from toy_gtfs import write_zip

from mobility.batch import matrices
from mobility.batch.job import prepare_for
from mobility.cli import main
from mobility.cli.progress import Progression
from mobility.cli.trip import find_ends
from mobility.itineraries import journey
from mobility.network import MultimodalNetwork
from mobility.scenario import read_region, read_scenarios
from mobility.scenario.clock import clock_s

WEST, SOUTH, LENGTH_KM = -70.0, -33.0, 40

CALENDAR = (
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "all,1,1,1,1,1,1,1,20190101,20191231\n"
)


def place(km: float) -> tuple[float, float]:
    return metres(1000 * km, 0, WEST, SOUTH)


def feed(zone: str, stops: list[int], trips: dict[str, list[str]], *, named: bool = True):
    """Write a feed; a trip's rows are ``"<time> <km>"``, then its rules of boarding."""
    head = "stop_id,stop_lat,stop_lon" + (",stop_name" if named else "")
    rows = [
        f"s{km},{lat},{lon}" + (f",Kilometre {km}" if named else "")
        for km, (lon, lat) in ((km, place(km)) for km in stops)
    ]
    times = ["trip_id,stop_sequence,stop_id,arrival_time,departure_time,pickup_type,drop_off_type"]
    for trip, calls in trips.items():
        for n, call in enumerate(calls):
            clock, km, *rules = call.split()
            times.append(f"{trip},{n},s{km},{clock},{clock},{','.join(rules) or ','}")
    return {
        "agency.txt": f"agency_name,agency_url,agency_timezone\nOne,https://one,{zone}\n",
        "stops.txt": "\n".join([head, *rows]) + "\n",
        "routes.txt": "route_id,route_type\nr,700\n",
        "trips.txt": "route_id,service_id,trip_id\n" + "".join(f"r,all,{t}\n" for t in trips),
        "stop_times.txt": "\n".join(times) + "\n",
        "calendar.txt": CALENDAR,
    }


CHILE = feed(
    "America/Santiago",
    [0, 8, 12, 16, 24, 26, 28, 30, 33, 36, 39],
    {
        "night": ["25:40:00 0", "26:10:00 8"],
        "west": ["08:00:00 12", "08:06:00 16"],
        "loop": ["09:00:00 24", "09:03:00 26", "09:06:00 28", "09:09:00 26", "09:12:00 30"],
        "request": ["10:00:00 33 2 1", "10:05:00 36 3 3", "10:10:00 39 1 2"],
        "closed": ["11:00:00 33 1 1", "11:05:00 36 0 1", "11:10:00 39 1 0"],
    },
)
# Argentina's buses meet Chile's at kilometre 16, 08:10 by Chile's clock.
ARGENTINA = feed(
    "America/Argentina/Mendoza", [16, 20], {"east": ["09:10:00 16", "09:16:00 20"]}, named=False
)

REGION = """version = 1
name = "Far"
timezone = "America/Santiago"
[[feeds]]
id = "cl"
country = "CL"
path = "cl.zip"
[[feeds]]
id = "ar"
country = "AR"
path = "ar.zip"
[streets]
osm = ["streets.osm"]
[zones]
path = "zones.csv"
id = "zone_id"
"""
SCENARIO = """version = 1
name = "far"
region = "region.toml"
modes = ["walk", "pt"]
[day]
date = 2019-07-09
[window]
start = "00:30"
end = "02:00"
"""


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("far")
    write_zip(folder / "cl.zip", {name: f"\ufeff{text}" for name, text in CHILE.items()})
    packed = {name: text.encode("utf-16") for name, text in ARGENTINA.items()}
    write_zip(folder / "ar.zip", packed, folder="export/gtfs/")
    nodes = [node_xml(km + 1, *place(km)) for km in range(LENGTH_KM + 1)]
    road = way_xml(1, list(range(1, LENGTH_KM + 2)), {"highway": "residential"})
    write_osm(folder / "streets.osm", "\n".join([*nodes, road]))
    rows = [f"{km},{place(km)[0]},{place(km)[1]}" for km in range(LENGTH_KM + 1)]
    (folder / "zones.csv").write_text("\n".join(["zone_id,lon,lat", *rows]), encoding="utf-8")
    (folder / "region.toml").write_text(REGION, encoding="utf-8")
    (folder / "far.toml").write_text(SCENARIO, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def network(far: Path) -> MultimodalNetwork:
    (scenario,) = read_scenarios([far / "far.toml"])
    region = read_region(far / "region.toml")
    with Progression(quiet=True) as progress:
        base = prepare_for(scenario, region, far / "out", progress).prepared.network
    return matrices.link(matrices.change(scenario, base), base)


def minutes(network: MultimodalNetwork, start: str, end: str, at: str) -> float:
    network, (a, b) = find_ends(network, (start, end))
    return journey(network, "pt", a, b, clock_s(at)).travel_time_s / 60


@pytest.mark.parametrize(
    ("start", "end", "at", "expected"),
    [
        # Yesterday's 25:40 is today's 01:40; today's own comes a day later.
        ("0", "8", "01:30", 10 + 30),
        ("0", "8", "25:30", 10 + 30),
        # Missed: 8 km on foot at 4.8 km/h.
        ("0", "8", "01:41", 100),
        # 08:06 by Chile's clock, and on at 08:10.
        ("12", "20", "07:58", 18),
        # Each call of a loop: off at the first, past it, on at the second.
        ("24", "26", "08:58", 5),
        ("26", "30", "08:58", 14),
        ("26", "30", "09:04", 8),
        ("24", "30", "09:00", 12),
        # By phone or by a sign to the driver one gets on and off; where it is closed one walks.
        ("33", "36", "10:00", 5),
        ("36", "39", "10:00", 10),
        ("33", "36", "11:00", 37.5),
        ("36", "39", "11:00", 10),
        ("33", "39", "11:00", 75),
    ],
)
def test_journeys_by_hand(
    network: MultimodalNetwork, start: str, end: str, at: str, expected: float
) -> None:
    assert minutes(network, start, end, at) == pytest.approx(expected, abs=2 / 60)


def test_a_trip_is_asked_for_by_western_degrees(
    far: Path, network: MultimodalNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    points = [f"{lon},{lat}" for lon, lat in (place(16), place(20))]
    options = ["--at", "08:00", "--out", str(far / "out"), "--lang", "en", "--quiet"]
    assert main(["trip", str(far / "far.toml"), *points, *options]) == 0
    said = capsys.readouterr().out
    # Stops without a name go by their ids.
    assert "ar:s16" in said
    assert "16 minutes, 0 transfers" in said
