"""Put the page together: one file, no request to anywhere, scripts allowed by their hash only."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from mobility.feeds.notes import note_said
from mobility.report import sections as parts
from mobility.report.answer import day_told, next_steps, sentences, told_run, window_told
from mobility.report.cards import card_rules, headline_blocks, scorecard_blocks
from mobility.report.model import ReportInput, spoken
from mobility.report.pairs import pair_times
from mobility.report.payload import Payload, build, has_map, safe_json
from mobility.report.sections import in_mode_order
from mobility.report.sources import ages_told, input_block
from mobility.report.speech import Spoken, by_language, say, word
from mobility.tables import MODES, TRANSIT_MODES
from mobility.words import LANGUAGES, label, translator

SCRIPTS = ("words.js", "layers.js", "values.js", "map.js", "panel.js", "matrix.js", "main.js")
CUTOFFS_MIN = (15, 30, 45, 60, 90, 120)
# Shown elsewhere, or differing from run to run: the same inputs give the same page.
NOT_SETTINGS = {"inputs", "outputs", "files", "timings_s", "peak_memory_mb", "cores", "effects",
                "title", "description", "changes", "pairs", "notes", "snapshot"}  # fmt: skip
GLOSSARY = (
    "door to door",
    "median",
    "percentile",
    "baseline",
    "scenario",
    "VF factor",
    "transfer",
    "timetable",
    "accessibility",
    "transport performance",
    "zone",
    "border effect",
)


def write_report(
    path: Path, data: ReportInput, lang: str = "nl", *, times: pd.DataFrame | None = None
) -> Path:
    """Write ``report.html``: one self-contained page that opens without network.

    Parameters
    ----------
    path
        File to write.
    data
        What to show.
    lang
        Language the page opens in; the other is one click away.
    times
        Table of `pair_times` where it has been made already.

    Returns
    -------
    Path
        `path`. The same input gives the same bytes.
    """
    translator(lang)
    found = pair_times(data.runs, data.pairs, data.zones) if times is None else times
    html = render(data, lang, found)
    path.write_text(html, encoding="utf-8", newline="\n")
    return path


def render(data: ReportInput, lang: str, times: pd.DataFrame) -> str:
    """Give the page as text."""
    script = page_script()
    payload = build(data, own_script())
    style = page_style()
    template = _environment(lang).get_template("report.html")
    return template.render(
        policy=policy(script, style),
        script=Markup(script),  # noqa: S704  (our own files, allowed by hash)
        style=Markup(style),  # noqa: S704
        meta=Markup(safe_json({**payload.meta, "lang": lang})),  # noqa: S704
        layers=payload.layers,
        **_content(data, times, payload),
    )


def asset(name: str) -> str:
    """Text of a file in ``assets/``."""
    return (resources.files("mobility.report") / "assets" / name).read_text(encoding="utf-8")


def own_script() -> str:
    """The page's own script."""
    return "\n".join(asset(name) for name in SCRIPTS)


def page_script() -> str:
    """The map library and the page's own script, as one."""
    library = re.sub(r"\n//# sourceMappingURL=\S+\s*$", "\n", asset("leaflet.js"))
    return f'{library}\n(function () {{\n"use strict";\n{own_script()}\n}})();\n'


def page_style() -> str:
    """The map library's and the page's style; images of controls we don't use are cut."""
    library = re.sub(r"url\([^)]*\)", "none", asset("leaflet.css"))
    return f"{library}\n{asset('report.css')}"


def policy(script: str, style: str) -> str:
    """Content security policy: nothing from outside, only these very scripts and styles."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; script-src 'sha256-{digest(script)}'; "
        f"style-src 'sha256-{digest(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _environment(lang: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "lang": lang,
        "say": say,
        "both_text": _both("data-{lang}"),
        "both_attr": _both_attribute,
    }
    return environment


def _both(pattern: str) -> Callable[[Spoken | str], Markup]:
    def attributes(text: Spoken | str) -> Markup:
        texts = text.texts if isinstance(text, Spoken) else dict.fromkeys(LANGUAGES, str(text))
        return Markup(" ").join(
            Markup('{}="{}"').format(pattern.format(lang=lang), texts[lang]) for lang in LANGUAGES
        )

    return attributes


@jinja2.pass_context
def _both_attribute(context: jinja2.runtime.Context, name: str, text: Spoken | str) -> Markup:
    """An attribute in the opening language, and both beside it for the switch."""
    lang = str(context["lang"])
    texts = text.texts if isinstance(text, Spoken) else dict.fromkeys(LANGUAGES, str(text))
    return Markup('{}="{}" ').format(name, texts[lang]) + _both(f"data-{name}-{{lang}}")(text)


def _content(data: ReportInput, times: pd.DataFrame, payload: Payload) -> dict[str, Any]:
    ranking = parts.ranking_blocks(data)
    told = told_run(data, times)
    content: dict[str, Any] = {
        "title": by_language(lambda lang: f"{label(data.region, lang)} – {_over(lang)}"),
        "region": word(data.region),
        "when": say(
            "{day}, departures from {window}", day=day_told(data), window=window_told(data)
        ),
        "demonstration": data.demonstration,
        "notes": [by_language(partial(note_said, n)) for n in data.manifest.get("notes", ())],
        "fingerprint": str(data.manifest.get("fingerprint", "")),
        "answer": sentences(data, times),
        "scorecard": scorecard_blocks(data, told),
        "rules": card_rules(data),
        "headlines": headline_blocks(data, told),
        "pairs": parts.pair_blocks(data, times) if len(times) else [],
        "ranking": ranking,
        "border": parts.border_blocks(data),
        "effects": parts.told_effects(data),
        "evidence": parts.evidence_blocks(data),
        "figures": [_figure(f) for f in data.figures],
        "inputs": input_block(data),
        "ages": ages_told(data),
        "settings": _settings(data.manifest),
        "glossary": [(word(term), word(f"glossary: {term}")) for term in GLOSSARY],
        "library_licence": asset("leaflet-LICENSE.txt"),
        **_map_content(data, payload),
    }
    anchors = _anchors(content)
    steps = next_steps(data, [anchor for anchor, _text in anchors])
    return {**content, "sections": anchors, "next_steps": steps}


def _over(lang: str) -> str:
    return translator(lang)("Travel times across the border")


def _figure(chart: Any) -> dict[str, Any]:
    sources = [
        (lang, "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii"))
        for lang, svg in sorted(chart.svg.items())
    ]
    return {
        "title": by_language(lambda lang: spoken(chart.alt, lang, chart.name)),
        "sources": sources,
        "alt": {lang: spoken(chart.alt, lang, chart.name) for lang, _source in sources},
    }


def _map_content(data: ReportInput, payload: Payload) -> dict[str, Any]:
    modes = payload.meta["modes"]
    matrix = payload.meta["matrix"]
    in_matrix = in_mode_order(
        [] if matrix is None else list({m for by in matrix["minutes"].values() for m in by})
    )
    percentiles = sorted(
        {
            key.rsplit(".", 1)[1]
            for key in payload.meta["layers"]
            if key.rsplit(".", 1)[1][1:].isdigit()
        }
    ) or ["p50"]
    titles = [
        by_language(lambda lang, r=r: spoken(r.title, lang, r.name))  # type: ignore[misc]
        for r in data.runs
    ]
    return {
        "has_map": has_map(data),
        "has_matrix": matrix is not None and bool(matrix["minutes"]),
        "run_options": [(str(k), title) for k, title in enumerate(titles)],
        "mode_options": [(mode, word(mode)) for mode in modes],
        "first_mode": _first_mode(modes),
        "matrix_modes": [(mode, word(mode)) for mode in in_matrix],
        "matrix_mode": _first_mode(in_matrix),
        "percentile_options": [(p, word(f"percentile {int(p[1:])}")) for p in percentiles],
        "cutoff_options": [
            ("0", say("no limit")),
            *((str(m * 60), say("{n} minutes", n=m)) for m in CUTOFFS_MIN),
        ],
        "first_unit": "municipality" if _many_zones(data) else "zone",
        "map_note": _map_note(payload),
    }


def _many_zones(data: ReportInput) -> bool:
    named = {str(m) for m in data.zones.municipalities if str(m)}
    return 0 < len(named) < len(data.zones.ids)


def _first_mode(modes: list[str]) -> str:
    return next((m for m in (*TRANSIT_MODES, *MODES) if m in modes), modes[0] if modes else "")


def _map_note(payload: Payload) -> Spoken:
    precision = (
        say("Times in the map are exact to the second and shown in whole minutes.")
        if payload.step_s == 1
        else say(
            "To keep this page small the map rounds times to {n} seconds; the tables do not.",
            n=payload.step_s,
        )
    )
    left = []
    if not payload.percentiles:
        left.append(say("Only the median of departures is on the map."))
    if not payload.parts:
        left.append(say("The parts of a journey are in the tables only."))
    return by_language(lambda lang: " ".join(s.texts[lang] for s in (precision, *left)))


def _anchors(content: Mapping[str, Any]) -> list[tuple[str, Spoken]]:
    every = (
        ("answer", say("Answer"), True),
        ("figures", say("Figures"), content["headlines"]),
        ("scorecard", say("Scorecard"), content["scorecard"]),
        ("map-section", say("Map"), content["has_map"]),
        ("pairs", say("Connections"), content["pairs"]),
        ("matrix-section", say("Matrix"), content["has_matrix"]),
        ("ranking", say("Ranking"), content["ranking"]),
        ("border", say("Border effect"), content["border"]),
        ("scenarios", say("Scenarios"), content["effects"]),
        ("charts", say("Charts"), content["figures"]),
        ("merge", say("Merge"), content["evidence"]),
        ("data", say("Data"), True),
    )
    return [(anchor, text) for anchor, text, there in every if there]


def _settings(manifest: Mapping[str, Any]) -> list[tuple[Spoken, str]]:
    """Everything else in the manifest, nested keys joined by dots."""
    found: list[tuple[Spoken, str]] = []

    def walk(prefix: str, value: object) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            found.append((word(prefix), _plain(value)))

    walk("", {k: v for k, v in manifest.items() if k not in NOT_SETTINGS})
    return found


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(v) for v in value)
    return "" if value is None else str(value)
