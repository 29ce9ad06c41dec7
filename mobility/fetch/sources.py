"""A region's entries as a list of files to fetch."""

from __future__ import annotations

from pathlib import Path

from mobility.fetch.model import Kind, Source
from mobility.scenario.model import Origin, Region

MB = 1 << 20


def sources_of(region: Region) -> tuple[Source, ...]:
    """List every file a region names, those the user must put there too (without urls)."""
    found = [
        _source(f"feed {feed.id}", "gtfs", feed.path, feed, optional=feed.optional)
        for feed in region.feeds
    ]
    found += _streets(region)
    zones = region.zones
    if not zones.sources:
        found.append(_source("zones", "zones", zones.path, zones))
    for source in zones.sources:
        role = f"zones {source.country}"
        found.append(_source(role, "zones", source.path, source))
        found += [
            _source(f"{role} table {n}", "table", table.path, table, optional=table.optional)
            for n, table in enumerate(source.tables, start=1)
        ]
    found += [
        _source(f"zones table {n}", "table", table.path, table, optional=table.optional)
        for n, table in enumerate(zones.tables, start=1)
    ]
    if region.border is not None and not region.border.from_zones:
        found.append(_source("border", "border", region.border.countries, region.border))
    return tuple(found)


def _streets(region: Region) -> list[Source]:
    entry = region.streets
    if entry.overpass:
        return [
            Source(
                "streets 1", "overpass", entry.osm[0], (entry.overpass,), box=entry.overpass_box,
                changes_every_days=entry.changes_every_days,
            )
        ]  # fmt: skip
    urls = entry.urls or ("",) * len(entry.osm)
    return [
        Source(
            role=f"streets {n}",
            kind="osm",
            path=path,
            urls=(url,) if url else (),
            checksum_url=entry.checksum_url,
            allow_http=entry.allow_http,
            max_bytes=int(entry.max_mb * MB),
            changes_every_days=entry.changes_every_days,
        )
        for n, (path, url) in enumerate(zip(entry.osm, urls, strict=True), start=1)
    ]


def _source(role: str, kind: Kind, path: Path, origin: Origin, *, optional: bool = False) -> Source:
    return Source(
        role=role,
        kind=kind,
        path=path,
        urls=(origin.url, *origin.mirrors) if origin.url else origin.mirrors,
        checksum_url=origin.checksum_url,
        sha256=origin.sha256,
        key_env=origin.api_key_env,
        key_header=origin.api_key_header,
        key_query=origin.api_key_query,
        allow_http=origin.allow_http,
        max_bytes=int(origin.max_mb * MB),
        max_unpacked_bytes=int(origin.max_unpacked_mb * MB),
        changes_every_days=origin.changes_every_days,
        optional=optional,
    )
