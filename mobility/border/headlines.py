"""A plain sentence for each of the ten figures, in Dutch and English."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mobility.border.figures import KEYS
from mobility.indicators.european import REGIONAL
from mobility.words import Translate, label, number, translator


@dataclass(frozen=True)
class Headline:
    """One figure for an alderman.

    Parameters
    ----------
    scenario, key
        Whose figure, and which.
    figure
        The number as it is written, with its unit; ``"–"`` where there is none.
    band
        Low to high as they are written; empty where there is none.
    sentence
        What it means, in a sentence.
    """

    scenario: str
    key: str
    figure: str
    band: str
    sentence: str


def headlines(figures: pd.DataFrame, lang: str) -> list[Headline]:
    """Say the ten figures in plain words.

    Parameters
    ----------
    figures
        From `mobility.border.figures`, or read back from its file; scenarios may be stacked.
    lang
        ``"nl"`` or ``"en"``.
    """
    return [_headline(row, lang) for row in figures.to_dict("records")]


def page(figures: pd.DataFrame, lang: str) -> str:
    """Write the ten figures of each scenario on a page of Markdown."""
    _ = translator(lang)
    lines = [f"# {_('Ten figures on the border')}"]
    scenario = None
    for place, said in enumerate(headlines(figures, lang)):
        if said.scenario != scenario:
            scenario = said.scenario
            lines += ["", f"## {scenario}", ""]
        span = f" ({said.band})" if said.band else ""
        lines.append(f"{place % len(KEYS) + 1}. **{said.figure}**{span} – {said.sentence}")
    note = _(
        "In brackets what the figure could as well have been: at other departures, or with"
        " travel times a tenth shorter or longer; for the border effect its 95 % interval, for"
        " CO2 the bounds of the factors."
    )
    return "\n".join([*lines, "", note, ""])


def _headline(row: dict[str, object], lang: str) -> Headline:
    _ = translator(lang)
    key, unit = str(row["key"]), str(row["unit"])
    value, low, high, other, count = (
        float(str(row[name])) for name in ("value", "low", "high", "other", "count")
    )
    countries = [label(code, lang) for code in str(row.get("countries", "")).split("|")]
    if key == "asymmetry_pt" and len(countries) == 2 and value < 0:
        # Said the other way round: how much longer the slower direction takes.
        countries, value, low, high = countries[::-1], -value, -high, -low
    digits = {"1": 1, "min": 1, "%": int(0 < round(abs(value), 1) < 1)}.get(unit, 0)
    spoken = _unit(unit, _)
    # A percentage below 1 has a decimal, lest it read as nothing.
    figure = number(value, lang, digits) + (f" {spoken}" if spoken and np.isfinite(value) else "")
    span = ""
    if np.isfinite(value) and np.isfinite(low) and np.isfinite(high) and low < high:
        span = _("{low} to {high}").format(
            low=number(low, lang, digits), high=number(high, lang, digits)
        )
    if not np.isfinite(value):
        sentence = _missing(key, other, _)
    elif key == "asymmetry_pt" and len(countries) == 2:
        sentence = _asymmetry(value, other, countries, lang)
    else:
        sentence = _sentence(key, value, other, count, lang)
    return Headline(str(row["scenario"]), key, figure, span, sentence)


def _unit(unit: str, _: Translate) -> str:
    return {
        "people": _("people"),
        "%": "%",
        "links": _("links"),
        "min": _("min"),
        "g": _("g CO2"),
    }.get(unit, "")


def _missing(key: str, other: float, _: Translate) -> str:
    """Say why there is no figure, as far as it is known."""
    if key == "vf_city" and other > 0:
        return _("Public transport does not serve most of the named city links at all.")
    if key in ("penetration_pt", "foreign_people_pt", "asymmetry_pt", "co2_saved"):
        return _("No figure: it needs public transport and people on both sides of a border.")
    if key == "border_effect_pt":
        return _("No figure: too few links across the border or within the countries to compare.")
    if key in ("vf_city", "border_links_bike"):
        return _("No figure: it needs named pairs of this kind and travel times for them.")
    return _("No figure: its mode of travel was not computed.")


def _sentence(key: str, value: float, other: float, count: float, lang: str) -> str:
    say = {
        "reach_pt": _reach_pt,
        "reach_car": _reach_car,
        "penetration_pt": _penetration,
        "border_effect_pt": _effect,
        "vf_city": _vf,
        "border_links_bike": _bike,
        "foreign_people_pt": _foreign,
        "asymmetry_pt": _both_ways,
        "modal_potential_pt": _potential,
        "co2_saved": _co2,
    }
    return say[key](value, other, count, lang)


def _reach_pt(value: float, other: float, _count: float, lang: str) -> str:
    _ = translator(lang)
    if not np.isfinite(other):
        return _("Within an hour the average resident reaches nobody by public transport.")
    return _(
        "Within an hour the average resident reaches {people} people by public transport,"
        " {share} % of them abroad."
    ).format(people=number(value, lang), share=_percent(other, lang))


def _reach_car(value: float, other: float, _count: float, lang: str) -> str:
    _ = translator(lang)
    if not np.isfinite(other):
        return _("Within an hour the average resident reaches nobody by car.")
    return _(
        "Within an hour the average resident reaches {people} people by car,"
        " {share} % of them abroad."
    ).format(people=number(value, lang), share=_percent(other, lang))


def _penetration(value: float, other: float, _count: float, lang: str) -> str:
    _ = translator(lang)
    return _(
        "Of the people living within {km} kilometres {near} % live abroad; of those whom public"
        " transport reaches within {minutes} minutes {reached} %. The second share is {value} %"
        " of the first; if the border made no difference it would be 100 %."
    ).format(
        km=number(REGIONAL.radius_m / 1000, lang),
        near=_percent(other, lang),
        minutes=number(REGIONAL.limit_s / 60, lang),
        reached=_percent(value * other / 100, lang),
        value=_percent(value, lang),
    )


def _percent(value: float, lang: str) -> str:
    """Write a percentage; of one below 1 a decimal, lest it read as nothing."""
    return number(value, lang, 1 if 0 < round(abs(value), 1) < 1 else 0)


def _effect(value: float, other: float, count: float, lang: str) -> str:
    """Say how much longer, and how many links have no time to compare."""
    _ = translator(lang)
    text = (
        _(
            "By public transport a trip across the border takes {value} % longer than one of"
            " the same distance within the country ({count} links compared)."
        )
        if value >= 0
        else _(
            "By public transport a trip across the border takes {value} % less time than one of"
            " the same distance within the country ({count} links compared)."
        )
    )
    said = text.format(value=_percent(abs(value), lang), count=number(count, lang))
    if not other > 0:
        return said
    lost = _("Left out: {lost} links across the border that public transport does not serve.")
    return f"{said} {lost.format(lost=number(other, lang))}"


def _vf(value: float, other: float, count: float, lang: str) -> str:
    _ = translator(lang)
    text = _(
        "On the city links public transport takes {value} times as long as the car, from door"
        " to door."
    )
    missed = (
        _("Of the {count} directions {missed} are not served at all.")
        if other > 0
        else _("All {count} directions are served.")
    )
    counted = missed.format(missed=number(other, lang), count=number(count, lang))
    return f"{text.format(value=number(value, lang, 1))} {counted}"


def _bike(value: float, _other: float, count: float, lang: str) -> str:
    _ = translator(lang)
    return _(
        "Of the {count} links between border municipalities, {value} can be cycled within half"
        " an hour, there and back."
    ).format(count=number(count, lang), value=number(value, lang))


def _foreign(value: float, _other: float, _count: float, lang: str) -> str:
    _ = translator(lang)
    return _(
        "{value} % of residents reach at least {people} people abroad within an hour by public"
        " transport."
    ).format(value=_percent(value, lang), people=number(10_000, lang))


def _asymmetry(value: float, other: float, countries: list[str], lang: str) -> str:
    """Name the direction, slower than the one back."""
    _ = translator(lang)
    slow, quick = countries
    return _(
        "Out and back across the border differ by {other} minutes on average; taken together"
        " the direction {slow} – {quick} takes {value} minutes longer than the way back."
    ).format(other=number(other, lang, 1), value=number(value, lang, 1), slow=slow, quick=quick)


def _both_ways(_value: float, other: float, _count: float, lang: str) -> str:
    _ = translator(lang)
    return _("Out and back across the borders differ by {other} minutes on average.").format(
        other=number(other, lang, 1)
    )


def _potential(value: float, other: float, _count: float, lang: str) -> str:
    _ = translator(lang)
    if not np.isfinite(other):
        return _(
            "For {value} % of trips public transport takes at most one and a half times as long"
            " as the car."
        ).format(value=_percent(value, lang))
    return _(
        "For {value} % of trips public transport takes at most one and a half times as long as"
        " the car; across the border that is {other} %."
    ).format(value=_percent(value, lang), other=_percent(other, lang))


def _co2(value: float, other: float, _count: float, lang: str) -> str:
    _ = translator(lang)
    return _(
        "Who goes across the border by public transport instead of by car, {km} kilometres as"
        " the crow flies, emits {value} grams of CO2 less per trip."
    ).format(km=number(other, lang), value=number(value, lang))
