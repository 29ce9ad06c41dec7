"""One sentence that says a change, and words for what it affected, in Dutch and English."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mobility import words
from mobility.scenario.policy_forms import FRICTIONS
from mobility.scenario.selectors import ChangeForm, LineSelector, Period
from mobility.scenario.street_forms import StreetSelector
from mobility.words import Translate, marked

FRICTION_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "missing-link": marked("missing links"),
        "headway": marked("headways"),
        "fit": marked("fit at the hub"),
        "calendar": marked("days of service"),
        "ticket": marked("tickets"),
    }
)


def describe(form: ChangeForm, lang: str) -> str:
    """Say a change in one sentence.

    Parameters
    ----------
    form
        Any change form.
    lang
        ``"nl"`` or ``"en"``.
    """
    return SENTENCES[form.kind](form, words.translator(lang), lang)


def _mode(mode: str, _: Translate) -> str:
    return _("speed pedelec") if mode == "speed_pedelec" else _(mode)


def _line(selector: LineSelector, _: Translate) -> str:
    """Say a selector as a reader would: ``"train NMBS via Hamont"``."""
    parts = [_(selector.mode)] if selector.mode else []
    parts += [selector.short_name, selector.long_name, selector.route_id, selector.operator]
    text = " ".join(part for part in parts if part)
    if selector.feed:
        text = (
            f"{text} ({selector.feed})" if text else _("all of {feed}").format(feed=selector.feed)
        )
    if selector.serves:
        text = _("{line} via {stops}").format(
            line=text or _("all lines"), stops=_list(selector.serves)
        )
    return text


def _lines(selectors: Iterable[LineSelector], _: Translate) -> str:
    return _list(_line(selector, _) for selector in selectors)


def _streets(selectors: Iterable[StreetSelector], _: Translate) -> str:
    return _list(_one_street(selector, _) for selector in selectors)


def _one_street(selector: StreetSelector, _: Translate) -> str:
    parts = [selector.name, selector.highway, str(selector.way_id or ""), selector.country]
    if selector.crosses_border:
        parts.append(_("at the border"))
    if selector.area is not None:
        parts.append(_("in an area"))
    return " ".join(part for part in parts if part)


def _list(things: Iterable[object]) -> str:
    return ", ".join(str(thing) for thing in things)


def _period(period: Period | None, _: Translate) -> str:
    if period is None or period == Period():
        return ""
    return _(" from {start} to {end}").format(start=period.start, end=period.end)


def _minutes(seconds: float, lang: str) -> str:
    return words.number(seconds / 60, lang, 0 if seconds % 60 == 0 else 1)


def _add_line(form: Any, _: Translate, lang: str) -> str:
    if form.departures:
        when = _("{n} departures").format(n=len(form.departures))
    elif form.spans:
        when = "; ".join(
            _("every {minutes} min from {start} to {end}").format(
                minutes=_minutes(s.headway_s, lang), start=s.start, end=s.end
            )
            for s in form.spans
        )
    else:
        when = _("every {minutes} min from {start} to {end}").format(
            minutes=_minutes(form.headway_s, lang), start=form.first, end=form.last
        )
    text = _("New line {name} ({mode}): {stops}; {when}").format(
        name=form.short_name or form.id, mode=_(form.mode), stops=_list(form.stops), when=when
    )
    return text + (_(", both ways") if form.both_ways else _(", one way"))


def _extend(form: Any, _: Translate, lang: str) -> str:
    return _("{lines} extended from {at} to {stops}, {minutes} min").format(
        lines=_lines(form.lines, _), at=form.at, stops=_list(form.stops),
        minutes=_minutes(sum(form.run_s) + form.dwell_s * len(form.stops), lang),
    )  # fmt: skip


def _reroute(form: Any, _: Translate, lang: str) -> str:
    way = _("by {stops}").format(stops=_list(form.stops)) if form.stops else _("without a halt")
    return _("{lines} rerouted between {a} and {b}, {way}, {minutes} min").format(
        lines=_lines(form.lines, _), a=form.start_at, b=form.end_at, way=way,
        minutes=_minutes(sum(form.run_s) + form.dwell_s * len(form.stops), lang),
    )  # fmt: skip


def _headway(form: Any, _: Translate, lang: str) -> str:
    return _("{lines}: every {minutes} min{period}").format(
        lines=_lines(form.lines, _), minutes=_minutes(form.headway_s, lang),
        period=_period(form.period, _),
    )  # fmt: skip


def _speed(form: Any, _: Translate, lang: str) -> str:
    part = ""
    if form.start_at or form.end_at:
        part = _(" between {a} and {b}").format(
            a=form.start_at or _("the first stop"), b=form.end_at or _("the last stop")
        )
    return _("{lines}: speed × {factor}{part}{period}").format(
        lines=_lines(form.lines, _), factor=words.number(form.factor, lang, 2), part=part,
        period=_period(form.period, _),
    )  # fmt: skip


def _dwell(form: Any, _: Translate, lang: str) -> str:
    where = _(" at {stops}").format(stops=_list(form.stops)) if form.stops else ""
    if form.add_s is None:
        text, seconds = _("{lines}: dwell {seconds} s{where}"), form.dwell_s
    elif form.add_s < 0:
        text, seconds = _("{lines}: dwell {seconds} s shorter{where}"), -form.add_s
    else:
        text, seconds = _("{lines}: dwell {seconds} s longer{where}"), form.add_s
    return text.format(
        lines=_lines(form.lines, _), seconds=words.number(seconds, lang), where=where
    )


def _remove_trips(form: Any, _: Translate, lang: str) -> str:
    what = _lines(form.lines, _) or _("{n} trips").format(n=words.number(len(form.trips), lang))
    return _("Trips of {lines} removed{period}").format(lines=what, period=_period(form.period, _))


def _remove_stops(form: Any, _: Translate, lang: str) -> str:
    del lang
    return _("{stops} no longer served by {lines}").format(
        stops=_list(form.stops), lines=_lines(form.lines, _) or _("any line")
    )


def _shift(form: Any, _: Translate, lang: str) -> str:
    text = (
        _("{lines}: {minutes} min later{period}")
        if form.shift_s > 0
        else _("{lines}: {minutes} min earlier{period}")
    )
    return text.format(
        lines=_lines(form.lines, _), minutes=_minutes(abs(form.shift_s), lang),
        period=_period(form.period, _),
    )  # fmt: skip


def _meet(form: Any, _: Translate, lang: str) -> str:
    if form.shift_s == "search":
        text = _("{lines} meets {others} at {at}: the best of 60 shifts")
        return text.format(lines=_lines(form.lines, _), others=_lines(form.others, _), at=form.at)
    return _("{lines} meets {others} at {at}: {minutes} min later").format(
        lines=_lines(form.lines, _), others=_lines(form.others, _), at=form.at,
        minutes=_minutes(form.shift_s, lang),
    )  # fmt: skip


def _through(form: Any, _: Translate, lang: str) -> str:
    del lang
    return _("{first} and {second} become one line at {at}").format(
        first=_line(form.first, _), second=_line(form.second, _), at=form.at
    )


def _street(form: Any, _: Translate, lang: str) -> str:
    del lang
    return _("New street {name} ({highway}) for {modes}").format(
        name=form.name, highway=form.highway, modes=_list(_mode(m, _) for m in form.modes)
    )


def _change_street(form: Any, _: Translate, lang: str) -> str:
    parts = [
        _("{mode} {kph} km/h").format(mode=_mode(m, _), kph=words.number(v, lang))
        for m, v in form.speed_kph.items()
    ]
    parts += [
        _("{mode} × {factor}").format(mode=_mode(m, _), factor=words.number(v, lang, 2))
        for m, v in form.factor.items()
    ]
    parts += [_("no {mode}").format(mode=_mode(m, _)) for m in form.forbid]
    return _("{streets}: {changes}").format(streets=_streets(form.streets, _), changes=_list(parts))


def _close(form: Any, _: Translate, lang: str) -> str:
    del lang
    modes = _list(_mode(m, _) for m in form.modes) or _("everyone")
    return _("{streets} closed for {modes}").format(streets=_streets(form.streets, _), modes=modes)


def _upgrade(form: Any, _: Translate, lang: str) -> str:
    what = _streets(form.streets, _) or _("{n} points").format(
        n=words.number(len(form.points), lang)
    )
    return _("Fast cycle route along {streets}: bike {bike}, e-bike {ebike} km/h").format(
        streets=what, bike=words.number(form.bike_kph, lang),
        ebike=words.number(form.ebike_kph, lang),
    )  # fmt: skip


def _congestion(form: Any, _: Translate, lang: str) -> str:
    where = _streets(form.streets, _) or (_("an area") if form.area else _("everywhere"))
    return _("Car time × {factor}: {where}").format(
        factor=words.number(form.factor, lang, 2), where=where
    )


def _ferry(form: Any, _: Translate, lang: str) -> str:
    text = (
        _("Ferry {name}: crossing {minutes} min, every {headway} min")
        if form.headway_s
        else _("Ferry {name}: crossing {minutes} min, no wait")
    )
    return text.format(
        name=form.name, minutes=_minutes(form.crossing_s, lang),
        headway=_minutes(form.headway_s, lang),
    )  # fmt: skip


def _parking(form: Any, _: Translate, lang: str) -> str:
    del lang
    text = _("Cars can be left only at {stops}") if form.only else _("Cars can be left at {stops}")
    return text.format(stops=_list(form.stops))


def _hub(form: Any, _: Translate, lang: str) -> str:
    return _("Changing at {stops} takes {minutes} min").format(
        stops=_list(form.stops), minutes=_minutes(form.transfer_s, lang)
    )


def _flex(form: Any, _: Translate, lang: str) -> str:
    return _("On-demand zone {name} to {hubs}: wait {minutes} min, {kph} km/h").format(
        name=form.id, hubs=_list(form.hubs), minutes=_minutes(form.wait_s, lang),
        kph=words.number(form.speed_kph, lang),
    )  # fmt: skip


def _ticket(form: Any, _: Translate, lang: str) -> str:
    texts = (
        ("operator_minutes", _("other operator {value} min"), 1),
        ("country_minutes", _("other country {value} min"), 1),
        ("operator_euro", _("other operator € {value}"), 2),
        ("country_euro", _("other country € {value}"), 2),
    )
    parts = [
        text.format(value=words.number(value, lang, digits if value % 1 else 0))
        for key, text, digits in texts
        if (value := getattr(form, key)) is not None
    ]
    return _("Ticket for a change: {parts}").format(parts=_list(parts))


def _calendar(form: Any, _: Translate, lang: str) -> str:
    return _("Service day {day}").format(day=words.date(form.date, lang))


def _disruption(form: Any, _: Translate, lang: str) -> str:
    del lang
    parts = [*(_line(s, _) for s in form.lines), *map(str, (*form.stops, *form.streets))]
    if form.border:
        parts.append(_("the border"))
    return _("Closed: {parts}{period}").format(parts=_list(parts), period=_period(form.period, _))


def _opportunities(form: Any, _: Translate, lang: str) -> str:
    zones = _list(form.zones) or form.country or _("all zones")
    what = words.label(form.opportunity, lang)
    if form.factor is not None:
        return _("{what} × {factor} in {zones}").format(
            what=what, factor=words.number(form.factor, lang, 2), zones=zones
        )
    text = _("{n} {what} more in {zones}") if form.add >= 0 else _("{n} {what} less in {zones}")
    return text.format(n=words.number(abs(form.add), lang), what=what, zones=zones)


def _speeds(form: Any, _: Translate, lang: str) -> str:
    texts = (
        ("walk_kph", _("walking {value} km/h")),
        ("bike_kph", _("cycling {value} km/h")),
        ("ebike_kph", _("e-bike {value} km/h")),
    )
    parts = [
        text.format(value=words.number(value, lang, 1))
        for key, text in texts
        if (value := getattr(form, key)) is not None
    ]
    if form.ebike_share is not None:
        parts.append(
            _("e-bikes {value} %").format(value=words.number(100 * form.ebike_share, lang))
        )
    return _("Speeds: {parts}").format(parts=_list(parts))


def _no_border(form: Any, _: Translate, lang: str) -> str:
    del lang
    names = [_(FRICTION_NAMES[f]) for f in FRICTIONS if f in form.remove]
    return _("No-border benchmark; as within a country: {frictions}").format(frictions=_list(names))


def _remove_lines(form: Any, _: Translate, lang: str) -> str:
    del lang
    return _("Removed: {lines}").format(lines=_lines(form.lines, _))


def _script(form: Any, _: Translate, lang: str) -> str:
    del lang
    return _("Changes made by {file}").format(file=form.name)


SENTENCES: Mapping[str, Callable[[Any, Translate, str], str]] = MappingProxyType(
    {
        "add-line": _add_line,
        "extend-line": _extend,
        "reroute": _reroute,
        "change-headway": _headway,
        "change-speed": _speed,
        "change-dwell": _dwell,
        "remove-lines": _remove_lines,
        "remove-trips": _remove_trips,
        "remove-stops": _remove_stops,
        "shift-timetable": _shift,
        "meet": _meet,
        "through-run": _through,
        "add-street": _street,
        "change-street": _change_street,
        "close-street": _close,
        "upgrade-cycleway": _upgrade,
        "congestion": _congestion,
        "add-ferry": _ferry,
        "park-and-ride": _parking,
        "hub": _hub,
        "flex-zone": _flex,
        "ticket": _ticket,
        "calendar": _calendar,
        "disruption": _disruption,
        "opportunities": _opportunities,
        "speeds": _speeds,
        "no-border": _no_border,
        "script": _script,
    }
)
