"""What each measure of a package brings: alone, last, and its fair share of the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.batch.comparing import foreign_people
from mobility.batch.folders import whole_folder
from mobility.batch.increments import Increments
from mobility.batch.job import Job, Teller
from mobility.batch.write import write_csv
from mobility.border.penetration import foreign_pairs
from mobility.charts import Stamp, measure_ranking, save
from mobility.comparison import Contribution, contribution
from mobility.errors import Problem, ScenarioError
from mobility.scenario import Scenario
from mobility.tables import Column, TravelTimes
from mobility.words import marked, translator
from mobility.workbook import Sheet, write_workbook
from mobility.zones import Zones

FOLDER = "contribution"
# Longer journeys than this are none to a commuter; unreached pairs count as this long.
WORST_S = 3 * 3600.0
FIGURES = {
    "people_abroad": marked("people abroad within an hour, mean per person"),
    "people": marked("people within an hour, mean per person"),
    "border_minutes": marked("minutes across the border, mean over pairs of people"),
}
CONTRIBUTIONS = (
    Column("figure", "string", "", "what is shared out"),
    Column("mode", "string", "", "mode of travel, door to door"),
    Column("measure", "string", "", "measure of the package"),
    Column("total", "float64", "", "what the whole package changes"),
    Column("alone", "float64", "", "what the measure changes without the others"),
    Column("leave_one_out", "float64", "", "what the package loses without it"),
    Column("shapley", "float64", "", "its share of the total; the shares add up to it"),
    Column("error", "float64", "", "standard error of the share, nil where all are computed"),
    Column("share", "float64", "1", "share ÷ total"),
)


@dataclass(frozen=True)
class Measure:
    """One measure of a package: its name, and its changes in order."""

    name: str
    changes: tuple[Any, ...]


def measures_of(scenarios: Sequence[Scenario], base: Scenario) -> list[Measure]:
    """Take scenarios as measures, or, of one alone, each of its changes.

    Raises
    ------
    ScenarioError
        A package of fewer than two measures.
    """
    n_base = len(base.changes)
    if len(scenarios) > 1:
        found = [Measure(s.name, s.changes[n_base:]) for s in scenarios]
    else:
        (one,) = scenarios
        found = [
            Measure(f"{k + 1} {_name(form)}", (form,))
            for k, form in enumerate(one.changes[n_base:])
        ]
    if len(found) < 2:
        raise ScenarioError(
            Problem("contribution", f"{len(found)} measure", "a package of two measures or more",
                    "Give several scenario files, or one with several changes.")
        )  # fmt: skip
    return found


def _name(form: Any) -> str:
    own = next((str(getattr(form, key)) for key in ("id", "name") if getattr(form, key, "")), "")
    return f"{form.kind} {own}".strip()


def contributions(
    measures: Sequence[Measure],
    increments: Increments,
    modes: Sequence[str],
    zones: Zones,
    *,
    orders: int = 50,
) -> pd.DataFrame:
    """Share the effect of a package out over its measures, for each figure and mode.

    Every combination of up to six measures is computed; of more, those that `orders` drawn
    orders ask for. Changes are applied in the order of the package whatever the combination.

    Returns
    -------
    DataFrame
        Columns of `CONTRIBUTIONS`.
    """
    names = [measure.name for measure in measures]
    figure = figures_of(zones)
    done = 0

    def value(who: frozenset[str]) -> npt.NDArray[np.float64]:
        nonlocal done
        changes = [form for m in measures if m.name in who for form in m.changes]
        increments.teller.step(increments.job.scenario.name, "contribution")
        increments.teller.part(done, 2 ** min(len(measures), 6))
        done += 1
        changes = [*increments.base.changes, *changes]
        return np.array([figure(increments.times(changes, mode)) for mode in modes])

    found = contribution(names, value, orders=orders)
    return laid_out(found, modes)


def figures_of(zones: Zones) -> Callable[[TravelTimes], list[float]]:
    """Give the function that measures a matrix by `FIGURES`."""
    people = zones.opportunities.get("population", pd.Series(np.ones(len(zones.ids))))
    weight = people.fillna(0.0).to_numpy(np.float64)

    def measure(times: TravelTimes) -> list[float]:
        time_s = times.at(50).astype(np.float64)
        capped = np.where(np.isfinite(time_s), np.minimum(time_s, WORST_S), WORST_S)
        heavy = weight[:, None] * weight[None, :] * foreign_pairs(times)
        whole = heavy.sum()
        minutes = float((capped * heavy).sum() / whole / 60) if whole > 0 else float("nan")
        reached = float(weight @ ((time_s <= 3600) @ weight) / weight.sum())
        return [foreign_people(times, zones), reached, minutes]

    return measure


def laid_out(found: Contribution, modes: Sequence[str]) -> pd.DataFrame:
    """Lay a contribution out, a row per figure, mode and measure, largest share first."""
    rows = []
    for m, mode in enumerate(modes):
        for k, figure in enumerate(FIGURES):
            total = float(found.total[m, k])
            rows += [
                {
                    "figure": figure,
                    "mode": mode,
                    "measure": name,
                    "total": total,
                    "alone": float(found.alone[name][m, k]),
                    "leave_one_out": float(found.leave_one_out[name][m, k]),
                    "shapley": float(share[m, k]),
                    "error": float(found.errors[name][m, k]),
                    "share": float(share[m, k]) / total if total else float("nan"),
                }
                for name, share in found.shares.items()
            ]
    table = pd.DataFrame(rows, columns=[column.name for column in CONTRIBUTIONS])
    size = table["shapley"].abs()
    order = table.assign(size=-size, f=table["figure"].map({f: k for k, f in enumerate(FIGURES)}))
    kept = order.sort_values(["mode", "f", "size", "measure"], kind="stable").index
    return table.loc[kept].reset_index(drop=True)


def run_contribution(
    scenarios: Sequence[Scenario],
    base: Scenario,
    job: Job,
    teller: Teller,
    *,
    modes: Sequence[str] = ("pt",),
    orders: int = 50,
) -> Path:
    """Compute what each measure of a package contributes, and write table and chart.

    Parameters
    ----------
    scenarios
        The package: several scenarios, or one whose changes are the measures.
    base
        Their baseline.
    job
        Its scenario stands for the whole package: name, window, settings.

    Returns
    -------
    Path
        ``<out>/<name>.contribution``.
    """
    measures = measures_of(scenarios, base)
    increments = Increments(job, base, teller)
    _, timed = increments.start(base.changes)
    zones = timed.prepared.network.supply.zones
    table = contributions(measures, increments, modes, zones, orders=orders)
    stamp = Stamp.of_inputs(
        (file.role for file in timed.prepared.inputs),
        timed.prepared.key,
        demonstration=job.region.demonstration,
    )
    target = job.out / f"{job.scenario.name}.{FOLDER}"
    with whole_folder(target) as folder:
        (folder / "charts").mkdir()
        write_csv(folder / f"{FOLDER}.csv", table)
        _write_book(folder, table, job)
        _draw(folder, table, stamp, job)
    return target


def _write_book(folder: Path, table: pd.DataFrame, job: Job) -> None:
    _ = translator(job.lang)
    sheet = Sheet(
        _("Contribution"), table, columns=CONTRIBUTIONS, digits=2,
        about=_("What each measure of the package brings; the shares add up to the total"),
    )  # fmt: skip
    notes = [_("Demonstration timetable")] if job.region.demonstration else []
    write_workbook(
        folder / "tables.xlsx", [sheet], lang=job.lang, title=job.region.name, notes=notes
    )


def _draw(folder: Path, table: pd.DataFrame, stamp: Stamp, job: Job) -> None:
    _ = translator(job.lang)
    for (figure, mode), rows in table.groupby(["figure", "mode"], sort=False):
        shares = rows.rename(columns={"shapley": "value"})[["measure", "value", "error"]]
        shares = shares.assign(
            low=shares["value"] - 1.96 * shares["error"],
            high=shares["value"] + 1.96 * shares["error"],
        )
        drawn = measure_ranking(
            shares, unit=FIGURES[str(figure)], title=_("What each measure contributes"),
            lang=job.lang, stamp=stamp,
        )  # fmt: skip
        save(drawn, folder / "charts" / f"{figure}-{str(mode).replace('+', '-')}",
             {"Title": str(figure), "fingerprint": stamp.fingerprint})  # fmt: skip
