"""The lock file beside a region file: which files a region stands on, exactly."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mobility.errors import FetchError, Problem
from mobility.fetch.model import Entry
from mobility.leftovers import whole_file

VERSION = 1
MEANING = "Written by fetch: the files this region stands on. fetch --locked demands exactly these."


def lock_path(region_path: Path) -> Path:
    """Name the lock file of a region file."""
    return region_path.with_name(region_path.stem + ".lock.json")


def read_lock(path: Path) -> dict[str, Entry]:
    """Read a lock file, role → entry; empty where there is none.

    Raises
    ------
    FetchError
        It can't be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["version"] != VERSION:
            raise ValueError(f"version {found['version']}")  # noqa: TRY301 - answered below
        return {str(role): _entry(entry) for role, entry in found["files"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise FetchError(
            Problem(str(path), f"no readable lock file ({cause})", "a file written by fetch",
                    "Delete it; the next fetch writes it anew")
        ) from cause  # fmt: skip


def _entry(found: Mapping[str, Any]) -> Entry:
    entry = Entry(**found)
    for text in (entry.fetched, entry.checked):
        if dt.datetime.fromisoformat(text).tzinfo is None:
            raise ValueError(f"{text}, a time without its zone")
    for text in filter(None, (entry.first_day, entry.last_day)):
        dt.date.fromisoformat(text)
    return entry


def write_lock(path: Path, files: Mapping[str, Entry], region: str) -> None:
    """Write a lock file, whole or not at all."""
    content = {
        "version": VERSION,
        "about": MEANING,
        "region": region,
        "fingerprint": fingerprint(files),
        "files": {role: asdict(files[role]) for role in sorted(files)},
    }
    text = json.dumps(content, ensure_ascii=False, indent=1)
    with whole_file(path) as beside:
        beside.write_text(text + "\n", encoding="utf-8", newline="\n")


def fingerprint(files: Mapping[str, Entry]) -> str:
    """Return the SHA-256 of which files these are, whenever they came."""
    lines = [f"{role} {files[role].sha256}\n" for role in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def snapshot_day(files: Mapping[str, Entry]) -> dt.date | None:
    """Return the day of the newest file; None where nothing was ever fetched."""
    days = [dt.datetime.fromisoformat(entry.fetched).date() for entry in files.values()]
    return max(days, default=None)
