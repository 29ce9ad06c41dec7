"""Both languages beside each other: what the page's templates call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from mobility.words import LANGUAGES, date, label, number, signed, translator


@dataclass(frozen=True)
class Spoken:
    """A text in every language, by language code."""

    texts: Mapping[str, str]

    def __html__(self) -> Markup:
        """Write one span per language; one plain text where all are equal."""
        first, *others = (self.texts[lang] for lang in LANGUAGES)
        if all(text == first for text in others):
            return escape(first)
        return Markup("").join(
            Markup('<span lang="{}">{}</span>').format(lang, self.texts[lang]) for lang in LANGUAGES
        )

    def __str__(self) -> str:
        return str(self.__html__())


def by_language(make: Callable[[str], str]) -> Spoken:
    """Make a text once per language."""
    return Spoken({lang: make(lang) for lang in LANGUAGES})


def say(text: str, /, **values: object) -> Spoken:
    """Translate `text` and fill `values` in; those that are `Spoken` by language.

    Raises
    ------
    KeyError
        The catalogue lacks the text.
    """
    return by_language(
        lambda lang: translator(lang)(text).format(
            **{k: v.texts[lang] if isinstance(v, Spoken) else v for k, v in values.items()}
        )
    )


def word(text: str) -> Spoken:
    """A word that may come from a user's file: translated where the catalogue knows it."""
    return by_language(lambda lang: label(text, lang))


def figure(x: float, digits: int = 0) -> Spoken:
    """A number."""
    return by_language(lambda lang: number(x, lang, digits))


def change(x: float, digits: int = 0) -> Spoken:
    """A difference, with its sign."""
    return by_language(lambda lang: signed(x, lang, digits))


def day(d: dt.date) -> Spoken:
    """A day in full."""
    return by_language(lambda lang: date(d, lang))


def listed(parts: list[Spoken]) -> Spoken:
    """Join texts by commas, the last by "and"."""

    def joined(lang: str) -> str:
        texts = [part.texts[lang] for part in parts]
        if len(texts) < 2:
            return "".join(texts)
        return f"{', '.join(texts[:-1])} {translator(lang)('and')} {texts[-1]}"

    return by_language(joined)
