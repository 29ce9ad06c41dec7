"""Texts to numbers, times and days; None where the text is none of them."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from functools import lru_cache

Parser = Callable[[str], float | None]

_TIME = re.compile(r"([+-]?)(\d{1,3}):(\d{1,2})(?::(\d{1,2}))?")
_INTEGER = re.compile(r"[+-]?\d{1,9}(?:\.0*)?")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
LONGEST_TIME_S = 10 * 86_400


@lru_cache(maxsize=1 << 17)
def time_s(text: str) -> int | None:
    """Seconds of ``HH:MM:SS`` or ``HH:MM``; hours may pass 24.

    A minus sign is taken too: some feeds write trips that begin before midnight so.

    >>> time_s("25:10:05")
    90605
    >>> time_s("7:61:00") is None
    True
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    sign, hours, minutes, seconds = match.groups()
    if int(minutes) > 59 or int(seconds or 0) > 59:
        return None
    value = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    if value > LONGEST_TIME_S:
        return None
    return -value if sign == "-" else value


def integer(text: str) -> int | None:
    """Return a whole number, also one written ``12.0``."""
    return int(float(text)) if _INTEGER.fullmatch(text) else None


def number(text: str) -> float | None:
    """Return a finite decimal number with a point."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def day_number(text: str) -> int | None:
    """Proleptic ordinal of a day written ``20191008``."""
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    try:
        return dt.date(*map(int, match.groups())).toordinal()
    except ValueError:
        return None


def switch(text: str) -> int | None:
    """0 or 1."""
    return {"0": 0, "1": 1}.get(text)


def one_or_two(text: str) -> int | None:
    """1 or 2."""
    return {"1": 1, "2": 2}.get(text)


def code(largest: int) -> Parser:
    """Return a parser of whole numbers from 0 to `largest`."""

    def parser(text: str) -> int | None:
        value = integer(text)
        return value if value is not None and 0 <= value <= largest else None

    return parser
