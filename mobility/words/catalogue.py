"""The catalogue: English text in, Dutch or English text out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from babel.messages.pofile import read_po

from mobility.errors import MobilityError, Problem, nearest

LANGUAGES = ("nl", "en")

Translate = Callable[[str], str]


def marked(text: str) -> str:
    """Return `text` as it is: marks a word that is translated later, where it is shown."""
    return text


def part_texts(lang: str) -> dict[str, dict[str, str]]:
    """Read the catalogue of one language: part (file stem) → text → translation."""
    parts: dict[str, dict[str, str]] = {}
    folder = resources.files("mobility.words").joinpath(lang)
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".po"):
            continue
        with file.open("rb") as stream:
            catalogue = read_po(stream, locale=lang, charset="utf-8")
        parts[file.name.removesuffix(".po")] = {
            str(message.id): str(message.string)
            for message in catalogue
            if message.id and message.string
        }
    return parts


@cache
def _texts(lang: str) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for part in part_texts(lang).values():
        texts.update(part)
    return MappingProxyType(texts)


def _checked(lang: str) -> str:
    if lang not in LANGUAGES:
        near = nearest(lang, LANGUAGES)
        expected = " or ".join(LANGUAGES)
        raise MobilityError(Problem("language", f'"{lang}"', expected, near and f"Write {near}"))
    return lang


def _english(text: str) -> str:
    """English sentences are their own keys; only short names such as ``"pt"`` are spelt out."""
    return _texts("en").get(text, text)


def translator(lang: str) -> Translate:
    """Give the function that turns an English text into `lang`.

    Parameters
    ----------
    lang
        ``"nl"`` or ``"en"``.

    Returns
    -------
    Translate
        Raises `KeyError` for a text without a translation. Fill values in afterwards:
        ``_("{n} stops").format(n=3)``.

    Raises
    ------
    MobilityError
        The language is not one of `LANGUAGES`.
    """
    if _checked(lang) == "en":
        return _english
    return _texts(lang).__getitem__


def label(text: str, lang: str) -> str:
    """Translate a word that may come from a user's file: unknown words stay as they are."""
    return _texts(_checked(lang)).get(text, text)


def both(text: str) -> dict[str, str]:
    """Give a text in every language, by language code."""
    return {lang: translator(lang)(text) for lang in LANGUAGES}
