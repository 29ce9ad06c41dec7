"""A feed's files, whether they lie in a zip or in a folder; nothing is ever unpacked to disk."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from mobility.feeds.ledger import Ledger
from mobility.feeds.netex import CONVERTER, is_netex

REQUIRED = ("agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
CALENDARS = ("calendar.txt", "calendar_dates.txt")
AREAS = "locations.geojson"

NO_TIMETABLE = (
    "a timetable with stops",
    "Leave the feed out; what it offers can be written as a change of the kind flex-zone",
)

# Deflate can't go beyond 1032:1 and timetables stay below 60:1, so this leaves room and
# still catches a file made to fill the memory.
BOMB_RATIO = 250
BOMB_BYTES = 64 << 20
LARGEST_BYTES = 64 << 30


@dataclass(frozen=True)
class Archive:
    """Where the text files of a feed are.

    Parameters
    ----------
    path
        Zip or folder.
    members
        Lower-case file name (``"stops.txt"``) → name inside the zip or folder.
    sha256
        Of the zip, or of names and contents of a folder's text files in order.
    has_areas
        Whether there are areas of service on demand (GTFS-Flex) beside them.
    """

    path: Path
    members: Mapping[str, str]
    sha256: str
    has_areas: bool = False

    def open(self, name: str) -> BinaryIO:
        """Open one file for reading bytes."""
        if self.path.is_dir():
            return (self.path / self.members[name]).open("rb")
        with zipfile.ZipFile(self.path) as archive:
            # The member keeps the zip's file open until it is closed itself.
            return cast("BinaryIO", archive.open(self.members[name]))


def open_archive(path: Path, ledger: Ledger) -> Archive | None:
    """Look into a zip or folder; None, with problems noted, where it is no usable feed."""
    if not path.exists():
        ledger.problem(
            "", "no such file or folder", "a GTFS zip or folder", "Mend the path, or fetch the feed"
        )
        return None
    if is_netex(path):
        ledger.problem("", "NeTEx", "a GTFS zip or folder", CONVERTER)
        return None
    try:
        archive = _folder(path, ledger) if path.is_dir() else _zip(path, ledger)
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        ledger.problem("", f"unreadable: {error}", "a GTFS zip or folder", "Get the feed anew")
        return None
    if archive is not None:
        _require_files(archive, ledger)
    return archive


def _require_files(archive: Archive, ledger: Ledger) -> None:
    if archive.has_areas and "stops.txt" not in archive.members:
        ledger.problem("", "areas of service on demand alone (GTFS-Flex)", *NO_TIMETABLE)
        return
    for name in REQUIRED:
        if name not in archive.members:
            ledger.problem(name, "no such file", "this file, which GTFS requires")
    if not any(name in archive.members for name in CALENDARS):
        ledger.problem("", "neither calendar.txt nor calendar_dates.txt", "at least one of the two")


def _folder(path: Path, ledger: Ledger) -> Archive | None:
    here = {p.name: p for p in sorted(path.iterdir()) if p.is_file() and p.suffix == ".txt"}
    inside = [p for p in sorted(path.iterdir()) if p.is_dir()]
    if "stops.txt" not in here and len(inside) == 1 and (inside[0] / "stops.txt").is_file():
        return _folder(inside[0], ledger)
    digest = hashlib.sha256()
    for name, file in here.items():
        digest.update(f"{name}\n".encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    names = {name.lower(): name for name in here}
    return Archive(path, names, digest.hexdigest(), (path / AREAS).is_file())


def _zip(path: Path, ledger: Ledger) -> Archive | None:
    if not zipfile.is_zipfile(path):
        ledger.problem(
            "", "a file that is no zip, or one cut short", "a GTFS zip or folder", "Get it anew"
        )
        return None
    with zipfile.ZipFile(path) as archive:
        infos = [i for i in archive.infolist() if not i.is_dir() and _wanted(i.filename)]
        others = [n for n in archive.namelist() if not n.startswith("__MACOSX")]
    sound = [_sound(info, ledger) for info in infos]
    twice = [name for name, n in Counter(i.filename for i in infos).items() if n > 1]
    for name in twice:
        ledger.problem(name, "the same name twice in the zip", "each file once")
    if not all(sound) or twice or _holds_zips(infos, others, ledger):
        return None
    folder = _folder_with_feed([PurePosixPath(i.filename) for i in infos], ledger)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    names = {
        PurePosixPath(i.filename).name.lower(): i.filename
        for i in infos
        if PurePosixPath(i.filename).parent == folder
    }
    has_areas = any(PurePosixPath(n).name.lower() == AREAS for n in others)
    return Archive(path, names, sha256, has_areas)


def _holds_zips(infos: list[zipfile.ZipInfo], others: list[str], ledger: Ledger) -> bool:
    """Tell of feeds packed once more, as some publishers of several feeds do."""
    inner = [name for name in others if name.lower().endswith(".zip")]
    if not inner or any(PurePosixPath(i.filename).name.lower() in REQUIRED for i in infos):
        return False
    shown = ", ".join(inner[:5]) + (f" and {len(inner) - 5} more" if len(inner) > 5 else "")
    ledger.problem(
        "", f"a zip of zips: {shown}", "one feed in a zip",
        "Unpack it once, one [[feeds]] entry for each zip inside",
    )  # fmt: skip
    return True


def _wanted(name: str) -> bool:
    pure = PurePosixPath(name.replace("\\", "/"))
    return pure.suffix.lower() == ".txt" and not any(
        part == "__MACOSX" or (part.startswith(".") and part != "..") for part in pure.parts
    )


def _sound(info: zipfile.ZipInfo, ledger: Ledger) -> bool:
    name = info.filename
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
        ledger.problem(name, "a path that leads out of the zip", "plain file names")
        return False
    if info.flag_bits & 0x1:
        ledger.problem(name, "encrypted", "a zip without a password")
        return False
    swollen = info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * info.compress_size
    if swollen or info.file_size > LARGEST_BYTES:
        ledger.problem(
            name,
            f"{info.compress_size} bytes that unpack to {info.file_size}",
            f"a file that grows less than {BOMB_RATIO} times",
            "This looks like a zip bomb: get the feed from its owner",
        )
        return False
    return True


def _folder_with_feed(names: list[PurePosixPath], ledger: Ledger) -> PurePosixPath:
    counts = Counter(n.parent for n in names if n.name.lower() in (*REQUIRED, *CALENDARS))
    if not counts:
        return PurePosixPath()
    best = max(counts.values())
    folders = sorted(folder for folder, n in counts.items() if n == best)
    if len(folders) > 1:
        ledger.problem(
            "",
            f"feeds in several folders of the zip: {', '.join(map(str, folders))}",
            "one feed in a zip",
            "Split the zip, one [[feeds]] entry for each",
        )
    return folders[0]
