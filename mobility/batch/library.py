"""The comparison of a library of scenarios as a page of Markdown.

Run ``python run_scenario.py scenarios/plans/library.toml --lang en`` and then
``python -m mobility.batch.library results/comparison docs/library.md``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

HEAD = """# The library of scenarios, compared

All files of `scenarios/` on the demonstration region (a demonstration timetable, no real one),
each set beside the baseline of its own window. Made by

```
python run_scenario.py scenarios/plans/library.toml --lang en
python -m mobility.batch.library results/comparison docs/library.md
```

*People abroad*: people in the other country within an hour by public transport, mean per
person, and the change against the baseline; in brackets where the change has not one sign
whatever the minute of departure and ±10 % speed. *PT*, *bike*, *car*: mean change in minutes
over the pairs across the border that both runs reach, and in brackets the pairs gained (+) and
lost (−). Ranked by people abroad; equal changes, and changes that do not stand out, share a rank.
*Vehicle hours*: more hours of vehicles in service on the day.
"""


def page(scenarios: pd.DataFrame) -> str:
    """Write the rows of ``comparison/scenarios.csv`` as a page."""
    lines = [
        HEAD,
        "| rank | scenario | people abroad | change | PT | bike | car | vehicle hours |",
        "|--:|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in scenarios.to_dict("records"):
        name = f"{row['title_en']} (`{row['scenario']}`)"
        if row["status"] == "failed":
            lines.append(f"| – | {name} | failed: {row['error']} | | | | | |")
            continue
        change = _signed(row["people_abroad_change"], 0)
        if change and not bool(row["stands_out"]):
            change = f"({change})"
        rank = "" if pd.isna(row["rank"]) else f"{row['rank']:.0f}"
        cells = [rank, name, f"{row['people_abroad']:,.0f}", change]
        cells += [_minutes(row, mode) for mode in ("pt", "bike", "car")]
        cells.append(_signed(row["vehicle_hours_change"], 0))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _signed(value: float, digits: int) -> str:
    if pd.isna(value):
        return ""
    text = f"{value:+,.{digits}f}".replace("-", "−")
    return "0" if float(f"{value:.{digits}f}") == 0 else text


def _minutes(row: dict[str, float], mode: str) -> str:
    text = _signed(row[f"border_{mode}_change_min"], 1)
    gained, lost = row[f"border_{mode}_gained"], row[f"border_{mode}_lost"]
    more = [f"+{gained:,.0f}"] if gained > 0 else []
    more += [f"−{lost:,.0f}"] if lost > 0 else []
    return " ".join([text, f"({', '.join(more)})"] if more else [text]).strip()


def main(source: Path, target: Path) -> None:
    """Read a comparison folder and write the page."""
    scenarios = pd.read_csv(source / "scenarios.csv")
    target.write_text(page(scenarios), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
