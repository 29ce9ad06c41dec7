"""Make the demonstration region, of any size: ``python -m mobility.demo OUT``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mobility.demo.build import DEFAULT_NODES, build, write_region_file
from mobility.errors import MobilityError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mobility.demo",
        description="Make the files of the demonstration region and a region.toml that names them.",
    )
    parser.add_argument("out", type=Path, help="folder for the files")
    parser.add_argument(
        "--nodes", type=int, default=DEFAULT_NODES, help="about how many street nodes, 5000–2000000"
    )
    parser.add_argument(
        "--stop-times", type=int, help="add a feed of a country's size with about so many calls"
    )
    parser.add_argument("--zones", type=int, help="use so many drawn points as zones")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything drawn by chance")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 something is wrong with what was asked."""
    args = _parser().parse_args(arguments)
    try:
        build(
            args.out,
            nodes=args.nodes,
            stop_times=args.stop_times,
            zones=args.zones,
            seed=args.seed,
        )
        path = write_region_file(
            args.out, national=args.stop_times is not None, fine_zones=args.zones is not None
        )
    except MobilityError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
