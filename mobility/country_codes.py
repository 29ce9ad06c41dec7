"""Country codes as users write them, to ISO 3166 alpha-2."""

from __future__ import annotations

from functools import lru_cache

from holidays.registry import COUNTRIES


@lru_cache(maxsize=1)
def _alpha2() -> dict[str, str]:
    codes: dict[str, str] = {}
    for name, (_, two, *others) in COUNTRIES.items():
        codes[name.replace("_", " ").casefold()] = two
        codes[two.casefold()] = two
        codes.update({other.casefold(): two for other in others})
    return codes


def alpha2(text: str) -> str:
    """Two-letter code of a country given by two- or three-letter code or English name.

    What is none of these comes back as it is, trimmed, so that a user's own codes work too.

    >>> alpha2("NLD"), alpha2("be"), alpha2(" Netherlands "), alpha2("Utopia")
    ('NL', 'BE', 'NL', 'Utopia')
    """
    return _alpha2().get(text.strip().casefold(), text.strip())
