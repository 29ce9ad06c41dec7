"""What carries the border: each line, and each street across it, taken out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mobility.batch.comparing import foreign_people
from mobility.batch.folders import whole_folder
from mobility.batch.increments import Increments
from mobility.batch.job import Job, Teller
from mobility.batch.write import write_csv
from mobility.charts import Stamp, measure_ranking, save
from mobility.comparison import carries
from mobility.errors import MobilityError, Problem
from mobility.network import MultimodalNetwork
from mobility.scenario import Scenario
from mobility.scenario.forms import parse_change
from mobility.streets import crossings
from mobility.tables import STREET_MODES, Column
from mobility.words import translator
from mobility.workbook import Sheet, write_workbook
from mobility.zones import Countries

FOLDER = "border-out"
CUTOFF_S = 3600.0
CARRIED = (
    Column("mode", "string", "", "mode of travel, door to door"),
    Column("kind", "string", "", "line or street taken out"),
    Column("name", "string", "", "line with its feed, or street"),
    Column("value", "float64", "people", "people abroad within an hour without it, mean"),
    Column("loss", "float64", "people", "people abroad that are lost without it"),
    Column("share", "float64", "1", "loss ÷ people abroad with all"),
    Column("rank", "int64", "", "place, the largest loss first; equal losses share it"),
    Column("tied", "bool", "", "shares its place"),
)


def border_lines(network: MultimodalNetwork) -> dict[str, tuple[str, ...]]:
    """Lines that run on the day and call in more than one country: name → route ids.

    Routes of one feed, operator, number and mode are one line.
    """
    timetable = network.timetable
    country = timetable.stops["country"].to_numpy(object)
    found: dict[str, set[str]] = {}
    routes = timetable.routes
    for pattern, route in enumerate(timetable.pattern_route):
        first, last = timetable.pattern_stop_offset[pattern : pattern + 2]
        at = timetable.pattern_stops[first:last]
        if len({c for c in country[at] if c}) < 2:
            continue
        row = routes.iloc[int(route)]
        number = row["short_name"] or row["long_name"] or row["route_id"]
        name = f"{row['feed']} {number} ({row['mode']})"
        found.setdefault(name, set()).add(str(row["route_id"]))
    return {name: tuple(sorted(ids)) for name, ids in sorted(found.items())}


def border_streets(network: MultimodalNetwork, countries: Countries, mode: str) -> list[str]:
    """Names of streets, ferries among them, on which one crosses the border in a mode."""
    table = crossings(network.supply.streets, countries)
    column = "bike" if mode == "ebike" else mode
    if column not in table.columns:
        return []
    open_ = table[(table[column] != "closed") & (table["name"].fillna("") != "")]
    return sorted(set(open_["name"].astype(str)))


def carried(
    increments: Increments, modes: Sequence[str], countries: Countries | None
) -> pd.DataFrame:
    """Rank what carries the border in each mode, by people abroad lost without it.

    Public transport loses each line that crosses the border in turn; a street mode each
    street of one name that crosses it. A street without a name can't be chosen by a change
    and is left out.

    Returns
    -------
    DataFrame
        Columns of `CARRIED`.
    """
    own = increments.job.scenario.changes
    network = increments.network(own)
    zones = network.supply.zones
    lines = border_lines(network)
    tables = []
    for mode in modes:
        street = mode in STREET_MODES
        if street and countries is None:
            continue
        names = border_streets(network, countries, mode) if street and countries else list(lines)
        done = 0

        def value(
            name: str | None, mode: str = mode, street: bool = street, n: int = len(names)
        ) -> float:
            nonlocal done
            increments.teller.step(increments.job.scenario.name, f"{mode}: {name or ''}")
            increments.teller.part(done, n)
            done += 1
            out = [] if name is None else [_without(name, lines, mode if street else "")]
            return foreign_people(increments.times([*own, *out], mode), zones, cutoff_s=CUTOFF_S)

        ranked = carries(names, value)
        tables.append(ranked.assign(mode=mode, kind="street" if street else "line"))
    columns = [column.name for column in CARRIED]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns]


def _without(name: str, lines: dict[str, tuple[str, ...]], mode: str) -> Any:
    """Return the change that takes a line or a street out."""
    table: dict[str, Any] = (
        {"kind": "close-street", "streets": [{"name": name}]}
        if mode
        else {"kind": "remove-lines", "lines": [{"route_id": route} for route in lines[name]]}
    )
    form, problems = parse_change(table, name)
    if form is None:
        raise MobilityError(problems)
    return form


def run_carried(
    job: Job, base: Scenario, teller: Teller, *, modes: Sequence[str] = ("pt", "bike")
) -> Path:
    """Rank what carries the border in a scenario, and write table, workbook and charts.

    Raises
    ------
    MobilityError
        Nothing of it crosses a border.
    """
    increments = Increments(job, base, teller)
    _, timed = increments.start(job.scenario.changes)
    table = carried(increments, modes, timed.prepared.countries)
    if not len(table):
        raise MobilityError(
            Problem(job.scenario.name, "no line and no named street across a border",
                    "a region of two countries, with their polygons")
        )  # fmt: skip
    stamp = Stamp.of_inputs(
        (file.role for file in timed.prepared.inputs),
        timed.prepared.key,
        demonstration=job.region.demonstration,
    )
    _ = translator(job.lang)
    target = job.out / f"{job.scenario.name}.{FOLDER}"
    with whole_folder(target) as folder:
        (folder / "charts").mkdir()
        write_csv(folder / f"{FOLDER}.csv", table)
        notes = [_("Demonstration timetable")] if job.region.demonstration else []
        sheet = Sheet(
            _("What carries the border"), table, columns=CARRIED, digits=2,
            about=_("People abroad within an hour that are lost without a line or street"),
        )  # fmt: skip
        write_workbook(
            folder / "tables.xlsx", [sheet], lang=job.lang, title=job.region.name, notes=notes
        )
        for mode, rows in table.groupby("mode", sort=False):
            shown = rows[rows["loss"] != 0].head(20)
            drawn = measure_ranking(
                shown.rename(columns={"name": "measure"}).assign(value=shown["loss"]),
                unit="people", title=_("What carries the border"), lang=job.lang, stamp=stamp,
            )  # fmt: skip
            save(drawn, folder / "charts" / str(mode).replace("+", "-"),
                 {"Title": str(mode), "fingerprint": stamp.fingerprint})  # fmt: skip
    return target
