"""Forms of the changes to stations, tickets, days, people and speeds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mobility.scenario.parse import refuse
from mobility.scenario.selectors import ChangeForm, LineMode, StopRef, need_one
from mobility.scenario.street_forms import Area

Friction = Literal["missing-link", "headway", "fit", "calendar", "ticket"]
FRICTIONS: tuple[Friction, ...] = ("missing-link", "headway", "fit", "calendar", "ticket")


class ParkAndRide(ChangeForm):
    """Stops where a car can be left."""

    kind: Literal["park-and-ride"]
    stops: tuple[StopRef, ...] = Field(min_length=1, description="stops beside the car park")
    only: bool = Field(
        False, description="true: cars are left only here; false: here as well as at today's"
    )
    time_s: int | None = Field(
        None, ge=0, le=3600, description="seconds to park and walk to the stop, at all of them"
    )


class Hub(ChangeForm):
    """Changing at a station takes another time."""

    kind: Literal["hub"]
    stops: tuple[StopRef, ...] = Field(
        min_length=1, description="stations or stops; those within 500 m of each other are one hub"
    )
    transfer_s: int = Field(ge=0, le=3600, description="seconds to change within it")


class FlexZoneForm(ChangeForm):
    """Transport on demand in an area: to and from hubs, or from door to door."""

    kind: Literal["flex-zone"]
    id: str = Field(pattern=r"^[^\s:]+$", description="name of the zone")
    area: Area = Field(description="where it comes to the door")
    hubs: tuple[StopRef, ...] = Field(
        min_length=1, description="stops it brings people to and fetches them from"
    )
    wait_s: int = Field(ge=0, le=14_400, description="seconds from order to pick-up")
    speed_kph: float = Field(30.0, gt=0, le=120, description="km/h in the vehicle")
    detour: float = Field(
        1.3, ge=1, le=5, description="way ÷ straight line, others' stops included"
    )
    period: tuple[str, str] | None = Field(
        None, description='hours of service, ["06:00", "23:00"]; none: always'
    )
    operator: str = Field("", description="who runs it")


class Ticket(ChangeForm):
    """What changing operator or country costs; zero with one ticket."""

    kind: Literal["ticket"]
    operator_minutes: float | None = Field(
        None, ge=0, le=120, description="minutes for changing operator"
    )
    country_minutes: float | None = Field(
        None, ge=0, le=120, description="minutes for changing country"
    )
    operator_euro: float | None = Field(
        None, ge=0, le=1000, description="euros for changing operator"
    )
    country_euro: float | None = Field(
        None, ge=0, le=1000, description="euros for changing country"
    )

    @model_validator(mode="after")
    def _whole(self) -> Ticket:
        if not self.model_dump(exclude={"kind"}, exclude_none=True):
            refuse(
                "no value",
                "at least one of operator_minutes, country_minutes, operator_euro, country_euro",
            )
        return self


class CalendarChange(ChangeForm):
    """Another day: by its date."""

    kind: Literal["calendar"]
    date: dt.date = Field(description="service day to be used in place of the scenario's")


def calendar_day(changes: Sequence[ChangeForm]) -> dt.date | None:
    """Day the last ``calendar`` change asks for; None where there is none."""
    days = [form.date for form in changes if isinstance(form, CalendarChange)]
    return days[-1] if days else None


class Opportunities(ChangeForm):
    """People, jobs or other opportunities change in zones."""

    kind: Literal["opportunities"]
    zones: tuple[str, ...] = Field(
        (), description="zone ids, zone names or municipalities; none: all, or the country's"
    )
    country: str = Field("", description="only zones of this country")
    opportunity: str = Field(description="column: population, jobs …")
    add: float | None = Field(
        None, description="added in all, shared by what is there (evenly where nothing is)"
    )
    factor: float | None = Field(None, ge=0, le=1000, description="or: multiplied by this")

    @model_validator(mode="after")
    def _whole(self) -> Opportunities:
        need_one(self, "add", "factor")
        if self.add == 0 or self.factor == 1:
            refuse("a change of nothing", "add that is not 0, or factor that is not 1")
        return self


class Speeds(ChangeForm):
    """Speeds of people: a group that walks slower, more e-bikes."""

    kind: Literal["speeds"]
    walk_kph: float | None = Field(None, gt=0, le=12, description="walking speed, km/h")
    bike_kph: float | None = Field(None, gt=0, le=40, description="cycling speed, km/h")
    ebike_kph: float | None = Field(None, gt=0, le=45, description="e-bike speed, km/h")
    ebike_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="share of e-bikes among those who cycle: mean time, so mean pace, of both",
    )

    @model_validator(mode="after")
    def _whole(self) -> Speeds:
        if not self.model_dump(exclude={"kind"}, exclude_none=True):
            refuse("no speed", "at least one of walk_kph, bike_kph, ebike_kph, ebike_share")
        return self


class NoBorder(ChangeForm):
    """The benchmark without a border: frictions set to the domestic value of the same distance."""

    kind: Literal["no-border"]
    remove: tuple[Friction, ...] = Field(
        FRICTIONS, min_length=1, description="which frictions are taken away"
    )
    band_km: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.001, 10, 20, 40, 80, 160),
        min_length=2,
        description="edges of the distance bands between a line's ends, km",
    )
    modes: tuple[LineMode, ...] = Field(("rail", "bus"), description="modes of line compared")
    transfer_s: int = Field(180, ge=0, le=3600, description="change reckoned with at a hub")
    max_new_lines: int = Field(
        50, ge=1, le=1000, description="most missing links made, most missed first"
    )

    @model_validator(mode="after")
    def _whole(self) -> NoBorder:
        if any(b <= a for a, b in zip(self.band_km, self.band_km[1:], strict=False)):
            refuse(list(self.band_km), "ascending edges")
        return self


class Script(ChangeForm):
    """A Python file's function ``changes(network)``; made by reading, not written in a list."""

    kind: Literal["script"]
    # left out of what is dumped: where a file lies is not what it says
    path: str = Field(exclude=True, description="Python file")
    name: str = Field(description="name of the file")
    sha256: str = Field(description="hash of the file as read")
