"""The form of a scenario file, and the folding of a scenario into its bases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from mobility.scenario.clock import Clock
from mobility.scenario.model import DayEntry, Mode, Strict, Title
from mobility.scenario.parse import refuse

_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]*$")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


def _folder_name(name: str) -> str:
    expected = "small letters, digits, - and _, since it names the folder of the run"
    if name and (
        not _NAME.match(name) or name.endswith(".") or name.split(".", maxsplit=1)[0] in _RESERVED
    ):
        refuse(f'"{name}"', expected)
    return name


class SettingsEntry(Strict):
    """Numbers that shape the network; what is left out keeps the base's value."""

    walk_kph: float | None = Field(None, gt=0, le=12, description="walking speed, km/h")
    bike_kph: float | None = Field(None, gt=0, le=40, description="cycling speed, km/h")
    ebike_kph: float | None = Field(None, gt=0, le=45, description="e-bike speed, km/h")
    max_access_walk_s: int | None = Field(
        None, ge=0, le=14_400, description="longest walk to a stop, s"
    )
    max_access_bike_s: int | None = Field(
        None, ge=0, le=14_400, description="longest ride by bike to a stop, s"
    )
    max_access_car_s: int | None = Field(
        None, ge=0, le=14_400, description="longest drive to a stop, s"
    )
    max_transfer_walk_s: int | None = Field(
        None, ge=0, le=7200, description="longest walk between stops, s"
    )
    min_transfer_s: int | None = Field(None, ge=0, le=3600, description="shortest change, s")
    bike_parking_s: int | None = Field(None, ge=0, le=3600, description="parking a bike, s")
    car_terminal_s: int | None = Field(
        None, ge=0, le=3600, description="to the car and from the parking place, a whole drive, s"
    )
    park_and_ride_s: int | None = Field(
        None, ge=0, le=3600, description="from the car in a car park to the stop, s"
    )
    max_snap_m: float | None = Field(
        None, gt=0, le=20_000, description="farthest a point may lie from the streets, m"
    )
    max_rides: int | None = Field(None, ge=1, le=12, description="most vehicles on one journey")
    seed: int | None = Field(None, ge=0, description="seed of the phases of headway services")


class WindowLayer(Strict):
    """Departure window; what is left out keeps the base's value."""

    start: Clock | None = Field(None, description="first departure from home")
    end: Clock | None = Field(None, description="end of departures; not one itself")
    step_s: int | None = Field(None, gt=0, le=3600, description="seconds between departures")
    draws: int | None = Field(
        None, gt=0, le=1000, description="draws of the phases of headway services, see Uncertainty"
    )
    arrive_by: bool | None = Field(None, description="window is of arrivals, not departures")


class ScenarioLayer(Strict):
    """One scenario file: a difference from its base, nothing else."""

    version: Literal[1] = Field(description="version of the file form: 1")
    name: Annotated[str, AfterValidator(_folder_name)] = Field(
        "", description="name of the scenario and of its run folder; else the file's name"
    )
    title: Title = Field(Title(), description="title in Dutch (title.nl) and English (title.en)")
    description: Title = Field(Title(), description="what it is and what is assumed, nl and en")
    base: Path | None = Field(None, description="scenario file it differs from")
    region: Path | None = Field(None, description="region file; else the base's")
    modes: tuple[Mode, ...] = Field((), description="modes computed; else the base's")
    day: DayEntry | None = Field(None, description="service day; else the base's")
    window: WindowLayer = Field(WindowLayer(), description="window; else the base's")
    settings: SettingsEntry = Field(SettingsEntry(), description="numbers of the model")
    changes: tuple[dict[str, Any], ...] = Field(
        (), description="changes, applied in order after the base's"
    )
    facts: dict[str, Any] = Field(
        {}, description="year, status, cost, sources, assumed: any keys; shown, not used"
    )

    @model_validator(mode="after")
    def _modes_once(self) -> ScenarioLayer:
        twice = sorted({m for m in self.modes if self.modes.count(m) > 1})
        if twice:
            refuse(f"modes {', '.join(twice)} twice", "each mode once")
        return self
