"""A region's files, fetched: hosts side by side, one file of a host after the other."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from mobility.errors import FetchError, MobilityError, Problem
from mobility.fetch.checks import check_content, check_hash, hash_of, published_hash
from mobility.fetch.claim import claimed
from mobility.fetch.download import Answer, Mark, download, forget, part_of
from mobility.fetch.facts import feed_facts
from mobility.fetch.keeping import find_older, put_away
from mobility.fetch.lock import lock_path, read_lock, write_lock
from mobility.fetch.model import Entry, Row, Source, State, Tell, Web, silent
from mobility.fetch.sources import sources_of
from mobility.fetch.web import new_session, secret_of
from mobility.scenario.model import Region

Overpass = Callable[[Source, Path], None]


@dataclass
class _Job:
    """What the threads share."""

    region_path: Path
    region: Region
    web: Web
    tell: Tell
    locked: bool
    overpass: Overpass
    files: dict[str, Entry]
    old_lock: Mapping[str, Entry]
    mutex: threading.Lock = field(default_factory=threading.Lock)
    hosts: dict[str, threading.Lock] = field(default_factory=dict)

    def host_lock(self, host: str) -> threading.Lock:
        with self.mutex:
            return self.hosts.setdefault(host, threading.Lock())

    def note(self, role: str, entry: Entry) -> None:
        """Enter a file into the lock, on disk at once: an interruption loses nothing."""
        with self.mutex:
            self.files[role] = entry
            if not self.locked:
                write_lock(lock_path(self.region_path), self.files, self.region.name)


def fetch(
    region_path: Path,
    region: Region,
    *,
    locked: bool = False,
    web: Web | None = None,
    tell: Tell = silent,
    overpass: Overpass | None = None,
) -> tuple[Row, ...]:
    """Get every file a region names, or the newest of it, and write the lock file.

    A file that can't be had leaves the copy at hand in its place; its row says so. Older
    copies go into the store.

    Parameters
    ----------
    region_path, region
        File and its content, paths absolute.
    locked
        Demand exactly the files of the lock file: at hand, in the store, or from the network.
    web
        Limits and clocks.
    tell
        Is told role, bytes and bytes in all; called from several threads.
    overpass
        Answers an Overpass source, for tests; None: the real service.

    Returns
    -------
    Rows in the order of the region file.

    Raises
    ------
    FetchError
        The lock file can't be read, or is missing where it is demanded; or another fetch of
        the region is under way.
    """
    with claimed(lock_path(region_path), str(region_path)):
        return _fetch(region_path, region, locked, web or Web(), tell, overpass)


def _fetch(
    region_path: Path,
    region: Region,
    locked: bool,
    web: Web,
    tell: Tell,
    overpass: Overpass | None,
) -> tuple[Row, ...]:
    old = read_lock(lock_path(region_path))
    if locked and not old:
        raise FetchError(
            Problem(str(lock_path(region_path)), "no such file", "a lock file for --locked",
                    "Run fetch without --locked once, or copy the lock file there")
        )  # fmt: skip
    sources = sources_of(region)
    roles = {source.role for source in sources}
    files = {role: entry for role, entry in old.items() if role in roles}
    job = _Job(region_path, region, web, tell, locked, overpass or _ask_overpass, files, old)
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(_host(source.urls[0]) if source.urls else "", []).append(source)
    rows: dict[str, Row] = {}
    pool = ThreadPoolExecutor(max_workers=web.limits.hosts_at_once)
    try:
        for found in pool.map(lambda group: [_one(job, source) for source in group],
                              groups.values()):  # fmt: skip
            rows |= {row.role: row for row in found}
    except BaseException:
        web.stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return tuple(rows[source.role] for source in sources)


def _ask_overpass(source: Source, part: Path) -> None:
    from mobility.streets.overpass import download_graph  # noqa: PLC0415 - osmnx takes its time

    assert source.box is not None
    download_graph(source.box, part, service=source.urls[0])


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()


def _one(job: _Job, source: Source) -> Row:
    """Fetch one file; its problems become part of its row."""
    try:
        if job.web.stop.is_set():
            raise FetchError(Problem(source.role, "an interruption", "the whole file"))
        if not (source.urls or job.locked):
            return _local(job, source)
        with claimed(source.path, source.role):  # another region may name the same file
            return _demand(job, source) if job.locked else _newest(job, source)
    except MobilityError as error:
        problems = error.problems
    except OSError as error:
        problems = (Problem(source.role, f"{error.strerror or error} at {source.path}",
                            "a place one may write to"),)  # fmt: skip
    there = source.path.exists()
    entry = job.files.get(source.role) if there else None
    state: State = "kept" if there else "failed"
    return Row(source.role, state, entry, problems, source.optional)


def _local(job: _Job, source: Source) -> Row:
    """Enter a file the user put there."""
    if not source.path.exists():
        return Row(source.role, "absent", optional=source.optional)
    return Row(source.role, "local", _enter(job, source, Entry("", "", "", "", 0, "")))


def _newest(job: _Job, source: Source) -> Row:
    """Try the address and its mirrors in turn."""
    problems: list[Problem] = []
    for url in source.urls:
        try:
            with job.host_lock(_host(url)):
                return _from(job, source, url)
        except MobilityError as error:
            problems += error.problems
            if job.web.stop.is_set():
                break
    raise FetchError(problems)


def _from(job: _Job, source: Source, url: str) -> Row:
    known = job.files.get(source.role)
    known = known if known is not None and known.url == url and _is_at_hand(known, source) else None
    part = part_of(source.path)
    if source.kind == "overpass":
        return _overpass(job, source, part)
    secret = secret_of(source)
    with new_session() as session:
        for last in (False, True):
            wanted = published_hash(session, url, source, secret, job.web)
            answer = download(
                session, url, part, source=source, secret=secret, known=known,
                web=job.web, tell=job.tell,
            )  # fmt: skip
            if not answer.changed and known is not None:
                forget(part)
                entry = replace(known, checked=_now(job))
                job.note(source.role, entry)
                return Row(source.role, "unchanged", entry)
            try:
                _check(part, source, wanted, source.sha256)
                break
            except FetchError:
                forget(part)
                # A file renewed between list and download fails once, a wrong one twice.
                if last or not wanted:
                    raise
    return _put(job, source, part, url, answer)


def _is_at_hand(entry: Entry, source: Source) -> bool:
    """Whether the file in its place is the one of the lock, byte for byte."""
    path = source.path
    return path.is_file() and path.stat().st_size == entry.size and hash_of(path) == entry.sha256


def _check(part: Path, source: Source, published: str, demanded: str) -> None:
    check_content(part, source)
    check_hash(part, published, source, "which its owner publishes")
    check_hash(part, demanded, source, "which the region file demands")


def _put(job: _Job, source: Source, part: Path, url: str, answer: Answer) -> Row:
    """Move a checked part file into its place, the copy that was there into the store."""
    sha256 = hash_of(part)
    before = job.files.get(source.role)
    state: State = "new"
    if source.path.is_file():
        old_sha256 = hash_of(source.path)
        state = "unchanged" if old_sha256 == sha256 else "updated"
        if state == "updated":
            day = (before.fetched if before else _now(job))[:10]
            put_away(source.path, job.region_path, day, old_sha256)
    os.replace(part, source.path)  # noqa: PTH105 - also over an existing file on Windows
    forget(part)
    known = state == "unchanged" and before is not None and before.sha256 == sha256
    came = before.fetched if known and before is not None else _now(job)
    entry = Entry(
        url, "", came, _now(job), 0, sha256,
        etag=answer.mark.etag, last_modified=answer.mark.last_modified,
    )  # fmt: skip
    return Row(source.role, state, _enter(job, source, entry))


def _enter(job: _Job, source: Source, entry: Entry) -> Entry:
    """Fill in what the file itself tells, and note it in the lock."""
    path = source.path
    facts = feed_facts(path) if source.kind == "gtfs" else {}
    size = path.stat().st_size if path.is_file() else 0
    relative = Path(os.path.relpath(path, job.region_path.parent)).as_posix()
    came = entry.fetched
    sha256 = entry.sha256
    before = job.files.get(source.role)
    if not entry.url:
        sha256 = _hash_of_any(path)
        came = before.fetched if before and before.sha256 == sha256 else _now(job)
    entry = replace(
        entry, path=relative, size=size, sha256=sha256, fetched=came,
        checked=entry.checked or _now(job), **facts,
    )  # fmt: skip
    job.note(source.role, entry)
    return entry


def _hash_of_any(path: Path) -> str:
    if path.is_file():
        return hash_of(path)
    digest = hashlib.sha256()
    for inner in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(inner.relative_to(path).as_posix().encode() + hash_of(inner).encode())
    return digest.hexdigest()


def _overpass(job: _Job, source: Source, part: Path) -> Row:
    """Ask Overpass where there is no answer yet, or the one at hand has grown old."""
    known = job.files.get(source.role)
    box = ",".join(f"{value:.6f}" for value in source.box or ())
    if known is not None and known.etag == box and source.path.is_file():
        age = job.web.now() - dt.datetime.fromisoformat(known.fetched)
        # a day that is still to come is as far from today as one that is long past
        apart_days = abs(age.total_seconds()) / 86400
        if source.changes_every_days is None or apart_days < source.changes_every_days:
            return Row(source.role, "unchanged", known)
    part.parent.mkdir(parents=True, exist_ok=True)
    job.overpass(source, part)
    return _put(
        job, source, part, source.urls[0], Answer(changed=True, mark=Mark(source.urls[0], etag=box))
    )


def _demand(job: _Job, source: Source) -> Row:
    """Make a file be exactly the one of the lock file."""
    entry = job.old_lock.get(source.role)
    if entry is None:
        if source.optional and not source.path.exists():
            return Row(source.role, "absent", optional=True)
        raise FetchError(Problem(source.role, "no entry in the lock file", "one",
                                 "Run fetch without --locked"))  # fmt: skip
    if source.path.exists() and _hash_of_any(source.path) == entry.sha256:
        return Row(source.role, "unchanged", entry)
    older = find_older(job.region_path, entry)
    if older is not None:
        _make_room(job, source)
        os.replace(older, source.path)  # noqa: PTH105 - also over an existing file on Windows
        return Row(source.role, "restored", entry)
    if not entry.url or source.kind == "overpass":
        raise FetchError(_not_that(source, entry, "no such file at hand or in the store"))
    part = part_of(source.path)
    secret = secret_of(source)
    with job.host_lock(_host(entry.url)), new_session() as session:
        download(session, entry.url, part, source=source, secret=secret, known=None,
                 web=job.web, tell=job.tell)  # fmt: skip
    if hash_of(part) != entry.sha256:
        forget(part)
        raise FetchError(_not_that(source, entry, "another file at its address today"))
    _make_room(job, source)
    os.replace(part, source.path)  # noqa: PTH105 - also over an existing file on Windows
    forget(part)
    return Row(source.role, "new", entry)


def _not_that(source: Source, entry: Entry, found: str) -> Problem:
    return Problem(
        source.role, found, f"the file of {entry.fetched[:10]} with sha256 {entry.sha256[:16]}…",
        "Put that file there, or run fetch without --locked",
    )  # fmt: skip


def _make_room(job: _Job, source: Source) -> None:
    source.path.parent.mkdir(parents=True, exist_ok=True)
    if source.path.is_file():
        put_away(source.path, job.region_path, _now(job)[:10], hash_of(source.path))


def _now(job: _Job) -> str:
    return job.web.now().replace(microsecond=0).isoformat()
