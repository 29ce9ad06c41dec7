"""What a region and a scenario file hold once they have been checked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mobility.scenario.parse import refuse

Box = tuple[float, float, float, float]
Mode = Literal["walk", "bike", "ebike", "car", "pt", "bike+pt", "car+pt"]


class Strict(BaseModel):
    """A form that forbids unknown keys and can't be changed once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(Strict):
    """Whose a file is, and where and how ``fetch`` gets it; all of it optional."""

    licence: str = Field("", description="licence of the file, for the manifest and the report")
    owner: str = Field("", description="who publishes it")
    attribution: str = Field("", description="words its licence asks for")
    url: str = Field("", description="where fetch gets it")
    mirrors: tuple[str, ...] = Field((), description="other places fetch may get it from")
    sha256: str = Field(
        "", pattern=r"^([0-9a-f]{64})?$", description="hash the file must have, in hex"
    )
    checksum_url: str = Field(
        "", description='where its owner publishes its hash; "{url}.md5" is beside the file'
    )
    changes_every_days: float | None = Field(
        None, gt=0, description="how often its owner renews it"
    )
    max_mb: float = Field(4096, gt=0, description="larger downloads are refused")
    max_unpacked_mb: float = Field(
        32768, gt=0, description="archives that hold more than this are refused"
    )
    allow_http: bool = Field(False, description="may be fetched without encryption")
    api_key_env: str = Field("", description="environment variable that holds an API key")
    api_key_header: str = Field("", description="HTTP header the key is sent in")
    api_key_query: str = Field("", description="part of the address the key is sent in")

    @model_validator(mode="after")
    def _key_has_a_place(self) -> Self:
        if self.api_key_env and bool(self.api_key_header) == bool(self.api_key_query):
            refuse("api_key_env", "also api_key_header or api_key_query, one of the two")
        return self


class FeedEntry(Origin):
    """One GTFS feed of a region."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description="prefix of every id of the feed")
    path: Path = Field(description="zip or folder, relative to the region file")
    country: str = Field("", description="ISO 3166 country code of the operator")
    optional: bool = Field(False, description="the region works without this feed")
    allow_foreign_agencies: tuple[str, ...] = Field(
        (), description="agencies of another time zone that are kept"
    )
    nearest_same_day_type: bool = Field(
        False, description="may be read on the nearest day of the same type where it lacks the day"
    )


class StreetsEntry(Strict):
    """Street files; several are joined."""

    osm: tuple[Path, ...] = Field(
        min_length=1, description=".osm.pbf, .osm, .osm.gz or osmnx .graphml; several are joined"
    )
    urls: tuple[str, ...] = Field((), description="where fetch gets them, in the order of osm")
    licence: str = Field("ODbL 1.0, OpenStreetMap contributors", description="their licence")
    owner: str = Field("", description="who publishes them")
    attribution: str = Field("", description="words their licence asks for")
    checksum_url: str = Field(
        "", description='where their hashes are published; "{url}.md5" is beside each file'
    )
    changes_every_days: float | None = Field(None, gt=0, description="how often they are renewed")
    max_mb: float = Field(4096, gt=0, description="larger downloads are refused")
    allow_http: bool = Field(False, description="may be fetched without encryption")
    overpass: str = Field(
        "", description="Overpass service that fetch asks for osm, one .graphml, in place of urls"
    )
    overpass_box: Box | None = Field(
        None, description="lon_min, lat_min, lon_max, lat_max of what Overpass is asked for"
    )
    observed: Path | None = Field(
        None,
        description="CSV of observed drives that car times are fitted to: lon_o, lat_o, lon_d, "
        "lat_d, observed_s (at the wheel) and, where known, depart",
    )

    @model_validator(mode="after")
    def _urls_fit(self) -> Self:
        if self.urls and len(self.urls) != len(self.osm):
            refuse(f"{len(self.urls)} urls for {len(self.osm)} files", "a url for each file of osm")
        if self.overpass and (self.overpass_box is None or self.urls):
            refuse("overpass", "also overpass_box, and no urls")
        if self.overpass and (len(self.osm) > 1 or self.osm[0].suffix != ".graphml"):
            refuse("overpass", "one .graphml file in osm, where the answer is kept")
        return self


class ZoneTable(Origin):
    """A table whose numbers are added to zones by their id or their municipality's code."""

    path: Path = Field(description="CSV or text, zipped or not, relative to the region file")
    key: str = Field("code", description="column of zone ids or municipality codes")
    opportunities: dict[str, str] = Field(description="name → column of numbers")
    share_by: str = Field(
        "", description="a municipality's number is shared over its zones by this one"
    )
    optional: bool = Field(False, description="the zones can be made without it")


class ZoneSource(Origin):
    """One country's file of small areas, from which the region's zones are put together."""

    path: Path = Field(description="file of areas, relative to the region file")
    country: str = Field(description="ISO 3166 country code of its zones")
    layer: str = Field("", description="layer of the file, where it has several")
    id: str = Field(description="column of ids")
    name: str = Field("", description="column of names")
    municipality: str = Field("", description="column of municipality names")
    municipality_code: str = Field("", description="column of municipality codes")
    municipalities: tuple[str, ...] = Field(
        (), description="codes of the municipalities kept, of any year; none keeps all"
    )
    joined_by: int = Field(
        0, ge=0, description="areas whose ids share so many first characters are one zone; 0: none"
    )
    leave_out: dict[str, tuple[str, ...]] = Field(
        {}, description="column → values of the rows that are no part of the country"
    )
    opportunities: dict[str, str] = Field({}, description="name → column of numbers")
    tables: tuple[ZoneTable, ...] = Field((), description="more numbers, from tables")


class ZonesEntry(Origin):
    """Zone file and what its columns are called."""

    path: Path = Field(description="GeoPackage, GeoJSON, GeoParquet, or CSV with lon and lat")
    sources: tuple[ZoneSource, ...] = Field(
        (), description="files the zone file is put together from, one per country"
    )
    tables: tuple[ZoneTable, ...] = Field((), description="more numbers for all countries")
    only_municipalities: tuple[str, ...] = Field(
        (), description="names of the municipalities kept; none keeps all"
    )
    box: Box | None = Field(
        None, description="lon_min, lat_min, lon_max, lat_max: zones outside are left out"
    )
    id: str = Field(description="column of zone ids")
    name: str = Field("", description="column of names; else the ids")
    country: str = Field("", description="column of country codes; else by the polygons")
    municipality: str = Field("", description="column of municipality names")
    opportunities: tuple[str, ...] = Field((), description="columns of numbers: population, jobs …")
    layer: str = Field("", description="layer of the file, where it has several")
    year: int | None = Field(None, description="year the numbers are of")


class BorderEntry(Origin):
    """Country polygons."""

    countries: Path = Field(description="file of country polygons, enclaves included")
    column: str = Field("country", description="column that holds the country code")
    from_zones: bool = Field(
        False, description="the file is made of the areas of the zones' sources"
    )


class MergeEntry(Strict):
    """Which merge steps run, and where overrides stand."""

    repair: bool = Field(True, description="mend positions, leave out trips nobody can ride")
    match_stops: bool = Field(True, description="find stops of different feeds that are one place")
    through_running: bool = Field(True, description="join trips of one vehicle within a feed")
    drop_duplicates: bool = Field(True, description="keep a run once that two feeds have")
    stitch: bool = Field(True, description="join trips that are cut at the border")
    overrides: Path | None = Field(
        None, description="CSV with stop_a, stop_b, grade: what the user knows about stops"
    )
    modelled_times: tuple[str, ...] = Field(
        (), description="feeds whose departure times are modelled, not published"
    )
    two_editions: tuple[str, ...] = Field(
        (), description="feeds that hold lines twice, in two editions of their timetable"
    )


class Pair(Strict):
    """A named pair of places for charts and the scorecard: municipality or zone names or ids."""

    origin: str = Field(description="municipality or zone, by name or id")
    destination: str = Field(description="municipality or zone, by name or id")
    kind: Literal["city", "border"] = Field(
        "city", description="fast link between cities, or daily link of border municipalities"
    )


class Region(Strict):
    """Where a region's data are; paths are absolute once read."""

    version: Literal[1] = Field(description="version of the file form: 1")
    name: str = Field(description="name of the region, for the report")
    timezone: str = Field("Europe/Amsterdam", description="zone all times are shown in")
    feeds: tuple[FeedEntry, ...] = Field(min_length=1, description="timetables")
    streets: StreetsEntry = Field(description="streets")
    zones: ZonesEntry = Field(description="zones, where trips start and end")
    border: BorderEntry | None = Field(None, description="country polygons")
    merge: MergeEntry = Field(MergeEntry(), description="steps that make two countries one")
    pairs: tuple[Pair, ...] = Field((), description="places named in charts and scorecard")
    margin_km: float = Field(5.0, ge=0, description="feeds are kept this far around the zones")
    demonstration: bool = Field(False, description="made timetable: every page says so")
    generator: str = Field("", description="name of the bundled generator that makes the files")


class Title(Strict):
    """A title in Dutch and English."""

    nl: str = Field("", description="in Dutch")
    en: str = Field("", description="in English")


class DayEntry(Strict):
    """Service day."""

    date: dt.date = Field(description="service day, e.g. 2019-10-08, without quotes")


class WindowEntry(Strict):
    """Departure window; of `draws` of the phases of headway services each pair has the middle."""

    start: str = Field("07:00", pattern=r"^\d{1,2}:\d{2}(:\d{2})?$")
    end: str = Field("09:00", pattern=r"^\d{1,2}:\d{2}(:\d{2})?$")
    step_s: int = Field(60, gt=0)
    draws: int = Field(1, gt=0)
    arrive_by: bool = Field(False, description="window is of arrivals, not departures")


class Scenario(Strict):
    """A scenario with its base folded in: complete, checked, changes in order.

    `changes` are the change forms of `mobility.scenario.forms`, base's first.
    """

    name: str
    title: Title = Title()
    description: Title = Title()
    region_path: Path
    baseline: str = Field("", description="name of the scenario this one is compared with")
    base_paths: tuple[Path, ...] = Field((), description="files folded in, outermost base first")
    modes: tuple[Mode, ...]
    day: DayEntry
    window: WindowEntry
    settings: dict[str, float | int] = {}
    changes: tuple[Any, ...] = ()
    facts: dict[str, Any] = Field({}, description="year, status, cost, sources: read, shown")
    path: Path
