"""What the page's own script reads: places, shapes and packed matrices."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import Problem, RunError
from mobility.report import geometry
from mobility.report.matrices import Layer, pack_times
from mobility.report.model import ReportInput, Run, spoken
from mobility.report.pairs import people_of
from mobility.report.sections import in_mode_order
from mobility.tables import PARTS, TravelTimes
from mobility.words import LANGUAGES, label, translator
from mobility.zones import Zones

# The whole page must stay under 25 MB to be mailed; words, shapes and charts need the rest.
LAYER_BUDGET = 19_000_000
# (seconds per step, percentiles besides the median, parts): the first that fits is taken.
GRADES = (
    (1, True, True),
    (6, True, True),
    (30, True, True),
    (60, True, True),
    (60, True, False),
    (60, False, False),
)
# A grade is not tried whole where a band of rows says that it would be this much too large.
HOPELESS = 1.15
BAND_ROWS = 48
LARGEST_BAND = 0.25
MOST_ZONES = 3_000
MATRIX_PLACES = 60
SPOKEN_IN_SCRIPT = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Payload:
    """Data for the page's script, and how coarse it had to become to fit."""

    meta: dict[str, Any]
    layers: tuple[Layer, ...]
    step_s: int
    percentiles: bool
    parts: bool


def script_texts(script: str) -> list[str]:
    """All texts that the page's script asks for by ``t("…")``, sorted."""
    return sorted({json.loads(f'"{text}"') for text in SPOKEN_IN_SCRIPT.findall(script)})


def safe_json(value: object) -> str:
    """JSON that can stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def has_map(data: ReportInput) -> bool:
    """Whether there are matrices to colour, and not too many zones for one page."""
    return bool(data.baseline.times) and 0 < len(data.zones.ids) <= MOST_ZONES


def build(data: ReportInput, script: str) -> Payload:
    """Gather everything the script needs, as finely as the size allows.

    Raises
    ------
    RunError
        Two scenarios have other origins or destinations for one mode.
    """
    order = geometry.locality_order(data.zones.lon, data.zones.lat)
    position = {str(zone): k for k, zone in enumerate(data.zones.ids[order])}
    axes, row, column = _axes(data.runs, position)
    layers: tuple[Layer, ...] = ()
    step_s, percentiles, parts = GRADES[-1]
    if has_map(data):
        layers, (step_s, percentiles, parts) = _finest(data.runs, row, column)
    meta = {
        "step": step_s,
        "words": _words(script, data),
        "zones": _zones(data.zones, order),
        "axes": axes,
        "runs": [
            {
                "name": run.name,
                "base": data.runs.index(data.base_of(run)),
                **{la: spoken(run.title, la, run.name) for la in LANGUAGES},
            }
            for run in data.runs
        ],
        "first": _first_zone(data, position),
        "modes": in_mode_order(list(axes)),
        "parts": list(PARTS),
        "layers": {la.key: [la.reference, la.predictor, int(not la.data)] for la in layers},
        "border": geometry.border_lines(data.countries, data.zones),
        "roads": geometry.lines_of(data.roads, ("name",)),
        "lines": geometry.lines_of(
            data.lines, ("name", "mode", "operator", "cross_border", "scenario")
        ),
        "stops": geometry.points_of(data.stops),
        "matrix": matrix_data(data),
    }
    return Payload(meta, layers, step_s, percentiles, parts)


def _first_zone(data: ReportInput, position: Mapping[str, int]) -> int:
    """Row of the zone the map opens with: where the first named pair starts, else the largest."""
    asked = [zone for pair in data.pairs for zone in pair.origins if zone in position]
    ids = asked[:1] or [str(zone) for zone in data.zones.ids]
    people = people_of(data.zones)
    return position[max(ids, key=lambda zone: people.get(zone, 0.0))] if ids else 0


def _axes(
    runs: Sequence[Run], position: Mapping[str, int]
) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.intp]], dict[str, npt.NDArray[np.intp]]]:
    """Per mode: which zones stand along both sides, and the order they are written in."""
    axes: dict[str, Any] = {}
    rows: dict[str, npt.NDArray[np.intp]] = {}
    columns: dict[str, npt.NDArray[np.intp]] = {}
    first: dict[str, TravelTimes] = {}
    for run in runs:
        for mode, times in run.times.items():
            if mode not in first:
                first[mode] = times
                rows[mode], o = _sorted(times.origins, position)
                columns[mode], d = _sorted(times.destinations, position)
                axes[mode] = {"o": _short(o, len(position)), "d": _short(d, len(position))}
            elif not (
                np.array_equal(times.origins, first[mode].origins)
                and np.array_equal(times.destinations, first[mode].destinations)
            ):
                raise RunError(
                    Problem(
                        f"report: {run.name}/{mode}",
                        f"other origins or destinations than {runs[0].name}",
                        "the same zones in every scenario",
                    )
                )
    return axes, rows, columns


def _sorted(
    ids: npt.NDArray[np.object_], position: Mapping[str, int]
) -> tuple[npt.NDArray[np.intp], list[int]]:
    at = np.array([position[str(zone)] for zone in ids], np.intp)
    order = np.argsort(at, kind="stable")
    return order, [int(k) for k in at[order]]


def _short(at: list[int], n: int) -> list[int] | None:
    """None says "every zone, in order"."""
    return None if at == list(range(n)) else at


def _finest(
    runs: Sequence[Run],
    row: Mapping[str, npt.NDArray[np.intp]],
    column: Mapping[str, npt.NDArray[np.intp]],
) -> tuple[tuple[Layer, ...], tuple[int, bool, bool]]:
    """Pack by the first grade that fits the page; packing takes the time, so bands go ahead."""
    band = {mode: _band(rows) for mode, rows in row.items()}
    share = sum(map(len, band.values())) / max(1, sum(map(len, row.values())))
    for grade in GRADES[:-1]:
        if share <= LARGEST_BAND:
            sample = _fitting(_layers(runs, band, column, *grade), HOPELESS * share * LAYER_BUDGET)
            if sample is None:
                continue
        layers = _fitting(_layers(runs, row, column, *grade), LAYER_BUDGET)
        if layers is not None:
            return layers, grade
    return tuple(_layers(runs, row, column, *GRADES[-1])), GRADES[-1]


def _band(rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Rows that lie beside each other, from the middle."""
    start = max(0, (len(rows) - BAND_ROWS) // 2)
    return rows[start : start + BAND_ROWS]


def _layers(
    runs: Sequence[Run],
    row: Mapping[str, npt.NDArray[np.intp]],
    column: Mapping[str, npt.NDArray[np.intp]],
    step_s: int,
    percentiles: bool,
    parts: bool,
) -> Iterator[Layer]:
    for mode in dict.fromkeys(mode for run in runs for mode in run.times):
        yield from pack_times(
            [{mode: run.times[mode]} if mode in run.times else {} for run in runs],
            row[mode],
            column[mode],
            step_s=step_s,
            percentiles=percentiles,
            parts=parts,
        )


def _fitting(layers: Iterator[Layer], budget: float) -> tuple[Layer, ...] | None:
    """Take all layers, or None as soon as they are too large: packing is what takes time."""
    taken, size = [], 0
    for layer in layers:
        size += len(layer.data)
        if size > budget:
            return None
        taken.append(layer)
    return tuple(taken)


def _zones(zones: Zones, order: npt.NDArray[np.intp]) -> dict[str, Any]:
    rings = geometry.zone_rings(zones)
    people = np.zeros(len(order))
    if "population" in zones.opportunities:
        people = zones.opportunities["population"].fillna(0.0).to_numpy(float)

    def steps(values: npt.NDArray[np.float64]) -> list[int]:
        return [round(float(v) * geometry.STEPS_PER_DEGREE) for v in values[order]]

    return {
        "id": [str(v) for v in zones.ids[order]],
        "name": [str(v) for v in zones.names[order]],
        "country": [str(v) for v in zones.countries[order]],
        "municipality": [str(v) for v in zones.municipalities[order]],
        "lon": steps(zones.lon),
        "lat": steps(zones.lat),
        "people": [round(float(v)) for v in people[order]],
        "rings": None if rings is None else [rings[k] for k in order],
    }


def _words(script: str, data: ReportInput) -> dict[str, dict[str, str]]:
    """Texts of the script, and the words for modes and countries, per language."""
    names = {*data.baseline.times, *(str(c) for c in data.zones.countries)}
    if not data.lines.empty:
        names |= {str(m) for m in data.lines["mode"]}
    texts = script_texts(script)
    return {
        lang: {
            **{text: translator(lang)(text) for text in texts},
            **{name: label(name, lang) for name in sorted(names)},
        }
        for lang in LANGUAGES
    }


def matrix_data(data: ReportInput) -> dict[str, Any] | None:
    """Minutes between the places of named pairs, else between the largest places."""
    table = data.municipalities
    if table.empty:
        return None
    places = _matrix_places(data, table)
    index = {name: k for k, (name, _country) in enumerate(places)}
    origin = table["origin"].astype(str).map(index)
    destination = table["destination"].astype(str).map(index)
    kept = origin.notna() & destination.notna()
    rows = table[kept].assign(
        cell=origin[kept].astype(int) * len(places) + destination[kept].astype(int)
    )
    minutes: dict[str, dict[str, list[float | None]]] = {}
    for (scenario, mode), group in rows.groupby(["scenario", "mode"], sort=False, observed=True):
        cells: list[float | None] = [None] * len(places) ** 2
        for cell, value in zip(group["cell"], group["minutes"], strict=True):
            if np.isfinite(value):
                cells[int(cell)] = round(float(value), 2)
        minutes.setdefault(str(scenario), {})[str(mode)] = cells
    return {"places": [list(place) for place in places], "minutes": minutes}


def _matrix_places(data: ReportInput, table: pd.DataFrame) -> list[tuple[str, str]]:
    """Places by country, then name; at most `MATRIX_PLACES`, the largest where there are more."""
    ends = table[["origin", "country_o"]].drop_duplicates().astype(str).to_numpy()
    known = {str(name): str(country) for name, country in ends}
    asked = {zone for pair in data.pairs for zone in (*pair.origins, *pair.destinations)}
    of_zone = dict(zip(map(str, data.zones.ids), map(str, data.zones.municipalities), strict=True))
    named = {of_zone[zone] for zone in asked if zone in of_zone} & set(known)
    chosen = named or set(known)
    if len(chosen) > MATRIX_PLACES:
        people = pd.Series(1.0, index=range(len(data.zones.ids)))
        if "population" in data.zones.opportunities:
            people = data.zones.opportunities["population"].reset_index(drop=True)
        size = people.groupby(data.zones.municipalities.astype(str)).sum()
        ranked = sorted(chosen, key=lambda name: (-float(size.get(name, 0.0)), name))
        chosen = set(ranked[:MATRIX_PLACES])
    return sorted(((n, known[n]) for n in chosen), key=lambda p: (p[1], p[0]))
