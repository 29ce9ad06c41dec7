"""Words for what a change affected, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mobility import words
from mobility.changes.model import Effect
from mobility.words import marked

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
        "hub_links_changed": marked("changes between stops of one hub: {n}"),
        "halts_changed": marked("halts changed: {n}"),
        "halts_removed": marked("halts no longer made: {n}"),
        "run_s": marked("run time from end to end: {n}"),
        "mean_run_change_s": marked("mean change in run time: {n}"),
        "mean_stand_s": marked("mean stand at the hub: {n}"),
        "shift_s": marked("shift: {n}"),
        "hub_waits": marked("connections at the hub: {n}"),
        "hub_wait_before_s": marked("mean wait at the hub before: {n}"),
        "hub_wait_after_s": marked("mean wait at the hub after: {n}"),
        "elsewhere_waits": marked("connections at the line's other hubs: {n}"),
        "elsewhere_wait_before_s": marked("mean wait at other hubs before: {n}"),
        "elsewhere_wait_after_s": marked("mean wait at other hubs after: {n}"),
        "ferries_idle": marked("ferries that do not sail in the whole window: {n}"),
        "edges_added": marked("street edges added: {n}"),
        "edges_changed": marked("street edges changed: {n}"),
        "edges_closed": marked("street edges closed: {n}"),
        "metres_added": marked("street added: {n}"),
        "metres_changed": marked("street changed: {n}"),
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


def describe_counts(effect: Effect, lang: str) -> str:
    """Say in numbers what a change affected: ``"trips added: 34; stops added: 1"``.

    Zeros are left out.
    """
    _ = words.translator(lang)
    return "; ".join(
        _(COUNTS[name]).format(n=_quantity(name, value, lang))
        for name, value in effect.counts.items()
        if value
    )


def _quantity(name: str, value: float, lang: str) -> str:
    """Write a number, with the unit its name tells: minutes and kilometres from two or one on."""
    if name.endswith("_s"):
        if abs(value) >= 120:
            return f"{_short(round(value / 60, 1), lang)} min"
        return f"{_short(value, lang)} s"
    if name.startswith("metres_"):
        if value >= 1000:
            return f"{words.number(value / 1000, lang, 1)} km"
        return f"{words.number(value, lang, 0)} m"
    return _short(value, lang)


def _short(value: float, lang: str) -> str:
    return words.number(value, lang, 0 if value == int(value) else 1)
