"""Places of the merging that a slip of one sign or number would have passed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from test_merge_duplicates import WHOLE, be, decisions, dropped, nl
from worlds_merge import Text, build, changes

from mobility.merge import match_stops
from mobility.merge.stops import _two_platforms


@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        ("Mol spoor 1", "Mol spoor 2", True),
        ("Mol spoor 1", "Mol quai 1", False),
        ("Mol spoor 1", "Mol", False),  # of the other nothing is known
        ("Mol", "Mol spoor 2", False),
        ("Mol", "Mol", False),
    ],
)
def test_only_two_named_platforms_are_two(one, other, two) -> None:
    stops = SimpleNamespace(names=[frozenset({one}), frozenset({other})])
    assert _two_platforms(stops, 0, 1) is two


def test_the_minimum_of_the_first_station_holds_for_its_platforms() -> None:
    # The station is the very first row of the stops; its 300 s hold for the platform below it.
    nl_feed = Text(
        "nl", "NL", "S 5.0000 52.000 Aadorp; type=1\np 5.0000 52.000 Aadorp; parent=S\nb 5.2 51.8 Beek",
        "R rail", "x R wk | p 07:00 | b 07:20", transfers="S S 2 300",
    )  # fmt: skip
    be_feed = Text(
        "be",
        "BE",
        "a 5.0003 52.000 Aadorp\nc 5.9 51.5 Cadzand",
        "R rail",
        "y R wk | a 08:00 | c 08:40",
    )
    feeds, _ = match_stops(build(nl_feed, be_feed))
    assert ("nl:p", "be:a", 2, 300) in changes(feeds)


def test_a_pair_without_a_day_in_common_does_not_end_the_search() -> None:
    # Of the same run on Saturdays and on weekdays only the latter is in both feeds.
    weekend = WHOLE.replace("wk", "sat")
    _, evidence = dropped(nl(f"a {weekend}\nx {WHOLE}"), be(f"y {WHOLE}"), day=None)
    assert decisions(evidence) == {"nl:x": ("dropped", "be:y")}


def test_a_doubtful_pair_does_not_end_the_search() -> None:
    # p and q overlap to the second, which is looked at first; x and y are the same but for rounding.
    front = "p R wk | a 10:00 | b 10:20 | m 10:40"
    back = "q R wk | b 10:20 | m 10:40 | h 11:00"
    rounded = "y R wk | a 07:00 | b 07:21/07:22 | m 07:41 | h 08:00 | s 08:21"
    _, evidence = dropped(nl(f"x {WHOLE}\n{front}"), be(f"{rounded}\n{back}"))
    assert decisions(evidence) == {"nl:x": ("dropped", "be:y"), "nl:p": ("doubtful", "be:q")}
