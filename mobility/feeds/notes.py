"""What a reader of every result must know of the feeds, as one sentence in either language."""

from __future__ import annotations

import re

from mobility.words import label, translator

STOOD_IN = (
    "Feed {feed} does not run on {day}; it was read as of {other}, the nearest {kind} it has."
)
LEFT_OUT = "Feed {feed} is not there ({file}) and was left out."
NOT_VOUCHED = (
    "Feed {feed} vouches for {first} to {last} only (feed_info.txt); {day} lies outside, and its "
    "timetable of that day may not be final."
)

NO_TRIP = "Feed {feed} has no trip in the region on {day}: nothing of it is in the results."


def note_said(note: str, lang: str) -> str:
    """Say a note of `Feeds.notes` in a language; other sentences stay as they are.

    Examples
    --------
    >>> note_said("Feed be is not there (be.zip) and was left out.", "nl")
    'Dienstregeling be is er niet (be.zip) en is weggelaten.'
    """
    _ = translator(lang)
    spoken = {
        STOOD_IN: _(
            "Feed {feed} does not run on {day}; it was read as of {other}, the nearest {kind} "
            "it has."
        ),
        LEFT_OUT: _("Feed {feed} is not there ({file}) and was left out."),
        NO_TRIP: _(
            "Feed {feed} has no trip in the region on {day}: nothing of it is in the results."
        ),
        NOT_VOUCHED: _(
            "Feed {feed} vouches for {first} to {last} only (feed_info.txt); {day} lies outside, "
            "and its timetable of that day may not be final."
        ),
    }
    for template, translated in spoken.items():
        values = _values(template, note)
        if values is not None:
            if "kind" in values:
                values["kind"] = label(values["kind"], lang)
            return translated.format(**values)
    return note


def _values(template: str, text: str) -> dict[str, str] | None:
    """Take apart a text made from a template; None where it wasn't."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template))
    found = re.fullmatch(pattern, text)
    return found.groupdict() if found else None
