"""``new``: a region file from a list of files, asked for or given; then ``check``."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from mobility.cli.main import DONE, WRONG_FILES
from mobility.errors import Problem, RegionError, ZoneError, printable, raise_all, writing
from mobility.feeds.netex import CONVERTER, is_netex
from mobility.fetch.facts import rows_of
from mobility.leftovers import whole_file
from mobility.scenario.model import BorderEntry
from mobility.scenario.writing import Answers, Box, FeedAnswer, ZonesAnswer, region_text
from mobility.words import translator
from mobility.zones import Countries, country_at, read_countries
from mobility.zones.guessing import guess_table

STREETS = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".graphml")
TABLES = (".gpkg", ".geojson", ".json", ".shp", ".parquet", ".geoparquet", ".csv")
TIMEZONE = "Europe/Amsterdam"
Ask = Callable[[str], str]


def new(options: argparse.Namespace) -> int:
    """Write a region file, say what is missing, and check what is there.

    Returns
    -------
    int
        0 where the region can be used, else 1.
    """
    target: Path = options.region
    _refuse_bad_target(target, force=options.force)
    files = list(options.files)
    if not files and sys.stdin.isatty():
        dialogue(options, input)
        files = list(options.files)
    if not files:
        raise RegionError(
            Problem("new", "no files", "timetables, street extracts, zones",
                    "Name them, or their folder, after the region file")
        )  # fmt: skip
    answers = with_options(gather(files), options)
    text = region_text(answers, target.resolve().parent)
    with writing(target), whole_file(target) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    _ = translator(options.lang)
    gaps = missing(answers, options.lang)
    if not options.quiet:
        print(printable(_("Written: {file}").format(file=target)))
    for gap in gaps:
        print(f"- {printable(gap)}", file=sys.stderr)
    if not (answers.feeds and answers.streets and answers.zones):
        return WRONG_FILES
    if options.no_check:
        return DONE
    from mobility.cli.check import check  # noqa: PLC0415 - takes long to load

    return check(
        argparse.Namespace(region=target, date=None, out=options.out, lang=options.lang,
                           quiet=options.quiet)
    )  # fmt: skip


def _refuse_bad_target(target: Path, *, force: bool) -> None:
    if target.suffix.lower() != ".toml":
        raise RegionError(Problem(str(target), "another ending", "a name that ends in .toml"))
    if target.exists() and not force:
        raise RegionError(
            Problem(str(target), "a file that stands there", "a new name", "Or add --force")
        )


def dialogue(options: argparse.Namespace, ask: Ask) -> None:
    """Ask for what was not given, and enter it into the options."""
    _ = translator(options.lang)
    options.name = options.name or ask(_("Name of the region: ")).strip()
    print(_("Files or folders, one a line: timetables (GTFS), streets (.osm.pbf), zones, "
            "country polygons. An empty line ends."))  # fmt: skip
    while text := ask("> ").strip().strip("\"'"):
        path = Path(text).expanduser()
        if path.exists():
            options.files.append(path)
        else:
            print(_("There is no such file."))
    towns = ask(_("Municipalities to keep, by comma (empty: all zones): ")).strip()
    options.town += [town.strip() for town in towns.split(",") if town.strip()]
    if not options.town:
        options.box = options.box or ask(
            _("Box west,south,east,north in degrees (empty: all zones): ")
        )


def gather(files: Iterable[Path]) -> Answers:
    """Sort files by what they are; folders are looked into, one level deep.

    Raises
    ------
    RegionError
        A file is of no known kind, or there are two of what there may be one of.
    """
    answers = Answers("", "")
    problems: list[Problem] = []
    for path in _spread(files, problems):
        try:
            answers = _with_file(answers, path, problems)
        except ZoneError as error:
            problems += error.problems
    raise_all(RegionError, problems)
    feeds = _with_countries(answers.feeds, answers)
    zones = _timezones(answers.feeds)
    timezone = zones.most_common(1)[0][0] if zones else TIMEZONE
    return replace(answers, feeds=feeds, timezone=timezone)


def _spread(files: Iterable[Path], problems: list[Problem]) -> list[Path]:
    found: list[Path] = []
    for path in files:
        if not path.exists():
            problems.append(Problem(str(path), "no such file", "a file or folder"))
        elif path.is_dir() and not (path / "stops.txt").is_file():
            known = (*STREETS, *TABLES, ".zip")
            found += sorted(
                inner for inner in path.iterdir()
                if not inner.name.startswith(".")  # of a program under way
                and (inner.name.lower().endswith(known) or (inner / "stops.txt").is_file())
            )  # fmt: skip
        else:
            found.append(path)
    return [path.resolve() for path in found]


def _with_file(answers: Answers, path: Path, problems: list[Problem]) -> Answers:
    name = path.name.lower()
    if path.is_dir() or name.endswith(".zip"):
        if is_netex(path):
            problems.append(Problem(str(path), "NeTEx", "GTFS", CONVERTER))
            return answers
        feed = FeedAnswer(_id_for(path, {feed.id for feed in answers.feeds}), path)
        return replace(answers, feeds=(*answers.feeds, feed))
    if name.endswith(STREETS):
        return replace(answers, streets=(*answers.streets, path))
    if not name.endswith(TABLES):
        problems.append(
            Problem(str(path), "a file of an unknown kind", "GTFS, OpenStreetMap, or a table")
        )
        return answers
    guess = guess_table(path)
    if guess.countries:
        if answers.border is not None:
            problems.append(Problem(str(path), "a second file of countries", "one"))
        return replace(answers, border=path, border_column=guess.countries)
    if guess.zones is None:
        problems.append(Problem(str(path), "no column of different values", "ids of zones"))
    elif answers.zones is not None:
        problems.append(
            Problem(str(path), f"zones, like {answers.zones.path}", "one file of zones")
        )
    else:
        return replace(answers, zones=guess.zones)
    return answers


def _id_for(path: Path, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-") or "feed"
    stem = "feed" if stem == "scenario" else stem
    name, n = stem, 2
    while name in taken:
        name, n = f"{stem}-{n}", n + 1
    return name


def _timezones(feeds: Iterable[FeedAnswer]) -> Counter[str]:
    found: Counter[str] = Counter()
    for feed in feeds:
        names = {row.get("agency_timezone", "").strip() for row in rows_of(feed.path, "agency.txt")}
        found.update(name for name in sorted(names) if name)
    return found


def _with_countries(feeds: tuple[FeedAnswer, ...], answers: Answers) -> tuple[FeedAnswer, ...]:
    """Give each feed the country in which most of its stops lie."""
    if answers.border is None:
        return feeds
    entry = BorderEntry(countries=answers.border, column=answers.border_column)
    countries = read_countries(entry)
    return tuple(replace(feed, country=_country_of(feed.path, countries)) for feed in feeds)


def _country_of(path: Path, countries: Countries) -> str:
    lon, lat = [], []
    for row in rows_of(path, "stops.txt"):
        try:
            x, y = float(row["stop_lon"]), float(row["stop_lat"])
        except (KeyError, ValueError):
            continue
        lon.append(x)
        lat.append(y)
    found = Counter(str(code) for code in country_at(countries, np.array(lon), np.array(lat)))
    found.pop("", None)
    return found.most_common(1)[0][0] if found else ""


def with_options(answers: Answers, options: argparse.Namespace) -> Answers:
    """Put what was said over what was guessed.

    Raises
    ------
    RegionError
        A flag that can't be understood or names no feed.
    """
    problems: list[Problem] = []
    feeds = {feed.id: feed for feed in answers.feeds}
    for text in options.country:
        name, _, code = text.partition("=")
        if name not in feeds or not re.fullmatch(r"[A-Za-z]{2}", code):
            problems.append(
                Problem("--country", text, f"FEED=CC with one of {', '.join(feeds) or 'no feed'}")
            )
        else:
            feeds[name] = replace(feeds[name], country=code.upper())
    box = _box(options.box, problems)
    raise_all(RegionError, problems)
    return replace(
        answers,
        name=options.name or options.region.stem,
        timezone=options.timezone or answers.timezone,
        feeds=tuple(feeds.values()),
        zones=_zones_with(answers.zones, options) if answers.zones else None,
        municipalities=tuple(options.town),
        box=box,
    )


def _zones_with(zones: ZonesAnswer, options: argparse.Namespace) -> ZonesAnswer:
    return replace(
        zones,
        id=options.id or zones.id,
        name=options.zone_name or zones.name,
        country=options.country_column or zones.country,
        municipality=options.municipality or zones.municipality,
        opportunities=tuple(options.opportunity) or zones.opportunities,
    )


def _box(text: str, problems: list[Problem]) -> Box | None:
    if not text.strip():
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = south = east = north = 0.0
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        problems.append(
            Problem("--box", text, "west,south,east,north in degrees: 4.9,51.0,6.1,51.7")
        )
        return None
    return west, south, east, north


def missing(answers: Answers, lang: str) -> list[str]:
    """Say what a region lacks: what it can't do without first."""
    _ = translator(lang)
    found = []
    if not answers.feeds:
        found.append(_("Missing: timetables (GTFS) of both countries."))
    if not answers.streets:
        found.append(_("Missing: streets, e.g. an extract of download.geofabrik.de."))
    if not answers.zones:
        found.append(_("Missing: zones, where trips start and end."))
    if answers.border is None:
        found.append(_("Missing: country polygons; without them no border is known."))
    found += [
        _("Missing: the country of timetable {feed}.").format(feed=feed.id)
        for feed in answers.feeds
        if not feed.country
    ]
    countries = {feed.country for feed in answers.feeds if feed.country}
    if len(countries) == 1:
        text = _("Only timetables of one country ({country}) are here.")
        found.append(text.format(country=min(countries)))
    if answers.zones and not answers.zones.opportunities:
        found.append(_("The zones have no column of people or jobs: nothing can be counted."))
    if answers.zones and not answers.zones.municipality:
        found.append(_("The zones have no column of municipalities: tables stay by zone."))
    return found
