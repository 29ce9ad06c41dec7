"""A street extract that ends before the zones do: ``check`` says so as a run would."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from toy_region import write_region

from mobility.cli import main


def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, pd.DataFrame]:
    code = main(["check", str(folder / "region.toml"), "--date", "2019-10-08",
                 "--out", str(folder / "out"), "--lang", "nl"])  # fmt: skip
    said = capsys.readouterr()
    table = pd.read_csv(folder / "out" / "check" / "merge" / "problems.csv", encoding="utf-8-sig")
    return code, said.out + said.err, table


def test_a_zone_beyond_the_streets_is_an_error_of_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_region(tmp_path)
    code, said, table = check(tmp_path, capsys)
    assert code == 0
    assert not table["problem"].str.contains("street").any()
    # 0.04 degrees north: 4.4 km from the street.
    text = (tmp_path / "zones.csv").read_text(encoding="utf-8")
    rows = text.strip().split("\n")
    rows[-1] = rows[-1].rpartition(",")[0] + ",51.04"
    (tmp_path / "zones.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    code, said, table = check(tmp_path, capsys)
    assert code == 1
    assert "zone te ver van elke straat (E Estad)" in said
    first = table.iloc[0]
    assert (first["severity"], first["problem"], first["count"]) == (
        "error", "zone too far from any street", 1,
    )  # fmt: skip


def test_stops_beyond_the_streets_deserve_a_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Streets from W to the border only: the stop c and the zone E lie beyond."""
    write_region(tmp_path)
    streets = tmp_path / "streets.osm"
    text = streets.read_text(encoding="utf-8")
    assert '<nd ref="3"/><nd ref="4"/>' in text
    # The street ends at n, 10 km before c.
    streets.write_text(text.replace('<nd ref="4"/><nd ref="5"/>', ""), encoding="utf-8")
    code, _, table = check(tmp_path, capsys)
    assert code == 1
    mine = table[table["problem"].str.startswith("stop among the zones")]
    assert mine[["severity", "feed", "count", "examples"]].to_numpy().tolist() == [
        ["warning", "be", 1, "be:c"]
    ]
