"""Names of stops made comparable: platforms, station words, languages and spelling taken out."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CONTAINED = 0.7
"""Likeness where one name is the other with words left out: "Berchem", "Antwerpen-Berchem"."""
CENTRES = 0.85
"""The same of two main stations: "Amsterdam Cs", "Amsterdam, Centraal Station IJzijde"."""

_COUNTRY = re.compile(r"\(\s*[A-Z]{1,3}\s*\)")
_PLATFORM = re.compile(
    r"\b(?:perr[oa]n|per|spoor|quai|voie|platform|platf|track|gleis|bahnsteig|steig|stand|bay)"
    r"\.?\s*(\d{1,3}[a-z]?|[a-z]\d?|noord|zuid|oost|west)?\b"
)
_LETTER = re.compile(r"\(\s*(?:[a-z]{1,2}|\d{1,2}[a-z]?)\s*\)")
_PLACEHOLDER = re.compile(r"^(?:stop|halte|halt|station)?\s*\d+$")
_STATION = frozenset(
    ["station", "stations", "bahnhof", "bf", "bhf", "gare", "busstation", "bunsta", "ov", "ns",
     "treinstation", "trainstation", "railway", "stazione", "estacion", "nmbs", "sncb"]
)  # fmt: skip
_CENTRE = frozenset(
    ["centraal", "central", "centrale", "cs", "hbf", "hauptbahnhof", "cntrl", "main", "centre"]
)
_EMPTY = frozenset(["halte", "arret", "haltestelle", "stop", "de", "du", "des", "la", "le", "the"])
_SPELLED = {"st": "sint", "ste": "sint", "saint": "sint", "sainte": "sint", "sankt": "sint"}


@dataclass(frozen=True)
class Name:
    """A stop's name taken apart.

    Parameters
    ----------
    words
        What tells it from others, in one spelling; empty where the feed gave no real name.
    centre
        It says it is a town's main station.
    station
        It says it is, or lies at, a station.
    platform
        The platform it names, ``""`` if none.
    """

    words: frozenset[str]
    centre: bool
    station: bool
    platform: str = ""


@cache
def _exonyms() -> tuple[tuple[str, str], ...]:
    text = files("mobility.merge").joinpath("exonyms.csv").read_text(encoding="utf-8")
    pairs = [
        (other, row["name"]) for row in csv.DictReader(text.splitlines())
        for other in row["others"].split("|")
    ]  # fmt: skip
    # Longest first, so that "brussel brussels" goes before "brussels".
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0])))


def fold(text: str) -> str:
    """Lower case, without accents or punctuation, single spaces; ij and y made one."""
    bare = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o"))
    bare = "".join(c for c in bare if not unicodedata.combining(c)).casefold()
    return " ".join(re.sub(r"[^\w()]+", " ", bare).replace("_", " ").split())


@cache
def _native(folded: str) -> str:
    text = f" {folded} "
    for other, name in _exonyms():
        if f" {other} " in text:
            text = text.replace(f" {other} ", f" {name} ")
    return text.strip()


@cache
def take_apart(text: str) -> Name:
    """Take a name apart.

    Examples
    --------
    >>> sorted(take_apart("Maastricht, Station Perron E").words)
    ['maastricht']
    >>> take_apart("Liège-Guillemins") == take_apart("Luik-Guillemins")
    True
    """
    folded = fold(_COUNTRY.sub(" ", text))
    folded = _LETTER.sub(" ", folded).replace("(", " ").replace(")", " ")
    platform = " ".join(m[1] for m in _PLATFORM.finditer(folded) if m[1])
    folded = " ".join(_PLATFORM.sub(" ", folded).split())
    if _PLACEHOLDER.match(folded) or not any(c.isalpha() for c in folded):
        return Name(frozenset(), centre=False, station=False)
    words: set[str] = set()
    centre = station = False
    for word in _native(folded).split():
        main = word in _CENTRE
        stands = main or word in _STATION or word.endswith("bahnhof")
        centre, station = centre or main, station or stands
        if not stands and word not in _EMPTY:
            words.add(_SPELLED.get(word, word).replace("ij", "y"))
    return Name(frozenset(words), centre, station, platform)


def _trigrams(words: frozenset[str]) -> frozenset[str]:
    text = f"  {' '.join(sorted(words))} "
    return frozenset(text[i : i + 3] for i in range(len(text) - 2))


@cache
def likeness(a: Name, b: Name) -> float:
    """Compare two names: 1 the same words, 0 nothing alike, NaN where one says nothing.

    Where one only adds "central" it is 0.95; where one holds all words of the other,
    `CONTAINED`, or `CENTRES` if both are main stations; else the Dice measure of their letter
    triples, at most 0.94.
    """
    if not a.words or not b.words:
        return float("nan")
    if a.words == b.words:
        return 1.0 if a.centre == b.centre else 0.95
    if a.words < b.words or b.words < a.words:
        return CENTRES if a.centre and b.centre else CONTAINED
    left, right = _trigrams(a.words), _trigrams(b.words)
    return min(0.94, 2 * len(left & right) / (len(left) + len(right)))


def best_likeness(ours: Iterable[str], theirs: Iterable[str]) -> float:
    """Best likeness over all names that two stops go by; NaN where one has none."""
    values = [
        value for a in ours for b in theirs
        if (value := likeness(take_apart(a), take_apart(b))) == value
    ]  # fmt: skip
    return max(values, default=float("nan"))
