"""Municipality codes of earlier years → today's, after mergers.

The table ``concordance.csv`` holds the mergers of Belgium (2019, 2025) and of the south of the
Netherlands since 2017, with where each row comes from. A municipality that was split over
several others is not in it: its old code stays as it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

PREFIX = re.compile(r"^(GM|NIS)?0*(\d+)$", re.IGNORECASE)


@cache
def _mergers() -> Mapping[tuple[str, str], tuple[str, str]]:
    """(Country, bare old code) → new code and name; chains of mergers are followed."""
    text = resources.files("mobility.zones").joinpath("concordance.csv").read_text("utf-8")
    found = {
        (row["country"], bare(row["old_code"])): (row["new_code"], row["new_name"])
        for row in csv.DictReader(text.splitlines())
    }
    for key, (code, name) in found.items():
        seen = {key}
        following = (key[0], bare(code))
        while following in found and following not in seen:
            seen.add(following)
            code, name = found[following]  # noqa: PLW2901 - the last of the chain is kept
            following = (key[0], bare(code))
        found[key] = (code, name)
    return MappingProxyType(found)


def bare(code: str) -> str:
    """Return a code's digits without leading zeros, ``"GM0772"`` → ``"772"``."""
    match = PREFIX.match(code.strip())
    return match[2] if match else code.strip()


def current_codes(country: str, codes: Iterable[str]) -> list[str]:
    """Return today's code of each municipality, bare (see `bare`)."""
    mergers = _mergers()
    return [bare(mergers.get((country, bare(code)), (code, ""))[0]) for code in codes]


def current_names(country: str, codes: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return today's name of each municipality: the merged one's, else the one given."""
    mergers = _mergers()
    return [
        mergers.get((country, bare(code)), ("", ""))[1] or name
        for code, name in zip(codes, names, strict=True)
    ]
