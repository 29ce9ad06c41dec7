"""The packages a run is locked to: why each is there, its licence, its hashes.

    python tests/lock_review.py --write

reads `requirements/run.txt` and what is installed, and writes `docs/packages.md`. What is known of
a package's weak spots changes every day and is asked where there is a network:

    pip-audit --requirement requirements/run.txt --require-hashes --disable-pip
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LOCK = REPOSITORY / "requirements" / "run.txt"
REVIEW = REPOSITORY / "docs" / "packages.md"
# What the product itself uses each for; the others come along with these.
PURPOSE = {
    "babel": "Dutch catalogue, numbers and dates",
    "dask": "batches on several processes or computers",
    "distributed": "batches on several processes or computers",
    "geopandas": "zone files, map layers",
    "gtfs-kit": "statistics of feeds",
    "holidays": "public holidays of both countries",
    "jinja2": "report pages",
    "matplotlib": "charts",
    "networkx": "graphs for other tools",
    "numba": "routing kernels",
    "numpy": "arrays",
    "osmium": "OSM extracts",
    "osmnx": "street graphs of and for osmnx",
    "pandas": "tables",
    "psutil": "memory, processes that live",
    "pyarrow": "Parquet, CSV, kept networks",
    "pydantic": "region and scenario files",
    "pyogrio": "GeoPackage",
    "pyproj": "coordinates in metres",
    "requests": "fetch",
    "rich": "progress and tables on the terminal",
    "scipy": "statistics of indicators",
    "shapely": "borders, zones",
    "statsmodels": "fits of observed drives",
    "xlsxwriter": "workbook",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, tuple[str, int]]:
    """Package → version and number of hashes, from the lock."""
    found: dict[str, tuple[str, int]] = {}
    for block in re.split(r"\n(?=[a-zA-Z0-9])", LOCK.read_text(encoding="utf-8")):
        head = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\\n]+)", block)
        if head:
            found[normal(head[1])] = (
                head[2],
                len(re.findall(r"--hash=sha256:[0-9a-f]{64}", block)),
            )
    return found


def reviewed() -> dict[str, tuple[str, int]]:
    """The same from the review."""
    rows = re.findall(r"^\| ([a-z0-9-]+) \| ([^ ]+) \|.*\| (\d+) \|$",
                      REVIEW.read_text(encoding="utf-8"), re.MULTILINE)  # fmt: skip
    return {name: (version, int(hashes)) for name, version, hashes in rows}


def direct() -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    names = {re.split(r"[\[><=; ]", line)[0] for line in project["project"]["dependencies"]}
    return {normal(name) for name in names}


def _needed_by() -> dict[str, list[str]]:
    packages = locked()
    found: dict[str, list[str]] = {name: [] for name in packages}
    for name in packages:
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for need in needs:
            other = normal(re.split(r"[\[><=!~;( ]", need)[0])
            if other in found and "extra ==" not in need and name not in found[other]:
                found[other].append(name)
    return found


def _licence(name: str) -> str:
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "not installed on this system"
    stated = about.get("License-Expression") or ""
    kinds = [line.split(" :: ")[-1] for line in about.get_all("Classifier", [])
             if line.startswith("License ::") and not line.endswith("OSI Approved")]  # fmt: skip
    first = (about.get("License") or "").strip().split("\n")[0]
    return stated or ", ".join(kinds) or first[:60] or "see the package"


def table() -> str:
    needed = _needed_by()
    lines = ["| package | version | licence | why | hashes |", "|---|---|---|---|---:|"]
    for name, (version, hashes) in sorted(locked().items()):
        why = PURPOSE.get(name, "")
        others = [other for other in sorted(needed[name]) if other != name]
        if not why:
            shown = ", ".join(others[:4]) + (" …" if len(others) > 4 else "")
            why = f"for {shown}" if shown else "on some systems only"
        lines.append(f"| {name} | {version} | {_licence(name)} | {why} | {hashes} |")
    return "\n".join(lines) + "\n"


HEAD = """# Packages a run rests on

Each is locked in `requirements/run.txt` to one version and the SHA-256 of its files;
pip takes no other (`--require-hashes`). Licences as the packages state them.

```
python tests/lock_review.py --write     # this table again, after the lock changed
pip-audit --requirement requirements/run.txt --require-hashes --disable-pip   # weak spots known today
```

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        REVIEW.write_text(HEAD + table(), encoding="utf-8", newline="\n")
    else:
        print(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
