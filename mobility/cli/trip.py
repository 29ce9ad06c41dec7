"""``trip``: one journey, leg by leg, by the same engine as the matrices."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace

import numpy as np
import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mobility.batch import matrices
from mobility.batch.job import prepare_for
from mobility.cli.main import DONE
from mobility.cli.progress import Progression
from mobility.errors import Problem, ScenarioError, nearest, printable, raise_all
from mobility.itineraries import Itinerary, journey
from mobility.network import MultimodalNetwork, build_network
from mobility.scenario import read_region, read_scenarios
from mobility.scenario.clock import clock_s
from mobility.tables import MODES
from mobility.words import label, time_of_day, translator
from mobility.zones import Zones

COORDINATES = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[,;]\s*(-?\d+(?:\.\d+)?)\s*")


def trip(options: argparse.Namespace) -> int:
    """Find one journey and print it."""
    (scenario,) = read_scenarios([options.scenario], region=options.region)
    problems = []
    if options.mode not in MODES:
        problems.append(Problem("--mode", options.mode, f"one of {', '.join(MODES)}"))
    try:
        depart_s = clock_s(options.at or scenario.window.start)
    except ValueError:
        problems.append(Problem("--at", options.at, "a time such as 08:00"))
    raise_all(ScenarioError, problems)
    with Progression(quiet=options.quiet, lang=options.lang) as progress:
        timed = prepare_for(scenario, read_region(scenario.region_path), options.out, progress)
        base = timed.prepared.network
        network = matrices.link(matrices.change(scenario, base), base)
        network, ends = find_ends(network, (options.origin, options.destination))
        found = journey(network, options.mode, ends[0], ends[1], depart_s)
    Console(highlight=False).print(as_table(found, network, ends, options.lang))
    return DONE


def find_ends(
    network: MultimodalNetwork, words: tuple[str, str]
) -> tuple[MultimodalNetwork, tuple[int, int]]:
    """Find both ends among the zones; coordinates become zones of their own."""
    zones = network.supply.zones
    problems: list[Problem] = []
    rows: list[int] = []
    points: list[tuple[str, float, float]] = []
    for name, word in zip(("FROM", "TO"), words, strict=True):
        match = COORDINATES.fullmatch(word)
        if match:
            rows.append(len(zones.ids) + len(points))
            points.append((word, float(match[1]), float(match[2])))
        else:
            rows.append(_named(zones, word, name, problems))
    raise_all(ScenarioError, problems)
    if points:
        supply = replace(network.supply, zones=with_points(zones, points))
        network = build_network(supply, day=network.day, timezone=network.timezone, reuse=network)
    return network, (rows[0], rows[1])


def _named(zones: Zones, word: str, where: str, problems: list[Problem]) -> int:
    """Return the zone of that id or name, or the municipality's most peopled one."""
    wanted = word.strip().casefold()
    for names in (zones.ids, zones.municipalities, zones.names):
        hits = np.flatnonzero([str(name).casefold() == wanted for name in names])
        if len(hits):
            people = zones.opportunities.get("population", pd.Series(np.ones(len(zones.ids))))
            return int(hits[np.argmax(people.to_numpy(float)[hits])])
    known = {str(n) for names in (zones.municipalities, zones.names) for n in names}
    near = nearest(word, known)
    problems.append(
        Problem(where, f'"{word}"', "a zone, a municipality or lon,lat",
                f"Did you mean {near}?" if near else "")
    )  # fmt: skip
    return -1


def with_points(zones: Zones, points: list[tuple[str, float, float]]) -> Zones:
    """Add places as zones without people."""
    names = np.array([name for name, _, _ in points], object)
    blank = np.full(len(points), "", object)
    more = pd.DataFrame(0.0, index=range(len(points)), columns=zones.opportunities.columns)
    return Zones(
        ids=np.concatenate([zones.ids, names]),
        names=np.concatenate([zones.names, names]),
        countries=np.concatenate([zones.countries, blank]),
        municipalities=np.concatenate([zones.municipalities, blank]),
        lon=np.concatenate([zones.lon, [lon for _, lon, _ in points]]),
        lat=np.concatenate([zones.lat, [lat for _, _, lat in points]]),
        opportunities=pd.concat([zones.opportunities, more], ignore_index=True),
    )


def as_table(
    found: Itinerary, network: MultimodalNetwork, ends: tuple[int, int], lang: str
) -> Table:
    """Lay a journey out as rows: when, where, by what."""
    _ = translator(lang)
    names = [str(network.supply.zones.names[row]) for row in ends]
    table = Table(title=escape(printable(" – ".join(names))), title_justify="left")
    for head in (_("Departure"), _("From"), _("Arrival"), _("To"), _("By")):
        table.add_column(head)
    if not found.reached:
        table.add_row("–", names[0], "–", names[1], _("no journey found"))
        return table
    for leg in found.legs:
        ends_of_leg = [place.name or place.id for place in (leg.start, leg.end)]
        by = " ".join(part for part in (label(leg.mode, lang), leg.line, leg.operator) if part)
        table.add_row(
            time_of_day(leg.departure_s),
            escape(printable(ends_of_leg[0])),
            time_of_day(leg.arrival_s),
            escape(printable(ends_of_leg[1])),
            escape(printable(by)),
        )
    table.caption = _("{minutes} minutes, {changes} transfers").format(
        minutes=round(found.travel_time_s / 60), changes=max(0, found.rides - 1)
    )
    return table
