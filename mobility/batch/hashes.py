"""Fingerprints: of files, folders, settings and of the program itself."""

from __future__ import annotations

import functools
import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
CODE_ENDINGS = (".py", ".csv", ".po", ".html", ".css", ".js", ".mplstyle", ".json", ".toml")
PACKAGES = (
    "numpy", "pandas", "scipy", "numba", "networkx", "osmnx", "gtfs-kit", "pyarrow", "osmium",
    "shapely", "geopandas", "pyproj", "matplotlib", "pydantic", "holidays", "xlsxwriter",
    "statsmodels", "dask", "jinja2",
)  # fmt: skip


def of_file(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files with their names, in order."""
    if path.is_dir():
        digest = hashlib.sha256()
        for inner in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(inner.relative_to(path).as_posix().encode())
            digest.update(bytes.fromhex(of_file(inner)))
        return digest.hexdigest()
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def of_data(data: Any) -> str:
    """Return the SHA-256 of plain data, whatever the order of its keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def of_code() -> str:
    """Return the SHA-256 of the program: every source and data file of the package."""
    digest = hashlib.sha256()
    for path in sorted(p for p in PACKAGE.rglob("*") if p.suffix in CODE_ENDINGS):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of the packages that can change a number."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found
