"""A region file written from what is known of its files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class FeedAnswer:
    """One timetable: id, file, country (``""`` unknown)."""

    id: str
    path: Path
    country: str = ""


@dataclass(frozen=True)
class ZonesAnswer:
    """The zone file and its columns; ``""`` where it has no such column."""

    path: Path
    id: str
    name: str = ""
    country: str = ""
    municipality: str = ""
    opportunities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """All that makes a region file; None and empty where it is not there yet."""

    name: str
    timezone: str
    feeds: tuple[FeedAnswer, ...] = ()
    streets: tuple[Path, ...] = ()
    zones: ZonesAnswer | None = None
    border: Path | None = None
    border_column: str = "country"
    municipalities: tuple[str, ...] = ()
    box: Box | None = None


def region_text(answers: Answers, folder: Path) -> str:
    """Write a region file that will stand in `folder`; what is missing gets a place to fill in."""

    def path(file: Path) -> str:
        try:
            return _text(Path(os.path.relpath(file, folder)).as_posix())
        except ValueError:  # another drive on Windows
            return _text(file.as_posix())

    lines = [
        "# Every key: docs/scenario.md. Paths are relative to this file.",
        "version = 1",
        f"name = {_text(answers.name)}",
        f"timezone = {_text(answers.timezone)}",
    ]
    for feed in answers.feeds:
        lines += ["", "[[feeds]]", f"id = {_text(feed.id)}", f"path = {path(feed.path)}"]
        lines.append(f"country = {_text(feed.country)}" if feed.country else MISSING_COUNTRY)
    if not answers.feeds:
        lines += ["", "# MISSING: a timetable", "[[feeds]]", 'id = "a"', 'path = "a.zip"']
    lines += ["", "[streets]"]
    if answers.streets:
        lines.append(f"osm = [{', '.join(path(file) for file in answers.streets)}]")
    else:
        lines += ["# MISSING: an OpenStreetMap extract", 'osm = ["streets.osm.pbf"]']
    lines += ["", "[zones]", *_zone_lines(answers, path)]
    if answers.border is not None:
        lines += ["", "[border]", f"countries = {path(answers.border)}"]
        lines.append(f"column = {_text(answers.border_column)}")
    return "\n".join(lines) + "\n"


MISSING_COUNTRY = '# country = "??" # MISSING: ISO 3166 code of the operator\'s country'


def _zone_lines(answers: Answers, path: object) -> list[str]:
    assert callable(path)
    zones = answers.zones
    if zones is None:
        lines = ["# MISSING: a file of zones", 'path = "zones.gpkg"', 'id = "id"']
    else:
        lines = [f"path = {path(zones.path)}", f"id = {_text(zones.id)}"]
        lines += [
            f"{key} = {_text(column)}"
            for key in ("name", "country", "municipality")
            if (column := getattr(zones, key))
        ]
        if zones.opportunities:
            lines.append(f"opportunities = {_texts(zones.opportunities)}")
    if answers.municipalities:
        lines.append(f"only_municipalities = {_texts(answers.municipalities)}")
    if answers.box is not None:
        lines.append(f"box = [{', '.join(f'{value:g}' for value in answers.box)}]")
    return lines


def _text(value: str) -> str:
    """Write a TOML string: the same as JSON's but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(_text(value) for value in values)}]"
