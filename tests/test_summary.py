"""What the terminal says after many scenarios: best and worst by rank, few lines."""

from __future__ import annotations

import io

import pandas as pd
from rich.console import Console

from mobility.cli.summary import _change, ranking


def said(count: int, lang: str = "en") -> list[str]:
    rows = [
        {"scenario": "now", "title_nl": "Nu", "title_en": "Now", "status": "done", "rank": None,
         "people_abroad": 100.0, "people_abroad_change": None, "stands_out": False,
         "border_pt_change_min": 0.0},
        *({"scenario": f"s{n}", "title_nl": f"Plan {n}", "title_en": f"Plan {n}", "status": "done",
           "rank": n, "people_abroad": 1000.0 - n, "people_abroad_change": 900.0 - n,
           "stands_out": n != 2, "border_pt_change_min": -1.25 * n} for n in range(1, count + 1)),
        {"scenario": "bad", "title_nl": None, "title_en": None, "status": "failed", "rank": None},
    ]  # fmt: skip
    stream = io.StringIO()
    Console(file=stream, width=100).print(ranking(pd.DataFrame(rows), lang))
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_the_best_and_the_worst_are_shown_and_the_rest_counted() -> None:
    lines = said(30)
    assert "1 Plan 1 999 +899 −1.3" in lines, lines
    assert "2 Plan 2 998 (+898) −2.5" in lines  # does not stand out from its band
    assert "… 20 more between" in lines
    assert "30 Plan 30 970 +870 −37.5" in lines
    assert not any("Plan 6 " in line for line in lines)
    shown = [line for line in lines if "Plan" in line]
    assert len(shown) == 10


def test_few_are_all_shown_in_the_reader_s_language() -> None:
    lines = said(8, "nl")
    assert sum("Plan" in line for line in lines) == 8
    assert "Nu 100" in lines


def test_a_link_that_is_lost_is_not_said_to_stay_as_it_was() -> None:
    nothing = float("nan")
    index = pd.MultiIndex.from_product([["now", "shut"], ["car", "pt"]])

    def said_of(*minutes: float) -> str:
        return _change(pd.Series(minutes, index), "now", "shut", "en")

    assert said_of(60, 90, nothing, nothing) == "–"
    assert said_of(60, 90, 60, nothing) == "PT –"
    assert said_of(60, 90, 60, 90) == "="
    assert said_of(nothing, nothing, nothing, nothing) == "="
    assert said_of(60, 90, 60, 70) == "PT −20"
