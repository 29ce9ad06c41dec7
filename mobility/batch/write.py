"""RunDatas → the files an officer opens: tables, charts, layers, workbook, report, manifest."""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from mobility.batch import figures, manifest
from mobility.batch.causes import border_causes
from mobility.batch.comparing import comparison_sheets, comparison_tables
from mobility.batch.drawn import write_draws
from mobility.batch.folders import whole_folder
from mobility.batch.garbage import seldom_collected
from mobility.batch.hours import departures_by_hour
from mobility.batch.layers import map_layers
from mobility.batch.results import LANGUAGES, RunData, join_rows, measured
from mobility.batch.street_inventory import StreetInventory, write_map
from mobility.batch.timing import cores, peak_memory_mb
from mobility.border import headlines, resolve_pairs
from mobility.checkpage import write_check_page
from mobility.errors import MobilityError
from mobility.feeds.notes import note_said
from mobility.maps import write_layers
from mobility.merge import Merged
from mobility.report import NamedPair, ReportInput, Run, write_report
from mobility.report.model import Headline
from mobility.report.pairs import people_of
from mobility.report.variants import told_apart
from mobility.tables import (
    ACCESSIBILITY,
    COMPONENTS,
    TRAVEL_TIMES,
    Column,
    check,
    to_components,
    to_table,
)
from mobility.words import label, translator
from mobility.workbook import Sheet, write_workbook
from mobility.zones import Countries

COMPARISON = "comparison"
CHECKED = "check"
DIGITS = 6
# What a spreadsheet takes for the beginning of a formula, or leaves out before one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_run(
    result: RunData,
    baseline: RunData | None,
    target: Path,
    shown: Mapping[str, Any],
    files: Mapping[str, Path],
) -> Path:
    """Write a scenario's folder, whole or not at all.

    Parameters
    ----------
    result
        The scenario.
    baseline
        What it is compared with, or None.
    target
        ``<out>/<scenario>``.
    shown
        As `manifest.shown` gathers it: language, words, pairs, fingerprints.
    files
        Where the region and the scenario stand, for ``verify``.

    Returns
    -------
    Path
        `target`.
    """
    results = [result] if baseline is None else [baseline, result]
    with whole_folder(target) as folder:
        _write_parquet(folder, result)
        write_draws(folder, result.times)
        _write_tables(folder, result)
        for name, table in sorted(result.evidence.items()):
            write_csv(folder / "merge" / f"{name}.csv", table)
        for name, table in sorted(result.supply.items()):
            write_csv(folder / "supply" / f"{name}.csv", table)
        _write_reading(folder, results, shown["lang"])
        took = measured(result.timings_s, peak_memory_mb(), cores())
        manifest.write(manifest.complete(result, folder, files, {**shown, **took}), folder)
    return target


@seldom_collected()
def write_comparison(
    results: Sequence[RunData],
    target: Path,
    lang: str,
    failures: Mapping[str, MobilityError] | None = None,
) -> Path:
    """Write the folder that compares several scenarios; the first is the baseline.

    Each scenario is set beside the baseline it names. A folder that compares these very runs
    already is left as it is.
    """
    failed = {name: [str(p) for p in error.problems] for name, error in (failures or {}).items()}
    shown = {**manifest.compared(results, lang), "failed": failed}
    if manifest.is_current(target, shown):
        return target
    tables = comparison_tables(results, failures)
    with whole_folder(target) as folder:
        pairs = tables.pop("zone_pairs", pd.DataFrame())
        pairs.to_parquet(folder / "zone_pairs.parquet", index=False, compression="zstd")
        cards = join_rows([r.border["scorecard"] for r in results])
        for name, table in sorted({**tables, "scorecard": cards}.items()):
            write_csv(folder / f"{name}.csv", table)
        _write_reading(folder, results, lang, comparison_sheets(tables, lang))
        manifest.write({**shown, "outputs": manifest.outputs(folder), "files": {}}, folder)
    return target


def write_check(
    target: Path,
    merged: Merged,
    *,
    region: str,
    day: dt.date,
    lang: str,
    countries: Countries | None,
    streets: pd.DataFrame,
    inventory: StreetInventory | None = None,
) -> Path:
    """Write a region's merge report and its evidence, whole or not at all."""
    with whole_folder(target) as folder:
        for name, table in sorted({**merged.evidence, "street_tags": streets}.items()):
            write_csv(folder / "merge" / f"{name}.csv", table)
        found = {} if inventory is None else inventory.tables
        for name, table in sorted(found.items()):
            write_csv(folder / "streets" / f"{name}.csv", table)
        if inventory is not None:
            write_map(inventory, folder / "maps" / "streets.gpkg")
        write_check_page(
            folder / "check.html", merged, region=region, day=day, lang=lang,
            countries=countries, streets=streets, inventory=found,
        )  # fmt: skip
    return target


def _write_parquet(folder: Path, result: RunData) -> None:
    for name, contract, lay_out in (
        ("travel_times", TRAVEL_TIMES, to_table),
        ("components", COMPONENTS, to_components),
    ):
        _write_rows(folder / f"{name}.parquet", result, contract, lay_out)


def _write_rows(path: Path, result: RunData, contract: tuple[Column, ...], lay_out: object) -> None:
    """Write one row group per mode, so that memory holds one mode at a time."""
    assert callable(lay_out)
    writer: pq.ParquetWriter | None = None
    schema = pa.schema([
        (c.name, pa.dictionary(pa.int32(), pa.string()) if c.dtype == "string" else c.dtype)
        for c in contract
    ])  # fmt: skip
    try:
        for times in result.times.values():
            rows = check(lay_out(times), contract, path.name)
            table = pa.Table.from_pandas(rows, preserve_index=False).cast(schema)
            if writer is None:
                writer = pq.ParquetWriter(path, schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table that Excel opens right: UTF-8 with a mark, text never a formula.

    Numbers keep `DIGITS` significant digits.
    """
    columns = {}
    for name in table.columns:
        values = table[name]
        if pd.api.types.is_float_dtype(values):
            columns[name] = pa.array(_significant(values.to_numpy(np.float64)), from_pandas=True)
        elif pd.api.types.is_numeric_dtype(values):
            columns[name] = pa.array(values)
        else:
            columns[name] = _plain_texts(values)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as opened:
        opened.write(codecs.BOM_UTF8)
        options = csv.WriteOptions(quoting_style="needed")
        csv.write_csv(pa.table(columns), opened, options)


def _significant(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round to `DIGITS` significant digits."""
    usable = np.isfinite(values) & (values != 0)
    power = np.zeros(len(values))
    power[usable] = DIGITS - 1 - np.floor(np.log10(np.abs(values[usable])))
    # Scaling up by 10**power and down by dividing keeps short decimals short.
    up, down = 10.0 ** np.maximum(power, 0), 10.0 ** np.maximum(-power, 0)
    return np.where(usable, np.round(values * up / down) / up * down, values)


def _plain_texts(values: pd.Series) -> pa.Array:
    codes, names = pd.factorize(values.astype(object))
    plain = pa.array([_plain(name) for name in names], pa.string())
    indices = pa.array(codes, pa.int32(), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, plain).cast(pa.string())


def _plain(value: object) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Text that has such an apostrophe of its own gets one more, so that `reading` finds it again.
    """
    text = str(value)
    return "'" + text if text.lstrip("'").startswith(FORMULA_STARTS) else text


def _write_tables(folder: Path, result: RunData) -> None:
    accessibility = check(result.accessibility, ACCESSIBILITY, "accessibility")
    accessibility.to_parquet(folder / "accessibility.parquet", index=False, compression="zstd")
    write_csv(folder / "accessibility.csv", accessibility)
    write_csv(folder / "municipalities.csv", result.municipalities)
    for name, table in sorted(result.border.items()):
        write_csv(folder / f"{name}.csv", table)


def _write_reading(
    folder: Path, results: Sequence[RunData], lang: str, first: Sequence[Sheet] = ()
) -> None:
    data = report_input(results)
    data = figures.write_charts(folder / "charts", data, lang)
    (folder / "maps").mkdir()
    write_layers(folder / "maps" / "layers.gpkg", map_layers(results))
    write_workbook(
        folder / "tables.xlsx",
        [*first, *_sheets(results, lang)],
        lang=lang,
        title=data.region,
        notes=_notes(data, lang),
    )
    write_report(folder / "report.html", data, lang)


def _notes(data: ReportInput, lang: str) -> list[str]:
    _ = translator(lang)
    notes = [_("Demonstration timetable")] if data.demonstration else []
    notes += [note_said(note, lang) for note in data.manifest.get("notes", ())]
    return [*notes, f"{_('Fingerprint')}: {data.manifest.get('fingerprint', '')}"]


def _sheets(results: Sequence[RunData], lang: str) -> list[Sheet]:
    _ = translator(lang)
    last = results[-1]
    sheets = [
        Sheet(
            _("Scorecard"),
            join_rows([r.border["scorecard"] for r in results]),
            about=_("Objective 2B: named pairs by mode, now and per scenario"),
        )
    ]
    for mode in last.times:
        square = _square(last.municipalities, mode)
        sheets.append(
            Sheet(
                label(mode, lang),
                square,
                about=_("Median minutes from row to column, {mode}").format(mode=label(mode, lang)),
                matrix=True,
                digits=0,
            )
        )
    sheets.append(
        Sheet(
            _("Accessibility"),
            _by_municipality(last),
            about=_("People and jobs reached within a time, mean over the zones' people"),
        )
    )
    return sheets


def _square(municipalities: pd.DataFrame, mode: str) -> pd.DataFrame:
    rows = municipalities[municipalities["mode"] == mode]
    rows = rows.assign(
        o=_label(rows, "o"), d=_label(rows, "d"), minutes=rows["p50_s"].astype(float) / 60
    )
    square = rows.pivot_table(
        index="o", columns="d", values="minutes", observed=True, dropna=False, sort=True
    )
    return square.rename_axis(columns=None).reset_index(names="")


def _label(rows: pd.DataFrame, end: str) -> pd.Series:
    name = rows[f"municipality_{end}"].astype(str)
    country = rows[f"country_{end}"].astype(str)
    return name.where(country == "", name + " (" + country + ")")


def _by_municipality(result: RunData) -> pd.DataFrame:
    zones = result.zones
    people = people_of(zones)
    municipality = dict(zip(zones.ids, zones.municipalities, strict=True))
    rows = result.accessibility
    rows = rows[rows["indicator"] == "cumulative"]
    rows = rows.assign(
        municipality=rows["zone"].astype(object).map(municipality),
        weight=rows["zone"].astype(object).map(people),
    )
    rows = rows.assign(weighted=rows["value"] * rows["weight"])
    keys = ["municipality", "country", "mode", "opportunity", "cutoff_s", "unit"]
    summed = rows.groupby(keys, observed=True, dropna=False)[["weighted", "weight"]].sum()
    summed["value"] = summed["weighted"] / summed["weight"].where(summed["weight"] > 0)
    wide = summed["value"].unstack("cutoff_s").reset_index()
    wide.columns = [
        name if isinstance(name, str) else f"within_{name / 60:.0f}_min" for name in wide.columns
    ]
    return wide


def report_input(results: Sequence[RunData]) -> ReportInput:
    """Gather what the report shows of results; the first is the baseline."""
    first, last = results[0], results[-1]
    municipalities = join_rows([r.municipalities for r in results])
    lines = [
        r.background.lines
        if r is first
        else r.background.lines[r.background.lines["new"].astype(bool)].assign(scenario=r.name)
        for r in results
    ]
    facts = last.facts
    return ReportInput(
        region=str(facts["region"]),
        runs=told_apart([_shown_run(r) for r in results]),
        zones=first.zones,
        day=dt.date.fromisoformat(facts["day"]),
        window=(facts["window"]["start"], facts["window"]["end"]),
        countries=first.countries,
        pairs=named_pairs(first),
        # few names, each in very many rows
        municipalities=pd.DataFrame({
            "scenario": municipalities["scenario"].astype("category"),
            "mode": municipalities["mode"].astype("category"),
            "origin": municipalities["municipality_o"].astype("category"),
            "destination": municipalities["municipality_d"].astype("category"),
            "country_o": municipalities["country_o"].astype("category"),
            "country_d": municipalities["country_d"].astype("category"),
            "minutes": municipalities["p50_s"].astype(np.float64) / 60,
        }),
        accessibility=join_rows([r.accessibility for r in results]),
        scorecard=join_rows([r.border["scorecard"] for r in results]),
        lines=join_rows(lines),
        stops=first.background.stops,
        roads=first.background.roads,
        border=border_causes(results),
        departures=departures_by_hour(results),
        evidence=first.evidence,
        manifest={
            **facts,
            "notes": list(dict.fromkeys(n for r in results for n in r.notes)),
            "snapshot": last.snapshot,
        },
        demonstration=bool(facts["demonstration"]),
        headlines=spoken_headlines(results),
    )  # fmt: skip


def _shown_run(result: RunData) -> Run:
    window = result.facts["window"]
    return Run(
        result.name, result.title, result.description, result.effects, dict(result.times),
        baseline=result.baseline, day=dt.date.fromisoformat(result.facts["day"]),
        window=(window["start"], window["end"]),
    )  # fmt: skip


def spoken_headlines(results: Sequence[RunData]) -> tuple[Headline, ...]:
    """Say the ten figures of each scenario in every language."""
    figures_ = join_rows([r.border["figures"] for r in results if "figures" in r.border])
    if not len(figures_):
        return ()
    by_language = {lang: headlines(figures_, lang) for lang in LANGUAGES}
    return tuple(
        Headline(
            scenario=rows[0].scenario,
            figure={lang: row.figure for lang, row in zip(LANGUAGES, rows, strict=True)},
            band={lang: row.band for lang, row in zip(LANGUAGES, rows, strict=True)},
            sentence={lang: row.sentence for lang, row in zip(LANGUAGES, rows, strict=True)},
        )
        for rows in zip(*(by_language[lang] for lang in LANGUAGES), strict=True)
    )


def named_pairs(result: RunData) -> tuple[NamedPair, ...]:
    """Name the zones at both ends of the region's pairs."""
    ids = result.zones.ids
    return tuple(
        NamedPair(
            f"{a.name} – {b.name}",
            tuple(str(ids[row]) for row in a.rows),
            tuple(str(ids[row]) for row in b.rows),
            pair.kind,
        )
        for pair, (a, b) in zip(
            result.pairs, resolve_pairs(result.zones, result.pairs), strict=True
        )
    )
