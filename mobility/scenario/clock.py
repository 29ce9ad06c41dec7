"""Times of day as they stand in files: ``"06:20"``, ``"25:10"`` past midnight."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from mobility.scenario.parse import refuse

_CLOCK = re.compile(r"^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?$")
LATEST_HOUR = 47


def clock_s(text: str) -> int:
    """Seconds from noon minus 12 h of a time written ``"hh:mm"`` or ``"hh:mm:ss"``.

    Raises
    ------
    ValueError
        The text is no time of day; hours go to 47, minutes and seconds to 59.
    """
    match = _CLOCK.match(text)
    if match is None or int(match[1]) > LATEST_HOUR:
        raise ValueError(f'found "{text}"; expected a time like "06:20", after midnight "25:10"')
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)


def clock_text(seconds: int) -> str:
    """Write seconds as ``"hh:mm"``, with seconds only where there are any."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours:02d}:{minutes:02d}" + (f":{left:02d}" if left else "")


def _checked(text: str) -> str:
    try:
        clock_s(text)
    except ValueError:
        refuse(f'"{text}"', 'a time like "06:20", after midnight "25:10"')
    return text


CLOCK_CHECK = AfterValidator(_checked)
Clock = Annotated[str, CLOCK_CHECK]
