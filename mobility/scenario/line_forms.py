"""Forms of the changes to lines and their timetable."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mobility.scenario.clock import Clock, clock_s
from mobility.scenario.parse import refuse
from mobility.scenario.selectors import (
    ChangeForm,
    LineMode,
    Lines,
    LineSelector,
    Period,
    Span,
    StopRef,
    need_length,
    need_one,
)

RunTime = Annotated[int, Field(gt=0, le=86_400)]
LinesField = Annotated[Lines, Field(min_length=1, description="which lines; selectors add up")]


class AddLine(ChangeForm):
    """A new line with stops, run times and departures."""

    kind: Literal["add-line"]
    id: str = Field(pattern=r"^[^\s:]+$", description="name of the line's id, without a feed")
    mode: LineMode = Field(description="mode of the line")
    feed: str = Field(
        "", description='feed the line joins; else that of its first stop of today, else "scenario"'
    )
    short_name: str = Field("", description="line number on signs; else the id")
    long_name: str = Field("", description="name of the line; else its end stops")
    operator: str = Field("", description="operator; else the feed's commonest for the mode")
    stops: tuple[StopRef, ...] = Field(min_length=2, description="stops in order of service")
    run_s: tuple[RunTime, ...] = Field((), description="seconds from stop to stop, without dwell")
    speed_kph: float | None = Field(
        None, gt=0, le=400, description="km/h between stops, where run_s is not given"
    )
    geometry: Literal["straight", "street"] = Field(
        "straight",
        description="what speed_kph runs along: straight line × detour, or the shortest car way",
    )
    detour: float | None = Field(
        None, ge=1, le=5, description="way ÷ straight line; else 1.15 for rail, 1.3 for others"
    )
    dwell_s: int = Field(0, ge=0, le=7200, description="seconds at each stop on the way")
    headway_s: int | None = Field(
        None, gt=0, le=86_400, description="seconds between departures, with first and last"
    )
    first: Clock = Field("06:00", description="first departure, at both ends")
    last: Clock = Field("23:00", description="last departure, at both ends")
    spans: tuple[Span, ...] = Field((), description="periods, each with a headway of its own")
    departures: tuple[Clock, ...] = Field((), description="exact departures at the first stop")
    departures_back: tuple[Clock, ...] = Field(
        (), description="exact departures at the last stop; else as departures"
    )
    both_ways: bool = Field(True, description="runs back as well, in the same times")
    exact: bool = Field(
        True, description="false: a headway without times; passengers meet it at any phase"
    )

    @model_validator(mode="after")
    def _whole(self) -> AddLine:
        need_one(self, "run_s", "speed_kph")
        need_one(self, "headway_s", "spans", "departures")
        if self.run_s:
            need_length(self, "run_s", len(self.stops) - 1, "one between each two stops")
        if clock_s(self.last) < clock_s(self.first):
            refuse(f"first {self.first}, last {self.last}", "a last departure not before the first")
        if not self.exact and self.departures:
            refuse("departures with exact = false", "a headway", "Drop one of the two.")
        for key in ("departures", "departures_back"):
            if len(set(getattr(self, key))) < len(getattr(self, key)):
                refuse(f"a time twice in {key}", "each departure once")
        if self.departures_back and not (self.departures and self.both_ways):
            refuse("departures_back alone", "departures as well, and both_ways = true")
        for one, two in zip(self.spans, self.spans[1:], strict=False):
            if clock_s(two.start) < clock_s(one.end):
                refuse(f"spans {one.start}–{one.end}, {two.start}–{two.end}", "no overlap")
        return self


class ExtendLine(ChangeForm):
    """A line runs on beyond one of its ends."""

    kind: Literal["extend-line"]
    lines: LinesField
    at: StopRef = Field(description="end stop of today from which it runs on")
    stops: tuple[StopRef, ...] = Field(min_length=1, description="new stops, outward from there")
    run_s: tuple[RunTime, ...] = Field(min_length=1, description="seconds of each new hop")
    dwell_s: int = Field(60, ge=0, le=7200, description="seconds at today's end and new stops")
    both_ways: bool = Field(True, description="trips that start there start further out as well")

    @model_validator(mode="after")
    def _whole(self) -> ExtendLine:
        need_length(self, "run_s", len(self.stops), "one for each new stop")
        return self


class Reroute(ChangeForm):
    """A line takes another way between two of its stops."""

    kind: Literal["reroute"]
    lines: LinesField
    start_at: StopRef = Field(description="stop where the new way begins")
    end_at: StopRef = Field(description="stop where the new way ends")
    stops: tuple[StopRef, ...] = Field((), description="stops in between; none: it runs straight")
    run_s: tuple[RunTime, ...] = Field(min_length=1, description="seconds of each new hop")
    dwell_s: int = Field(0, ge=0, le=7200, description="seconds at each new stop")
    both_ways: bool = Field(True, description="trips the other way take it as well")

    @model_validator(mode="after")
    def _whole(self) -> Reroute:
        need_length(self, "run_s", len(self.stops) + 1, "one more than the stops in between")
        return self


class ChangeHeadway(ChangeForm):
    """A line runs more or less often."""

    kind: Literal["change-headway"]
    lines: LinesField
    headway_s: int = Field(gt=0, le=86_400, description="new seconds between departures")
    as_one: bool | None = Field(
        None,
        description="true: the lines picked share the headway as variants of one line; "
        "false: each gets it; else true where a selector names two or more stops it serves",
    )
    period: Period = Field(Period(), description="only departures in this period change")


class ChangeSpeed(ChangeForm):
    """A line runs faster or slower, on the whole way or between two stops."""

    kind: Literal["change-speed"]
    lines: LinesField
    factor: float = Field(gt=0, le=10, description="speed × factor: 1.2 is a fifth faster")
    start_at: StopRef | None = Field(None, description="only from this stop on")
    end_at: StopRef | None = Field(None, description="only as far as this stop")
    period: Period = Field(Period(), description="only trips of this period")


class ChangeDwell(ChangeForm):
    """A line stands longer or shorter at its stops."""

    kind: Literal["change-dwell"]
    lines: LinesField
    dwell_s: int | None = Field(None, ge=0, le=7200, description="new seconds at each stop")
    add_s: int | None = Field(
        None, ge=-7200, le=7200, description="seconds more (less: negative, never below zero)"
    )
    stops: tuple[StopRef, ...] = Field((), description="only at these stops; else at all")

    @model_validator(mode="after")
    def _whole(self) -> ChangeDwell:
        need_one(self, "dwell_s", "add_s")
        return self


class RemoveLines(ChangeForm):
    """Lines are taken out."""

    kind: Literal["remove-lines"]
    lines: LinesField


class RemoveTrips(ChangeForm):
    """Some trips of lines are taken out: by id, or by period."""

    kind: Literal["remove-trips"]
    lines: Lines = Field((), description="which lines; none: trips alone say it")
    trips: tuple[str, ...] = Field((), description="trip ids with their feed")
    period: Period = Field(Period(), description="only trips of this period")

    @model_validator(mode="after")
    def _whole(self) -> RemoveTrips:
        if not self.lines and not self.trips:
            refuse("neither lines nor trips", "at least one of lines, trips")
        return self


class RemoveStops(ChangeForm):
    """Lines pass stops without a halt."""

    kind: Literal["remove-stops"]
    stops: tuple[StopRef, ...] = Field(min_length=1, description="stops that are served no more")
    lines: Lines = Field((), description="only by these lines; none: by all")
    saved_s: int = Field(0, ge=0, le=600, description="run time saved at each, beside its dwell")


class ShiftTimetable(ChangeForm):
    """A line runs earlier or later, as it is."""

    kind: Literal["shift-timetable"]
    lines: LinesField
    shift_s: int = Field(ge=-43_200, le=43_200, description="seconds later (earlier: negative)")
    period: Period = Field(Period(), description="only trips of this period")

    @model_validator(mode="after")
    def _whole(self) -> ShiftTimetable:
        if self.shift_s == 0:
            refuse("shift_s = 0", "a shift that is not zero")
        return self


class Meet(ChangeForm):
    """A line is shifted as a whole so that it meets other lines at a hub."""

    kind: Literal["meet"]
    lines: LinesField
    at: StopRef = Field(description="hub where they meet")
    others: LinesField = Field(description="lines to be met; they stay as they are")
    transfer_s: int = Field(180, ge=0, le=3600, description="seconds the change takes")
    direction: Literal["both", "to-line", "from-line"] = Field(
        "both",
        description="to-line: from the others onto the line; from-line: the other way; or both",
    )
    shift_s: int | Literal["search"] = Field(
        "search", description='seconds later, or "search" for the best of 0–59 minutes'
    )
    weigh_other_hubs: bool = Field(
        False,
        description="the search counts waits at the line's other hubs as well; else it states them",
    )
    period: Period = Field(Period(), description="trips and meetings of this period count")


class ThroughRun(ChangeForm):
    """Two lines become one: the vehicle runs on, nobody changes."""

    kind: Literal["through-run"]
    first: LineSelector = Field(description="line that comes to the hub")
    second: LineSelector = Field(description="line that goes on from there")
    at: StopRef = Field(description="stop where the one ends and the other begins")
    max_wait_s: int = Field(1800, ge=0, le=7200, description="longest stand when joining trips")
    both_ways: bool = Field(True, description="joined the other way as well")


class LineOut(ChangeForm):
    """A closure: lines, stops, streets, or the whole border."""

    kind: Literal["disruption"]
    lines: Lines = Field((), description="lines that do not run")
    stops: tuple[StopRef, ...] = Field(
        (), description="stops that are not served; lines pass them at their times of today"
    )
    streets: tuple[str, ...] = Field((), description="names of streets that are closed")
    border: bool = Field(False, description="nothing crosses any border: no line, no street")
    countries: tuple[str, ...] = Field(
        (), description="with border: only borders between these countries; none: all"
    )
    period: Period = Field(Period(), description="trips of this period are hit")

    @model_validator(mode="after")
    def _whole(self) -> LineOut:
        if not (self.lines or self.stops or self.streets or self.border):
            refuse("nothing closed", "at least one of lines, stops, streets, border")
        if self.countries and not self.border:
            refuse("countries without border", "border = true as well")
        return self
