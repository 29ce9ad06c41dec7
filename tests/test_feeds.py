"""Reading sound feeds: what is kept, mended, dropped and counted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from toy_gtfs import TOY, TUESDAY, assert_balance, read, toy, write_folder, write_zip

from mobility.errors import FeedError
from mobility.feeds import describe_feeds, read_feeds
from mobility.scenario.model import FeedEntry


def test_toy_is_read_whole(tmp_path: Path) -> None:
    feeds = read(toy(tmp_path))
    assert feeds.stops["stop_id"].tolist() == ["x:a", "x:b", "x:c"]
    assert feeds.routes.loc[0, ["route_id", "mode", "operator"]].tolist() == [
        "x:r",
        "rail",
        "Xpress",
    ]
    assert feeds.trips["trip_id"].tolist() == ["x:t1", "x:t2"]
    assert feeds.trips["service_id"].tolist() == ["x:wk", "x:wk"]
    assert feeds.stop_times["trip"].tolist() == [0, 0, 0, 1, 1, 1]
    assert feeds.stop_times["stop"].tolist() == [0, 1, 2, 0, 1, 2]
    # 08:10 = 8 · 3600 + 600 = 29400
    assert feeds.stop_times["arrival_s"].tolist()[:3] == [28800, 29400, 30600]
    assert feeds.stop_times["departure_s"].tolist()[:3] == [28800, 29460, 30600]
    assert feeds.stops["country"].tolist() == ["BE"] * 3
    assert feeds.sources[0].days == (dt.date(2019, 10, 1), dt.date(2019, 12, 31))
    assert feeds.sources[0].dropped == {}
    assert feeds.sources[0].repaired == {}
    assert_balance(feeds)


def test_folder_nested_zip_and_zip_agree(tmp_path: Path) -> None:
    plain = read(toy(tmp_path))
    folder = read(write_folder(tmp_path / "folder", TOY))
    nested = read(write_zip(tmp_path / "nested.zip", TOY, folder="gtfs-2019/"))
    deep = read(write_folder(tmp_path / "outer" / "inner", TOY).parent)
    for other in (folder, nested, deep):
        assert other.stop_times.equals(plain.stop_times)
        assert other.stops.equals(plain.stops)


@pytest.mark.parametrize("junk", ["__MACOSX/._stops.txt", ".hidden/stops.txt", "notes.md"])
def test_junk_beside_the_feed_is_no_harm(tmp_path: Path, junk: str) -> None:
    path = write_zip(tmp_path / "toy.zip", {**TOY, junk: "\0junk"})
    assert len(read(path).stops) == 3


def test_blanks_bom_crlf_quotes_and_case_of_columns(tmp_path: Path) -> None:
    texts: dict[str, str | bytes] = {
        name: ("\ufeff" + text.replace("\n", "\r\n")).encode() for name, text in TOY.items()
    }
    texts["stops.txt"] = (
        b'\xef\xbb\xbf Stop_ID , "stop_name",stop_lat ,stop_lon\r\n'
        b'" a ","Aton, Station ""Noord""",51.0, 5.0\r\n\r\n'
        b"b\t,Beek\n in two lines,51.0,5.1\r\n"
        b"\xc2\xa0c,Ceto,51.0,5.3   \r\n"
    ).replace(b"Beek\n in two lines", b'"Beek\n in two lines"')
    texts["trips.txt"] = b"route_id,service_id,trip_id\n r ,wk  ,t1\nr, wk, t2 \n"
    feeds = read(write_zip(tmp_path / "t.zip", texts))
    assert feeds.stops["stop_id"].tolist() == ["x:a", "x:b", "x:c"]
    assert feeds.stops["name"].tolist() == ['Aton, Station "Noord"', "Beek\n in two lines", "Ceto"]
    assert len(feeds.stop_times) == 6
    assert_balance(feeds)


@pytest.mark.parametrize(("encoding", "counted"), [("utf-8", 0), ("cp1252", 3), ("utf-16", 0)])
def test_encodings(tmp_path: Path, encoding: str, counted: int) -> None:
    stops = TOY["stops.txt"].replace("Beek", "Bèèk-Liège")
    feeds = read(write_zip(tmp_path / "t.zip", {**TOY, "stops.txt": stops.encode(encoding)}))
    assert feeds.stops["name"].tolist() == ["Aton", "Bèèk-Liège", "Ceto"]
    key = "stops.txt: not UTF-8, read as Windows-1252"
    assert feeds.sources[0].repaired.get(key, 0) == counted


HEADER = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"


@pytest.mark.parametrize(
    ("calendar", "dates", "runs"),
    [
        # Weekdays alone.
        (HEADER + "wk,0,1,0,0,0,0,0,20191001,20191031\n", None, True),
        (HEADER + "wk,1,0,1,1,1,1,1,20191001,20191031\n", None, False),
        # A day added to a service that never runs by weekday.
        (HEADER + "wk,0,0,0,0,0,0,0,20191001,20191031\n", "wk,20191008,1\n", True),
        # A day taken away, whatever else stands beside it.
        (HEADER + "wk,1,1,1,1,1,1,1,20191001,20191031\n", "wk,20191008,2\nwk,20191009,1\n", False),
        # calendar_dates.txt alone.
        (None, "wk,20191008,1\n", True),
        (None, "wk,20191009,1\nwk,20191008,2\n", False),
        # Added and taken away at once, in either order: away.
        (None, "wk,20191008,1\nwk,20191009,1\nwk,20191008,2\n", False),
        (None, "wk,20191008,2\nwk,20191009,1\nwk,20191008,1\n", False),
        # The first and last day count.
        (HEADER + "wk,1,1,1,1,1,1,1,20191008,20191008\n", None, True),
        (HEADER + "wk,1,1,1,1,1,1,1,20191009,20191031\n", None, False),
    ],
)
def test_service_days(tmp_path: Path, calendar: str | None, dates: str | None, runs: bool) -> None:
    text = None if dates is None else "service_id,date,exception_type\n" + dates
    path = toy(tmp_path, calendar=calendar, calendar_dates=text)
    if runs:
        assert len(read(path).trips) == 2
    else:
        with pytest.raises(FeedError, match="no trip on 2019-10-08"):
            read(path)


NIGHT = (
    HEADER
    + "mo,1,0,0,0,0,0,0,20191001,20191231\ntu,0,1,0,0,0,0,0,20191001,20191231\n"
    + "we,0,0,1,0,0,0,0,20191001,20191231\n"
)


def test_days_beside_are_kept_where_they_reach_in(tmp_path: Path) -> None:
    trips = "".join(
        f"r,{s},{t}\n"
        for s, t in [("mo", "late"), ("mo", "early"), ("tu", "day"), ("we", "dawn"), ("we", "noon")]
    )
    times = {
        "late": ("24:10:00", "24:40:00"),
        "early": ("22:00:00", "23:00:00"),  # over by 23:00, the shortest day's length
        "day": ("12:00:00", "12:30:00"),
        "dawn": ("05:59:00", "06:30:00"),
        "noon": ("12:00:00", "12:30:00"),
    }
    rows = "".join(f"{t},{a},{a},a,1\n{t},{b},{b},c,2\n" for t, (a, b) in times.items())
    feeds = read(
        toy(
            tmp_path,
            calendar=NIGHT,
            trips="route_id,service_id,trip_id\n" + trips,
            stop_times="trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + rows,
        )
    )
    assert feeds.trips["trip_id"].tolist() == ["x:late", "x:day", "x:dawn"]
    assert_balance(feeds)


def test_box_keeps_trips_whole_and_counts_the_rest(tmp_path: Path) -> None:
    times = TOY["stop_times.txt"].replace("t2,09:30:00,09:30:00,c,3\n", "")
    feeds = read(toy(tmp_path, stop_times=times), box=(5.2, 50.9, 5.4, 51.1))
    # Only t1 calls at Ceto (5.30); its two other stops are outside and stay.
    assert feeds.trips["trip_id"].tolist() == ["x:t1"]
    assert feeds.stops["stop_id"].tolist() == ["x:a", "x:b", "x:c"]
    assert feeds.sources[0].dropped["trips.txt: serves no stop inside the region"] == 1
    assert feeds.sources[0].dropped["stop_times.txt: trip serves no stop inside the region"] == 2
    assert_balance(feeds)


TRIPS_OF_VEHICLES = "route_id,service_id,trip_id,block_id\n" + "".join(
    f"r,wk,{trip},{block}\n"
    for trip, block in [
        ("in", 1), ("on", 1), ("far", 1), ("farther", 1), ("beyond", 1), ("late", 1),
        ("other", 2), ("none", ""), ("into", 3), ("from", 3),
    ]
)  # fmt: skip


def test_a_box_keeps_what_the_vehicle_goes_on_as(tmp_path: Path) -> None:
    """Ceto (5.30) is inside; "in" ends at Beek 8:30, where "on" begins at 8:35, and so on."""
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    for trip, a, leaves, b, comes in [
        ("in", "c", "08:00", "b", "08:30"), ("on", "b", "08:35", "a", "09:00"),
        ("far", "a", "09:00", "b", "09:30"), ("farther", "b", "09:45", "a", "10:00"),
        ("beyond", "a", "10:05", "b", "10:30"),  # the fourth joint
        ("late", "b", "08:46", "a", "09:20"),  # 16 minutes after "in"
        ("other", "b", "08:35", "a", "09:00"),  # another vehicle
        ("none", "b", "08:35", "a", "09:00"),  # of no known vehicle
        ("from", "a", "07:00", "b", "07:30"), ("into", "b", "07:30", "c", "08:00"),
    ]:  # fmt: skip
        times += f"{trip},{leaves}:00,{leaves}:00,{a},1\n{trip},{comes}:00,{comes}:00,{b},2\n"
    path = toy(tmp_path, trips=TRIPS_OF_VEHICLES, stop_times=times)
    feeds = read(path, box=(5.2, 50.9, 5.4, 51.1))
    kept = [trip.removeprefix("x:") for trip in feeds.trips["trip_id"]]
    assert kept == ["in", "on", "far", "farther", "into", "from"]
    assert feeds.sources[0].dropped["trips.txt: serves no stop inside the region"] == 4
    assert_balance(feeds)


def test_blank_times_by_shape_distance_then_by_crow(tmp_path: Path) -> None:
    # Beek stands at one third of the way as the crow flies (0.1 of 0.3 degrees), and at
    # one half by shape_dist_traveled.
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\n"
    rows = (
        "t1,08:00:00,08:00:00,a,1,0\nt1,,,b,2,5\nt1,08:30:00,08:30:00,c,3,10\n"
        "t2,09:00:00,09:00:00,a,1,\nt2,,,b,2,\nt2,09:30:00,09:30:00,c,3,\n"
    )
    feeds = read(toy(tmp_path, stop_times=head + rows))
    seconds = feeds.stop_times["arrival_s"].to_numpy()
    assert seconds[1] == 8 * 3600 + 15 * 60
    # A third of 1800 s is 600 s, by the sphere's chord within a second.
    assert abs(seconds[4] - (9 * 3600 + 600)) <= 1
    assert feeds.sources[0].repaired == {
        "stop_times.txt: blank time filled by distance": 1,
        "stop_times.txt: blank time filled by shape_dist_traveled": 1,
    }


@pytest.mark.parametrize("shape", [("0", "8", "6"), ("5", "3", "10"), ("0", "0", "0")])
def test_distances_that_do_not_rise_are_not_used(tmp_path: Path, shape: tuple[str, ...]) -> None:
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\n"
    a, b, c = shape
    rows = f"t1,08:00:00,08:00:00,a,1,{a}\nt1,,,b,2,{b}\nt1,08:30:00,08:30:00,c,3,{c}\n"
    feeds = read(
        toy(tmp_path, stop_times=head + rows, trips="route_id,service_id,trip_id\nr,wk,t1\n")
    )
    # As the crow flies Beek stands at one third of the way: 600 of 1800 s.
    assert abs(feeds.stop_times["arrival_s"].to_numpy()[1] - (8 * 3600 + 600)) <= 1
    assert feeds.sources[0].repaired == {"stop_times.txt: blank time filled by distance": 1}


def test_blank_times_start_from_the_departure_and_between_stops_on_one_spot(tmp_path: Path) -> None:
    stops = "stop_id,stop_lat,stop_lon\n" + "".join(f"{s},51,5\n" for s in "abcd")
    rows = "t1,08:00:00,08:10:00,a,1\nt1,,,b,2\nt1,,,c,3\nt1,08:40:00,08:41:00,d,4\n"
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    feeds = read(toy(tmp_path, stops=stops, stop_times=head + rows))
    # 30 minutes from 08:10 over three equal hops: 08:20, 08:30.
    assert feeds.stop_times["arrival_s"].tolist() == [28800, 30000, 30600, 31200]


def test_untimed_ends_and_half_blank_rows(tmp_path: Path) -> None:
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    rows = (
        "t1,,,a,1\nt1,08:10:00,,b,2\nt1,,08:30:00,c,3\n"
        "t2,,,a,1\nt2,09:00:00,09:00:00,b,2\nt2,,,c,3\n"
    )
    feeds = read(toy(tmp_path, stop_times=head + rows))
    assert feeds.stop_times["arrival_s"].tolist() == [29400, 30600]
    assert feeds.stop_times["departure_s"].tolist() == [29400, 30600]
    dropped = feeds.sources[0].dropped
    assert dropped["stop_times.txt: no time at the trip's end"] == 3
    assert dropped["trips.txt: has fewer than two stops with time and position"] == 1
    assert_balance(feeds)


def test_positions_from_the_parent_and_without_any(tmp_path: Path) -> None:
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        "a1,Aton 1,,,0,a\na,Aton,51.0,5.0,1,\nb,Beek,0,0,0,\nc,Ceto,51.0,5.3,,\n"
        "e,Entrance,51.0,5.0,2,a\nbay,Bay,0.0,0.0,4,a1\n"
        "p,Ring,51,5,0,q\nq,Ring,51,5,0,p\n"
    )
    times = TOY["stop_times.txt"].replace(",a,1", ",a1,1")
    feeds = read(toy(tmp_path, stops=stops, stop_times=times))
    table = feeds.stops.set_index("stop_id")
    assert table.loc["x:a1", ["lon", "lat"]].tolist() == [5.0, 51.0]
    assert table.loc["x:bay", ["lon", "lat"]].tolist() == [5.0, 51.0]
    assert table.index[table.loc["x:a1", "parent"]] == "x:a"
    assert table["location_type"].to_dict()["x:e"] == 2
    assert "x:b" not in table.index
    source = feeds.sources[0]
    assert source.dropped["stops.txt: no position, nor has its parent one"] == 1
    assert source.dropped["stop_times.txt: stop without a position"] == 2
    assert source.repaired["stops.txt: position at 0, 0 taken as blank"] == 2
    assert source.repaired["stops.txt: parent_station in a ring, taken as blank"] == 2
    assert_balance(feeds)


def test_stops_nobody_serves_are_kept_inside_the_box_only(tmp_path: Path) -> None:
    stops = TOY["stops.txt"] + "near,Near,51.0,5.2,0,\nfar,Far,52.0,6.2,0,\n"
    feeds = read(toy(tmp_path, stops=stops), box=(4.9, 50.9, 5.4, 51.1))
    assert feeds.stops["stop_id"].tolist() == ["x:a", "x:b", "x:c", "x:near"]
    assert feeds.sources[0].dropped == {"stops.txt: outside the region and not served": 1}


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("0", "tram"),
        ("1", "metro"),
        ("2", "rail"),
        ("3", "bus"),
        ("4", "ferry"),
        ("7", "funicular"),
        ("11", "bus"),
        ("12", "metro"),
        ("103", "rail"),
        ("109", "rail"),
        ("200", "coach"),
        ("401", "metro"),
        ("700", "bus"),
        ("714", "bus"),
        ("900", "tram"),
        ("1200", "ferry"),
        ("1400", "funicular"),
        ("1501", "bus"),
        ("42", "other"),
    ],
)
def test_route_types(tmp_path: Path, kind: str, mode: str) -> None:
    routes = TOY["routes.txt"].replace(",2\n", f",{kind}\n")
    feeds = read(toy(tmp_path, routes=routes))
    assert feeds.routes["mode"].tolist() == [mode]
    assert feeds.routes["route_type"].tolist() == [int(kind)]


def test_references_that_lead_nowhere_are_counted(tmp_path: Path) -> None:
    feeds = read(
        toy(
            tmp_path,
            trips=TOY["trips.txt"] + "nix,wk,t3,0\nr,nix,t4,0\nr,wk,t2,0\n",
            stop_times=TOY["stop_times.txt"]
            + "t9,10:00:00,10:00:00,a,1\nt1,10:00:00,10:00:00,zz,9\nt1,10:00:00,10:00:00,,10\n"
            + "t1,10:00:00,10:00:00,a,3\n",
            transfers="from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"
            "a,b,2,120\na,zz,2,60\n,,2,60\na,b,2,120\n",
        )
    )
    assert feeds.sources[0].dropped == {
        "stop_times.txt: trip not in trips.txt": 1,
        "stop_times.txt: stop not in stops.txt": 1,
        "stop_times.txt: no stop_id (service on demand in an area)": 1,
        "stop_times.txt: stop_sequence again in the same trip": 1,
        "transfers.txt: neither stop, trip nor route": 1,
        "transfers.txt: stop, trip or route unknown": 1,
        "transfers.txt: the same row again": 1,
        "trips.txt: route not in routes.txt": 1,
        "trips.txt: service in no calendar": 1,
        "trips.txt: the same row again": 1,
    }
    assert feeds.transfers.to_dict("list") == {
        "from_stop": [0],
        "to_stop": [1],
        "transfer_type": [2],
        "min_transfer_s": [120],
        "from_trip": [-1],
        "to_trip": [-1],
        "from_route": [-1],
        "to_route": [-1],
    }
    assert_balance(feeds)


def test_rows_in_any_order_are_sorted(tmp_path: Path) -> None:
    head, *rows = TOY["stop_times.txt"].splitlines(keepends=True)
    shuffled = read(toy(tmp_path, stop_times=head + "".join(sorted(rows, key=lambda r: r[::-1]))))
    assert shuffled.stop_times.equals(read(toy(tmp_path)).stop_times)


def test_zone_of_the_feed_is_turned_into_the_regions(tmp_path: Path) -> None:
    # London is an hour behind Brussels: its 08:00 is 09:00 here.
    agency = TOY["agency.txt"].replace("Europe/Brussels", "Europe/London")
    feeds = read(toy(tmp_path, agency=agency))
    assert feeds.stop_times["arrival_s"].tolist()[0] == 9 * 3600
    assert feeds.sources[0].clock_shift_s == 3600


def test_feeds_come_sorted_and_in_any_order(tmp_path: Path) -> None:
    path = toy(tmp_path, transfers="from_stop_id,to_stop_id,transfer_type\na,b,0\n")
    entries = [FeedEntry(id=name, path=path, country="BE") for name in ("q", "p")]
    read_both = [
        read_feeds(order, timezone="Europe/Brussels", day=TUESDAY, box=None)
        for order in (entries, entries[::-1])
    ]
    one, two = read_both
    assert [s.id for s in one.sources] == ["p", "q"]
    assert one.stop_times.equals(two.stop_times)
    assert one.stop_times["trip"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert one.stops["stop_id"].tolist() == ["p:a", "p:b", "p:c", "q:a", "q:b", "q:c"]
    assert one.transfers[["from_stop", "to_stop"]].values.tolist() == [[0, 1], [3, 4]]
    assert one.trips["service"].tolist() == [0, 0, 1, 1]
    assert one.services.service_ids.tolist() == ["p:wk", "q:wk"]
    assert one.services.on(TUESDAY).tolist() == [True, True]
    assert_balance(one)


def test_frequencies_of_both_kinds(tmp_path: Path) -> None:
    text = (
        "trip_id,start_time,end_time,headway_secs,exact_times\n"
        "t1,06:00:00,09:00:00,600,0\nt2,06:00:00,09:00:00,900,1\nnix,06:00:00,09:00:00,900,1\n"
        "t2,06:00:00,06:00:00,900,1\n"
    )
    feeds = read(toy(tmp_path, frequencies=text))
    assert feeds.frequencies.to_dict("list") == {
        "trip": [0, 1],
        "start_s": [21600, 21600],
        "end_s": [32400, 32400],
        "headway_s": [600, 900],
        "exact": [False, True],
    }
    assert_balance(feeds)


def test_headway_trip_of_the_day_before_that_runs_past_midnight(tmp_path: Path) -> None:
    feeds = read(
        toy(
            tmp_path,
            calendar=NIGHT,
            trips="route_id,service_id,trip_id\nr,mo,t1\nr,tu,t2\n",
            frequencies="trip_id,start_time,end_time,headway_secs\nt1,20:00:00,24:30:00,600\n",
        )
    )
    # t1's template is over at 08:30, but its last departures leave after midnight.
    assert feeds.trips["trip_id"].tolist() == ["x:t1", "x:t2"]


def test_day_none_reads_all(tmp_path: Path) -> None:
    feeds = read(
        toy(tmp_path, calendar=NIGHT, trips="route_id,service_id,trip_id\nr,mo,t1\nr,we,t2\n"),
        day=None,
    )
    assert len(feeds.trips) == 2


def test_agencies_without_id_name_and_the_operator(tmp_path: Path) -> None:
    agency = "agency_name,agency_timezone\nXpress,Europe/Brussels\n"
    routes = "route_id,route_type\nr,3\n"
    feeds = read(toy(tmp_path, agency=agency, routes=routes))
    assert feeds.routes.loc[0, ["agency_id", "operator", "short_name"]].tolist() == [
        "",
        "Xpress",
        "",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "trans_id,lang,translation\nBeek,fr,Becque\n",
        "table_name,field_name,language,translation,field_value\nstops,stop_name,fr,Becque,Beek\n",
        "table_name,field_name,language,translation,record_id\nstops,stop_name,fr,Becque,b\n",
    ],
)
def test_translations_old_new_and_by_record(tmp_path: Path, text: str) -> None:
    feeds = read(toy(tmp_path, translations=text))
    found = feeds.translations[["feed", "language", "original", "translation"]]
    assert found.values.tolist() == [["x", "fr", "Beek", "Becque"]]


def test_optional_feed_may_be_missing(tmp_path: Path) -> None:
    entries = [
        FeedEntry(id="x", path=toy(tmp_path), country="BE"),
        FeedEntry(id="gone", path=tmp_path / "gone.zip", optional=True),
    ]
    feeds = read_feeds(entries, timezone="Europe/Brussels", day=TUESDAY, box=None)
    assert [source.id for source in feeds.sources] == ["x"]
    assert feeds.notes == ("Feed gone is not there (gone.zip) and was left out.",)


def test_no_text_is_missing(tmp_path: Path) -> None:
    feeds = read(toy(tmp_path))
    for name in ("stops", "routes", "trips", "agency", "translations"):
        table = getattr(feeds, name)
        assert not table.select_dtypes(exclude=[np.number, "bool"]).isna().any().any(), name


def test_what_is_taken_simpler_than_it_is_written_is_counted(tmp_path: Path) -> None:
    """On request at two of six events; one route of three stops anywhere along the road."""
    times = TOY["stop_times.txt"].split("\n")
    rules = ("pickup_type,drop_off_type", "0,1", "2,0", "1,0", "0,", ",3", "1,1", "")
    rows = [f"{row},{rule}" if row else "" for row, rule in zip(times, rules, strict=True)]
    head = "route_id,route_short_name,route_type,continuous_pickup,continuous_drop_off\n"
    feeds = read(
        toy(
            tmp_path,
            stop_times="\n".join(rows),
            routes=head + "r,1,3,0,1\nq,2,3,1,\np,3,3,,\n",
        )
    )
    assert feeds.sources[0].repaired == {
        "routes.txt: stops anywhere along the road, taken to call at its stops": 1,
        "stop_times.txt: on request (by phone or of the driver), taken as fixed": 2,
    }
    assert feeds.stop_times["pickup"].tolist() == [0, 2, 1, 0, 0, 1]


def test_old_line_ends(tmp_path: Path) -> None:
    texts = {name: text.replace("\n", "\r") for name, text in TOY.items()}
    assert read(write_zip(tmp_path / "r.zip", texts)).stop_times.equals(
        read(toy(tmp_path)).stop_times
    )


def test_statistics_by_hand(tmp_path: Path) -> None:
    text = "trip_id,start_time,end_time,headway_secs\nt2,10:00:00,12:00:00,1800\n"
    feeds = read(toy(tmp_path, frequencies=text))
    stats = describe_feeds(feeds, TUESDAY)
    row = stats.networks.iloc[0]
    # t1 once, t2 at 10:00, 10:30, 11:00 and 11:30; each half an hour long, end to start.
    assert row[["feed", "mode", "num_stops", "num_routes", "num_trips"]].tolist() == [
        "x",
        "rail",
        3,
        1,
        5,
    ]
    assert row["service_h"] == pytest.approx(2.5)
    # 0.3 degrees of longitude at 51 N: 0.3 * 111.195 km * cos(51) = 20.993 km, five times.
    assert row["service_km"] == pytest.approx(5 * 20.993, abs=0.01)
    assert row["service_kph"] == pytest.approx(2 * 20.993, abs=0.01)
    route = stats.routes.iloc[0]
    assert route[["route_id", "start_time", "end_time"]].tolist() == ["x:r", "08:00:00", "12:00:00"]
    # Gaps of 120, 30, 30 and 30 minutes.
    assert route[["mean_headway_min", "max_headway_min"]].tolist() == [52.5, 120.0]


def test_statistics_of_a_path_and_of_nothing(tmp_path: Path) -> None:
    path = toy(tmp_path)
    stats = describe_feeds(path)
    assert stats.day == dt.date(2019, 10, 1)
    assert stats.networks["num_trips"].tolist() == [2]
    empty = describe_feeds(read(path), dt.date(2019, 10, 5))
    assert empty.networks.empty
    with pytest.raises(FeedError, match="no such file"):
        describe_feeds(tmp_path / "gone.zip")
    with pytest.raises(FeedError, match="no trip on 2019-10-05"):
        describe_feeds(path, dt.date(2019, 10, 5))


def test_a_feed_that_is_not_the_one_named(tmp_path: Path) -> None:
    path = toy(tmp_path)
    sha256 = read(path).sources[0].sha256
    assert len(read(path, sha256=sha256).trips) == 2
    with pytest.raises(FeedError, match="Fetch the feed again"):
        read(path, sha256="0" * 64)


def test_station_outside_the_box_stays_with_its_platform(tmp_path: Path) -> None:
    stops = TOY["stops.txt"] + "st,Station,51.0,7.0,1,\n"
    stops = stops.replace("a,Aton,51.0,5.0,0,", "a,Aton,51.0,5.0,0,st")
    table = read(toy(tmp_path, stops=stops), box=(4.9, 50.9, 5.4, 51.1)).stops
    assert table["stop_id"].tolist() == ["x:a", "x:b", "x:c", "x:st"]
    assert table["parent"].tolist() == [3, -1, -1, -1]
