"""All kinds of change by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mobility.errors import Problem, nearest
from mobility.scenario import line_forms, policy_forms, street_forms
from mobility.scenario.parse import parse
from mobility.scenario.selectors import ChangeForm

FORMS: Mapping[str, type[ChangeForm]] = MappingProxyType(
    {
        "add-line": line_forms.AddLine,
        "extend-line": line_forms.ExtendLine,
        "reroute": line_forms.Reroute,
        "change-headway": line_forms.ChangeHeadway,
        "change-speed": line_forms.ChangeSpeed,
        "change-dwell": line_forms.ChangeDwell,
        "remove-lines": line_forms.RemoveLines,
        "remove-trips": line_forms.RemoveTrips,
        "remove-stops": line_forms.RemoveStops,
        "shift-timetable": line_forms.ShiftTimetable,
        "meet": line_forms.Meet,
        "through-run": line_forms.ThroughRun,
        "add-street": street_forms.AddStreet,
        "change-street": street_forms.ChangeStreet,
        "close-street": street_forms.CloseStreet,
        "upgrade-cycleway": street_forms.UpgradeCycleway,
        "congestion": street_forms.Congestion,
        "add-ferry": street_forms.AddFerry,
        "park-and-ride": policy_forms.ParkAndRide,
        "hub": policy_forms.Hub,
        "flex-zone": policy_forms.FlexZoneForm,
        "ticket": policy_forms.Ticket,
        "calendar": policy_forms.CalendarChange,
        "disruption": line_forms.LineOut,
        "opportunities": policy_forms.Opportunities,
        "speeds": policy_forms.Speeds,
        "no-border": policy_forms.NoBorder,
    }
)


def parse_change(table: Mapping[str, Any], where: str) -> tuple[ChangeForm | None, list[Problem]]:
    """Check one ``[[changes]]`` table; its kind says which form it must fit.

    Parameters
    ----------
    table
        As read from TOML or made by a script.
    where
        File and key path, ``"x.toml: changes[2]"``.
    """
    kind = table.get("kind") if isinstance(table, Mapping) else None
    known = ", ".join(sorted(FORMS))
    if kind is None:
        return None, [Problem(f"{where}.kind", "nothing", f"one of {known}")]
    model = FORMS.get(str(kind))
    if model is None:
        near = nearest(str(kind), FORMS)
        cure = f"Did you mean {near}?" if near else ""
        return None, [Problem(f"{where}.kind", f'"{kind}"', f"one of {known}", cure)]
    form, problems = parse(model, table, f"{where} ({kind})")
    return (form.placed(where) if form is not None else None), problems
