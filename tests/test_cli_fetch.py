"""The commands fetch and clean, as typed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from test_fetch import GOOD, from_site, gtfs, region
from web_server import serving, sound, status

from mobility.cli import fetch as command
from mobility.cli import main
from mobility.cli.fetch import remarks
from mobility.fetch import Limits, Standing, Web


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real limits, but no waiting."""
    real = command.fetch
    at = Web(Limits(attempts=2), sleep=lambda _: None)
    monkeypatch.setattr(command, "fetch", lambda *a, **k: real(*a, web=at, **k))


def test_fetch_says_what_came_and_of_what_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        assert main(["fetch", str(path), "--lang", "en"]) == 0
        said = capsys.readouterr().out
        assert "feed x" in said
        assert "fetched" in said
        assert main(["fetch", str(path)]) == 0
        assert "bij de tijd" in capsys.readouterr().out


def test_a_failure_keeps_the_older_copy_and_says_its_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        assert main(["fetch", str(path), "--quiet"]) == 0
        site.pages["/x.zip"] = status(404)
        assert main(["fetch", str(path), "--lang", "en"]) == 1
    said = capsys.readouterr()
    assert "404" in said.err
    assert "stays in use" in said.err
    assert "Traceback" not in said.err


def test_an_optional_file_may_fail(tmp_path: Path) -> None:
    with serving() as site:
        path = region(tmp_path, from_site(site, "optional = true"))
        assert main(["fetch", str(path), "--quiet"]) == 0


def test_a_missing_file_without_an_address_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = region(tmp_path, "")
    assert main(["fetch", str(path), "--lang", "en"]) == 1
    assert "feed x: put it there yourself" in capsys.readouterr().err


def test_status_asks_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = region(tmp_path, 'url = "https://no.such.host.example/x.zip"')
    assert main(["fetch", str(path), "--status", "--lang", "en"]) == 1
    assert "missing; run fetch" in capsys.readouterr().out


def test_clean_says_how_much_it_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(**{"x.zip": sound(GOOD)}) as site:
        path = region(tmp_path, from_site(site))
        assert main(["fetch", str(path), "--quiet"]) == 0
        site.pages["/x.zip"] = sound(gtfs("v2"), '"2"')
        assert main(["fetch", str(path), "--quiet"]) == 0
    assert main(["clean", str(path), "--lang", "en"]) == 0
    assert "1 older files deleted" in capsys.readouterr().out
    assert main(["clean", str(path), "--before", "soon"]) == 1
    assert "--before" in capsys.readouterr().err
    assert main(["clean", str(tmp_path / "no.toml")]) == 1


def test_the_demonstration_fetches_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    demo = Path(__file__).parents[1] / "feeds" / "demo.toml"
    assert main(["fetch", str(demo), "--lang", "en"]) == 0
    assert "makes its own files" in capsys.readouterr().out


def test_remarks_are_of_the_day() -> None:
    base = Standing("feed x", Path("x"), there=True, optional=False, fetchable=True)
    last = Standing(
        "feed x", Path("x"), there=True, optional=False, fetchable=True,
        since=dt.date(2026, 1, 1), age_days=30, stale=True, days_left=-3,
    )  # fmt: skip
    ahead = replace(last, age_days=-400, days_left=None)
    assert remarks(ahead, "en") == [
        "last checked on a day still to come: a clock was wrong; run fetch"
    ]
    assert remarks(base, "en") == ["not fetched, or exchanged since: its date is unknown"]
    assert remarks(last, "en") == [
        "stale: last checked 30 days ago; run fetch",
        "ran out 3 days ago",
    ]
