"""Progress of a batch: a line per scenario and step from workers, bars on a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from test_cluster import region_with
from toy_region import SCENARIO

from mobility.batch.cluster import Beside, _Steps
from mobility.cli import main
from mobility.cli.progress import Progression


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines_of(text: str) -> list[str]:
    """What was told, without the clock before it."""
    told = []
    for line in text.splitlines():
        clock, _, rest = line.strip().partition("  ")
        assert clock.replace(":", "").isdigit(), line
        told.append(rest)
    return told


def test_scenarios_side_by_side_tell_their_steps(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = region_with(tmp_path, ["one", "two"])
    broken = tmp_path / "broken.toml"
    text = SCENARIO.replace('name = "through"', 'name = "broken"').replace("be:c", "be:nowhere")
    broken.write_text(text, encoding="utf-8")
    arguments = [*map(str, [*files, broken]), "--lang", "en", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--workers", "2"]) == 1
    told = lines_of(capfd.readouterr().err.split("\nbroken:")[0])
    own = {
        name: [line.removeprefix(f"{name}: ") for line in told if line.startswith(f"{name}: ")]
        for name in ("base", "one", "two", "broken")
    }
    for name in ("one", "two"):
        assert own[name][0] == "look at the input files"
        assert {"apply the changes", "public transport"} <= set(own[name])
        assert own[name][-3:] == ["compute indicators", "write files", "done"]
        assert len(own[name]) == len(set(own[name]))  # each step once
    assert own["broken"][-1] == "failed"
    counts = [line for line in told if line.endswith("of 4 scenarios")]
    assert counts == [f"{n} of 4 scenarios" for n in (1, 2, 3, 4)]
    assert told[-1] == "compare scenarios"


def test_one_process_tells_the_same_in_dutch_and_quiet_tells_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [*map(str, region_with(tmp_path, ["one"])), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--workers", "1"]) == 0
    told = lines_of(capfd.readouterr().err)
    assert told.index("base: klaar") + 1 == told.index("1 van 2 scenario's")
    assert told.index("one: voer de veranderingen door") < told.index("one: klaar")
    assert main([*arguments, "--workers", "1", "--quiet"]) == 0
    assert capfd.readouterr().err == ""


def test_steps_heard_after_the_end_are_dropped() -> None:
    told: list[tuple[object, ...]] = []

    class Teller:
        def beside(self, *what: object) -> None:
            told.append(what)

        def ended(self, scenario: str, *, failed: bool) -> None:
            told.append((scenario, failed))

        def whole(self, done: int, total: int) -> None:
            raise AssertionError

    teller = Teller()
    assert isinstance(teller, Beside)
    steps = _Steps(teller)
    steps.hear((0.0, ["one", "pt", 3, 8]))
    steps.end("one", failed=True)
    steps.hear((0.0, ["one", "write", 0, 0]))
    steps.hear((0.0, ["two", "pt", 0, 0]))
    assert told == [("one", "pt", 3, 8), ("one", True), ("two", "pt", 0, 0)]


def shown(monkeypatch: pytest.MonkeyPatch, kind: str) -> tuple[str, Progression]:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", kind)
    with Progression(quiet=False, lines=True) as progress:
        progress.step("base", "read")
        progress.ended("base", failed=False)
        progress.whole(1, 3)
        progress.beside("one", "pt", 0, 0)
        progress.beside("two", "merge", 0, 0)
        progress.beside("one", "pt", 8, 32)
        progress.ended("two", failed=True)
        tasks = [(t.description, t.completed, t.total) for t in progress._progress.tasks]
    assert tasks == [("1 of 3 scenarios", 1, 3), ("one: public transport", 8, 32)]
    return terminal.getvalue(), progress


def test_bars_where_a_terminal_can_and_lines_where_it_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain, _ = shown(monkeypatch, "dumb")
    assert lines_of(plain) == [
        "base: read timetables and streets",
        "base: done",
        "1 of 3 scenarios",
        "one: public transport",
        "two: join the timetables",
        "two: failed",
    ]
    drawn, _ = shown(monkeypatch, "xterm")
    assert "\x1b[" in drawn  # it moves the cursor: bars
    assert "0:00  base" not in drawn
