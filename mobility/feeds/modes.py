"""GTFS route types, plain and extended, to the modes of travel the product speaks of."""

from __future__ import annotations

PLAIN = {
    0: "tram",
    1: "metro",
    2: "rail",
    3: "bus",
    4: "ferry",
    5: "tram",
    6: "funicular",
    7: "funicular",
    11: "bus",
    12: "metro",
}

# First extended type of each range and its mode; a range ends where the next begins.
EXTENDED = (
    (100, "rail"),
    (200, "coach"),
    (300, "other"),
    (400, "metro"),
    (700, "bus"),
    (900, "tram"),
    (1000, "ferry"),
    (1100, "other"),
    (1200, "ferry"),
    (1300, "funicular"),
    (1500, "other"),
    (1800, "other"),
)

# Types that differ from their range: suburban "urban railway" is a train, a shared
# taxi runs like a bus, a monorail like a metro.
EXCEPTIONS = {300: "rail", 400: "rail", 403: "rail", 1501: "bus"}
LARGEST_TYPE = 1799


def mode_of(route_type: int) -> str:
    """Mode of a route type; ``"other"`` where GTFS gives it no meaning.

    >>> mode_of(2), mode_of(109), mode_of(700), mode_of(1400), mode_of(42)
    ('rail', 'rail', 'bus', 'funicular', 'other')
    """
    if route_type in PLAIN:
        return PLAIN[route_type]
    if route_type in EXCEPTIONS:
        return EXCEPTIONS[route_type]
    if not 100 <= route_type <= LARGEST_TYPE:
        return "other"
    return next(mode for first, mode in reversed(EXTENDED) if route_type >= first)


def is_known(route_type: int) -> bool:
    """Whether GTFS gives the route type a meaning."""
    return route_type in PLAIN or 100 <= route_type <= LARGEST_TYPE
