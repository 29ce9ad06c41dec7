"""A region in which no vehicle runs, and zones on both sides of the 180th meridian."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from toy_gtfs import TOY, TUESDAY, read, toy
from toy_region import write_region

from mobility.batch.reading import read_run
from mobility.changes.service_cost import service_cost
from mobility.cli import main
from mobility.errors import ZoneError
from mobility.feeds.notes import NO_TRIP, note_said
from mobility.scenario.model import ZonesEntry
from mobility.zones import read_zones


def test_a_box_without_any_vehicle_still_runs_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Zones and streets as in the toy region, timetables of a place 100 km north."""
    base = write_region(tmp_path)
    elsewhere = TOY["stops.txt"].replace(",51.0,", ",52.0,")
    for name in ("nl", "be"):
        toy(tmp_path, stops=elsewhere).rename(tmp_path / f"{name}.zip")
    assert main([str(base), "--out", str(tmp_path / "out"), "--lang", "en", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    run = tmp_path / "out" / "base"
    notes = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["notes"]
    assert notes == [NO_TRIP.format(feed=feed, day=TUESDAY) for feed in ("be", "nl")]
    times = pd.read_parquet(run / "travel_times.parquet").set_index("mode")
    # On foot all the way, 21 km at 4.8 km/h: nobody is carried.
    assert times.loc["pt", "p50_s"].tolist() == pytest.approx(
        times.loc["walk", "p50_s"].tolist(), abs=1
    )
    # What is read again of the finished run has no lines nor stops either.
    behind = read_run(run).background
    assert (len(behind.lines), len(behind.stops)) == (0, 0)
    assert behind.stops[["lon", "lat"]].dtypes.tolist() == [float, float]
    # A run beside itself says nothing.
    assert main(["compare", str(run), str(run), "--out", str(tmp_path / "x"), "--quiet"]) == 1
    assert "each run once" in capsys.readouterr().err


def test_a_feed_without_a_trip_in_the_box_is_noted_in_both_languages(tmp_path: Path) -> None:
    feeds = read(toy(tmp_path), box=(10.0, 51.0, 11.0, 52.0))
    (note,) = feeds.notes
    assert note == NO_TRIP.format(feed="x", day=TUESDAY)
    assert note_said(note, "nl").startswith("Dienstregeling x heeft op 2019-10-08 geen rit")
    assert not len(service_cost(feeds, TUESDAY))
    assert read(toy(tmp_path), box=(5.0, 50.0, 5.05, 52.0)).notes == ()


@pytest.mark.parametrize(("lon", "fits"), [("-179.9", False), ("179.8", True)])
def test_zones_across_the_180th_meridian_are_refused(tmp_path: Path, lon: str, fits: bool) -> None:
    path = tmp_path / "z.csv"
    path.write_text(f"id,lon,lat\na,179.9,-17.0\nb,{lon},-17.0\n", encoding="utf-8")
    if fits:
        assert read_zones(ZonesEntry(path=path, id="id"), None).ids.tolist() == ["a", "b"]
        return
    with pytest.raises(ZoneError, match="one side of the 180th meridian"):
        read_zones(ZonesEntry(path=path, id="id"), None)
    west = ZonesEntry(path=path, id="id", box=(170.0, -20.0, 180.0, -10.0))
    assert read_zones(west, None).ids.tolist() == ["a"]
