"""One sentence that says a change, and words for what it affected, in Dutch and English."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mobility import words
from mobility.changes.model import Effect
from mobility.scenario.policy_forms import FRICTIONS
from mobility.scenario.selectors import ChangeForm, Period
from mobility.words import Translate, marked

COUNTS: Mapping[str, str] = MappingProxyType(
    {
        "lines_added": marked("lines added: {n}"),
        "lines_changed": marked("lines changed: {n}"),
        "lines_removed": marked("lines removed: {n}"),
        "trips_added": marked("trips added: {n}"),
        "trips_changed": marked("trips changed: {n}"),
        "trips_removed": marked("trips removed: {n}"),
        "trips_joined": marked("trips joined: {n}"),
        "trips_cut": marked("trips cut at the border: {n}"),
        "trips_running": marked("trips that run on the day: {n}"),
        "headways_changed": marked("headway periods changed: {n}"),
        "stops_added": marked("stops added: {n}"),
        "stops_changed": marked("stops changed: {n}"),
        "halts_changed": marked("halts changed: {n}"),
        "halts_removed": marked("halts no longer made: {n}"),
        "run_s": marked("run time from end to end: {n} s"),
        "mean_run_change_s": marked("mean change in run time: {n} s"),
        "mean_stand_s": marked("mean stand at the hub: {n} s"),
        "shift_s": marked("shift: {n} s"),
        "hub_waits": marked("connections at the hub: {n}"),
        "hub_wait_before_s": marked("mean wait at the hub before: {n} s"),
        "hub_wait_after_s": marked("mean wait at the hub after: {n} s"),
        "elsewhere_waits": marked("connections at the line's other hubs: {n}"),
        "elsewhere_wait_before_s": marked("mean wait at other hubs before: {n} s"),
        "elsewhere_wait_after_s": marked("mean wait at other hubs after: {n} s"),
        "ferries_idle": marked("ferries that do not sail in the whole window: {n}"),
        "edges_added": marked("street edges added: {n}"),
        "edges_changed": marked("street edges changed: {n}"),
        "edges_closed": marked("street edges closed: {n}"),
        "metres_added": marked("street added: {n} m"),
        "metres_changed": marked("street changed: {n} m"),
        "parking_added": marked("stops with a car park added: {n}"),
        "parking_removed": marked("stops with a car park removed: {n}"),
        "settings_changed": marked("settings changed: {n}"),
        "zones_served": marked("zones served: {n}"),
        "zones_changed": marked("zones changed: {n}"),
        "hubs_served": marked("hub stops served: {n}"),
        "opportunities_added": marked("opportunities added: {n}"),
        "tables_changed": marked("tables changed: {n}"),
        "links_missing": marked("missing links made: {n}"),
        "links_left": marked("missing links left, beyond the most that are made: {n}"),
        "lines_without_norm": marked("border lines without a domestic norm in their band: {n}"),
        "lines_shifted": marked("border lines shifted to meet: {n}"),
        "services_extended": marked("services made to run on the day: {n}"),
    }
)

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


def describe_counts(effect: Effect, lang: str) -> str:
    """Say in numbers what a change affected: ``"trips added: 34; stops added: 1"``.

    Zeros are left out.
    """
    _ = words.translator(lang)
    return "; ".join(
        _(COUNTS[name]).format(n=words.number(value, lang, 0 if value == int(value) else 1))
        for name, value in effect.counts.items()
        if value
    )


def _mode(mode: str, _: Translate) -> str:
    return _("speed pedelec") if mode == "speed_pedelec" else _(mode)


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
        lines=_list(form.lines), at=form.at, stops=_list(form.stops),
        minutes=_minutes(sum(form.run_s) + form.dwell_s * len(form.stops), lang),
    )  # fmt: skip


def _reroute(form: Any, _: Translate, lang: str) -> str:
    way = _("by {stops}").format(stops=_list(form.stops)) if form.stops else _("without a halt")
    return _("{lines} rerouted between {a} and {b}, {way}, {minutes} min").format(
        lines=_list(form.lines), a=form.start_at, b=form.end_at, way=way,
        minutes=_minutes(sum(form.run_s) + form.dwell_s * len(form.stops), lang),
    )  # fmt: skip


def _headway(form: Any, _: Translate, lang: str) -> str:
    return _("{lines}: every {minutes} min{period}").format(
        lines=_list(form.lines), minutes=_minutes(form.headway_s, lang),
        period=_period(form.period, _),
    )  # fmt: skip


def _speed(form: Any, _: Translate, lang: str) -> str:
    part = ""
    if form.start_at or form.end_at:
        part = _(" between {a} and {b}").format(
            a=form.start_at or _("the first stop"), b=form.end_at or _("the last stop")
        )
    return _("{lines}: speed × {factor}{part}{period}").format(
        lines=_list(form.lines), factor=words.number(form.factor, lang, 2), part=part,
        period=_period(form.period, _),
    )  # fmt: skip


def _dwell(form: Any, _: Translate, lang: str) -> str:
    where = _(" at {stops}").format(stops=_list(form.stops)) if form.stops else ""
    text = (
        _("{lines}: dwell {seconds} s{where}")
        if form.add_s is None
        else _("{lines}: dwell {seconds} s longer{where}")
    )
    seconds = form.dwell_s if form.add_s is None else form.add_s
    return text.format(lines=_list(form.lines), seconds=words.number(seconds, lang), where=where)


def _remove_trips(form: Any, _: Translate, lang: str) -> str:
    what = _list(form.lines) or _("{n} trips").format(n=words.number(len(form.trips), lang))
    return _("Trips of {lines} removed{period}").format(lines=what, period=_period(form.period, _))


def _remove_stops(form: Any, _: Translate, lang: str) -> str:
    del lang
    return _("{stops} no longer served by {lines}").format(
        stops=_list(form.stops), lines=_list(form.lines) or _("any line")
    )


def _shift(form: Any, _: Translate, lang: str) -> str:
    text = (
        _("{lines}: {minutes} min later{period}")
        if form.shift_s > 0
        else _("{lines}: {minutes} min earlier{period}")
    )
    return text.format(
        lines=_list(form.lines), minutes=_minutes(abs(form.shift_s), lang),
        period=_period(form.period, _),
    )  # fmt: skip


def _meet(form: Any, _: Translate, lang: str) -> str:
    if form.shift_s == "search":
        text = _("{lines} meets {others} at {at}: the best of 60 shifts")
        return text.format(lines=_list(form.lines), others=_list(form.others), at=form.at)
    return _("{lines} meets {others} at {at}: {minutes} min later").format(
        lines=_list(form.lines), others=_list(form.others), at=form.at,
        minutes=_minutes(form.shift_s, lang),
    )  # fmt: skip


def _through(form: Any, _: Translate, lang: str) -> str:
    del lang
    return _("{first} and {second} become one line at {at}").format(
        first=form.first, second=form.second, at=form.at
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
    return _("{streets}: {changes}").format(streets=_list(form.streets), changes=_list(parts))


def _close(form: Any, _: Translate, lang: str) -> str:
    del lang
    modes = _list(_mode(m, _) for m in form.modes) or _("everyone")
    return _("{streets} closed for {modes}").format(streets=_list(form.streets), modes=modes)


def _upgrade(form: Any, _: Translate, lang: str) -> str:
    what = _list(form.streets) or _("{n} points").format(n=words.number(len(form.points), lang))
    return _("Fast cycle route along {streets}: bike {bike}, e-bike {ebike} km/h").format(
        streets=what, bike=words.number(form.bike_kph, lang),
        ebike=words.number(form.ebike_kph, lang),
    )  # fmt: skip


def _congestion(form: Any, _: Translate, lang: str) -> str:
    where = _list(form.streets) or (_("an area") if form.area else _("everywhere"))
    return _("Car time × {factor}: {where}").format(
        factor=words.number(form.factor, lang, 2), where=where
    )


def _ferry(form: Any, _: Translate, lang: str) -> str:
    return _("Ferry {name}: crossing {minutes} min, every {headway} min").format(
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
    parts = [str(s) for s in (*form.lines, *form.stops, *form.streets)]
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
    return _("{n} {what} more in {zones}").format(
        n=words.number(form.add, lang), what=what, zones=zones
    )


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
    return _("{lines} removed").format(lines=_list(form.lines))


def _script(form: Any, _: Translate, lang: str) -> str:
    del lang
    return _("Changes made by {file}").format(file=form.path.replace("\\", "/").rpartition("/")[2])


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
