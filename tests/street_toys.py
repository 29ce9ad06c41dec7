"""Small OSM files for the street tests, written as XML."""

from __future__ import annotations

from pathlib import Path

from mobility.streets.edges import EARTH_M

HEADER = '<osm version="0.6" generator="tests">'
METRES_PER_DEGREE = EARTH_M * 3.141592653589793 / 180
MS_PER_KM_WALK = 3_600_000 / 4.8


def write_osm(path: Path, body: str) -> Path:
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{HEADER}\n{body}\n</osm>\n', encoding="utf-8"
    )
    return path


def tags_xml(tags: dict[str, str]) -> str:
    return "".join(
        f'<tag k="{k}" v="{v.replace("&", "&amp;").replace("<", "&lt;")}"/>'
        for k, v in tags.items()
    )


def node_xml(number: int, lon: float, lat: float, **tags: str) -> str:
    return f'<node id="{number}" version="1" lon="{lon}" lat="{lat}">{tags_xml(tags)}</node>'


def way_xml(number: int, nodes: list[int], tags: dict[str, str]) -> str:
    refs = "".join(f'<nd ref="{n}"/>' for n in nodes)
    return f'<way id="{number}" version="1">{refs}{tags_xml(tags)}</way>'


def turn_xml(number: int, start: int, via: int, end: int, **tags: str) -> str:
    return (
        f'<relation id="{number}" version="1"><member type="way" ref="{start}" role="from"/>'
        f'<member type="node" ref="{via}" role="via"/><member type="way" ref="{end}" role="to"/>'
        f"{tags_xml({'type': 'restriction', **tags})}</relation>"
    )


def metres(lon_m: float, lat_m: float, lon: float = 5.0, lat: float = 51.0) -> tuple[float, float]:
    """Position so many metres east and north of a point."""
    from math import cos, radians

    return (
        round(lon + lon_m / (METRES_PER_DEGREE * cos(radians(lat))), 7),
        round(lat + lat_m / METRES_PER_DEGREE, 7),
    )


def two_way_square(folder: Path) -> Path:
    corners = [(0, 100), (100, 100), (100, 0), (0, 0)]
    body = [node_xml(i + 1, *metres(*corner)) for i, corner in enumerate(corners)]
    body += [
        way_xml(10 + i, [i + 1, (i + 1) % 4 + 1], {"highway": "residential", "name": f"side {i}"})
        for i in range(4)
    ]
    return write_osm(folder / "square.osm", "\n".join(body))
