"""Feeds that can't be used: each told where, what was found and expected; never a traceback."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_gtfs import TOY, TUESDAY, assert_balance, files, read, toy, write_folder, write_zip

from mobility.errors import FeedError
from mobility.feeds import read_feeds
from mobility.scenario.model import FeedEntry


def problems(path: Path, **options) -> list[str]:
    with pytest.raises(FeedError) as caught:
        read(path, **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"stops": None}, r"stops\.txt: found no such file"),
        ({"calendar": None}, r"neither calendar\.txt nor calendar_dates\.txt"),
        ({"stops": ""}, r"stops\.txt: found an empty file; expected the column stop_id"),
        ({"trips": "route_id,service_id,tripid\nr,wk,t1\n"}, r'no column trip_id, but "tripid"'),
        (
            {"routes": TOY["routes.txt"].replace(",2\n", ",train\n")},
            r'routes\.txt, row 2: found route_type "train"',
        ),
        (
            {"agency": TOY["agency.txt"].replace("Brussels", "Brussel")},
            r'agency_timezone "Europe/Brussel"',
        ),
        (
            {"agency": TOY["agency.txt"].replace("Europe/Brussels", "America/New_York")},
            r"New_York, but stops around longitude 5\.1",
        ),
        ({"agency": TOY["agency.txt"] + "Y,Y,Europe/London\n"}, r"agencies in several time zones"),
        ({"agency": "agency_name,agency_timezone\n"}, r"agency\.txt: found no rows"),
        (
            {"stop_times": TOY["stop_times.txt"].replace("08:10:00", "08:61:00")},
            r'stop_times\.txt, row 3: found arrival_time "08:61:00"; expected arrival_time as HH:MM:SS',
        ),
        (
            {"stop_times": TOY["stop_times.txt"].replace(",b,2", ",b,two")},
            r'row 3: found stop_sequence "two"',
        ),
        (
            {"stop_times": TOY["stop_times.txt"].replace(",b,2", ",b,")},
            r"row 3: found no stop_sequence",
        ),
        ({"stops": TOY["stops.txt"].replace("5.1", "5°6'")}, r'row 3: found stop_lon "5°6\'"'),
        (
            {"stops": TOY["stops.txt"] + "a,Other,51.5,5.0,0,\n"},
            r'stops\.txt, row 5: found stop_id "a" again, with other content',
        ),
        (
            {"calendar": TOY["calendar.txt"].replace("20191231", "20191331")},
            r'row 2: found end_date "20191331"; expected end_date as YYYYMMDD',
        ),
        ({"calendar": TOY["calendar.txt"].replace("wk,1", "wk,yes")}, r'monday "yes"'),
        (
            {"calendar": TOY["calendar.txt"] + "wk,1,1,1,1,1,1,1,20200101,20200201\n"},
            r'row 3: found service_id "wk" again',
        ),
        (
            {
                "frequencies": "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,09:00:00,-600\n"
            },
            r'headway_secs "-600"',
        ),
        (
            {"calendar_dates": "service_id,date,exception_type\nwk,20191008,3\n"},
            r'exception_type "3"',
        ),
        ({"stops": TOY["stops.txt"].replace("stop_lat", "stop_id")}, r"the column stop_id twice"),
        (
            {"stops": "stop_id,stop_lat,stop_lon\n" + "a,51,5,x,y\n" * 5},
            r"5 of 5 rows with another number of fields",
        ),
        ({"transfers": "from_stop_id,to_stop_id,transfer_type\na,b,9\n"}, r'transfer_type "9"'),
    ],
)
def test_each_fault_has_its_message(
    tmp_path: Path, changes: dict[str, str | None], expected: str
) -> None:
    found = "\n".join(problems(toy(tmp_path, **changes)))
    assert re.search(expected, found), found
    assert "feed x" in found
    assert "toy.zip" in found


def test_all_problems_at_once_and_many_of_a_kind_in_short(tmp_path: Path) -> None:
    rows = "".join(f"t1,8h{i},8h{i},a,{i}\n" for i in range(50))
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    found = problems(
        toy(tmp_path, stop_times=head + rows, stops=TOY["stops.txt"].replace("51.0", "north"))
    )
    assert any("stop_lat" in line for line in found)
    bad = write_zip(tmp_path / "bad.zip", files(stops=TOY["stops.txt"], stop_times=head + rows))
    lines = problems(bad)
    assert len(lines) == 2 * (5 + 1)
    assert sum("45 more rows of the same kind" in line for line in lines) == 2


def test_feeds_are_all_read_before_problems_are_told(tmp_path: Path) -> None:
    entries = [
        FeedEntry(id="one", path=tmp_path / "one.zip"),
        FeedEntry(id="two", path=tmp_path / "two.zip"),
    ]
    with pytest.raises(FeedError) as caught:
        read_feeds(entries, timezone="Europe/Brussels", day=TUESDAY, box=None)
    assert len(caught.value.problems) == 2
    with pytest.raises(FeedError, match='the id "one" 2 times'):
        read_feeds([entries[0]] * 2, timezone="Europe/Brussels", day=TUESDAY, box=None)
    with pytest.raises(FeedError, match="at least one feed"):
        read_feeds([], timezone="Europe/Brussels", day=TUESDAY, box=None)
    with pytest.raises(FeedError, match="Europe/Nowhere"):
        read_feeds(entries, timezone="Europe/Nowhere", day=TUESDAY, box=None)


def test_feed_without_the_day_shows_all_spans_and_a_better_day(tmp_path: Path) -> None:
    later = TOY["calendar.txt"].replace("20191001", "20191014")
    entries = [
        FeedEntry(id="p", path=toy(tmp_path), country="NL"),
        FeedEntry(id="q", path=write_zip(tmp_path / "q.zip", files(calendar=later)), country="BE"),
    ]
    with pytest.raises(FeedError) as caught:
        read_feeds(entries, timezone="Europe/Brussels", day=TUESDAY, box=None)
    (problem,) = caught.value.problems
    assert "feed q" in problem.where
    assert problem.found == "no trip on 2019-10-08; it runs 2019-10-14 to 2019-12-31"
    assert "p 2019-10-01 to 2019-12-31; q 2019-10-14 to 2019-12-31" in problem.expected
    # 15 and 17 October lie in the Dutch autumn holiday, 22 October in none.
    assert problem.cure == "Take Tuesday 2019-10-22, the best such day all feeds share"


def test_nearest_day_of_the_same_type_only_where_allowed(tmp_path: Path) -> None:
    later = TOY["calendar.txt"].replace("20191001", "20191010")
    path = toy(tmp_path, calendar=later)
    feeds = read(path, nearest_same_day_type=True)
    source = feeds.sources[0]
    # The next Tuesday, not the next working day (Thursday 10 October).
    assert source.read_day == dt.date(2019, 10, 15)
    assert len(feeds.trips) == 2
    assert feeds.services.on(TUESDAY).all()
    assert source.stand_in_days == (dt.date(2019, 10, 7), TUESDAY, dt.date(2019, 10, 9))
    assert "it was read as of 2019-10-15, the nearest working day it has" in source.notes[0]
    with pytest.raises(FeedError, match="no trip on 2019-10-08"):
        read(path)
    # On a Sunday there is no such day at all.
    with pytest.raises(FeedError, match="no trip on 2019-10-06"):
        read(path, day=dt.date(2019, 10, 6), nearest_same_day_type=True)


# --- zips ------------------------------------------------------------------------------------


def test_not_a_zip_and_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "toy.zip"
    path.write_bytes(b"<html>Not found</html>")
    assert "a file that is no zip" in problems(path)[0]
    whole = toy(tmp_path).read_bytes()
    for cut in range(0, len(whole), max(len(whole) // 40, 1)):
        path.write_bytes(whole[:cut])
        problems(path)


def test_damaged_bytes_never_pass_in_silence(tmp_path: Path) -> None:
    whole = toy(tmp_path).read_bytes()
    sound = read(tmp_path / "toy.zip")
    path = tmp_path / "bad.zip"
    for place in range(0, len(whole), max(len(whole) // 150, 1)):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        try:
            feeds = read(path)
        except FeedError:
            continue
        # Bytes that mean nothing (dates, names of no needed file) may change.
        assert feeds.stop_times.equals(sound.stop_times), place
        assert feeds.stops.equals(sound.stops), place


@pytest.mark.parametrize(
    "name", ["../stops.txt", "/etc/stops.txt", "C:/stops.txt", "a\\..\\stops.txt"]
)
def test_paths_that_lead_out(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "toy.zip", {**TOY, name: "x"})
    assert "a path that leads out of the zip" in problems(path)[0]


def test_encrypted_doubled_swollen_and_two_feeds(tmp_path: Path) -> None:
    path = toy(tmp_path)
    data = bytearray(path.read_bytes())
    # The flag "encrypted" of every entry in the central directory.
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        data[place + 8] |= 1
        place = data.find(b"PK\x01\x02", place + 4)
    path.write_bytes(bytes(data))
    assert "encrypted" in problems(path)[0]

    write_zip(path, TOY)
    with zipfile.ZipFile(path, "a") as archive:  # noqa: SIM117 - the warning is of one line
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("stops.txt", "stop_id\n")
    assert "the same name twice in the zip" in problems(path)[0]

    write_zip(path, {**TOY, "shapes.txt": b"0" * (80 << 20)})
    assert "zip bomb" in problems(path)[0]

    both = {f"{folder}/{name}": text for folder in "ab" for name, text in TOY.items()}
    write_zip(path, both)
    assert "feeds in several folders of the zip: a, b" in problems(path)[0]


def test_zip_of_zips_names_those_inside(tmp_path: Path) -> None:
    inner = toy(tmp_path)
    path = write_zip(tmp_path / "both.zip", {"north.zip": inner.read_bytes(), "readme.txt": "?"})
    (found,) = problems(path)
    assert "a zip of zips: north.zip" in found
    assert "Unpack it once" in found
    # A zip beside the tables is no harm.
    beside = write_zip(tmp_path / "beside.zip", {**TOY, "older.zip": inner.read_bytes()})
    assert len(read(beside).trips) == 2


def test_service_on_demand_alone_is_no_timetable(tmp_path: Path) -> None:
    flex = {
        "stop_times": "trip_id,location_id,stop_sequence,start_pickup_drop_off_window,"
        "end_pickup_drop_off_window\nt1,north,1,07:00:00,19:00:00\nt1,south,2,07:00:00,19:00:00\n"
    }
    for folder in (False, True):
        for changes in (flex, {**flex, "stops": None}):
            texts = {**files(**changes), "locations.geojson": "{}"}
            path = tmp_path / f"flex{folder}{len(texts)}"
            found = problems(write_folder(path, texts) if folder else write_zip(path, texts))
            assert len(found) == 1, found
            assert "GTFS-Flex" in found[0]
            assert "flex-zone" in found[0]


def test_long_cells(tmp_path: Path) -> None:
    long = "x" * 5_000_000
    feeds = read(toy(tmp_path, stops=TOY["stops.txt"].replace("Beek", long)))
    assert len(feeds.stops["name"][1]) == len(long)
    huge = "x" * 40_000_000
    assert (
        "no CSV"
        in problems(
            write_folder(tmp_path / "f", files(stops=TOY["stops.txt"].replace("Beek", huge)))
        )[0]
    )


# --- fuzz ------------------------------------------------------------------------------------

CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            '"',
            '""',
            "a",
            "b",
            "t1",
            "r",
            "wk",
            "0",
            "1",
            "2",
            "-1",
            "1e9",
            "08:00:00",
            "25:00:00",
            "47:59:59",
            "8:00",
            "20191008",
            "99991231",
            "00000000",
            "51.0",
            "5.0",
            "NaN",
            "inf",
            "\ufeff",
            "é",
            "\0",
            ",",
            "\n",
            "\r\n",
            "9" * 30,
            "1_000",
        ]
    ),
    st.text(max_size=4),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from([*sorted(TOY), "calendar_dates.txt", "frequencies.txt", "transfers.txt"]),
    data=st.data(),
)
def test_malformed_tables_raise_feed_errors_or_balance(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    header = {
        "calendar_dates.txt": "service_id,date,exception_type\n",
        "frequencies.txt": "trip_id,start_time,end_time,headway_secs,exact_times\n",
        "transfers.txt": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n",
    }
    lines = TOY.get(name, header.get(name, "")).splitlines()
    table = [line.split(",") for line in lines]
    for _ in range(data.draw(st.integers(1, 4))):
        change = data.draw(st.sampled_from(["cell", "row", "drop", "double", "cut", "swap"]))
        i = data.draw(st.integers(0, len(table) - 1))
        j = data.draw(st.integers(0, max(len(table[i]) - 1, 0)))
        if change == "cell" and table[i]:
            table[i][j] = data.draw(CELLS)
        elif change == "row":
            table.append([data.draw(CELLS) for _ in table[0]])
        elif change == "drop" and len(table) > 1:
            del table[i]
        elif change == "double":
            table.insert(i, list(table[i]))
        elif change == "cut":
            table[i] = table[i][:j]
        elif change == "swap" and table[i]:
            table[i][0], table[i][j] = table[i][j], table[i][0]
    text = "\n".join(",".join(row) for row in table)
    raw = text.encode("utf-8", "surrogatepass")
    folder = write_folder(tmp_path / "fuzz", {**TOY, "transfers.txt": "", name: raw})
    feeds = None
    try:
        feeds = read(folder)
    except FeedError as error:
        told = error.problems
    finally:
        for file in folder.iterdir():
            file.unlink()
    if feeds is None:
        assert told
        return
    assert_balance(feeds)
    assert (feeds.stop_times.groupby("trip").size() >= 2).all()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(sorted(TOY)), raw=st.binary(max_size=200))
def test_bytes_instead_of_a_table(tmp_path: Path, name: str, raw: bytes) -> None:
    folder = write_folder(tmp_path / "fuzz", {**TOY, name: raw})
    with pytest.raises(FeedError):
        read(folder)
