"""Toy GTFS written as text: a small sound feed, and ways to change it."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Mapping
from pathlib import Path

from mobility.feeds import Feeds, read_feeds
from mobility.scenario.model import FeedEntry

# Two stops of a rail line and a bus stop beside it:
#
#   Aton (5.00, 51.00) ===== Beek (5.10, 51.00) ===== Ceto (5.30, 51.00)
#
# 2019-10-08 is a Tuesday.
TOY: dict[str, str] = {
    "agency.txt": "agency_id,agency_name,agency_timezone\nX,Xpress,Europe/Brussels\n",
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        "a,Aton,51.0,5.0,0,\nb,Beek,51.0,5.1,0,\nc,Ceto,51.0,5.3,0,\n"
    ),
    "routes.txt": (
        "route_id,agency_id,route_short_name,route_long_name,route_type\nr,X,IC,Aton - Ceto,2\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        "start_date,end_date\nwk,1,1,1,1,1,0,0,20191001,20191231\n"
    ),
    "trips.txt": "route_id,service_id,trip_id,direction_id\nr,wk,t1,0\nr,wk,t2,0\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t1,08:00:00,08:00:00,a,1\nt1,08:10:00,08:11:00,b,2\nt1,08:30:00,08:30:00,c,3\n"
        "t2,09:00:00,09:00:00,a,1\nt2,09:10:00,09:11:00,b,2\nt2,09:30:00,09:30:00,c,3\n"
    ),
}


def files(**changes: str | None) -> dict[str, str]:
    """Return the toy feed with some files exchanged (``stop_times="…"``) or left out (None)."""
    made = dict(TOY)
    for name, text in changes.items():
        if text is None:
            made.pop(f"{name}.txt", None)
        else:
            made[f"{name}.txt"] = text
    return made


def write_zip(path: Path, texts: Mapping[str, str | bytes], folder: str = "") -> Path:
    """Write a feed as a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            # Of no time, so that the same texts are the same bytes whenever they are written.
            entry = zipfile.ZipInfo(folder + name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return path


def write_folder(path: Path, texts: Mapping[str, str | bytes]) -> Path:
    """Write a feed as a folder."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return path


TUESDAY = dt.date(2019, 10, 8)
FILES_OF_THE_DAY = ("stops", "routes", "trips", "stop_times", "frequencies", "transfers")


def read(
    path: Path, *, day: dt.date | None = TUESDAY, box=None, zone="Europe/Brussels", **entry
) -> Feeds:
    entry = {"id": "x", "country": "BE", **entry}
    return read_feeds([FeedEntry(path=path, **entry)], timezone=zone, day=day, box=box)


def toy(tmp_path: Path, **changes: str | None) -> Path:
    return write_zip(tmp_path / "toy.zip", files(**changes))


def assert_balance(feeds: Feeds) -> None:
    """Rows in = rows kept + rows dropped, for each file and feed."""
    for source in feeds.sources:
        for name in FILES_OF_THE_DAY:
            table = getattr(feeds, name)
            if "feed" in table:
                kept = int((table["feed"] == source.id).sum())
            elif name == "transfers":
                stop = table["from_stop"].to_numpy()
                kept = int((feeds.stops["feed"].to_numpy()[stop] == source.id).sum())
            else:
                trip = table["trip"].to_numpy()
                kept = int((feeds.trips["feed"].to_numpy()[trip] == source.id).sum())
            dropped = sum(
                n for reason, n in source.dropped.items() if reason.startswith(f"{name}.txt:")
            )
            assert source.rows.get(f"{name}.txt", 0) == kept + dropped, (name, source.dropped)
