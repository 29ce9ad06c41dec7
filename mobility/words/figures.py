"""Numbers, minutes and dates as Dutch and English readers write them."""

from __future__ import annotations

import datetime as dt
import functools
import math

from babel.dates import format_date
from babel.numbers import format_decimal

NOTHING = "–"
MINUS = "−"
LOCALES = {"nl": "nl_NL", "en": "en_GB"}


def number(x: float, lang: str, digits: int = 0) -> str:
    """Write a number with the separators of `lang` and a true minus; ``"–"`` for NaN.

    Halves round away from zero, as readers expect (2.5 → 3), after the sixth decimal has
    been tidied so that 0.285 means 0.285.
    """
    if not math.isfinite(x):
        return NOTHING
    scale = 10**digits
    scaled = round(abs(float(x)) * scale, 6)
    value = math.floor(scaled + 0.5) / scale
    text = _written(value, lang, digits)
    return f"{MINUS}{text}" if x < 0 and value else text


@functools.lru_cache(maxsize=1 << 16)
def _written(value: float, lang: str, digits: int) -> str:
    """Write a number that is rounded already; a report writes few numbers very often."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, format=pattern, locale=LOCALES[lang]))


def signed(x: float, lang: str, digits: int = 0) -> str:
    """Write a difference: ``+3``, ``−3``, ``0``; ``"–"`` for NaN."""
    text = number(x, lang, digits)
    zero = number(0.0, lang, digits)
    return f"+{text}" if x > 0 and text != zero else text


def minutes(seconds: float, lang: str) -> str:
    """Write a duration in whole minutes: ``"83 min"``; ``"–"`` where there is none."""
    text = number(seconds / 60.0, lang)
    return text if text == NOTHING else f"{text} min"


def date(d: dt.date, lang: str) -> str:
    """Write a day in full: ``"dinsdag 8 oktober 2019"``, ``"Tuesday 8 October 2019"``."""
    return format_date(d, format="EEEE d MMMM y", locale=LOCALES[lang])


def time_of_day(seconds: float) -> str:
    """Write seconds after midnight as ``"07:05"``; past midnight goes on as ``"25:10"``."""
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}"
