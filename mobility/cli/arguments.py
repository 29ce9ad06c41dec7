"""What may be typed."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

COMMANDS = (
    "run", "fetch", "check", "compare", "contribution", "carries", "trip", "verify", "export",
    "new", "clean",
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Build the parser; usage errors exit with 2."""
    top = argparse.ArgumentParser(
        prog="run_scenario.py",
        description="Cross-border mobility: scenarios in, travel times, tables and a report out. "
        "With no scenario the demonstration region is run.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run scenarios (the default)")
    run.add_argument("scenarios", nargs="*", type=Path, metavar="SCENARIO",
                     help="scenario files (.toml, .py) or a plan")  # fmt: skip
    _common(run)
    run.add_argument("--region", type=Path, metavar="FILE", help="region file in place of theirs")
    spread = run.add_mutually_exclusive_group()
    spread.add_argument("--workers", type=int, default=None, metavar="N",
                        help="processes of a local Dask cluster; without: if it pays")  # fmt: skip
    spread.add_argument("--scheduler", default="", metavar="ADDRESS",
                        help="address of a Dask scheduler, e.g. tcp://host:8786")  # fmt: skip

    _add_data_commands(commands)

    check = commands.add_parser("check", help="merge report of a region: feeds, stops, gaps")
    check.add_argument("region", type=Path, metavar="REGION")
    check.add_argument("--date", metavar="YYYY-MM-DD", help="day to check; default: the best one")
    _common(check)

    compare = commands.add_parser("compare", help="two or more finished runs in one report")
    compare.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    _common(compare)

    _add_package_commands(commands)

    trip = commands.add_parser("trip", help="one journey, leg by leg")
    trip.add_argument("scenario", type=Path, metavar="SCENARIO")
    trip.add_argument("origin", metavar="FROM", help='zone, municipality or "lon,lat"')
    trip.add_argument("destination", metavar="TO")
    trip.add_argument("--at", default="", metavar="HH:MM", help="when to leave")
    trip.add_argument("--mode", default="pt", help="pt, bike+pt, car+pt, walk, bike, ebike or car")
    trip.add_argument("--region", type=Path, metavar="FILE")
    _common(trip)

    verify = commands.add_parser("verify", help="do the numbers still follow from the inputs?")
    verify.add_argument("run", type=Path, metavar="RUN")
    _quiet(verify)

    export = commands.add_parser("export", help="the multimodal graph, for networkx or QGIS")
    export.add_argument("scenario", type=Path, metavar="SCENARIO")
    export.add_argument("file", type=Path, metavar="FILE", help="ends in .graphml or .gpkg")
    export.add_argument("--region", type=Path, metavar="REGION")
    _common(export)
    return top


def _add_data_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add what has to do with a region's files: ``fetch``, ``clean``, ``new``."""
    fetch = commands.add_parser("fetch", help="download what a region lists: verify, resume, lock")
    fetch.add_argument("region", type=Path, metavar="REGION")
    fetch.add_argument("--locked", action="store_true",
                       help="exactly the files of the lock file")  # fmt: skip
    fetch.add_argument("--status", action="store_true",
                       help="how the files stand: stale, running out; asks nobody")  # fmt: skip
    _speaking(fetch)

    clean = commands.add_parser("clean", help="delete a region's older copies, or what runs keep "
                                "to be faster next time")  # fmt: skip
    clean.add_argument("place", type=Path, metavar="REGION|RESULTS",
                       help="region file, or folder of results")  # fmt: skip
    clean.add_argument("--before", default="", metavar="YYYY-MM-DD",
                       help="only what was kept, or last used, before")  # fmt: skip
    clean.add_argument("--dry-run", action="store_true", help="only say what would be freed")
    _speaking(clean)

    new = commands.add_parser("new", help="make a region file from your own files")
    new.add_argument("region", type=Path, metavar="REGION", help="file to write, ends in .toml")
    new.add_argument("files", nargs="*", type=Path, metavar="FILE",
                     help="timetables, streets, zones, country polygons; or folders")  # fmt: skip
    new.add_argument("--name", default="", help="name of the region")
    new.add_argument("--timezone", default="", help="e.g. Europe/Madrid; default: the feeds'")
    new.add_argument("--country", action="append", default=[], metavar="FEED=CC",
                     help="country of a timetable, by its file's name")  # fmt: skip
    new.add_argument("--town", action="append", default=[], metavar="NAME",
                     help="keep the zones of this municipality; may be repeated")  # fmt: skip
    new.add_argument("--box", default="", metavar="W,S,E,N",
                     help="keep the zones in this box of degrees")  # fmt: skip
    for word, what in (("id", "ids"), ("zone-name", "names"), ("municipality", "municipalities"),
                       ("country-column", "country codes")):  # fmt: skip
        new.add_argument(f"--{word}", default="", metavar="COLUMN", help=f"column of {what}")
    new.add_argument("--opportunity", action="append", default=[], metavar="COLUMN",
                     help="column of people, jobs …; may be repeated")  # fmt: skip
    new.add_argument("--force", action="store_true", help="write over an older region file")
    new.add_argument("--no-check", action="store_true", help="do not run check at the end")
    _common(new)


def _add_package_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What each measure brings, and what carries the border."""
    share = commands.add_parser(
        "contribution", help="what each measure of a package brings: alone, last, its share"
    )
    share.add_argument("scenarios", nargs="+", type=Path, metavar="SCENARIO",
                       help="the measures; of one file alone, each of its changes")  # fmt: skip
    share.add_argument("--name", default="package", help="name of the package (several files)")
    share.add_argument("--modes", default="pt", help="modes, e.g. pt,bike+pt (default: pt)")
    share.add_argument("--orders", type=int, default=50, metavar="N",
                       help="orders drawn where measures are more than six")  # fmt: skip
    share.add_argument("--region", type=Path, metavar="FILE")
    _common(share)

    out = commands.add_parser(
        "carries", help="which line or street carries the border: each taken out in turn"
    )
    out.add_argument("scenario", type=Path, metavar="SCENARIO")
    out.add_argument("--modes", default="pt,bike", help="modes, e.g. pt,car (default: pt,bike)")
    out.add_argument("--region", type=Path, metavar="FILE")
    _common(out)


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, default=Path("results"), metavar="FOLDER",
                         help="folder for results (default: results)")  # fmt: skip
    _speaking(command)


def _speaking(command: argparse.ArgumentParser) -> None:
    command.add_argument("--lang", choices=("nl", "en"), default="nl", help="language of what is "
                         "written (default: nl)")  # fmt: skip
    _quiet(command)


def _quiet(command: argparse.ArgumentParser) -> None:
    command.add_argument("--quiet", action="store_true", help="no progress, no summary")


DEGREES = re.compile(r"-\d[\d.,;+\s-]*")


def with_default_command(arguments: list[str]) -> list[str]:
    """Put ``run`` before arguments that name no command; keep western degrees from being flags.

    Examples
    --------
    >>> with_default_command(["base.toml"]), with_default_command(["trip", "-0.1,51.5"])
    (['run', 'base.toml'], ['trip', ' -0.1,51.5'])
    """
    # A blank before the minus makes argparse take it for a value.
    arguments = [f" {word}" if DEGREES.fullmatch(word) else word for word in arguments]
    if arguments[:1] and (arguments[0] in COMMANDS or arguments[0] in ("-h", "--help")):
        return arguments
    return ["run", *arguments]
