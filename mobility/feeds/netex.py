"""Knowing NeTEx when it comes, to say what to do with it; it is not read."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

HEAD_BYTES = 1 << 16
ROOT = re.compile(rb"<(?:\w+:)?PublicationDelivery\b")
CONVERTER = (
    "NeTEx is not read here: take the operator's GTFS, which most national access points offer "
    "too, or convert it with Entur's netex-gtfs-converter-java (Nordic profile) or badger "
    "(European profile, EPIP)"
)


def is_netex(path: Path) -> bool:
    """Tell whether a file, a zip's first XML files or a folder's are NeTEx."""
    try:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() == ".xml")
            return any(_starts(p.read_bytes()[:HEAD_BYTES]) for p in inside[:3])
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if n.lower().endswith(".xml")][:3]
                return any(_starts(archive.open(name).read(HEAD_BYTES)) for name in names)
        with path.open("rb") as file:
            return _starts(file.read(HEAD_BYTES))
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return False


def _starts(head: bytes) -> bool:
    return ROOT.search(head) is not None
