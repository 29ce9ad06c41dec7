"""Whether a file that came is what it should be: its hash, its kind, its size unpacked."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import requests
import urllib3

from mobility.errors import FetchError, Problem
from mobility.feeds.netex import CONVERTER, is_netex
from mobility.fetch.download import retried
from mobility.fetch.model import Source, Web
from mobility.fetch.web import RETRIED, Again, Secret, ask, refusal, retry_after_s

HASHES = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
HASH = re.compile(r"\b([0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})\b")
LONGEST_LIST = 1 << 20
MOST_MEMBERS = 20_000
# Timetables stay below 60:1; deflate can't go beyond 1032:1.
BOMB_RATIO = 250
BOMB_BYTES = 64 << 20
ZIPPED = ("gtfs",)


def hash_of(path: Path, name: str = "sha256") -> str:
    """Return the hex hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).hexdigest()


def published_hash(
    session: requests.Session, url: str, source: Source, secret: Secret, web: Web
) -> str:
    """Get the hash that the owner publishes for `url`; ``""`` where the entry names none.

    Raises
    ------
    FetchError
        The list can't be had, or holds no hash.
    """
    if not source.checksum_url:
        return ""
    where = source.checksum_url.replace("{url}", url)

    def attempt() -> str:
        with ask(session, where, source, web, {}, secret) as answer:
            if answer.status_code in RETRIED:
                wait_s = retry_after_s(answer, web.now())
                raise Again(f"answer {answer.status_code} for the checksum", wait_s=wait_s)
            if answer.status_code != 200:
                raise refusal(answer, where, source)
            try:
                listed: bytes = answer.raw.read(LONGEST_LIST, decode_content=False)
            except (OSError, urllib3.exceptions.HTTPError) as error:
                raise Again("a connection that broke off at the checksum") from error
            return listed.decode("utf-8", "replace")

    found = listed_hash(retried(attempt, source, secret, web, web.clock()), url)
    if not found:
        raise FetchError(
            Problem(source.role, f"no checksum at {urlsplit(where).path}", "a hash in hex",
                    "Mend checksum_url, or leave it out")
        )  # fmt: skip
    return found


def listed_hash(text: str, url: str) -> str:
    """Find the hash of `url`'s file in a list: on the line that names it, else the only one."""
    lines = [line for line in text.splitlines() if HASH.search(line)]
    name = PurePosixPath(urlsplit(url).path).name
    mine = [line for line in lines if name and name in line] or (lines if len(lines) == 1 else [])
    match = HASH.search(mine[0]) if mine else None
    return match[1].lower() if match else ""


def check_hash(part: Path, expected: str, source: Source, whose: str) -> None:
    """Compare a file with a hash of any known length.

    Raises
    ------
    FetchError
        It is another file.
    """
    if not expected:
        return
    name = HASHES.get(len(expected), "sha256")
    found = hash_of(part, name)
    if found != expected.lower():
        raise FetchError(
            Problem(source.role, f"a file with {name} {found[:16]}…",
                    f"{expected[:16]}…, {whose}", "Fetch again; if it stays so, ask the owner")
        )  # fmt: skip


def check_content(part: Path, source: Source) -> None:
    """Look whether a file is of the kind its entry needs, and no zip bomb.

    Raises
    ------
    FetchError
        It is not.
    """
    with part.open("rb") as file:
        head = file.read(4096)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise _wrong(source, "a web page", "the file itself",
                     "The address leads to a page or a log-in; find the file's own")  # fmt: skip
    if not head:
        raise _wrong(source, "an empty file", "a file with data")
    if zipfile.is_zipfile(part):
        _check_zip(part, source)
    elif source.kind in ZIPPED:
        raise _wrong(source, "a file that is no zip", "a GTFS zip")
    name = source.path.name.lower()
    if source.kind == "osm" and name.endswith(".pbf") and b"OSMHeader" not in head[:64]:
        raise _wrong(source, "a file that is no OSM PBF", "an OSM PBF extract")
    if name.endswith(".gpkg") and not head.startswith(b"SQLite format 3"):
        raise _wrong(source, "a file that is no GeoPackage", "a GeoPackage")


def _check_zip(part: Path, source: Source) -> None:
    try:
        with zipfile.ZipFile(part) as archive:
            infos = archive.infolist()
            names = {PurePosixPath(info.filename.replace("\\", "/")).name for info in infos}
            netex = source.kind == "gtfs" and "stops.txt" not in names and is_netex(part)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _wrong(source, f"a damaged zip ({error})", "a whole zip") from error
    unpacked = sum(info.file_size for info in infos)
    swollen = [
        info for info in infos
        if info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * info.compress_size
    ]  # fmt: skip
    if swollen or unpacked > source.max_unpacked_bytes or len(infos) > MOST_MEMBERS:
        size = part.stat().st_size
        raise _wrong(
            source,
            f"a zip of {size} bytes that unpacks to {unpacked} bytes in {len(infos)} files",
            f"at most {source.max_unpacked_bytes >> 20} MB, files that grow less than "
            f"{BOMB_RATIO} times",
            "This looks like a zip bomb: ask the owner",
        )
    if netex:
        raise _wrong(source, "NeTEx", "GTFS", CONVERTER)
    if source.kind == "gtfs" and "stops.txt" not in names:
        raise _wrong(source, "a zip without stops.txt", "a GTFS zip")


def _wrong(source: Source, found: str, expected: str, cure: str = "") -> FetchError:
    return FetchError(Problem(source.role, found, expected, cure))
