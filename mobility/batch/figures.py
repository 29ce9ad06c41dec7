"""Charts of a set of runs: which ones, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure as Drawing

from mobility.charts import Stamp, heat_map, pair_bars, save, svg_bytes, vf_heat_map
from mobility.report import Figure, ReportInput
from mobility.report.model import spoken
from mobility.report.pairs import pair_times
from mobility.words import label

LANGUAGES = ("nl", "en")
BAR_MODES = ("pt", "bike+pt", "bike", "car")
MATRIX_MODES = ("pt", "bike")


def draw(data: ReportInput, lang: str) -> dict[str, Drawing]:
    """Draw every chart that the runs allow: file stem → figure."""
    stamp = Stamp(
        source=", ".join(sorted({i["role"] for i in data.manifest.get("inputs", ())})),
        fingerprint=str(data.manifest.get("fingerprint", "")),
        demonstration=data.demonstration,
    )
    titles = {run.name: spoken(run.title, lang, run.name) for run in data.runs}
    last = data.runs[-1]
    modes = tuple(last.times)
    pairs = pair_times(data.runs, data.pairs, data.zones)
    drawn = {
        f"pairs-{_stem(mode)}": pair_bars(pairs, mode=mode, titles=titles, lang=lang, stamp=stamp)
        for mode in BAR_MODES
        if mode in modes
    }
    for mode in (m for m in MATRIX_MODES if m in modes):
        drawn[f"matrix-{_stem(mode)}"] = heat_map(
            data.municipalities, scenario=last.name, mode=mode, title=titles[last.name],
            lang=lang, stamp=stamp,
        )  # fmt: skip
    if "car" in modes and "pt" in modes:
        drawn["vf-pt"] = vf_heat_map(
            data.municipalities, scenario=last.name, mode="pt", title=titles[last.name],
            lang=lang, stamp=stamp,
        )  # fmt: skip
    return drawn


def _stem(mode: str) -> str:
    return mode.replace("+", "-")


def write_charts(folder: Path, data: ReportInput, lang: str) -> Mapping[str, Drawing]:
    """Write each chart as PNG and SVG; return the figures drawn."""
    folder.mkdir(parents=True)
    drawn = draw(data, lang)
    about = {"fingerprint": str(data.manifest.get("fingerprint", "")), "Source": data.region}
    for stem, figure in drawn.items():
        save(figure, folder / stem, {"Title": stem, **about})
    return drawn


def with_figures(data: ReportInput, drawn: Mapping[str, Drawing]) -> ReportInput:
    """Put the bar charts of the named pairs into the report's data."""
    return replace(
        data,
        figures=tuple(
            Figure(
                name=stem,
                svg=dict.fromkeys(LANGUAGES, svg_bytes(figure)),
                alt={lang: label(stem.removeprefix("pairs-").replace("-", "+"), lang)
                     for lang in LANGUAGES},
            )
            for stem, figure in drawn.items()
            if stem.startswith("pairs-")
        ),
    )  # fmt: skip
