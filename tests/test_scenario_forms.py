"""Every kind of change: right, misspelt, out of range, and against itself."""

from __future__ import annotations

import re
import tomllib
import typing

import pytest
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.changes import describe
from mobility.scenario import FORMS, parse_change
from mobility.scenario.examples import EXAMPLES
from mobility.scenario.reference import _inner_limits

LINES = [{"feed": "nmbs", "short_name": "IC"}]
STOP = {"near": "Hamont", "feed": "nmbs"}
STREETS = [{"name": "N69"}]
AREA = {"center": [5.4, 51.4], "radius_m": 3000}

SAMPLES = {
    "add-line": {
        "id": "x",
        "mode": "rail",
        "stops": [STOP, {"lon": 5.7, "lat": 51.2, "name": "W"}],
        "run_s": [600],
        "headway_s": 3600,
        "first": "06:20",
        "last": "22:20",
        "dwell_s": 60,
        "both_ways": True,
    },
    "extend-line": {"lines": LINES, "at": STOP, "stops": [STOP], "run_s": [600], "dwell_s": 60},
    "reroute": {"lines": LINES, "start_at": STOP, "end_at": STOP, "run_s": [600], "dwell_s": 30},
    "change-headway": {
        "lines": LINES,
        "headway_s": 1800,
        "period": {"start": "07:00", "end": "09:00"},
    },
    "change-speed": {"lines": LINES, "factor": 1.2, "start_at": STOP},
    "change-dwell": {"lines": LINES, "add_s": 30, "stops": [STOP]},
    "remove-lines": {"lines": LINES},
    "remove-trips": {"lines": LINES, "period": {"start": "20:00"}},
    "remove-stops": {"stops": [STOP], "saved_s": 30},
    "shift-timetable": {"lines": LINES, "shift_s": -300},
    "meet": {
        "lines": LINES,
        "others": LINES,
        "at": STOP,
        "transfer_s": 180,
        "direction": "to-line",
    },
    "through-run": {"first": LINES[0], "second": LINES[0], "at": STOP, "max_wait_s": 600},
    "add-street": {
        "name": "F74",
        "points": [[5.4, 51.3], [5.5, 51.2]],
        "modes": ["bike"],
        "connect_m": 200,
    },
    "change-street": {"streets": STREETS, "speed_kph": {"car": 50}, "forbid": ["walk"]},
    "close-street": {"streets": STREETS, "modes": ["car"]},
    "upgrade-cycleway": {"streets": STREETS, "bike_kph": 22, "ebike_kph": 27},
    "congestion": {"area": AREA, "factor": 1.3},
    "add-ferry": {
        "name": "Veer",
        "points": [[5.8, 51.0], [5.81, 51.0]],
        "crossing_s": 180,
        "headway_s": 600,
        "hours": {"start": "07:00", "end": "21:30"},
    },
    "park-and-ride": {"stops": [STOP], "time_s": 240},
    "hub": {"stops": [STOP], "transfer_s": 120},
    "flex-zone": {"id": "f", "area": AREA, "hubs": [STOP], "wait_s": 900, "detour": 1.4},
    "ticket": {"operator_minutes": 4.5, "country_euro": 3},
    "calendar": {"date": "2019-10-12"},
    "disruption": {"lines": LINES, "border": True, "countries": ["BE", "NL"]},
    "opportunities": {"opportunity": "jobs", "zones": ["Veldhoven"], "add": 5000},
    "speeds": {"walk_kph": 3.6, "ebike_share": 0.4},
    "no-border": {"remove": ["headway", "ticket"], "transfer_s": 120},
}

AGAINST_THEMSELVES = [
    ("add-line", {"speed_kph": 80}, "run_s and speed_kph; expected exactly one"),
    ("add-line", {"departures": ["07:00"]}, "headway_s and departures; expected exactly one"),
    ("add-line", {"run_s": [600, 60]}, "2 values in run_s; expected 1"),
    ("add-line", {"last": "05:00"}, "a last departure not before the first"),
    (
        "add-line",
        {"headway_s": None, "departures": ["07:00"], "exact": False},
        "departures with exact = false",
    ),
    (
        "add-line",
        {"headway_s": None, "departures": ["07:00", "07:00"]},
        "a time twice in departures",
    ),
    ("add-line", {"departures_back": ["07:00"]}, "departures_back alone"),
    (
        "add-line",
        {"headway_s": None, "spans": [{"start": "08:00", "end": "07:00", "headway_s": 60}]},
        "08:00–07:00",
    ),
    (
        "add-line",
        {
            "headway_s": None,
            "spans": [
                {"start": "06:00", "end": "08:00", "headway_s": 60},
                {"start": "07:00", "end": "09:00", "headway_s": 60},
            ],
        },
        "expected no overlap",
    ),
    ("add-line", {"stops": [STOP, {"near": "W", "id": "x:1"}]}, "a stop named in one way"),
    ("add-line", {"stops": [STOP, {"lon": 5.0}]}, "both lon and lat"),
    ("extend-line", {"run_s": [60, 60]}, "2 values in run_s; expected 1"),
    ("reroute", {"run_s": [60, 60]}, "one more than the stops"),
    ("change-headway", {"period": {"start": "09:00", "end": "07:00"}}, "an end after the start"),
    ("change-dwell", {"dwell_s": 60}, "dwell_s and add_s; expected exactly one"),
    ("remove-trips", {"lines": []}, "neither lines nor trips"),
    ("shift-timetable", {"shift_s": 0}, "a shift that is not zero"),
    ("change-street", {"factor": {"car": 2}}, "speed_kph and factor for car"),
    ("change-street", {"speed_kph": {}, "forbid": []}, "nothing to change"),
    (
        "upgrade-cycleway",
        {"points": [[5, 51], [5, 52]]},
        "streets and points; expected exactly one",
    ),
    ("congestion", {"area": {"polygon": [[5, 51], [5, 52]]}}, "2 corners; expected at least three"),
    ("congestion", {"area": {"center": [5, 51]}}, "center with radius_m"),
    ("ticket", {"operator_minutes": None, "country_euro": None}, "no value"),
    ("disruption", {"border": False}, "countries without border"),
    ("disruption", {"lines": [], "border": False, "countries": []}, "nothing closed"),
    ("opportunities", {"factor": 2}, "add and factor; expected exactly one"),
    ("opportunities", {"add": 0}, "add that is not 0"),
    ("speeds", {"walk_kph": None, "ebike_share": None}, "no speed"),
    ("no-border", {"band_km": [10, 5]}, "ascending edges"),
    ("remove-lines", {"lines": [{}]}, "at least one of feed"),
    ("close-street", {"streets": [{}]}, "at least one of name"),
]


def problems(kind, **changes) -> list[str]:
    table = {"kind": kind, **SAMPLES[kind], **changes}
    form, found = parse_change(table, "x.toml: changes[1]")
    assert (form is None) == bool(found)
    return [str(p) for p in found]


def test_there_is_a_sample_of_every_kind() -> None:
    assert set(SAMPLES) == set(FORMS)


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_the_example_of_the_reference_page_is_right(kind) -> None:
    tables = tomllib.loads(EXAMPLES[kind])["changes"]
    assert [t["kind"] for t in tables] == [kind]
    assert parse_change(tables[0], "x.toml: changes[1]")[1] == []


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_right_and_described_in_both_languages(kind) -> None:
    form, found = parse_change({"kind": kind, **SAMPLES[kind]}, "x.toml: changes[1]")
    assert found == []
    texts = [describe(form, lang) for lang in ("nl", "en")]
    assert all(text and "{" not in text for text in texts)
    assert texts[0] != texts[1] or kind == "change-street"


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_each_key_misspelt_names_itself(kind) -> None:
    for key in SAMPLES[kind]:
        wrong = key[:1] + key[2:] if len(key) > 3 else key + key[-1]
        found = problems(kind, **{wrong: SAMPLES[kind][key]})
        hits = [line for line in found if f".{wrong}: found an unknown key" in line]
        assert len(hits) == 1, (key, found)
        assert f'"{key}"' in hits[0].partition("Did you mean")[2], (key, hits)


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_kind_misspelt_and_number_as_text(kind) -> None:
    _, found = parse_change({"kind": kind[:-1], **SAMPLES[kind]}, "x.toml: changes[3]")
    assert f'"{kind}"' in str(found[0])
    assert str(found[0]).startswith("x.toml: changes[3].kind")


def _limits():
    for kind, model in FORMS.items():
        for key, field in model.model_fields.items():
            for item in field.metadata:
                if isinstance(item, Gt):
                    yield kind, key, item.gt
                elif isinstance(item, Ge):
                    yield kind, key, item.ge - 1
                elif isinstance(item, Lt):
                    yield kind, key, item.lt
                elif isinstance(item, Le):
                    yield kind, key, item.le + 1


@pytest.mark.parametrize(("kind", "key", "value"), list(_limits()))
def test_each_number_out_of_range(kind, key, value) -> None:
    found = problems(kind, **{key: value})
    assert any(f"({kind}).{key}: found {value}" in line for line in found), found


def test_there_are_limits_on_numbers_in_lists_too() -> None:
    assert len(list(_limits())) > 50
    assert list(
        _inner_limits(typing.get_type_hints(FORMS["add-line"], include_extras=True)["run_s"])
    )
    assert "changes[1] (add-line).run_s[1]: found 0" in problems("add-line", run_s=[0])[0]
    assert "stops[2].lat: found 95" in problems("add-line", stops=[STOP, {"lon": 5, "lat": 95}])[0]
    assert "points[2][1]: found 181" in problems("add-street", points=[[5, 51], [181, 51]])[0]


@pytest.mark.parametrize(("kind", "changes", "text"), AGAINST_THEMSELVES)
def test_against_itself(kind, changes, text) -> None:
    found = problems(kind, **changes)
    assert any(text in line for line in found), found


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(FORMS)),
    st.dictionaries(
        st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(allow_nan=False),
            st.text(max_size=5),
            st.lists(st.integers(), max_size=3),
            st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
        ),
        max_size=5,
    ),
)
def test_whatever_stands_there_is_answered_in_full(kind, table) -> None:
    form, found = parse_change({**table, "kind": kind}, "x.toml: changes[1]")
    assert (form is None) == bool(found)
    for problem in found:
        assert problem.where.startswith("x.toml: changes[1] (")
        assert problem.found
        assert problem.expected


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            {"kind": "add-line", "id": "a b", "mode": "bus"},
            r"changes\[1\] \(add-line\)\.id: found 'a b'; expected text without blanks and colons",
        ),
        (
            {"kind": "change-headway", "lines": [], "headway_s": "often"},
            r"lines: found \[\]; expected at least 1 of them \(which lines",
        ),
        (
            {"kind": "change-headway", "lines": [{"mode": "bus"}], "headway_s": "often"},
            r"headway_s: found 'often'; expected a whole number \(",
        ),
        (
            {"kind": "calendar", "date": "2019-13-45"},
            r"date: found '2019-13-45'; expected a date like 2019-10-08, without quotes",
        ),
        (
            {"kind": "extend-line", "lines": [{"mode": "bus"}], "at": "Genk", "run_s": [1]},
            r"at: found 'Genk'; expected a table, \{ … \} \(",
        ),
        (
            {"kind": "meet", "shift_s": "best"},
            r"shift_s: found 'best'; expected a whole number or 'search' \(seconds later",
        ),
    ],
)
def test_mistakes_are_said_in_words_of_who_writes_toml(table, said: str) -> None:
    made, problems = parse_change(table, "x.toml: changes[1]")
    assert made is None
    told = "\n".join(map(str, problems))
    assert re.search(said, told), told
    # one line per place, and none in the words of the checker
    assert not re.search(r"Tuple|String should|valid|parse string|\.int\b|literal\[", told)
    places = [problem.where for problem in problems]
    assert len(places) == len(set(places))
