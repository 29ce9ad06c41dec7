"""Fetching: from a server on 127.0.0.1 that breaks every promise a server can make."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import threading
import zipfile
from pathlib import Path

import pytest
from toy_gtfs import files
from web_server import (
    MODIFIED,
    Site,
    breaking,
    dripping,
    first_then,
    redirect,
    serving,
    sound,
    status,
)

from mobility import fetch as fetching
from mobility.errors import FetchError, RegionError
from mobility.fetch import Limits, Row, Web, clean, fetch, lock_path, read_lock, store_of
from mobility.fetch.checks import listed_hash
from mobility.fetch.web import check_url, secret_of
from mobility.scenario import read_region

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


def gtfs(note: str = "", **changes: str | None) -> bytes:
    """A sound feed; `note` makes it another one."""
    made = io.BytesIO()
    texts = files(
        feed_info="feed_publisher_name,feed_publisher_url,feed_lang,feed_version\n"
        f"X,http://x,nl,{note or 'v1'}\n",
        **changes,
    )
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return made.getvalue()


GOOD = gtfs()


def region(folder: Path, feed: str, more: str = "") -> Path:
    """A region whose feed is fetched and whose other files are there."""
    (folder / "streets.osm").write_text("<osm/>", encoding="utf-8")
    (folder / "zones.csv").write_text("zone_id,lon,lat\na,5,51\n", encoding="utf-8")
    path = folder / "toy.toml"
    path.write_text(
        f'version = 1\nname = "Toy"\n[[feeds]]\nid = "x"\npath = "toy/store/x.zip"\n{feed}\n'
        '[streets]\nosm = ["streets.osm"]\n[zones]\npath = "zones.csv"\nid = "zone_id"\n' + more,
        encoding="utf-8",
    )
    return path


def web(**limits: float) -> tuple[Web, list[float]]:
    """Limits that fit a test, and the waits that would have been made."""
    waits: list[float] = []
    chosen = {"connect_s": 2.0, "idle_s": 2.0, "attempts": 4, **limits}
    return Web(Limits(**chosen), sleep=waits.append, now=lambda: NOW), waits  # type: ignore[arg-type]


def run(path: Path, at: Web | None = None, *, locked: bool = False) -> Row:
    rows = fetch(path, read_region(path, check_files=False), web=at or web()[0], locked=locked)
    return next(row for row in rows if row.role == "feed x")


def said(row: Row) -> str:
    assert len(row.problems) == 1, row.problems
    return str(row.problems[0])


def from_site(site: Site, more: str = "") -> str:
    return f'url = "{site.url}/x.zip"\nallow_http = true\n{more}'


def stored(path: Path) -> bytes:
    return (path.parent / "toy/store/x.zip").read_bytes()


# --- as it should be


def test_a_file_comes_and_the_lock_says_all_of_it(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        row = run(path)
        assert row.state == "new"
        assert not row.problems
        agent = site.asked[0][1]["User-Agent"]
    assert agent.startswith("border-mobility/")
    assert stored(path) == GOOD
    entry = read_lock(lock_path(path))["feed x"]
    assert entry.sha256 == hashlib.sha256(GOOD).hexdigest()
    assert (entry.size, entry.etag, entry.last_modified) == (len(GOOD), '"1"', MODIFIED)
    assert (entry.feed_version, entry.first_day, entry.last_day) == (
        "v1",
        "2019-10-01",
        "2019-12-31",
    )
    assert entry.fetched == "2026-11-24T09:00:00+00:00"
    assert entry.path == "toy/store/x.zip"
    assert entry.url == f"{site.url}/x.zip"
    assert not list(tmp_path.rglob("*.part*"))


def test_files_the_user_put_there_stand_in_the_lock_too(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        rows = fetch(path, read_region(path, check_files=False), web=web()[0])
    assert [(row.role, row.state) for row in rows] == [
        ("feed x", "new"),
        ("streets 1", "local"),
        ("zones", "local"),
    ]
    lock = read_lock(lock_path(path))
    assert lock["zones"].sha256 == hashlib.sha256((tmp_path / "zones.csv").read_bytes()).hexdigest()


def test_a_second_fetch_asks_only_for_a_newer_one(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        row = run(path)
        assert row.state == "unchanged"
        assert site.asked[1][1]["If-None-Match"] == '"1"'
        assert site.asked[1][1]["If-Modified-Since"] == MODIFIED


def test_a_newer_one_takes_the_place_and_the_older_goes_into_the_store(tmp_path: Path) -> None:
    newer = gtfs("v2")
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        site.pages["/x.zip"] = sound(newer, '"2"')
        assert run(path).state == "updated"
    assert stored(path) == newer
    (older,) = store_of(path).rglob("*.zip")
    assert older.read_bytes() == GOOD
    assert older.parent.name == "2026-11-24"
    assert read_lock(lock_path(path))["feed x"].feed_version == "v2"


def test_clean_empties_the_store_and_nothing_else(tmp_path: Path) -> None:
    path = region(tmp_path, "")
    day = store_of(path) / "2026-01-02"
    day.mkdir(parents=True)
    (day / "a").write_bytes(b"12345")
    later = store_of(path) / "2026-05-06"
    later.mkdir()
    (later / "b").write_bytes(b"1")
    own = store_of(path) / "my own notes"
    own.mkdir()
    assert clean(path, before=dt.date(2026, 3, 1)) == fetching.Cleaned(1, 5)
    assert clean(path) == fetching.Cleaned(1, 1)
    assert own.is_dir()
    assert not day.exists()
    assert not later.exists()


# --- servers that do not


def test_a_connection_that_breaks_midway_is_taken_up(tmp_path: Path) -> None:
    big = gtfs("x" * 50)
    with serving(**{"x.zip": breaking(big, 3, 400)}) as site:
        path = region(tmp_path, from_site(site))
        at, waits = web()
        assert run(path, at).state == "new"
        ranges = [headers.get("Range") for _, headers in site.asked]
        assert site.asked[1][1]["If-Range"] == '"1"'
    assert ranges == [None, "bytes=400-", "bytes=800-", "bytes=1200-"]
    assert stored(path) == big
    # Each attempt brought bytes, so the wait never doubled.
    assert waits == [1.0, 1.0, 1.0]


def test_what_has_come_is_taken_up_by_the_next_fetch(tmp_path: Path) -> None:
    with serving(**{"x.zip": breaking(GOOD, 99, 100)}) as site:
        path = region(tmp_path, from_site(site))
        at, _ = web(total_s=0.0)
        assert run(path, at).state == "failed"
        site.asked.clear()
        site.pages["/x.zip"] = sound(GOOD)
        assert run(path).state == "new"
        assert site.asked[0][1]["Range"].startswith("bytes=")
    assert stored(path) == GOOD


def test_a_file_renewed_meanwhile_starts_anew(tmp_path: Path) -> None:
    newer = gtfs("v2")
    with serving(**{"x.zip": first_then(breaking(GOOD, 1, 100), sound(newer, '"2"'))}) as site:
        path = region(tmp_path, from_site(site))
        assert run(path).state == "new"
    assert stored(path) == newer


def test_a_server_that_promises_more_than_it_sends(tmp_path: Path) -> None:
    def lying(page) -> None:
        page.start(200, Content_Length=len(GOOD) + 10)
        page.wfile.write(GOOD)
        page.cut()

    with serving(**{"x.zip": lying}) as site:
        path = region(tmp_path, from_site(site))
        at, waits = web()
        row = run(path, at)
    assert row.state == "failed"
    assert f"after {len(GOOD)} bytes" in said(row)
    assert "4 times" in said(row)
    assert waits in ([1.0, 1.0, 2.0], [1.0, 2.0, 4.0])
    assert not (tmp_path / "toy/store/x.zip").exists()


def test_a_server_that_promises_less_than_it_sends(tmp_path: Path) -> None:
    def lying(page) -> None:
        page.start(200, Content_Length=len(GOOD) - 10)
        page.wfile.write(GOOD)
        page.cut()

    with serving(**{"x.zip": lying}) as site:
        row = run(region(tmp_path, from_site(site)))
    assert row.state == "failed"
    assert "no zip" in said(row)


def test_a_file_with_a_wrong_hash_is_refused_and_the_older_copy_stays(tmp_path: Path) -> None:
    listed = status(200, f"{'0' * 32}  x.zip\n".encode())
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        region(tmp_path, from_site(site, 'checksum_url = "{url}.md5"\n'))
        site.pages |= {"/x.zip": sound(gtfs("v2"), '"2"'), "/x.zip.md5": listed}
        row = run(path)
        assert site.paths().count("/x.zip") == 3  # once, then twice, lest it was just renewed
    assert row.state == "kept"
    assert "md5" in said(row)
    assert "owner publishes" in said(row)
    assert row.entry is not None
    assert row.entry.feed_version == "v1"
    assert stored(path) == GOOD


def test_a_right_hash_is_believed(tmp_path: Path) -> None:
    md5 = hashlib.md5(GOOD, usedforsecurity=False).hexdigest()
    listed = status(200, f"{md5}  x.zip\n".encode())
    with serving(**{"x.zip": sound(GOOD), "x.zip.md5": listed}) as site:
        assert run(region(tmp_path, from_site(site, 'checksum_url = "{url}.md5"'))).state == "new"


def test_a_hash_the_region_file_demands(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        row = run(region(tmp_path, from_site(site, f'sha256 = "{"a" * 64}"')))
    assert row.state == "failed"
    assert "region file demands" in said(row)


def test_404_is_said_at_once(tmp_path: Path) -> None:
    with serving() as site:
        row = run(region(tmp_path, from_site(site)))
        assert len(site.asked) == 1
    assert row.state == "failed"
    assert "404" in said(row)


def test_500_and_then_a_file(tmp_path: Path) -> None:
    with serving(**{"x.zip": first_then(status(500), status(503), sound(GOOD))}) as site:
        at, waits = web()
        assert run(region(tmp_path, from_site(site)), at).state == "new"
    assert waits == [1.0, 2.0]


def test_500_for_ever(tmp_path: Path) -> None:
    with serving(**{"x.zip": status(500)}) as site:
        at, waits = web()
        row = run(region(tmp_path, from_site(site)), at)
    assert row.state == "failed"
    assert "answer 500, 4 times in a row" in said(row)
    assert waits == [1.0, 2.0, 4.0]


def test_429_waits_as_long_as_it_is_asked(tmp_path: Path) -> None:
    busy, longer = status(429, Retry_After=7), status(503, Retry_After=40)
    with serving(**{"x.zip": first_then(busy, longer, sound(GOOD))}) as site:
        at, waits = web()
        assert run(region(tmp_path, from_site(site)), at).state == "new"
    assert waits == [7.0, 40.0]


def test_429_that_asks_to_wait_too_long(tmp_path: Path) -> None:
    with serving(**{"x.zip": status(429, Retry_After=86400)}) as site:
        at, waits = web()
        row = run(region(tmp_path, from_site(site)), at)
    assert "asks to wait 86400 s" in said(row)
    assert waits == []


def test_a_redirect_is_followed(tmp_path: Path) -> None:
    with serving(**{"x.zip": redirect("/y.zip"), "y.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        assert run(path).state == "new"
        assert read_lock(lock_path(path))["feed x"].url.endswith("/x.zip")


def test_a_redirect_loop(tmp_path: Path) -> None:
    with serving(**{"x.zip": redirect("/y.zip"), "y.zip": redirect("/x.zip")}) as site:
        row = run(region(tmp_path, from_site(site)))
    assert "in a circle" in said(row)


def test_a_redirect_that_never_ends(tmp_path: Path) -> None:
    def on(page) -> None:
        page.start(302, Location=page.path + "x", Content_Length=0)

    with serving() as site:
        site.pages |= {f"/x.zip{'x' * n}": on for n in range(30)}
        row = run(region(tmp_path, from_site(site)))
        assert len(site.asked) == 9
    assert "more than 8 times" in said(row)


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x"])
def test_a_redirect_to_another_scheme_is_refused(tmp_path: Path, to: str) -> None:
    with serving(**{"x.zip": redirect(to)}) as site:
        row = run(region(tmp_path, from_site(site)))
    assert row.state == "failed"
    assert "a redirect from" in said(row)
    assert "https" in said(row)


def test_no_way_leads_from_https_to_http() -> None:
    with pytest.raises(FetchError, match="encrypted"):
        check_url("http://a/x", "feed x", allow_http=True, before="https://a/x")
    with pytest.raises(FetchError, match="allow_http"):
        check_url("http://a/x", "feed x", allow_http=False)
    assert check_url("http://a/x", "f", allow_http=True, before="http://b/") == "http://a/x"
    with pytest.raises(FetchError, match="user name"):
        check_url("https://me:secret@a/x", "f", allow_http=True)


def test_plain_http_is_refused_unless_told(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        row = run(region(tmp_path, f'url = "{site.url}/x.zip"'))
        assert site.asked == []
    assert "allow_http" in said(row)


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("stops.txt", "stop_id\n")
        with archive.open("stop_times.txt", "w") as member:
            for _ in range(80):
                member.write(bytes(1 << 20))
    return made.getvalue()


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(bomb())}) as site:
        path = region(tmp_path, from_site(site))
        row = run(path)
    assert row.state == "failed"
    assert "zip bomb" in said(row)
    assert not list((tmp_path / "toy/store").glob("x.zip*"))


def test_a_zip_that_unpacks_to_more_than_it_may(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(gtfs("v" * 2000))}) as site:
        row = run(region(tmp_path, from_site(site, "max_unpacked_mb = 0.001")))
    assert "unpacks to" in said(row)


def test_a_file_larger_than_it_may_be(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        row = run(region(tmp_path, from_site(site, "max_mb = 0.0005")))
    assert "max_mb" in said(row)


def test_a_file_that_grows_past_what_it_may_without_saying_so(tmp_path: Path) -> None:
    def endless(page) -> None:
        page.start(200, Connection="close")
        for _ in range(200):
            page.wfile.write(bytes(1 << 16))
        page.cut()

    with serving(**{"x.zip": endless}) as site:
        row = run(region(tmp_path, from_site(site, "max_mb = 1")))
    assert "1 MB or more" in said(row)


def test_a_slow_drip_is_given_up(tmp_path: Path) -> None:
    end = threading.Event()
    with serving(**{"x.zip": dripping(0.01, end)}) as site:
        path = region(tmp_path, from_site(site))
        at, _ = web(slow_after_s=0.1, slow_bytes_per_s=100_000.0, attempts=2)
        row = run(path, at)
        end.set()
    assert row.state == "failed"
    assert "bytes in" in said(row)
    assert "2 times" in said(row)


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    end = threading.Event()

    def silent(page) -> None:
        page.start(200, Content_Length=10)
        end.wait(5)

    with serving(**{"x.zip": silent}) as site:
        at, _ = web(idle_s=0.1, attempts=2)
        row = run(region(tmp_path, from_site(site)), at)
        end.set()
    assert row.state == "failed"
    assert "2 times" in said(row)


def test_a_file_that_takes_too_long_in_all(tmp_path: Path) -> None:
    end = threading.Event()
    with serving(**{"x.zip": dripping(0.01, end)}) as site:
        at, _ = web(total_s=0.1)
        row = run(region(tmp_path, from_site(site)), at)
        end.set()
    assert row.state == "failed"
    assert "more than 0 s" in said(row)


def test_a_web_page_in_place_of_a_file(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(b"<!DOCTYPE html><html>log in</html>")}) as site:
        row = run(region(tmp_path, from_site(site)))
    assert "a web page" in said(row)


def test_netex_is_known_and_the_converter_named(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.xml", '<?xml version="1.0"?><PublicationDelivery version="1.1"/>')
    with serving(**{"x.zip": sound(made.getvalue())}) as site:
        row = run(region(tmp_path, from_site(site)))
    assert "NeTEx" in said(row)
    assert "netex-gtfs-converter-java" in said(row)


def test_a_range_the_server_no_longer_knows_starts_anew(tmp_path: Path) -> None:
    pages = first_then(breaking(GOOD, 1, 100), status(416), sound(GOOD))
    with serving(**{"x.zip": pages}) as site:
        path = region(tmp_path, from_site(site))
        assert run(path).state == "new"
    assert stored(path) == GOOD


def test_a_wrong_part_is_not_put_together(tmp_path: Path) -> None:
    wrong = status(206, b"zzz", Content_Range="bytes 7-9/10")
    with serving(**{"x.zip": first_then(breaking(GOOD, 1, 100), wrong, sound(GOOD))}) as site:
        path = region(tmp_path, from_site(site))
        assert run(path).state == "new"
    assert stored(path) == GOOD


# --- mirrors, keys, hosts


def test_a_mirror_helps_where_the_address_fails(tmp_path: Path) -> None:
    with serving(**{"other.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site, f'mirrors = ["{site.url}/other.zip"]'))
        assert run(path).state == "new"
        assert read_lock(lock_path(path))["feed x"].url.endswith("other.zip")


def test_a_key_comes_from_the_environment_and_goes_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", "s3cret")
    more = 'api_key_env = "TOY_KEY"\napi_key_query = "key"'
    with serving(**{"x.zip": sound(GOOD)}) as site, serving(**{"y.zip": sound(GOOD)}) as other:
        path = region(tmp_path, from_site(site, more))
        assert run(path).state == "new"
        assert site.asked[0][0] == "/x.zip?key=s3cret"
        site.pages["/x.zip"] = redirect(f"{other.url}/y.zip")
        run(path)
        assert other.asked[0][0] == "/y.zip"
        site.pages["/x.zip"] = status(403)
        row = run(path)
    assert "s3cret" not in lock_path(path).read_text(encoding="utf-8")
    assert "s3cret" not in said(row)
    assert row.state == "kept"
    assert not any("s3cret" in p.read_text("latin1") for p in tmp_path.rglob("*.json"))


def test_a_key_in_a_header_is_not_sent_to_another_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", "s3cret")
    more = 'api_key_env = "TOY_KEY"\napi_key_header = "X-Key"'
    with serving(**{"y.zip": sound(GOOD)}) as other:
        with serving(**{"x.zip": redirect(f"{other.url}/y.zip")}) as site:
            assert run(region(tmp_path, from_site(site, more))).state == "new"
            assert site.asked[0][1]["X-Key"] == "s3cret"
        assert "X-Key" not in other.asked[0][1]


def test_a_missing_key_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        more = 'api_key_env = "NO_SUCH_KEY_HERE"\napi_key_header = "X-Key"'
        row = run(region(tmp_path, from_site(site, more)))
        assert site.asked == []
    assert "NO_SUCH_KEY_HERE" in said(row)


def test_a_key_needs_a_place(tmp_path: Path) -> None:
    path = region(tmp_path, 'url = "https://x"\napi_key_env = "K"')
    with pytest.raises(RegionError, match="api_key_header"):
        read_region(path, check_files=False)


def test_one_connection_for_each_host(tmp_path: Path) -> None:
    more = "".join(
        f'[[feeds]]\nid = "f{n}"\npath = "toy/store/f{n}.zip"\nurl = "@/x.zip"\nallow_http = true\n'
        for n in range(4)
    )
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site), more.replace("@", site.url))
        rows = fetch(path, read_region(path, check_files=False), web=web()[0])
        assert site.most_open == 1
    assert [row.state for row in rows].count("new") == 5


# --- offline and locked


def test_offline_the_copy_at_hand_stays(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
    at, waits = web()
    row = run(path, at)
    assert row.state == "kept"
    assert "no answer" in said(row)
    assert row.entry is not None
    assert row.entry.fetched.startswith("2026-11-24")
    assert len(waits) == 2  # three tries, not the many that a busy server gets
    assert stored(path) == GOOD
    read_region(path)  # and the region works


def test_locked_demands_what_the_lock_says(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        assert run(path, locked=True).state == "unchanged"
        (tmp_path / "toy/store/x.zip").unlink()
        assert run(path, locked=True).state == "new"
        (tmp_path / "toy/store/x.zip").unlink()
        site.pages["/x.zip"] = sound(gtfs("v2"), '"2"')
        row = run(path, locked=True)
        assert row.state == "failed"
        assert "another file" in said(row)
        assert not list((tmp_path / "toy/store").glob("*"))


def test_locked_brings_an_older_snapshot_back_from_the_store(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
        old_lock = lock_path(path).read_bytes()
        site.pages["/x.zip"] = sound(gtfs("v2"), '"2"')
        run(path)
        new_lock = lock_path(path).read_bytes()
    lock_path(path).write_bytes(old_lock)
    assert run(path, locked=True).state == "restored"
    assert stored(path) == GOOD
    lock_path(path).write_bytes(new_lock)
    assert run(path, locked=True).state == "restored"
    assert stored(path) == gtfs("v2")


def test_locked_needs_a_lock(tmp_path: Path) -> None:
    path = region(tmp_path, "")
    with pytest.raises(FetchError, match="lock file"):
        run(path, locked=True)


def test_a_damaged_lock_is_said(tmp_path: Path) -> None:
    path = region(tmp_path, "")
    lock_path(path).write_text("{", encoding="utf-8")
    with pytest.raises(FetchError, match="no readable lock"):
        run(path)


def test_the_lock_is_plain_and_the_same_whatever_the_order(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        run(path)
    content = json.loads(lock_path(path).read_text(encoding="utf-8"))
    lock = read_lock(lock_path(path))
    assert content["fingerprint"] == fetching.fingerprint(dict(reversed(lock.items())))
    assert fetching.snapshot_day(lock) == NOW.date()


# --- status


def test_status_says_what_is_stale_and_what_runs_out(tmp_path: Path) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site, "changes_every_days = 7"))
        run(path)
    loaded = read_region(path, check_files=False)
    (feed, streets, _zones) = fetching.status(path, loaded, dt.date(2026, 12, 1))
    assert (feed.age_days, feed.stale, feed.days) == (7, False, ("2019-10-01", "2019-12-31"))
    assert feed.runs_out
    assert feed.days_left is not None
    assert feed.days_left < 0
    assert streets.there
    assert not streets.fetchable
    assert not streets.stale
    (feed, *_) = fetching.status(path, loaded, dt.date(2026, 12, 2))
    assert feed.stale
    (feed, *_) = fetching.status(path, loaded, dt.date(2019, 12, 1))
    assert feed.days_left == 30
    assert not feed.runs_out
    (tmp_path / "toy/store/x.zip").unlink()
    (feed, *_) = fetching.status(path, loaded, dt.date(2019, 12, 1))
    assert not feed.there
    assert feed.fetchable


def test_a_hash_is_found_in_any_list() -> None:
    md5, other = "0123456789abcdef" * 2, "f" * 32
    assert listed_hash(f"{md5}  x.zip\n", "https://a/x.zip") == md5
    assert listed_hash(f"{other}  y.zip\n{md5} *x.zip\n", "https://a/x.zip") == md5
    assert listed_hash(md5.upper(), "https://a/x.zip") == md5
    # Geofabrik's list names the dated file the address stands for.
    assert listed_hash(f"{md5}  x-260101.zip", "https://a/x-latest.zip") == md5
    assert listed_hash(f"{other}  y.zip\n{md5}  z.zip\n", "https://a/x.zip") == ""
    assert listed_hash("<html>no</html>", "https://a/x.zip") == ""


def test_no_key_is_no_secret() -> None:
    source = fetching.Source("feed x", "gtfs", Path("x"))
    assert secret_of(source).hidden("abc") == "abc"
