"""One file over the network into a part file: resumed, conditional, within limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import requests
import urllib3

from mobility.errors import FetchError, Problem
from mobility.fetch.model import Entry, Limits, Source, Tell, Web
from mobility.fetch.web import RETRIED, Again, Secret, ask, refusal, retry_after_s

Result = TypeVar("Result")
CHUNK = 1 << 16
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
NOT_MODIFIED, PARTIAL, BAD_RANGE, OK = 304, 206, 416, 200


@dataclass(frozen=True)
class Mark:
    """Where a part file came from, and what tells whether its rest still fits to it."""

    url: str
    etag: str = ""
    last_modified: str = ""

    @property
    def proof(self) -> str:
        """What If-Range may hold: a strong ETag, else the date; ``""`` where there is none."""
        if self.etag:
            return "" if self.etag.startswith("W/") else self.etag
        return self.last_modified


@dataclass(frozen=True)
class Answer:
    """What a download came to; `changed` is False where the known copy is the newest."""

    changed: bool
    mark: Mark
    size: int = 0


def download(
    session: requests.Session,
    url: str,
    part: Path,
    *,
    source: Source,
    secret: Secret,
    known: Entry | None,
    web: Web,
    tell: Tell,
) -> Answer:
    """Get a file into `part`, taking up what stands there already.

    Parameters
    ----------
    known
        Copy at hand; the server is asked to send only a newer one.

    Raises
    ------
    FetchError
        It could not be had, in one message.
    """
    started = web.clock()

    def attempt() -> Answer:
        return _attempt(session, url, part, source, secret, known, web, tell, started)

    return retried(attempt, source, secret, web, started)


def retried(
    attempt: Callable[[], Result], source: Source, secret: Secret, web: Web, started: float
) -> Result:
    """Repeat `attempt` until it ends right or has failed too often or too long."""
    limits = web.limits
    failures = furthest = 0
    while True:
        try:
            return attempt()
        except Again as trouble:
            failures = 1 if trouble.reached > furthest else failures + 1
            furthest = max(furthest, trouble.reached)
            allowed = limits.attempts if trouble.connected else limits.connect_attempts
            wait_s = _wait_s(trouble, failures, limits)
            reason = secret.hidden(trouble.reason)
            if failures >= allowed:
                raise _given_up(source, f"{reason}, {failures} times in a row") from None
            if wait_s > limits.longest_wait_s:
                raise _given_up(source, f"{reason}; it asks to wait {wait_s:.0f} s") from None
            if web.clock() - started + wait_s > limits.total_s:
                raise _given_up(source, f"{reason}; more than {limits.total_s:.0f} s") from None
            web.pause(wait_s)
            if web.stop.is_set():
                raise _given_up(source, "an interruption") from None


def _wait_s(trouble: Again, failures: int, limits: Limits) -> float:
    doubled = min(limits.first_wait_s * 2.0 ** (failures - 1), limits.longest_wait_s)
    return doubled if trouble.wait_s is None else max(trouble.wait_s, limits.first_wait_s)


def _given_up(source: Source, reason: str) -> FetchError:
    return FetchError(
        Problem(source.role, reason, "the whole file",
                "Try again later; what has come is kept and taken up")
    )  # fmt: skip


def _attempt(
    session: requests.Session,
    url: str,
    part: Path,
    source: Source,
    secret: Secret,
    known: Entry | None,
    web: Web,
    tell: Tell,
    started: float,
) -> Answer:
    mark = read_mark(part)
    offset = part.stat().st_size if part.is_file() and mark and mark.url == url else 0
    offset = offset if mark is not None and mark.proof else 0
    headers = {}
    if offset and mark is not None:
        headers = {"Range": f"bytes={offset}-", "If-Range": mark.proof}
    elif known is not None and source.path.is_file():
        headers = {
            name: value
            for name, value in (
                ("If-None-Match", known.etag),
                ("If-Modified-Since", known.last_modified),
            )
            if value
        }
    answer = ask(session, url, source, web, headers, secret)
    with answer:
        return _take(answer, url, part, offset, source, web, tell, started)


def _take(
    answer: requests.Response,
    url: str,
    part: Path,
    offset: int,
    source: Source,
    web: Web,
    tell: Tell,
    started: float,
) -> Answer:
    status = answer.status_code
    mark = Mark(url, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))
    if status == NOT_MODIFIED:
        return Answer(changed=False, mark=mark)
    if status == BAD_RANGE and offset:
        forget(part)
        raise Again("a server that does not know the rest of its own file")
    if status in RETRIED:
        raise Again(f"answer {status}", wait_s=retry_after_s(answer, web.now()))
    if status not in (OK, PARTIAL):
        raise refusal(answer, url, source)
    total = _total(answer, offset)
    if status == OK:
        offset = 0
    _check_size(source, total or 0)
    part.parent.mkdir(parents=True, exist_ok=True)
    write_mark(part, mark)
    size = _receive(answer, part, offset, total, source, web, tell, started)
    if total is not None and size != total:
        raise Again(f"{size} bytes of the {total} promised", reached=size)
    return Answer(changed=True, mark=mark, size=size)


def _total(answer: requests.Response, offset: int) -> int | None:
    """Bytes of the whole file, None where the server does not say."""
    if answer.status_code == PARTIAL:
        match = RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        if match is None or int(match[1]) != offset:
            raise Again("a part of the file that was not asked for")
        return None if match[3] == "*" else int(match[3])
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _check_size(source: Source, size: int) -> None:
    if size > source.max_bytes:
        raise FetchError(
            Problem(source.role, f"a file of {size >> 20} MB or more",
                    f"at most {source.max_bytes >> 20} MB",
                    "Raise max_mb in the region file if that is right")
        )  # fmt: skip


def _receive(
    answer: requests.Response,
    part: Path,
    offset: int,
    total: int | None,
    source: Source,
    web: Web,
    tell: Tell,
    started: float,
) -> int:
    """Write the body behind `offset`; return the size then."""
    limits, size = web.limits, offset
    since, before = web.clock(), size
    with part.open("r+b" if offset else "wb") as file:
        file.seek(offset)
        file.truncate()
        while True:
            try:
                # One read of the network at a time, so that a slow drip comes by here.
                data = answer.raw.read1(CHUNK, decode_content=False)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                reason = f"a connection that broke off after {size} bytes ({type(error).__name__})"
                raise Again(reason, reached=size) from error
            if not data:
                return size
            file.write(data)
            size += len(data)
            _check_size(source, size)
            tell(source.role, size, total)
            now = web.clock()
            if web.stop.is_set():
                raise _given_up(source, "an interruption")
            if now - started > limits.total_s:
                raise _given_up(source, f"more than {limits.total_s:.0f} s for {size} bytes")
            if now - since >= limits.slow_after_s:
                if size - before < limits.slow_bytes_per_s * (now - since):
                    reason = f"{size - before} bytes in {now - since:.0f} s"
                    # Whatever was reached: a drip could go on for ever.
                    raise Again(reason)
                since, before = now, size


def part_of(path: Path) -> Path:
    """Name the file a download is written into, beside its place."""
    return path.with_name(path.name + ".part")


def _mark_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def read_mark(part: Path) -> Mark | None:
    """Read where a part file came from; None where that is not known."""
    try:
        return Mark(**json.loads(_mark_path(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_mark(part: Path, mark: Mark) -> None:
    """Note where a part file comes from."""
    _mark_path(part).write_text(json.dumps(asdict(mark)), encoding="utf-8", newline="\n")


def forget(part: Path) -> None:
    """Delete a part file and its note."""
    part.unlink(missing_ok=True)
    _mark_path(part).unlink(missing_ok=True)
