"""OSM tags of generated streets: what a mapper in the country would have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Tags = dict[str, str]

STREET_NAMES = (
    "Kerkstraat", "Dorpsstraat", "Molenstraat", "Schoolstraat", "Nieuwstraat", "Stationsstraat",
    "Lindelaan", "Beukenlaan", "Eikenlaan", "Heidestraat", "Bosstraat", "Veldstraat",
    "Akkerstraat", "Kapelstraat", "Hoogstraat", "Broekstraat", "Kempenlaan", "Parklaan",
    "Wilgenlaan", "Berkenlaan", "Sint-Jansstraat", "Sint-Martinusstraat", "Nachtegaalstraat",
    "Merelstraat", "Leeuwerikstraat", "Zandstraat", "Meerstraat", "Peelstraat", "Maasstraat",
    "Lange Dijk", "Achterste Heide", "Voorste Heide",
)  # fmt: skip

# Limit in km/h outside and inside settlements, by country and class, where it is written out.
LIMIT: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "NL": {
        "motorway": (100, 100), "motorway_link": (80, 80), "trunk": (80, 70),
        "primary": (80, 50), "secondary": (80, 50), "tertiary": (60, 50),
        "unclassified": (60, 30), "residential": (30, 30), "service": (30, 30),
        "living_street": (15, 15),
    },
    "BE": {
        "motorway": (120, 120), "motorway_link": (90, 90), "trunk": (90, 70),
        "primary": (70, 50), "secondary": (70, 50), "tertiary": (70, 50),
        "unclassified": (70, 50), "residential": (50, 30), "service": (50, 30),
        "living_street": (20, 20),
    },
    "DE": {
        "motorway": (130, 130), "motorway_link": (80, 80), "trunk": (100, 70),
        "primary": (100, 50), "secondary": (100, 50), "tertiary": (70, 50),
        "unclassified": (50, 50), "residential": (30, 30), "service": (30, 30),
        "living_street": (7, 7),
    },
}  # fmt: skip
LAW_AREA = {"NL": "NL", "BE": "BE-VLG", "WAL": "BE-WAL", "DE": "DE"}
MIXED_TRAFFIC = ("primary", "secondary", "tertiary")


def limit_tags(highway: str, country: str, *, inside: bool, walloon: bool, dice: float) -> Tags:
    """Write the speed limit in one of the ways mappers do, or leave it out.

    A number with its source, the kind of limit alone, an implicit value, or nothing.
    """
    if highway not in LIMIT[country]:
        return {}
    limit = str(LIMIT[country][highway][int(inside)])
    area = LAW_AREA["WAL" if walloon else country]
    if highway in {"motorway", "motorway_link"}:
        tags = {"maxspeed": limit}
        if country == "NL" and highway == "motorway":
            tags["maxspeed:conditional"] = "130 @ (19:00-06:00)"
        return tags
    if limit in {"15", "20", "7"}:
        return {"maxspeed": limit} if dice < 0.3 else {}
    kind = "zone30" if limit == "30" else "urban" if inside else "rural"
    if dice < 0.5:
        return {"maxspeed": limit, "source:maxspeed": f"{area}:{kind}"}
    # Only the plain rural and urban limits may be left to the law.
    if kind == "zone30" or limit not in {"80", "70", "50"} or (country, limit) == ("DE", "70"):
        return {"maxspeed": limit}
    if walloon and kind == "rural":
        return {"maxspeed": limit}
    if dice < 0.7:
        return {"maxspeed:type": f"{area}:{kind}"}
    return {"maxspeed": f"{area}:{kind}"} if dice < 0.8 else {}


def cycle_tags(highway: str, country: str, *, inside: bool, dice: float) -> Tags:
    """Cycle tracks and lanes beside roads: nearly everywhere in NL, often in Flanders."""
    if highway == "trunk":
        return {"motorroad": "yes"}
    if highway not in MIXED_TRAFFIC or country == "DE":
        return {}
    track = {"NL": 0.85, "BE": 0.45}[country]
    if dice < track:
        return {"cycleway": "track"}
    if dice < track + 0.25:
        return {"cycleway:both": "lane"} if inside else {"cycleway": "lane"}
    return {}


def road_tags(
    highway: str,
    country: str,
    *,
    inside: bool,
    walloon: bool,
    dice: Sequence[float],
    ref: str = "",
    name: str = "",
) -> Tags:
    """Tags of a road between places; `dice` holds two numbers in [0, 1)."""
    if highway == "cycleway":
        tags = {"highway": "cycleway", "foot": "yes", "surface": "asphalt", "name": name}
        if ref:
            tags |= {"lcn": "yes", "cycle_highway": "yes", "ref": ref}
        return tags
    tags = {"highway": highway, "surface": "asphalt"}
    tags |= {"ref": ref.replace(" ", ";")} if ref else {}
    tags |= {"name": name} if name else {}
    tags |= limit_tags(highway, country, inside=inside, walloon=walloon, dice=dice[0])
    tags |= cycle_tags(highway, country, inside=inside, dice=dice[1])
    if highway == "motorway":
        tags |= {"oneway": "yes", "lanes": "2"}
    elif inside:
        tags |= {"sidewalk": "both", "lit": "yes"}
    return tags


def local_tags(
    highway: str,
    country: str,
    *,
    inside: bool,
    walloon: bool,
    both_ways: bool,
    dice: Sequence[float],
) -> Tags:
    """Tags of a local street or path; `dice` holds three numbers in [0, 1)."""
    tags = {"highway": highway}
    if highway in {"footway", "path", "cycleway", "track"}:
        return tags | _path_tags(highway, country, dice)
    tags["name"] = STREET_NAMES[int(dice[2] * len(STREET_NAMES))]
    tags |= limit_tags(highway, country, inside=inside, walloon=walloon, dice=dice[0])
    tags |= cycle_tags(highway, country, inside=inside, dice=dice[1])
    tags["surface"] = "paving_stones" if inside and dice[1] < 0.5 else "asphalt"
    if highway == "residential":
        if not both_ways and dice[0] > 0.85:
            tags |= {"oneway": "yes", "oneway:bicycle": "no"}
        elif dice[1] > 0.97:
            tags |= {"cyclestreet": "yes"}
        if inside:
            tags["sidewalk"] = "both"
    return tags


def _path_tags(highway: str, country: str, dice: Sequence[float]) -> Tags:
    if highway == "footway":
        return {"surface": "paving_stones"}
    if highway == "cycleway":
        tags = {"surface": "asphalt", "foot": "yes"}
        if country == "NL" and dice[0] < 0.3:
            tags["moped"] = "designated"
        return tags
    if highway == "track":
        tags = {"surface": "ground" if dice[0] < 0.6 else "compacted", "tracktype": "grade3"}
        if dice[1] < 0.4:
            tags["motor_vehicle"] = "agricultural"
        return tags
    return {"surface": "compacted" if dice[0] < 0.5 else "ground", "bicycle": "yes", "foot": "yes"}
