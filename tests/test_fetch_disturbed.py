"""Fetching while things go wrong around it: kills, other fetches, clocks, disks."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path

import crash_steps
import pytest
from test_fetch import GOOD, NOW, from_site, gtfs, region, run, said, stored, web
from web_server import Handler, serving, sound, status

from mobility import fetch as fetching
from mobility.errors import FetchError
from mobility.fetch import Limits, Web, fetch, lock_path, read_lock, store_of
from mobility.fetch.claim import claim_of, claimed
from mobility.fetch.download import part_of
from mobility.scenario import read_region


def feed_of(path: Path) -> Path:
    return path.parent / "toy/store/x.zip"


def at(moment: dt.datetime) -> Web:
    return replace(web()[0], now=lambda: moment)


# --- kills


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
@pytest.mark.parametrize("step", [13, 18])
def test_a_fetch_killed_at_any_step_leaves_old_or_new(tmp_path: Path, step: int) -> None:
    killed, wrong = crash_steps.fetch_killed(step, tmp_path)
    assert killed
    assert wrong == []


class Killed(BaseException):
    """Ends what is done, as a kill would."""


def test_the_older_copy_stays_until_the_newer_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        site.pages["/x.zip"] = sound(gtfs("v2"), '"2"')
        moved = os.replace

        def killed(source: Path, target: Path) -> None:
            if Path(target) == feed_of(path):
                raise Killed
            moved(source, target)

        monkeypatch.setattr(os, "replace", killed)
        with pytest.raises(Killed):
            run(path)
        assert stored(path) == GOOD
        monkeypatch.undo()
        assert run(path).state == "updated"
    assert stored(path) == gtfs("v2")
    (older,) = store_of(path).rglob("*.zip")
    assert older.read_bytes() == GOOD


def test_a_copy_that_is_on_another_disk_is_kept_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", fail)
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        site.pages["/x.zip"] = sound(gtfs("v2"), '"2"')
        assert run(path).state == "updated"
    assert [p.read_bytes() for p in store_of(path).rglob("*.zip")] == [GOOD]


def test_a_file_whose_lock_was_not_written_is_dated_anew(tmp_path: Path) -> None:
    # Killed between the two: the newer file stands there, the lock speaks of the older one.
    later = NOW + dt.timedelta(days=3)
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        site.pages["/x.zip"] = sound(gtfs("v2"), '"2"')
        feed_of(path).write_bytes(gtfs("v2"))
        row = run(path, at(later))
        assert row.state == "unchanged"
    assert read_lock(lock_path(path))["feed x"].fetched == later.isoformat()


# --- what stands there is looked at


@pytest.mark.parametrize("same_size", [True, False])
def test_a_damaged_copy_is_not_taken_for_the_newest(tmp_path: Path, same_size: bool) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        damaged = bytes([GOOD[0] ^ 1]) + GOOD[1:] if same_size else GOOD[:100]
        feed_of(path).write_bytes(damaged)
        assert run(path).state == "updated"
    assert stored(path) == GOOD


def test_what_is_no_longer_needed_is_not_left(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        # An earlier fetch was killed as it began.
        part_of(feed_of(path)).write_bytes(b"")
        fetching.download.write_mark(
            part_of(feed_of(path)), fetching.download.Mark(f"{site.url}/x.zip", '"1"')
        )
        assert run(path).state == "unchanged"
    assert sorted(p.name for p in feed_of(path).parent.iterdir()) == ["x.zip"]


# --- other fetches


def test_a_second_fetch_of_a_region_is_refused_in_words(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(page: Handler) -> None:
        begun.set()
        go_on.wait(20)
        sound(GOOD)(page)

    with serving(**{"x.zip": slow}) as site:
        path = region(tmp_path, from_site(site))
        rows = []
        first = threading.Thread(target=lambda: rows.append(run(path)))
        first.start()
        assert begun.wait(20)
        with pytest.raises(FetchError, match="another fetch of it under way"):
            run(path)
        # Another region of the same file: that one file is refused.
        other = tmp_path / "other.toml"
        other.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        row = run(other)
        assert row.state == "failed"
        assert "another fetch of it under way" in said(row)
        go_on.set()
        first.join(20)
    assert [row.state for row in rows] == ["new"]
    assert stored(path) == GOOD
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_killed_fetch_holds_nothing(tmp_path: Path) -> None:
    target = tmp_path / "x.zip"
    script = (
        "import sys; from pathlib import Path; from mobility.fetch.claim import claimed\n"
        "with claimed(Path(sys.argv[1]), 'x'):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    started = subprocess.Popen([sys.executable, "-c", script, str(target)], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               cwd=crash_steps.REPOSITORY)  # fmt: skip
    assert started.stdout is not None
    assert started.stdout.readline() == "held\n"
    with pytest.raises(FetchError, match="another fetch"), claimed(target, "x"):
        pass
    started.send_signal(signal.SIGKILL)
    started.communicate(timeout=20)
    with claimed(target, "x"):
        assert claim_of(target).is_file()
    assert list(tmp_path.iterdir()) == []


# --- clocks

YEAR = dt.timedelta(days=365)


@pytest.mark.parametrize("jump", [-30 * YEAR, -dt.timedelta(hours=1), dt.timedelta(days=1), YEAR])
def test_a_clock_that_jumps_decides_nothing(tmp_path: Path, jump: dt.timedelta) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        for stamp_s in (0, -86_400, 4_000_000_000):
            os.utime(feed_of(path), (stamp_s, stamp_s))
            assert run(path, at(NOW + jump)).state == "unchanged"
        assert {h.get("If-None-Match") for _, h in site.asked[1:]} == {'"1"'}
        site.pages["/x.zip"] = sound(gtfs("v2"), '"2"')
        assert run(path, at(NOW + jump)).state == "updated"
        assert run(path, at(NOW)).state == "unchanged"
    assert [p.read_bytes() for p in store_of(path).rglob("*.zip")] == [GOOD]


def test_what_was_fetched_in_the_future_grows_old(tmp_path: Path) -> None:
    asked: list[Path] = []

    def overpass(_source: object, part: Path) -> None:
        asked.append(part)
        part.write_text(f"<osm>{len(asked)}</osm>", encoding="utf-8")

    path = tmp_path / "toy.toml"
    path.write_text(
        'version = 1\nname = "Toy"\n[[feeds]]\nid = "x"\npath = "x.zip"\n[streets]\n'
        'osm = ["s.graphml"]\noverpass = "https://o.example"\noverpass_box = [5.0, 51.0, 5.1, 51.1]\n'
        'changes_every_days = 7\n[zones]\npath = "zones.csv"\nid = "zone_id"\n',
        encoding="utf-8",
    )
    loaded = read_region(path, check_files=False)

    def now(moment: dt.datetime) -> int:
        fetch(path, loaded, web=at(moment), overpass=overpass)
        return len(asked)

    assert now(NOW + YEAR) == 1  # a clock a year ahead
    assert now(NOW + YEAR + dt.timedelta(days=6)) == 1
    (streets,) = [s for s in fetching.status(path, loaded, NOW.date()) if s.role == "streets 1"]
    assert streets.stale
    assert now(NOW) == 2  # mended: what bears that date is not taken for new until then
    assert now(NOW - dt.timedelta(hours=1)) == 2  # a small step back asks nobody again


def test_a_wait_until_a_date_is_measured_by_the_servers_clock(tmp_path: Path) -> None:
    there = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
    until = format_datetime(there + dt.timedelta(seconds=7), usegmt=True)

    def answer(page: Handler) -> None:
        if page.asked_before:
            sound(GOOD)(page)
            return
        page.send_response_only(503)
        page.send_header("Date", format_datetime(there, usegmt=True))
        page.send_header("Retry-After", until)
        page.send_header("Content-Length", "0")
        page.end_headers()

    for ours in (there - YEAR, there + YEAR):
        with serving(**{"x.zip": answer}) as site:
            (tmp_path / str(ours.year)).mkdir()
            path = region(tmp_path / str(ours.year), from_site(site))
            how, waits = web()
            assert run(path, replace(how, now=lambda: ours)).state == "new"  # noqa: B023
        assert waits == [7.0]


def test_a_feed_with_days_in_no_calendar_has_no_days(tmp_path: Path) -> None:
    odd = gtfs(calendar="service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
               "start_date,end_date\nwk,1,1,1,1,1,1,1,20190101,20191399\n")  # fmt: skip
    with serving(**{"x.zip": sound(odd)}) as site:
        path = region(tmp_path, from_site(site))
        assert run(path).state == "new"
    entry = read_lock(lock_path(path))["feed x"]
    assert (entry.first_day, entry.last_day) == ("2019-01-01", "")
    (feed, *_) = fetching.status(path, read_region(path, check_files=False), NOW.date())
    assert feed.days_left is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("fetched", "yesterday"), ("checked", "2026-11-24T09:00:00"), ("last_day", "2019-13-99")],
)
def test_a_lock_with_a_wrong_date_is_said(tmp_path: Path, key: str, value: str) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
    lock = json.loads(lock_path(path).read_text(encoding="utf-8"))
    lock["files"]["feed x"][key] = value
    lock_path(path).write_text(json.dumps(lock), encoding="utf-8")
    with pytest.raises(FetchError, match="no readable lock"):
        read_lock(lock_path(path))


# --- disks


@pytest.mark.parametrize("name", ["x.zip.part", "x.zip.part.json", "toy.lock.json"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_disk_without_room_leaves_what_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: int
) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        lock = lock_path(path).read_bytes()
        site.pages["/x.zip"] = sound(gtfs("v2"), '"2"')
        opened = Path.open

        def full(self: Path, mode: str = "r", *rest: object, **more: object) -> object:
            if mode[0] in "wrx" and mode not in ("r", "rb") and name in self.name:
                raise OSError(code, os.strerror(code), str(self))
            return opened(self, mode, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(Path, "open", full)
        row = run(path)
        monkeypatch.undo()
        assert row.state == "kept"
        assert os.strerror(code) in said(row)
        assert stored(path) in (GOOD, gtfs("v2"))
        assert lock_path(path).read_bytes() == lock
        assert not list(tmp_path.rglob(".*"))
        assert run(path).state in ("updated", "unchanged")
    assert stored(path) == gtfs("v2")
    assert [p.read_bytes() for p in store_of(path).rglob("*.zip")] == [GOOD]


def test_unread_pages_hold_no_claim(tmp_path: Path) -> None:
    with serving(**{"x.zip": status(404)}) as site:
        path = region(tmp_path, from_site(site))
        assert run(path, Web(Limits(attempts=1))).state == "failed"
    assert not list(tmp_path.rglob(".*"))
