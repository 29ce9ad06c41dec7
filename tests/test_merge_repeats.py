"""What one feed holds twice is counted once; what only looks so stays."""

from __future__ import annotations

import datetime as dt

import pytest
from worlds_merge import DAY, Text, build, rides, running

from mobility.merge import drop_repeats, merge_feeds
from mobility.scenario.model import MergeEntry

STOPS = "a 5.0 51.0 A\nb 5.1 51.0 B\nc 5.2 51.0 C\nd 5.3 51.0 D"
ROUTES = "R rail short=IC\nS rail short=L\nB bus short=1\nC bus short=2"
SATURDAY = DAY + dt.timedelta(days=4)


def one(trips: str, **more: object) -> Text:
    return Text("be", "BE", STOPS, ROUTES, trips, **more)


def left(text: Text, day: dt.date | None = DAY, editions: tuple[str, ...] = ()):
    feeds, evidence = drop_repeats(build(text), day=day, two_editions=editions)
    return feeds, evidence[["trip", "decision", "kept_trip"]].to_numpy().tolist()


RUN = "| a 8:00 | b 8:10/8:11 | c 8:20"


def test_the_same_run_under_two_ids_is_kept_once():
    feeds, found = left(one(f"t R wk {RUN}\nt:1 S wk {RUN}"))
    assert found == [["be:t:1", "dropped", "be:t"]]
    assert set(rides(feeds)) == {"be:t"}


@pytest.mark.parametrize("other", [
    "u R wk | a 8:00 | b 8:10/8:12 | c 8:20",  # another minute
    "u R wk | a 8:00 | c 8:20",  # another stop
    "u R wk | a 8:00 | b 8:10/8:11 | c 8:20 | d 8:30",  # a longer run
    "u B wk | a 8:00 | b 8:10/8:11 | c 8:20",  # a bus beside the train
    "u R sat | a 8:00 | b 8:10/8:11 | c 8:20",  # another day
    "u R wk | a 8:00 | b 8:10/8:11! | c 8:20",  # passes without a halt
])  # fmt: skip
def test_what_differs_is_another_run(other):
    text = one(f"t R wk {RUN}\n{other}")
    feeds, found = left(text)
    assert found == []
    assert len(feeds.trips) == 2


def test_the_same_run_in_two_feeds_is_not_looked_at_here():
    text = one(f"t R wk {RUN}")
    other = Text("nl", "NL", STOPS, ROUTES, f"t R wk {RUN}")
    assert drop_repeats(build(text, other), day=None)[1].empty


def test_on_days_that_only_one_has_it_stays():
    feeds, found = left(one(f"t R wk {RUN}\nu R daily {RUN}"), day=None)
    assert found == [["be:u", "dropped on some days", "be:t"]]
    assert running(feeds, DAY) == {"be:t"}
    assert running(feeds, SATURDAY) == {"be:u"}


def test_three_of_a_kind_leave_one():
    feeds, found = left(one(f"t R wk {RUN}\nu R wk {RUN}\nv R wk {RUN}"))
    assert [row[0] for row in found] == ["be:u", "be:v"]
    assert set(rides(feeds)) == {"be:t"}


def test_two_portions_of_a_train_that_divides_both_stay():
    trips = f"t R wk block=1 {RUN}\nu R wk block=2 {RUN}"
    assert left(one(trips))[1] == []
    # The same vehicle twice is one.
    assert left(one(trips.replace("block=2", "block=1")))[1] == [["be:u", "dropped", "be:t"]]
    # One that a rule of transfers.txt names stays, whatever its id.
    assert left(one(f"t R wk {RUN}\nu R wk {RUN}\nw R wk | c 8:25 | d 8:40",
                    transfers="c c 4 - u w"))[1] == [["be:t", "dropped", "be:u"]]  # fmt: skip


LINE = "| a 0:00 | b 0:10 | c 0:20"


def test_a_line_in_two_editions_is_only_listed_until_the_user_says_so():
    text = one(f"t B wk {LINE}\nu C wk | a 0:00 | b 0:11 | c 0:22",
               frequencies="t 5:30 22:00 3600\nu 5:30 22:00 1800")  # fmt: skip
    feeds, found = left(text)
    assert found == [["be:t", "doubtful", "be:u"]]
    assert len(feeds.trips) == 2
    feeds, found = left(text, editions=("be",))
    assert found == [["be:t", "dropped", "be:u"]]  # the more frequent one stays
    assert set(rides(feeds)) == {"be:u"}
    assert len(feeds.frequencies) == 1


@pytest.mark.parametrize(("trips", "frequencies"), [
    (f"t B wk {LINE}\nu B wk {LINE}", "t 5:30 22:00 3600\nu 5:30 22:00 1800"),  # one line
    (f"t B wk {LINE}\nu C wk {LINE}", "t 5:30 9:00 3600\nu 9:00 22:00 3600"),  # other hours
    (f"t B wk {LINE}\nu C wk | a 0:00 | b 0:20 | c 0:30", "t 5:30 9:00 900\nu 5:30 9:00 900"),
    (f"t B wk {LINE}\nu C sat {LINE}", "t 5:30 22:00 3600\nu 5:30 22:00 3600"),  # other days
    (f"t B wk {LINE}\nu C wk | c 0:00 | b 0:10 | a 0:20", "t 5:30 9:00 900\nu 5:30 9:00 900"),
    (f"t B wk {LINE}\nu C wk {LINE}", "t 5:30 22:00 3600 exact\nu 5:30 22:00 3600 exact"),
])  # fmt: skip
def test_what_is_no_second_edition(trips, frequencies):
    assert left(one(trips, frequencies=frequencies), editions=("be",))[1] == []


def test_an_edition_that_runs_on_more_days_is_doubtful():
    text = one(f"t B daily {LINE}\nu C wk {LINE}",
               frequencies="t 5:30 22:00 3600\nu 5:30 22:00 1800")  # fmt: skip
    assert left(text, day=None, editions=("be",))[1] == [["be:t", "doubtful", "be:u"]]


def test_the_merge_says_what_to_do_and_names_feeds_it_does_not_have():
    text = one(f"t B wk {LINE}\nu C wk {LINE}", frequencies="t 5:30 22:00 3600\nu 5:30 22:00 3600")

    def problems(**options):
        found = merge_feeds(
            build(text), day=DAY, timezone="Europe/Brussels", options=MergeEntry(**options)
        )
        return found.evidence["problems"].set_index("problem")

    twice = problems().loc["lines that a feed may hold twice"]
    assert (twice["count"], twice["examples"]) == (1, "be:C / be:B")
    assert "two_editions" in twice["cure"]
    said = problems(two_editions=("be",), modelled_times=("bee",))
    assert "lines that a feed may hold twice" not in said.index
    assert said.loc["feed named here that was not read", "examples"] == "bee"
    off = problems(drop_duplicates=False)
    assert "lines that a feed may hold twice" not in off.index
