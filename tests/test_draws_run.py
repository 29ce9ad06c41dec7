"""A run of several draws, from its file to the verdict beside its baseline; and in parts."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_draws import drawn_matrix
from toy_region import SCENARIO, W_TO_E_S, write_region

from mobility.batch import job as jobs
from mobility.batch.reuse import join, put_together, rows_of
from mobility.cli import main
from mobility.timetable.phases import phase_shares

HEADWAY_S = 1200


def by_hand(share: float) -> int:
    """Seconds from W to E at 07:00: by the express, which leaves a from 06:10 on, or as today."""
    ready = 7 * 3600 + 450
    first = 6 * 3600 + 600 + math.floor(share * HEADWAY_S)
    leaves = first + HEADWAY_S * math.ceil((ready - first) / HEADWAY_S)
    return min(leaves + 900 + 300 - 7 * 3600, W_TO_E_S)


def test_a_run_of_draws_to_its_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BLOCK", 1)  # two zones: two parts
    write_region(tmp_path)
    file = tmp_path / "through.toml"
    file.write_text(
        SCENARIO.replace("headway_s = 3600", f"headway_s = {HEADWAY_S}\nexact = false")
        + "[window]\ndraws = 5\n[settings]\nseed = 3\n",
        encoding="utf-8",
    )
    assert main([str(file), "--out", str(tmp_path / "out"), "--quiet", "--workers", "1"]) == 0
    trip = "nl:express/out/06:10"
    shares = [float(phase_shares([trip], seed=3, draw=k)[0]) for k in range(5)]
    medians = [by_hand(share) for share in shares]
    middle = sorted(medians)[2]
    folder = tmp_path / "out" / "through"
    rows = pd.read_parquet(folder / "draws.parquet")
    there = rows[(rows["origin"] == "W") & (rows["destination"] == "E")]
    assert there["mode"].unique().tolist() == ["pt"]
    assert there["draw"].tolist() == [1, 2, 3, 4, 5]
    assert there["p50_s"].tolist() == medians
    times = pd.read_parquet(folder / "travel_times.parquet")
    row = times[(times["mode"] == "pt") & (times["origin"] == "W") & (times["destination"] == "E")]
    assert row["p50_s"].tolist() == [middle]
    pairs = pd.read_parquet(tmp_path / "out" / "comparison" / "zone_pairs.parquet")
    pair = pairs[(pairs["mode"] == "pt") & (pairs["origin"] == "W")].iloc[0]
    assert pair["difference_s"] == middle - W_TO_E_S < 0
    # the baseline has nothing to draw; on foot 600 + 400 m in both, so phases are all there is
    # but for the walk of the change in the baseline: 120 s × 10 %
    farthest = max(abs(median - middle) for median in medians)
    assert pair["band_s"] == pytest.approx(math.hypot(farthest, 12))
    assert pair["verdict"] == (
        "shorter" if W_TO_E_S - middle > pair["band_s"] else "not distinguishable"
    )


def test_parts_and_rows_keep_their_draws() -> None:
    whole = drawn_matrix()
    parts = [rows_of(whole, np.array([row]), "x") for row in (0, 1)]
    np.testing.assert_array_equal(join(parts).draws_s, whole.draws_s)
    turned = put_together(parts[1], parts[0], np.array([1]), np.array([0]))
    np.testing.assert_array_equal(turned.draws_s, whole.draws_s)
    assert join([replace(part, draws_s=None) for part in parts]).draws_s is None
