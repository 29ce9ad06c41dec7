"""Opening hours in their simple forms: whether a ferry sails on a day at all."""

from __future__ import annotations

import datetime as dt
import re

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = "|".join(_DAYS)
_MONTH = "|".join(_MONTHS)
_MONTH_SPAN = re.compile(
    rf"\b({_MONTH})(?:\s+(\d{{1,2}}))?(?:\s*-\s*({_MONTH})?(?:\s*(\d{{1,2}}))?)?(?![a-z:\d])"
)
_DAY_SPAN = re.compile(rf"\b({_DAY})(?:\s*-\s*({_DAY}))?\b")
_KNOWN = re.compile(
    rf"^(?:{_MONTH}|{_DAY}|ph|sh|off|closed|open|sunrise|sunset|24/7|[\d:+\-,.\s()\"]|and)*$"
)


def open_on(text: str, day: dt.date) -> bool | None:
    """Whether anything is open on `day`; None where the text is beyond the simple forms.

    Understands months and dates (``Apr-Oct``, ``Apr 15-Sep 30``), weekdays (``Mo-Fr``,
    ``Sa,Su``), times, ``24/7`` and ``off``; rules after a semicolon override earlier ones
    where they apply. Public and school holidays are left aside.
    """
    state: bool | None = None
    for part in re.split(r";|\|\|", text.strip().lower()):
        rule = part.strip()
        if not rule:
            continue
        if not _KNOWN.match(rule):
            return None
        if re.match(r"^(ph|sh)\b", rule) and not _DAY_SPAN.search(rule):
            continue
        if _applies(rule, day):
            state = not re.search(r"\b(off|closed)\b", rule)
        elif state is None:
            state = False
    return state


def _applies(rule: str, day: dt.date) -> bool:
    months = list(_MONTH_SPAN.finditer(rule))
    if months and not any(_in_months(span, day) for span in months):
        return False
    days = list(_DAY_SPAN.finditer(rule))
    return not days or any(_in_days(span, day) for span in days)


def _in_months(span: re.Match[str], day: dt.date) -> bool:
    first_month = _MONTHS.index(span[1]) + 1
    last_month = _MONTHS.index(span[3]) + 1 if span[3] else first_month
    whole = span[3] is None and span[4] is None
    first = (first_month, int(span[2]) if span[2] else 1)
    last_day = int(span[4]) if span[4] else 31
    if whole and span[2]:
        last_day = int(span[2])
    last = (last_month, last_day)
    today = (day.month, day.day)
    if first <= last:
        return first <= today <= last
    return today >= first or today <= last


def _in_days(span: re.Match[str], day: dt.date) -> bool:
    first = _DAYS.index(span[1])
    last = _DAYS.index(span[2]) if span[2] else first
    today = day.weekday()
    return first <= today <= last if first <= last else today >= first or today <= last


def duration_s(text: str) -> float:
    """Read a duration or interval in seconds: ``00:15``, ``1:30:00``, ``20``, ``PT15M``.

    Plain numbers are minutes. NaN where nothing can be read.
    """
    value = text.strip()
    iso = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", value, re.IGNORECASE)
    if iso and any(iso.groups()):
        hours, minutes, seconds = (int(group or 0) for group in iso.groups())
        return float(hours * 3600 + minutes * 60 + seconds)
    clock = re.fullmatch(r"(\d{1,3}):(\d{2})(?::(\d{2}))?", value)
    if clock:
        return float(int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0))
    plain = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:min|minutes|m)?", value)
    return float(plain[1]) * 60 if plain else float("nan")
