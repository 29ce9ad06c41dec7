"""Which snapshot a run stands on: the day its files were fetched, and their fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mobility.errors import FetchError
from mobility.fetch import lock_path, read_lock

SHOWN = 8


def snapshot_of(region_path: Path, inputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Name the data a run stands on.

    A file counts as fetched where the lock file beside the region file holds its very hash.

    Parameters
    ----------
    region_path
        Region file.
    inputs
        A manifest's inputs: mappings with ``role`` and ``sha256``.

    Returns
    -------
    ``name`` (day and short fingerprint), ``day`` (ISO, of the newest fetched file; ``""`` where
    none was fetched), ``fingerprint`` (of roles and hashes), and ``files``: role →
    ``fetched, feed_version, first_day, last_day``, blank for a file that was put there.
    """
    try:
        lock = read_lock(lock_path(region_path))
    except FetchError:
        lock = {}
    by_hash = {entry.sha256: entry for entry in lock.values() if entry.url}
    files: dict[str, dict[str, str]] = {}
    days = []
    for row in inputs:
        entry = by_hash.get(str(row["sha256"]))
        role = str(row["role"])
        if role in files:
            role = f"{role} {sum(1 for name in files if name.split(' ')[0] == role) + 1}"
        files[role] = {
            "fetched": entry.fetched if entry else "",
            "feed_version": entry.feed_version if entry else "",
            "first_day": entry.first_day if entry else "",
            "last_day": entry.last_day if entry else "",
        }
        if entry:
            days.append(entry.fetched[:10])
    text = "".join(sorted(f"{row['role']} {row['sha256']}\n" for row in inputs))
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    day = max(days, default="")
    name = f"{day} {fingerprint[:SHOWN]}".strip()
    return {"name": name, "day": day, "fingerprint": fingerprint, "files": files}
