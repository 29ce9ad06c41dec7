"""Clocks: a feed's zone against the region's, and the zone against where the stops lie."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

UTC = dt.UTC

# Political clocks stray from the sun: Galicia by 1.6 h, Kashgar by 2.9 h. More than this
# is a wrong zone, such as New York's in a Belgian feed (5.3 h).
LARGEST_STRAY_H = 3.25


def zone_of(name: str) -> ZoneInfo | None:
    """Time zone by its IANA name, or None."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def day_start(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Noon minus 12 hours of a service day, in UTC: midnight but on clock-change days."""
    noon = dt.datetime.combine(day, dt.time(12), zone)
    return noon.astimezone(UTC) - dt.timedelta(hours=12)


def shift_s(day: dt.date, feed_zone: ZoneInfo, region_zone: ZoneInfo) -> int:
    """Seconds to add to a feed's time of `day` to have it from the region's day start."""
    difference = day_start(day, feed_zone) - day_start(day, region_zone)
    return int(difference.total_seconds())


def day_length_s(day: dt.date, zone: ZoneInfo) -> int:
    """Seconds from the start of service day `day` to the start of the next one."""
    following = day + dt.timedelta(days=1)
    return int((day_start(following, zone) - day_start(day, zone)).total_seconds())


def stray_h(day: dt.date, zone: ZoneInfo, lon: npt.NDArray[np.float64]) -> float:
    """Hours between the zone's standard clock and the sun at the stops' median longitude."""
    noon = dt.datetime.combine(day, dt.time(12), zone)
    standard = (noon.utcoffset() or dt.timedelta()) - (noon.dst() or dt.timedelta())
    hours = standard.total_seconds() / 3600 - float(np.median(lon)) / 15
    return abs((hours + 12) % 24 - 12)


def written(second: int) -> str:
    """``HH:MM:SS`` of a second of the service day; a minus before the day's start.

    >>> written(90605), written(-60)
    ('25:10:05', '-00:01:00')
    """
    hours, rest = divmod(abs(second), 3600)
    return f"{'-' if second < 0 else ''}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
