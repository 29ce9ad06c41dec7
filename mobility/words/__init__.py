"""Every word a person reads, in Dutch and English; numbers, times and dates as each writes them.

The English text is the key. Dutch stands in ``nl/<part>.po``, one gettext file per part of the
program, read with babel. A sentence without a Dutch word is a `KeyError`, never silent English.
"""

from mobility.words.catalogue import LANGUAGES, Translate, both, label, marked, translator
from mobility.words.figures import NOTHING, date, minutes, number, signed, time_of_day

__all__ = [
    "LANGUAGES",
    "NOTHING",
    "Translate",
    "both",
    "date",
    "label",
    "marked",
    "minutes",
    "number",
    "signed",
    "time_of_day",
    "translator",
]
