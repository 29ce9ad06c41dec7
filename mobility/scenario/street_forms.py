"""Forms of the changes to streets, cycle ways and ferries."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mobility.scenario.model import Strict
from mobility.scenario.parse import refuse
from mobility.scenario.selectors import ChangeForm, Period, need_one

StreetMode = Literal["walk", "bike", "ebike", "speed_pedelec", "car"]
Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]
Point = tuple[Lon, Lat]


class Area(Strict):
    """A polygon, or a circle round a point."""

    polygon: tuple[Point, ...] = Field((), description="[lon, lat] corners, at least three")
    center: Point | None = Field(None, description="[lon, lat] of a circle")
    radius_m: float | None = Field(None, gt=0, le=200_000, description="radius of the circle")

    @model_validator(mode="after")
    def _whole(self) -> Area:
        need_one(self, "polygon", "center")
        if self.polygon and len(self.polygon) < 3:
            refuse(f"{len(self.polygon)} corners", "at least three")
        if (self.center is None) != (self.radius_m is None):
            refuse("a circle by half", "center with radius_m")
        return self


class StreetSelector(Strict):
    """Streets that fit every key given; several selectors add up."""

    name: str = Field("", description="name or number of the street, as in OSM")
    highway: str = Field("", description="highway class, as in OSM: primary, cycleway …")
    way_id: int | None = Field(None, description="OSM id of the way")
    area: Area | None = Field(None, description="only inside this area")
    country: str = Field("", description="only in this country, by its code")
    crosses_border: bool = Field(False, description="only where it leads into another country")

    @model_validator(mode="after")
    def _something(self) -> StreetSelector:
        if not self.model_dump(exclude_defaults=True):
            refuse("an empty table", f"at least one of {', '.join(type(self).model_fields)}")
        return self

    def __str__(self) -> str:
        words = [self.name, self.highway, str(self.way_id or ""), self.country]
        text = " ".join(w for w in words if w)
        return text or ("area" if self.area else "border")


Streets = Annotated[
    tuple[StreetSelector, ...],
    Field(min_length=1, description="which streets; selectors add up"),
]


class AddStreet(ChangeForm):
    """A new street, path or cycle way, tied to the network where it starts and ends."""

    kind: Literal["add-street"]
    name: str = Field(description="name of the street")
    points: tuple[Point, ...] = Field(min_length=2, description="[lon, lat] along its way")
    highway: str = Field("cycleway", description="highway class, as in OSM")
    modes: tuple[StreetMode, ...] = Field(
        ("walk", "bike", "ebike", "speed_pedelec"), min_length=1, description="who may use it"
    )
    speed_kph: dict[StreetMode, Annotated[float, Field(gt=0, le=200)]] = Field(
        {}, description="km/h per mode; else the mode's own speed, for cars the class's"
    )
    oneway: bool = Field(False, description="only in the order of its points")
    join: Literal["crossings", "ends"] = Field(
        "crossings",
        description="tied to every street it crosses on the level, or at its two ends only",
    )
    connect_m: float = Field(
        100.0, gt=0, le=2000, description="its ends are tied to the nearest street within this"
    )


class ChangeStreet(ChangeForm):
    """Streets get another speed, or other users."""

    kind: Literal["change-street"]
    streets: Streets
    speed_kph: dict[StreetMode, Annotated[float, Field(gt=0, le=200)]] = Field(
        {}, description="new km/h per mode"
    )
    factor: dict[StreetMode, Annotated[float, Field(gt=0, le=10)]] = Field(
        {}, description="speed × factor per mode"
    )
    forbid: tuple[StreetMode, ...] = Field((), description="modes that may no longer use it")

    @model_validator(mode="after")
    def _whole(self) -> ChangeStreet:
        if not (self.speed_kph or self.factor or self.forbid):
            refuse("nothing to change", "at least one of speed_kph, factor, forbid")
        both = sorted(set(self.speed_kph) & set(self.factor))
        if both:
            refuse(f"speed_kph and factor for {', '.join(both)}", "one of the two per mode")
        return self


class CloseStreet(ChangeForm):
    """Streets are closed."""

    kind: Literal["close-street"]
    streets: Streets
    modes: tuple[StreetMode, ...] = Field((), description="for these modes; none: for all")


class UpgradeCycleway(ChangeForm):
    """Cycle ways become fast cycle routes: a higher speed, fewer stops."""

    kind: Literal["upgrade-cycleway"]
    streets: tuple[StreetSelector, ...] = Field((), description="which streets")
    points: tuple[Point, ...] = Field((), description="or: [lon, lat] along the route")
    within_m: float = Field(
        50.0, gt=0, le=1000, description="streets this near to the points belong to it"
    )
    bike_kph: float = Field(20.0, gt=0, le=40, description="speed by bike, km/h")
    ebike_kph: float = Field(25.0, gt=0, le=45, description="speed by e-bike, km/h")

    @model_validator(mode="after")
    def _whole(self) -> UpgradeCycleway:
        need_one(self, "streets", "points")
        if len(self.points) == 1:
            refuse("one point", "at least two along the route")
        return self


class Congestion(ChangeForm):
    """Cars need longer: in an area, on streets, or everywhere."""

    kind: Literal["congestion"]
    streets: tuple[StreetSelector, ...] = Field((), description="which streets; none: all")
    area: Area | None = Field(None, description="only inside this area")
    factor: float = Field(gt=0, le=20, description="travel time × factor: 1.3 is 30 % longer")


class AddFerry(ChangeForm):
    """A ferry across the water, with its wait and hours."""

    kind: Literal["add-ferry"]
    name: str = Field(description="name of the ferry")
    points: tuple[Point, ...] = Field(min_length=2, description="[lon, lat] from bank to bank")
    crossing_s: int = Field(gt=0, le=36_000, description="seconds on the water")
    headway_s: int = Field(
        0, ge=0, le=86_400, description="seconds between departures; half of it is the mean wait"
    )
    modes: tuple[StreetMode, ...] = Field(
        ("walk", "bike", "ebike"), min_length=1, description="who is taken aboard"
    )
    hours: Period | None = Field(
        None,
        description="hours of service; the ferry is left out where they do not cover the window",
    )
    connect_m: float = Field(
        300.0, gt=0, le=2000, description="its ends are tied to the nearest street within this"
    )
