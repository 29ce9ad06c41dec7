"""Changes in order on a supply: all that can't be applied said at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from mobility.changes import (
    add_line,
    disruption,
    headway,
    hub,
    meet,
    no_border,
    policy,
    removal,
    reshape,
    street_changes,
    timing,
)
from mobility.changes.counts import describe_counts
from mobility.changes.describe import describe
from mobility.changes.edit import busiest_day
from mobility.changes.model import Applied, Changed, Effect
from mobility.errors import Problem, ScenarioError, raise_all
from mobility.network.model import Supply
from mobility.scenario.forms import parse_change
from mobility.scenario.policy_forms import Script, calendar_day
from mobility.scenario.script import call_script
from mobility.scenario.selectors import ChangeForm
from mobility.scenario.street_forms import AddFerry
from mobility.words import LANGUAGES

PLAIN: Mapping[str, Callable[[Supply, Any], Changed]] = MappingProxyType(
    {
        "add-line": add_line.add_line,
        "extend-line": reshape.extend_line,
        "reroute": reshape.reroute,
        "change-speed": timing.change_speed,
        "change-dwell": timing.change_dwell,
        "remove-lines": removal.remove_lines,
        "remove-trips": removal.remove_trips,
        "remove-stops": removal.remove_stops,
        "shift-timetable": timing.shift_timetable,
        "add-street": street_changes.add_street,
        "change-street": street_changes.change_street,
        "close-street": street_changes.close_street,
        "upgrade-cycleway": street_changes.upgrade_cycleway,
        "congestion": street_changes.congestion,
        "hub": hub.hub,
        "flex-zone": policy.flex_zone,
        "ticket": policy.ticket,
        "calendar": policy.calendar,
        "disruption": disruption.disruption,
        "opportunities": policy.opportunities,
        "speeds": policy.speeds,
    }
)
# kinds that count or match trips, and so must know which of them run on the day
DAILY: Mapping[str, Callable[[Supply, Any, dt.date], Changed]] = MappingProxyType(
    {
        "change-headway": headway.change_headway,
        "meet": meet.meet,
        "through-run": reshape.through_run,
        "no-border": no_border.no_border,
        "park-and-ride": policy.park_and_ride,
    }
)
# what a line may have had done to it that a later removal of the line would undo
_SHAPING = frozenset(
    {
        "add-line", "extend-line", "reroute", "change-headway", "change-speed", "change-dwell",
        "shift-timetable", "meet", "through-run",
    }
)  # fmt: skip
# counts that say how things stand, not that something changed
_NOT_AN_EFFECT = frozenset(
    {
        "shift_s", "hub_waits", "hub_wait_before_s", "hub_wait_after_s", "elsewhere_waits",
        "elsewhere_wait_before_s", "elsewhere_wait_after_s", "mean_run_change_s", "mean_stand_s",
        "run_s",
    }
)  # fmt: skip


def apply_changes(
    supply: Supply,
    changes: Sequence[ChangeForm],
    *,
    lang: str = "en",
    day: dt.date | None = None,
    window: tuple[int, int] | None = None,
) -> Applied:
    """Apply changes in order, each to what the one before left.

    Parameters
    ----------
    supply
        Base; it is not changed.
    changes
        Forms as read by `mobility.scenario`.
    lang
        Language of the effects' sentences, ``"nl"`` or ``"en"``.
    day
        Service day the feeds were read for; None takes the day most trips run on.
    window
        Departures computed, seconds; decides whether a ferry sails. None: it does.

    Returns
    -------
    Applied
        New supply; tables that no change touches are the base's own.

    Raises
    ------
    ScenarioError
        Everything that can't be applied: unknown names, contradictions, changes without
        effect. A change that can't be applied is left out while the rest is tried, so that
        one run names all problems.
    """
    day = calendar_day(changes) or day or busiest_day(supply.feeds)
    effects: list[Effect] = []
    problems: list[Problem] = []
    failed: list[str] = []
    for form in changes:
        try:
            if isinstance(form, Script):
                supply, made = _scripted(supply, form, lang, day, window)
                effects += made
                continue
            changed = _one(supply, form, day, window)
            problems += _contradictions(form, changed, effects)
        except ScenarioError as error:
            # what follows from an earlier failure is not a mistake of its own
            problems += [p for p in error.problems if not any(f'"{i}"' in p.found for i in failed)]
            failed += [str(v) for v in (getattr(form, "id", ""),) if v]
            continue
        supply = changed.supply
        effects.append(_effect(form, changed.counts, changed.routes, lang))
    raise_all(ScenarioError, problems)
    return Applied(supply, tuple(effects), calendar_day(changes))


def _effect(
    form: ChangeForm, counts: Mapping[str, float], routes: tuple[str, ...], lang: str
) -> Effect:
    """What a change is, and in brackets what it affected, for instance which shift was found."""
    effect = Effect(form.kind, form.where, counts, routes)
    texts = {one: _with_numbers(describe(form, one), effect, one) for one in LANGUAGES}
    return replace(effect, text=texts[lang], texts=texts)


def _with_numbers(sentence: str, effect: Effect, lang: str) -> str:
    numbers = describe_counts(effect, lang)
    return f"{sentence} ({numbers})" if numbers else sentence


def _one(supply: Supply, form: ChangeForm, day: dt.date, window: tuple[int, int] | None) -> Changed:
    if isinstance(form, AddFerry):
        changed = street_changes.add_ferry(supply, form, window)
    elif form.kind in DAILY:
        changed = DAILY[form.kind](supply, form, day)
    else:
        changed = PLAIN[form.kind](supply, form)
    # the benchmark names nothing that could be misspelt: no friction left is an answer
    if form.kind != "no-border" and not any(
        v for name, v in changed.counts.items() if name not in _NOT_AN_EFFECT
    ):
        raise ScenarioError(
            Problem(
                f"{form.where} ({form.kind})",
                "a change that affects nothing",
                "one that affects something",
                "Mend what it selects, or leave it out.",
            )
        )
    return changed


def _contradictions(form: ChangeForm, changed: Changed, before: Sequence[Effect]) -> list[Problem]:
    """A line that is removed in the same file in which an earlier change works on it."""
    if form.kind != "remove-lines":
        return []
    file = form.where.partition(": ")[0]
    return [
        Problem(
            f"{form.where} ({form.kind})",
            f"{', '.join(both)}, which {effect.where} ({effect.kind}) works on",
            "a line that no change of the file both works on and removes",
            "Leave one of the two out, or put the removal first.",
        )
        for effect in before
        if effect.kind in _SHAPING
        and effect.where.partition(": ")[0] == file
        and (both := sorted(set(effect.routes) & set(changed.routes)))
    ]


def _scripted(
    supply: Supply, form: Script, lang: str, day: dt.date, window: tuple[int, int] | None
) -> tuple[Supply, list[Effect]]:
    """Run a Python scenario: it gives a new supply, or change tables to be applied here."""
    answer = call_script(form, supply)
    if isinstance(answer, Supply):
        counts = {"tables_changed": _tables_changed(supply, answer)}
        if not counts["tables_changed"]:
            raise ScenarioError(
                Problem(form.where, "a function that changes nothing", "a supply that differs")
            )
        return answer, [_effect(form, counts, (), lang)]
    if not isinstance(answer, list | tuple):
        raise ScenarioError(
            Problem(
                form.where,
                f"a function that returns {type(answer).__name__}",
                "a list of change tables, or a supply",
            )
        )
    forms: list[ChangeForm] = []
    problems: list[Problem] = []
    for row, table in enumerate(answer, start=1):
        made, found = parse_change(table, f"{form.where}[{row}]")
        problems += found
        forms += [made] if made is not None else []
    raise_all(ScenarioError, problems)
    applied = apply_changes(supply, forms, lang=lang, day=day, window=window)
    return applied.supply, list(applied.effects)


def _tables_changed(old: Supply, new: Supply) -> int:
    feeds = sum(getattr(old.feeds, n) is not getattr(new.feeds, n) for n in vars(old.feeds))
    rest = sum(getattr(old, n) is not getattr(new, n) for n in vars(old) if n != "feeds")
    return feeds + rest
