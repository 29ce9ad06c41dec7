from __future__ import annotations

import dataclasses
import datetime as dt
import pickle
from pathlib import Path

import pytest

from mobility.changes.apply import DAILY, PLAIN
from mobility.changes.describe import SENTENCES
from mobility.errors import RegionError, ScenarioError
from mobility.network.model import Settings
from mobility.scenario import FORMS, is_plan, read_plan, read_region, read_scenarios
from mobility.scenario.clock import clock_s, clock_text
from mobility.scenario.layers import SettingsEntry
from mobility.scenario.reference import reference

REGION = """
version = 1
name = "Toy"
[[feeds]]
id = "ns"
country = "NL"
path = "ns.zip"
[[feeds]]
id = "nmbs"
country = "BE"
path = "nmbs.zip"
[streets]
osm = ["toy.osm.pbf"]
[zones]
path = "zones.csv"
id = "zone_id"
"""

BASE = """
version = 1
name = "baseline"
title.nl = "Nu"
title.en = "Now"
region = "region.toml"
modes = ["walk", "pt"]
[day]
date = 2019-10-08
[window]
start = "07:00"; end = "09:00"
[settings]
walk_kph = 5
""".replace("; ", "\n")

WEERT = """
version = 1
name = "weert"
base = "baseline.toml"
settings.bike_kph = 17.0
window.step_s = 300
facts.year = 2030
[[changes]]
kind = "add-line"
id = "ic"; mode = "rail"; feed = "nmbs"
stops = [{ near = "Hamont", feed = "nmbs" }, { lon = 5.7060, lat = 51.2487, name = "Weert" }]
run_s = [600]; dwell_s = 60; headway_s = 3600; first = "06:20"; last = "22:20"; both_ways = true
""".replace("; ", "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ns.zip", "nmbs.zip", "toy.osm.pbf", "zones.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "region.toml").write_text(REGION, encoding="utf-8")
    (tmp_path / "baseline.toml").write_text(BASE, encoding="utf-8")
    (tmp_path / "weert.toml").write_text(WEERT, encoding="utf-8")
    return tmp_path


def lines(error: pytest.ExceptionInfo[ScenarioError | RegionError]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def test_region_paths_become_absolute(folder: Path) -> None:
    region = read_region(folder / "region.toml")
    assert [f.path for f in region.feeds] == [folder / "ns.zip", folder / "nmbs.zip"]
    assert region.streets.osm == (folder / "toy.osm.pbf",)
    assert region.zones.path == folder / "zones.csv"


def test_missing_files_of_a_region_are_all_named(folder: Path) -> None:
    for name in ("nmbs.zip", "toy.osm.pbf", "zones.csv"):
        (folder / name).unlink()
    with pytest.raises(RegionError) as error:
        read_region(folder / "region.toml")
    assert [line.split(": ")[1] for line in lines(error)] == [
        "feeds[2].path",
        "streets.osm[1]",
        "zones.path",
    ]
    assert read_region(folder / "region.toml", check_files=False).name == "Toy"


def test_a_generated_region_may_lack_its_files(folder: Path) -> None:
    (folder / "ns.zip").unlink()
    text = REGION.replace('name = "Toy"', 'name = "Toy"\ngenerator = "demo"', 1)
    (folder / "region.toml").write_text(text, encoding="utf-8")
    assert read_region(folder / "region.toml").generator == "demo"


def test_region_ids_zone_and_keys(folder: Path) -> None:
    text = REGION.replace('id = "ns"', 'id = "nmbs"').replace(
        'name = "Toy"', 'name = "Toy"\ntimezone = "Europe/Amsterdm"'
    )
    (folder / "region.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RegionError) as error:
        read_region(folder / "region.toml")
    assert any('the id "nmbs" 2 times' in line for line in lines(error))
    assert any('Did you mean "Europe/Amsterdam"' in line for line in lines(error))
    (folder / "region.toml").write_text(REGION + "oportunities = ['jobs']\n", encoding="utf-8")
    with pytest.raises(RegionError, match=r'zones.oportunities: .* Did you mean "opportunities"'):
        read_region(folder / "region.toml")


def test_scenario_folds_its_base_in(folder: Path) -> None:
    (folder / "more.toml").write_text(
        'version = 1\nbase = "weert.toml"\n[[changes]]\nkind = "remove-lines"\n'
        'lines = [{ feed = "ns", short_name = "IC" }]\n',
        encoding="utf-8",
    )
    base, weert, more = read_scenarios(
        [folder / "baseline.toml", folder / "weert.toml", folder / "more.toml"]
    )
    assert (base.baseline, weert.baseline, more.baseline) == ("", "baseline", "baseline")
    assert base.title.nl == "Nu"
    assert weert.title.nl == ""  # a title is the file's own
    assert more.name == "more"
    assert weert.day.date == dt.date(2019, 10, 8)
    assert (weert.window.start, weert.window.step_s) == ("07:00", 300)
    assert weert.settings == {"walk_kph": 5, "bike_kph": 17.0}
    assert weert.facts == {"year": 2030}
    assert [form.kind for form in more.changes] == ["add-line", "remove-lines"]
    assert more.changes[0] == weert.changes[0]
    assert more.changes[1].where.endswith("more.toml: changes[1]")
    assert more.region_path == folder / "region.toml"


def test_scenarios_survive_a_process_border(folder: Path) -> None:
    scenarios = read_scenarios([folder / "weert.toml"])
    again = pickle.loads(pickle.dumps(scenarios))
    assert again == scenarios
    assert again[0].changes[0].where == scenarios[0].changes[0].where


def test_all_problems_of_all_files_at_once(folder: Path) -> None:
    (folder / "a.toml").write_text(
        WEERT.replace("headway_s = 3600", "headway_s = -5").replace("weert", "a", 1), "utf-8"
    )
    (folder / "b.toml").write_text(
        'version = 1\nbase = "baselin.toml"\ntitel.nl = "x"\n', encoding="utf-8"
    )
    (folder / "c.toml").write_text(
        'version = 1\nbase = "baseline.toml"\n[[changes]]\nkind = "remove-line"\n'
        '[[changes]]\nkind = "remove-lines"\nlines = [{ feed = "nmb" }]\n',
        encoding="utf-8",
    )
    (folder / "d.toml").write_text("version = 1\nname = 'x\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        read_scenarios([folder / f"{n}.toml" for n in "abcd"])
    text = "\n".join(lines(error))
    assert "a.toml: changes[1] (add-line).headway_s: found -5" in text
    assert "b.toml: titel: found an unknown key" in text
    assert 'Did you mean "title"' in text
    assert 'Did you mean "baseline.toml"' in text
    assert 'c.toml: changes[1].kind: found "remove-line"' in text
    assert "d.toml: found no TOML" in text
    # the feed of c's second change is checked once its file is whole
    (folder / "c.toml").write_text(
        'version = 1\nbase = "baseline.toml"\n[[changes]]\n'
        'kind = "remove-lines"\nlines = [{ feed = "nmb" }]\n',
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError, match=r'the feed "nmb"; .* Did you mean "nmbs"'):
        read_scenarios([folder / "c.toml"])


def test_circle_of_bases(folder: Path) -> None:
    (folder / "a.toml").write_text('version = 1\nbase = "b.toml"\n', encoding="utf-8")
    (folder / "b.toml").write_text('version = 1\nbase = "a.toml"\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"a circle a\.toml → b\.toml → a\.toml"):
        read_scenarios([folder / "a.toml"])


def test_a_baseline_must_say_everything(folder: Path) -> None:
    (folder / "a.toml").write_text("version = 1\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        read_scenarios([folder / "a.toml"])
    assert [line.split(": ")[1] for line in lines(error)] == [
        "region",
        "modes",
        "day.date",
        "window.start",
        "window.end",
    ]


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('end = "09:00"', 'end = "06:00"', "window: found 07:00–06:00"),
        ('start = "07:00"', 'start = "7.00"', r'window.start: found "7.00"'),
        ("2019-10-08", '"tomorrow"', r"day.date: found 'tomorrow'"),
        ("walk_kph = 5", "walk_kph = 50", r"settings.walk_kph: found 50; expected less than"),
        ("walk_kph = 5", "walk_kmh = 5", r'walk_kmh: found an unknown key.*"walk_kph"'),
        ('"pt"]', '"train"]', r"modes\[2\]: found 'train'"),
        ('"pt"]', '"walk"]', r"modes walk twice"),
        ('name = "baseline"', 'name = "a/b"', "names the folder"),
        ('name = "baseline"', 'name = "con"', "names the folder"),
        ("version = 1", "version = 2", "version: found 2"),
    ],
)
def test_wrong_values(folder: Path, old: str, new: str, match: str) -> None:
    (folder / "baseline.toml").write_text(BASE.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError, match=match):
        read_scenarios([folder / "baseline.toml"])


def test_a_region_given_by_hand_stands_before_the_files(folder: Path) -> None:
    other = folder / "other.toml"
    other.write_text(REGION.replace("Toy", "Other"), encoding="utf-8")
    (scenario,) = read_scenarios([folder / "weert.toml"], region=other)
    assert scenario.region_path == other


def test_two_scenarios_of_one_name(folder: Path) -> None:
    (folder / "copy.toml").write_text(WEERT, encoding="utf-8")
    with pytest.raises(ScenarioError, match="a name of its own"):
        read_scenarios([folder / "weert.toml", folder / "copy.toml"])
    assert len(read_scenarios([folder / "weert.toml", folder / "weert.toml"])) == 1


def test_plan_lays_out_scenarios_days_windows(folder: Path) -> None:
    plan_file = folder / "plan.toml"
    plan_file.write_text(
        """
version = 1
name = "all"
scenarios = ["baseline.toml", "we*.toml"]
modes = ["pt"]
days = [{ id = "tue", date = 2019-10-08 }, { id = "sat", date = 2019-10-12 }]
windows = [{ id = "am", start = "07:00", end = "09:00" }, { id = "pm", start = "16:00", end = "18:00" }]
""",
        encoding="utf-8",
    )
    assert is_plan(plan_file)
    assert not is_plan(folder / "weert.toml")
    plan = read_plan(plan_file)
    assert [s.name for s in plan.scenarios] == [
        f"{s}.{d}.{w}" for s in ("baseline", "weert") for d in ("tue", "sat") for w in ("am", "pm")
    ]
    last = plan.scenarios[-1]
    assert (last.baseline, last.day.date.isoformat(), last.window.start, last.modes) == (
        "baseline.sat.pm",
        "2019-10-12",
        "16:00",
        ("pt",),
    )


def test_a_calendar_change_is_the_day(folder: Path) -> None:
    (folder / "sunday.toml").write_text(
        'version = 1\nbase = "weert.toml"\n[[changes]]\nkind = "calendar"\ndate = 2019-10-13\n',
        encoding="utf-8",
    )
    weert, sunday = read_scenarios([folder / "weert.toml", folder / "sunday.toml"])
    assert weert.day.date == dt.date(2019, 10, 8)
    assert sunday.day.date == dt.date(2019, 10, 13)
    (folder / "plan.toml").write_text(
        'version = 1\nname = "p"\nscenarios = ["sunday.toml"]\n'
        'days = [{ id = "sat", date = 2019-10-12 }]\n',
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError, match="whose change calendar gives the day itself"):
        read_plan(folder / "plan.toml")


def test_plan_problems_at_once(folder: Path) -> None:
    plan_file = folder / "plan.toml"
    plan_file.write_text(
        """
version = 1
name = "all"
scenarios = ["x*.toml", "gone.toml"]
windows = [{ id = "am", start = "09:00", end = "07:00" }]
days = [{ id = "d", date = 2019-10-08 }, { id = "d", date = 2019-10-12 }]
""",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as error:
        read_plan(plan_file)
    text = "\n".join(lines(error))
    assert len(error.value.problems) == 4
    for part in ("windows[1]", 'the id "d" twice', "no file fits x*.toml", "gone.toml"):
        assert part in text


def test_python_file_stands_for_a_list(folder: Path) -> None:
    (folder / "script.py").write_text(
        'SCENARIO = {"base": "baseline.toml", "title": {"en": "Script"}}\n\n\n'
        "def changes(network):\n    return []\n",
        encoding="utf-8",
    )
    (scenario,) = read_scenarios([folder / "script.py"])
    assert (scenario.name, scenario.title.en) == ("script", "Script")
    assert scenario.changes[0].kind == "script"
    # what is dumped says what the file holds, not where it lies
    dumped = scenario.changes[0].model_dump()
    assert sorted(dumped) == ["kind", "name", "sha256"]
    assert (dumped["name"], len(dumped["sha256"])) == ("script.py", 64)


def test_broken_python_files(folder: Path) -> None:
    (folder / "a.py").write_text("x = 1\ny = z\n", encoding="utf-8")
    (folder / "b.py").write_text("SCENARIO = {}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        read_scenarios([folder / "a.py", folder / "b.py"])
    text = "\n".join(lines(error))
    assert "a.py: line 2: found NameError" in text
    assert "b.py: found no function changes" in text


@pytest.mark.parametrize(("text", "seconds"), [("06:20", 22800), ("25:10:05", 90605)])
def test_clock(text: str, seconds: int) -> None:
    assert clock_s(text) == seconds
    assert clock_text(seconds) == text


@pytest.mark.parametrize("text", ["6", "06:60", "48:00", "aa:bb", "06:20:99"])
def test_no_clock(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time"):
        clock_s(text)


def test_reference_page_is_that_of_the_forms() -> None:
    page = Path(__file__).parents[1] / "docs" / "scenario.md"
    assert page.read_text(encoding="utf-8") == reference(), (
        "run: python -m mobility.scenario.reference docs/scenario.md"
    )


def test_every_key_says_what_it_means() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert len(rows) > 200
    assert [row for row in rows if row.split("|")[-2].strip() == ""] == []


def test_every_kind_is_applied_described_and_documented() -> None:
    page = reference()
    made_in_code = {"script"}
    assert set(SENTENCES) == set(FORMS) | made_in_code
    assert set(PLAIN) | set(DAILY) | {"add-ferry"} == set(FORMS)
    for kind in FORMS:
        assert f"### `{kind}`" in page


def test_settings_of_a_file_are_those_of_the_network() -> None:
    fields = {f.name for f in dataclasses.fields(Settings)} - {"ticket", "draws"}
    assert set(SettingsEntry.model_fields) == fields
