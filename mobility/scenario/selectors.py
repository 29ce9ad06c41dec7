"""How a change names lines, stops and periods; shared by all change forms."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from mobility.scenario.clock import Clock, clock_s
from mobility.scenario.model import Strict
from mobility.scenario.parse import refuse

LineMode = Literal["rail", "metro", "tram", "bus", "ferry", "coach", "funicular", "other"]


class ChangeForm(Strict):
    """What every change has: its kind, and where it was read (kept for messages)."""

    kind: str = Field(description="which kind of change")
    _where: str = PrivateAttr("")

    @property
    def where(self) -> str:
        """File and key path the change was read from; its kind where it was made in code."""
        return self._where or f"change {self.kind}"

    def placed(self, where: str) -> Self:
        """Return a copy that knows where it was read."""
        copy = self.model_copy()
        copy._where = where  # noqa: SLF001 - its own private field
        return copy


class StopRef(Strict):
    """A stop: by `id`, by the name it is `near`, or by a point that makes a new one."""

    id: str = Field("", description='stop id with its feed: "nmbs:8831005"')
    near: str = Field("", description="name of the stop or station, as in the feed")
    feed: str = Field("", description="only stops of this feed")
    mode: LineMode | None = Field(None, description="only stops served by this mode")
    lon: float | None = Field(None, ge=-180, le=180, description="longitude of a new stop, WGS 84")
    lat: float | None = Field(None, ge=-90, le=90, description="latitude of a new stop, WGS 84")
    name: str = Field("", description="name of a new stop")
    country: str = Field("", description="country code of a new stop; else the nearest stop's")

    @model_validator(mode="after")
    def _one_way(self) -> StopRef:
        point = self.lon is not None or self.lat is not None
        ways = [bool(self.id), bool(self.near), point]
        if sum(ways) != 1:
            refuse(
                "; ".join(f"{k}={v!r}" for k, v in self.model_dump(exclude_defaults=True).items())
                or "an empty table",
                "a stop named in one way: id, or near, or lon with lat",
            )
        if point and (self.lon is None or self.lat is None):
            refuse("half a point", "both lon and lat")
        return self

    @property
    def is_new(self) -> bool:
        """Whether it makes a new stop."""
        return self.lon is not None

    def __str__(self) -> str:
        if self.is_new:
            return self.name or f"{self.lat:.4f}, {self.lon:.4f}"
        return self.id or self.near


class LineSelector(Strict):
    """Lines that fit every key given; several selectors add up."""

    feed: str = Field("", description="feed id")
    short_name: str = Field("", description="line number, as in the feed")
    long_name: str = Field("", description="line name, as in the feed")
    route_id: str = Field("", description='route id with its feed: "nmbs:29"')
    operator: str = Field("", description="name of the operator")
    mode: LineMode | None = Field(None, description="mode of the line")
    serves: tuple[StopRef, ...] = Field((), description="stops the line serves, all of them")

    @model_validator(mode="after")
    def _something(self) -> LineSelector:
        if not self.model_dump(exclude_defaults=True):
            refuse("an empty table", f"at least one of {', '.join(type(self).model_fields)}")
        for stop in self.serves:
            if stop.is_new:
                refuse("a point in serves", "a stop by id or near")
        return self

    def __str__(self) -> str:
        words = [self.short_name, self.long_name, self.route_id, self.operator, self.mode or ""]
        text = " ".join(w for w in words if w)
        if self.feed:
            text = f"{text} ({self.feed})" if text else self.feed
        if self.serves:
            text += " via " + ", ".join(str(s) for s in self.serves)
        return text.strip()


Lines = tuple[LineSelector, ...]


class Span(Strict):
    """A period with one headway."""

    start: Clock = Field(description="first departure")
    end: Clock = Field(description="no departure after this")
    headway_s: int = Field(gt=0, le=86_400, description="seconds between departures")

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if clock_s(self.end) < clock_s(self.start):
            refuse(f"{self.start}–{self.end}", "an end that is not before the start")
        return self


class Period(Strict):
    """Part of the service day; a trip belongs to it by its first departure."""

    start: Clock = Field("00:00", description="from this time on")
    end: Clock = Field("47:59", description="before this time")

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if clock_s(self.end) <= clock_s(self.start):
            refuse(f"{self.start}–{self.end}", "an end after the start")
        return self

    @property
    def seconds(self) -> tuple[int, int]:
        """Start and end in seconds."""
        return clock_s(self.start), clock_s(self.end)


def need_one(form: Strict, *keys: str) -> None:
    """Refuse a form that has none or several of `keys`."""
    given = [key for key in keys if _given(getattr(form, key))]
    if len(given) != 1:
        refuse(" and ".join(given) or "none of them", f"exactly one of {', '.join(keys)}")


def _given(value: Any) -> bool:
    return value is not None and value not in ((), "", {})


def need_length(form: Strict, key: str, length: int, why: str) -> None:
    """Refuse a list of the wrong length."""
    values = getattr(form, key)
    if len(values) != length:
        refuse(f"{len(values)} values in {key}", f"{length} ({why})")
