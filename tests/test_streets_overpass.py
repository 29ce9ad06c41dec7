"""osmnx's Overpass download, from a made service on 127.0.0.1."""

from __future__ import annotations

import datetime as dt
import json
import urllib.parse
from pathlib import Path

import osmnx as ox
import pytest
from web_server import serving, status

from mobility.errors import StreetError
from mobility.fetch import Source, Web, fetch
from mobility.scenario import read_region
from mobility.streets import read_streets
from mobility.streets.overpass import download_graph

BOX = (4.999, 50.999, 5.021, 51.011)

# A street a–b–c with a bend at b, a path c–d, and a ferry d–e:
#
#   a ── b ── c ·· d ~~ e
NODES = {1: (5.0, 51.0), 2: (5.005, 51.001), 3: (5.01, 51.0), 4: (5.015, 51.0), 5: (5.02, 51.0)}
WAYS = {
    10: ([1, 2, 3], {"highway": "residential", "maxspeed": "30", "name": "Dorp"}),
    11: ([3, 4], {"highway": "path", "bicycle": "no"}),
    12: ([4, 5], {"route": "ferry", "foot": "yes", "duration": "00:05"}),
}


def answering(page) -> None:
    query = urllib.parse.parse_qs(page.body)["data"][0]
    ferry = '"ferry"' in query
    ways = {w: v for w, v in WAYS.items() if ("route" in v[1]) == ferry}
    used = {n for nodes, _ in ways.values() for n in nodes}
    elements = [{"type": "node", "id": n, "lon": x, "lat": y, "tags": {}}
                for n, (x, y) in NODES.items() if n in used]  # fmt: skip
    elements += [{"type": "way", "id": w, "nodes": n, "tags": t} for w, (n, t) in ways.items()]
    status(200, json.dumps({"elements": elements}).encode())(page)


def test_streets_and_ferries_come_and_are_cached(tmp_path: Path) -> None:
    before = ox.settings.overpass_url
    path = tmp_path / "area.graphml"
    with serving(interpreter=answering) as site:
        download_graph(BOX, path, service=site.url, polite=False)
        assert len(site.asked) == 2
        first = path.read_bytes()
        download_graph(BOX, path, service=site.url, polite=False)
        assert len(site.asked) == 2  # answered from the cache
    assert ox.settings.overpass_url == before
    assert len(first) > 0
    streets = read_streets([path])
    # a–c without its bend as a node, c–d, d–e
    assert sorted(streets.node_id.tolist()) == [1, 3, 4, 5]
    assert len(streets.edge_from) == 3
    walk = streets.graphs["walk"]
    assert len(walk.head) > 0


def test_a_box_too_large_or_turned_round_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StreetError, match="extract"):
        download_graph((2.5, 49.5, 6.4, 51.5), tmp_path / "x.graphml", service="https://x")
    with pytest.raises(StreetError, match="lon_min"):
        download_graph((5.1, 51.0, 5.0, 51.1), tmp_path / "x.graphml", service="https://x")


def test_an_empty_answer_and_a_wrong_one_are_said(tmp_path: Path) -> None:
    empty = status(200, b'{"elements": []}')
    with serving(interpreter=empty) as site, pytest.raises(StreetError, match="no street"):
        download_graph(BOX, tmp_path / "x.graphml", service=site.url, polite=False)
    refused = status(400, b"bad")
    with serving(interpreter=refused) as site, pytest.raises(StreetError, match="answer"):
        download_graph(BOX, tmp_path / "y.graphml", service=site.url, polite=False)


def test_fetch_asks_once_and_again_when_it_has_grown_old(tmp_path: Path) -> None:
    (tmp_path / "zones.csv").write_text("zone_id,lon,lat\na,5,51\n", encoding="utf-8")
    (tmp_path / "x").mkdir()
    path = tmp_path / "toy.toml"
    path.write_text(
        'version = 1\nname = "Toy"\n[[feeds]]\nid = "x"\npath = "x"\n[streets]\n'
        'osm = ["toy/store/area.graphml"]\noverpass = "https://example.org/api"\n'
        f"overpass_box = {list(BOX)}\nchanges_every_days = 30\n"
        '[zones]\npath = "zones.csv"\nid = "zone_id"\n',
        encoding="utf-8",
    )
    region = read_region(path, check_files=False)
    asked: list[str] = []

    def answer(source: Source, part: Path) -> None:
        asked.append(source.urls[0])
        part.write_text(f"<graphml/>{len(asked)}", encoding="utf-8")

    def on(day: int) -> str:
        at = Web(now=lambda: dt.datetime(2026, 1, day, tzinfo=dt.UTC))
        rows = fetch(path, region, web=at, overpass=answer)
        return next(row.state for row in rows if row.role == "streets 1")

    assert [on(1), on(2), on(30), on(31)] == ["new", "unchanged", "unchanged", "updated"]
    assert len(asked) == 2
