"""A region's files → the network every scenario of it starts from."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility import demo, leftovers, store
from mobility.batch import hashes
from mobility.batch.drives import fit_drives, observed_drives
from mobility.batch.folders import whole_folder
from mobility.errors import MobilityError, Problem, RunError, ZoneError, raise_all
from mobility.feeds import Feeds, read_feeds
from mobility.merge import Merged, merge_feeds
from mobility.network import MultimodalNetwork, Settings, Supply, build_network
from mobility.network.links import reach, snap_points
from mobility.scenario import Region
from mobility.streets import StreetNetwork, clipping, crossings, read_streets
from mobility.zones import Countries, Zones, read_countries, read_zones
from mobility.zones.assembling import assemble

Report = Callable[[str], None]
KM_PER_DEGREE = 111.195
NAMED_ZONES = 10
CLIPS = "streets"


@dataclass(frozen=True)
class InputFile:
    """One file a run rests on: its role, path, SHA-256, size, and the data's owner and terms."""

    role: str
    path: str
    sha256: str
    size_bytes: int
    licence: str = ""
    owner: str = ""
    attribution: str = ""


@dataclass(frozen=True)
class Prepared:
    """A region read, merged and linked for one day.

    Parameters
    ----------
    network
        The network without any change.
    countries
        Border polygons, or None.
    evidence
        Merge evidence tables by file stem.
    inputs
        Files it was made from.
    notes
        What a reader of the results must know, e.g. a feed read on another day.
    key
        Fingerprint of inputs, settings and program.
    """

    network: MultimodalNetwork
    countries: Countries | None
    evidence: Mapping[str, pd.DataFrame]
    inputs: tuple[InputFile, ...]
    notes: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Timed:
    """`prepared`, the seconds each step took (empty when loaded) and where it is stored."""

    prepared: Prepared
    timings_s: Mapping[str, float]
    folder: Path


def list_inputs(region: Region) -> tuple[InputFile, ...]:
    """Hash every file a region names; its generator makes them first where it has one."""
    _make_files(region)
    rows: list[tuple[str, Path, str, str, str]] = [
        (f"feed {feed.id}", feed.path, feed.licence, feed.owner, feed.attribution)
        for feed in region.feeds
        if feed.path.exists() or not feed.optional
    ]
    streets, border = region.streets, region.border
    rows += [
        ("streets", path, streets.licence, streets.owner, streets.attribution)
        for path in streets.osm
    ]
    rows.append(("zones", region.zones.path, *_zone_credits(region)))
    if border is not None:
        rows.append(("border", border.countries, border.licence, border.owner, border.attribution))
    if streets.observed is not None:
        rows.append(("observed drives", streets.observed, "", "", ""))
    if region.merge.overrides is not None:
        rows.append(("merge overrides", region.merge.overrides, "", "", ""))
    return tuple(
        InputFile(role, str(path), hashes.of_file(path), _size(path), licence, owner, credit)
        for role, path, licence, owner, credit in rows
    )


def _zone_credits(region: Region) -> tuple[str, str, str]:
    """Licence, owner and attribution of the zones: the file's own, else its sources' together."""
    zones = region.zones
    parts = [zones, *zones.sources, *(t for s in zones.sources for t in s.tables), *zones.tables]

    def joined(name: str) -> str:
        return "; ".join(dict.fromkeys(v for part in parts if (v := str(getattr(part, name)))))

    return joined("licence"), joined("owner"), joined("attribution")


def _make_files(region: Region) -> None:
    """Make what a region makes itself: a generated one's files, zones put together."""
    if region.generator:
        generate(region)
    assemble(region.zones, region.border)


def generate(region: Region) -> None:
    """Make a generated region's files where they are missing, whole or not at all."""
    paths = [*(feed.path for feed in region.feeds), *region.streets.osm, region.zones.path]
    if all(path.exists() for path in paths):
        return
    folder = Path(os.path.commonpath([path.parent for path in paths]))
    with whole_folder(folder) as beside:
        demo.build(beside)


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
    return path.stat().st_size


def prepare(
    region: Region,
    day: dt.date,
    settings: Settings,
    cache: Path,
    report: Report = lambda _: None,
    period: str = "morning",
) -> Timed:
    """Read, merge and link a region, or load it where that was done before.

    Parameters
    ----------
    region
        Checked region.
    day
        Service day.
    settings
        Of the base network.
    cache
        Folder of prepared networks; one folder per fingerprint.
    report
        Is told the step under way.
    period
        Part of the day whose traffic counts where drives were observed, see `streets.PERIODS`.

    Raises
    ------
    MobilityError
        What is wrong with the files.
    """
    report("hash")
    inputs = list_inputs(region)
    key = hashes.of_data({
        "inputs": [(file.role, file.sha256) for file in inputs],
        "region": region.model_dump(mode="json", exclude={"feeds": {"__all__": {"path"}}}),
        "day": day,
        "settings": dataclasses.asdict(settings),
        "code": hashes.of_code(),
        "versions": hashes.versions(),
        "period": period if region.streets.observed else "",
    })  # fmt: skip
    folder = cache / key[:20]
    if folder.exists():
        try:
            started = time.perf_counter()
            report("load")
            prepared = store.load(Prepared, folder)
            return Timed(prepared, {"load": time.perf_counter() - started}, folder)
        except RunError:
            store.remove(folder)
    prepared, timings_s = _prepare_fresh(region, day, settings, inputs, key, report, cache, period)
    store.save(prepared, folder)
    # Loaded again, so that a first run works on the very same arrays as later ones.
    return Timed(store.load(Prepared, folder), timings_s, folder)


@dataclass(frozen=True)
class Combined:
    """A region's files read, the feeds merged, and the seconds both took."""

    merged: Merged
    streets: StreetNetwork
    zones: Zones
    countries: Countries | None
    timings_s: Mapping[str, float]


def read_and_merge(
    region: Region,
    day: dt.date,
    settings: Settings,
    report: Report = lambda _: None,
    cache: Path | None = None,
) -> Combined:
    """Read a region's files and merge its feeds.

    Large street extracts are clipped to the region once, into `cache`, where one is given.

    Raises
    ------
    MobilityError
        All that is wrong with the files.
    """
    clock = time.perf_counter
    started = clock()
    report("read")
    _make_files(region)
    countries = read_countries(region.border) if region.border else None
    zones = read_zones(region.zones, countries)
    box = clip_box(zones, region.margin_km)
    extracts = _clipped(region.streets.osm, box, cache, report)
    streets, feeds = _read_both(region, extracts, countries, box, day, settings)
    read = clock()
    report("merge")
    merged = merge_feeds(
        feeds,
        day=day,
        timezone=region.timezone,
        walk_m=walk_metres(streets, settings),
        countries=countries,
        options=region.merge,
        foreign_agencies={feed.id: feed.allow_foreign_agencies for feed in region.feeds},
    )
    timings_s = {"read": read - started, "merge": clock() - read}
    return Combined(merged, streets, zones, countries, timings_s)


def _prepare_fresh(
    region: Region,
    day: dt.date,
    settings: Settings,
    inputs: tuple[InputFile, ...],
    key: str,
    report: Report,
    cache: Path,
    period: str,
) -> tuple[Prepared, dict[str, float]]:
    observed = observed_drives(region)
    found = read_and_merge(region, day, settings, report, cache)
    started = time.perf_counter()
    report("link")
    feeds = found.merged.feeds
    fitted, factors = fit_drives(found.streets, observed, period)
    supply = Supply(feeds, found.streets, found.zones, settings, street_factor=factors)
    network = build_network(supply, day=day, timezone=region.timezone)
    raise_all(ZoneError, far_zones(network, str(region.zones.path)))
    evidence = {**found.merged.evidence, "street_tags": street_counts(found.streets), **fitted}
    if found.countries is not None:
        evidence["crossings"] = crossings(found.streets, found.countries)
    prepared = Prepared(network, found.countries, evidence, inputs, feeds.notes, key)
    return prepared, {**found.timings_s, "prepare": time.perf_counter() - started}


def far_zones(network: MultimodalNetwork, where: str) -> list[Problem]:
    """Name the zones that lie too far from every street, of whatever mode."""
    points = network.zone_points.values()
    zones, limit_m = network.supply.zones, network.supply.settings.max_snap_m
    far = np.all([p.snapped.edge < 0 for p in points], axis=0) if points else np.empty(0, bool)
    rows = np.flatnonzero(far)
    if not len(rows):
        return []
    named = ", ".join(f"{zones.ids[row]} ({zones.names[row]})" for row in rows[:NAMED_ZONES])
    more = f" and {len(rows) - NAMED_ZONES} more" if len(rows) > NAMED_ZONES else ""
    return [
        Problem(
            where,
            f"{len(rows)} of {len(zones.ids)} zones over {limit_m:.0f} m from any street: "
            f"{named}{more}",
            "zones on the streets of the extract",
            "Leave them out, add an extract that covers them, or raise max_snap_m in the "
            "scenario's settings",
        )
    ]


def street_counts(streets: StreetNetwork) -> pd.DataFrame:
    """List what was read, cut, imputed or not understood on the streets: ``what, count``."""
    counts = sorted(streets.counts.items())
    return pd.DataFrame(counts, columns=["what", "count"])


def _clipped(
    extracts: Sequence[Path],
    box: tuple[float, float, float, float],
    cache: Path | None,
    report: Report,
) -> list[Path]:
    """Exchange large extracts for clips of them, made once per content and box."""
    found = []
    for path in extracts:
        large = path.name.lower().endswith(".pbf") and path.stat().st_size >= clipping.FROM_BYTES
        if cache is None or not large:
            found.append(path)
            continue
        key = hashes.of_data({
            "sha256": hashes.of_file(path),
            "box": [round(value, 6) for value in box],
            "form": clipping.FORM,
        })  # fmt: skip
        target = cache / CLIPS / f"{key[:20]}.osm.pbf"
        if not target.is_file():
            report("clip")
            clipping.clip(path, box, target)
        leftovers.touch(target)
        found.append(target)
    return found


def _read_both(
    region: Region,
    extracts: Sequence[Path],
    countries: Countries | None,
    box: tuple[float, float, float, float],
    day: dt.date,
    settings: Settings,
) -> tuple[StreetNetwork, Feeds]:
    """Read streets and feeds; what is wrong with either is said together."""
    problems: list[MobilityError] = []
    streets = feeds = None
    try:
        streets = read_streets(
            extracts, countries=countries, box=box, date=day,
            walk_kph=settings.walk_kph, bike_kph=settings.bike_kph, ebike_kph=settings.ebike_kph,
        )  # fmt: skip
    except MobilityError as error:
        problems.append(error)
    entries = [feed for feed in region.feeds if feed.path.exists() or not feed.optional]
    try:
        feeds = read_feeds(entries, timezone=region.timezone, day=day, box=box)
    except MobilityError as error:
        problems.append(error)
    if streets is None or feeds is None:
        raise MobilityError([problem for error in problems for problem in error.problems])
    return streets, feeds


def clip_box(zones: Zones, margin_km: float) -> tuple[float, float, float, float]:
    """Return the zones' box and a margin: lon_min, lat_min, lon_max, lat_max."""
    lat = margin_km / KM_PER_DEGREE
    lon = lat / float(np.cos(np.radians(zones.lat.mean())))
    return (
        float(zones.lon.min()) - lon,
        float(zones.lat.min()) - lat,
        float(zones.lon.max()) + lon,
        float(zones.lat.max()) + lat,
    )


def walk_metres(
    streets: StreetNetwork, settings: Settings, limit_m: float = 1500.0
) -> Callable[..., npt.NDArray[np.float32]]:
    """Make the function that measures walks between pairs of places.

    It takes lon, lat of the one and lon, lat of the other, and returns metres, infinite
    beyond `limit_m` or where there is no way.
    """
    metres_per_s = settings.walk_kph / 3.6

    def measure(
        lon_a: npt.NDArray[np.float64],
        lat_a: npt.NDArray[np.float64],
        lon_b: npt.NDArray[np.float64],
        lat_b: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.float32]:
        if not len(lon_a):
            return np.empty(0, np.float32)
        a, row_a = np.unique(np.column_stack([lon_a, lat_a]), axis=0, return_inverse=True)
        b, row_b = np.unique(np.column_stack([lon_b, lat_b]), axis=0, return_inverse=True)
        found = reach(
            streets,
            snap_points(streets, "walk", a[:, 0], a[:, 1], settings.max_snap_m),
            snap_points(streets, "walk", b[:, 0], b[:, 1], settings.max_snap_m),
            limit_s=limit_m / metres_per_s,
            walk_kph=settings.walk_kph,
        )
        key = found.origin.astype(np.int64) * len(b) + found.destination
        wanted = row_a.reshape(-1).astype(np.int64) * len(b) + row_b.reshape(-1)
        at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        hit = (key[at] == wanted) if len(key) else np.zeros(len(wanted), bool)
        metres = np.full(len(wanted), np.inf, np.float32)
        metres[hit] = found.time_s[at[hit]] * metres_per_s
        return metres

    return measure
