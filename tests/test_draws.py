"""Services whose minute is drawn: each draw by hand, the middle one kept, the band in the tables."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from test_comparison import times
from toy_region import SCENARIO, W_TO_E_S, write_region

from mobility import draws
from mobility.batch import matrices
from mobility.batch.drawn import DRAWS, FILE, with_draws, write_draws
from mobility.batch.job import Job, Silent, prepare_for
from mobility.network import MultimodalNetwork
from mobility.scenario import read_region, read_scenarios
from mobility.tables import TravelTimes
from mobility.timetable.phases import phase_shares

NAN = math.nan
WINDOW = {"scenario": "through", "start_s": 7 * 3600, "end_s": 7 * 3600 + 60, "step_s": 60}


def network(folder: Path, change: str, n_draws: int) -> MultimodalNetwork:
    base = write_region(folder)
    (folder / "through.toml").write_text(
        SCENARIO.replace("headway_s = 3600", f"headway_s = 3600\n{change}")
        + f"[window]\ndraws = {n_draws}\n",
        encoding="utf-8",
    )
    (scenario,) = read_scenarios([folder / "through.toml"])
    job = Job(scenario, read_region(base.parent / "region.toml"), folder / "out", "en")
    start = prepare_for(scenario, job.region, job.out, Silent()).prepared.network
    return matrices.link(matrices.change(scenario, start), start)


def by_hand(share: float) -> int:
    """Seconds from W to E, leaving at 07:00, where the express runs a share of its hour late."""
    # at stop a by 07:07:30; then 900 s to c and 300 s on foot, or the two lines of today
    ready = 7 * 3600 + 450
    first = 6 * 3600 + 600 + math.floor(share * 3600)
    leaves = first + 3600 * max(0, math.ceil((ready - first) / 3600))
    return min(leaves + 900 + 300 - 7 * 3600, W_TO_E_S)


def test_each_draw_by_hand_and_the_middle_one_whole(tmp_path: Path) -> None:
    drawn = network(tmp_path, "exact = false", 4)
    feeds = drawn.supply.feeds
    trips = feeds.trips["trip_id"].to_numpy()[feeds.frequencies["trip"].to_numpy()]
    (there,) = {trip for trip in trips if "express/out" in trip}
    seed = drawn.supply.settings.seed
    told: list[tuple[int, int]] = []
    found = draws.travel_times(
        drawn, "pt", on_progress=lambda done, total: told.append((done, total)), **WINDOW
    )
    shares = [float(phase_shares([there], seed=seed, draw=k)[0]) for k in range(4)]
    expected = [by_hand(share) for share in shares]
    assert found.draws_s is not None
    assert found.draws_s[0, 1].tolist() == expected
    assert len(set(expected)) > 1  # else nothing was drawn
    # the second of four, and the whole journey of that draw
    assert found.at(50)[0, 1] == sorted(expected)[1]
    assert sum(part[0, 1] for part in found.parts.values()) == found.at(50)[0, 1]
    assert told[-1] == (8, 8)  # two origins in each of four draws
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_nothing_to_draw_is_one_search(tmp_path: Path) -> None:
    plain = network(tmp_path / "exact", "", 4)
    assert not draws.has_phases(plain)
    assert draws.travel_times(plain, "pt", **WINDOW).draws_s is None
    drawn = network(tmp_path / "drawn", "exact = false", 4)
    assert draws.travel_times(drawn, "bike", **WINDOW).draws_s is None
    once = replace(
        drawn, supply=replace(drawn.supply, settings=replace(drawn.supply.settings, draws=1))
    )
    assert draws.travel_times(once, "pt", **WINDOW).draws_s is None


def of_operator(p50: list[list[float]], name: str) -> TravelTimes:
    shape = np.shape(p50)
    return replace(
        times("x", p50, parts={"ride_s": np.array(p50, np.float32)}),
        operators=np.zeros(shape, np.int32),
        operator_names=(name,),
    )


def test_the_middle_draw_of_a_pair() -> None:
    # z0→z1: 300, 100, 200: the third draw. z1→z0: 50 twice, the earlier. z0→z0: not reached
    # in two of three, so the middle does not arrive.
    found = draws.middle_draw([
        of_operator([[NAN, 300], [50, 7]], "b"),
        of_operator([[NAN, 100], [50, 8]], "a"),
        of_operator([[10, 200], [90, 9]], "c"),
    ])  # fmt: skip
    assert found.at(50)[0, 1] == 200
    assert found.parts["ride_s"][0, 1] == 200
    assert found.share_reached.tolist() == [[0, 1], [1, 1]]
    assert math.isnan(found.at(50)[0, 0])
    assert found.operator_names == ("a", "b", "c")
    assert found.operators is not None
    # the earlier of two that tie: a stable order takes draw 1 as the first, draw 2 as the second
    assert [found.operator_names[k] for k in found.operators.ravel()][1:] == ["c", "a", "a"]
    assert found.draws_s is not None
    assert found.draws_s[0, 1].tolist() == [300, 100, 200]


@pytest.mark.parametrize(("n_draws", "kept"), [(1, 40), (2, 10), (3, 20), (4, 20)])
def test_the_middle_is_the_nearest_rank(n_draws: int, kept: int) -> None:
    medians = [40.0, 10.0, 20.0, 30.0][:n_draws]
    assert draws.middle_draw([times("x", [[m]]) for m in medians]).at(50)[0, 0] == kept


def drawn_matrix() -> TravelTimes:
    first, second = [[0, 300], [50, NAN]], [[1, 100], [60, 8]]
    return draws.middle_draw([times("x", first), times("x", second)])


def test_draws_beside_a_run_and_back(tmp_path: Path) -> None:
    whole = drawn_matrix()
    single = times("x", [[0, 1], [1, 0]], mode="bike")
    write_draws(tmp_path, {"bike": single})
    assert not (tmp_path / FILE).exists()  # nothing was drawn
    write_draws(tmp_path, {"bike": single, "pt": whole})
    rows = pq.read_table(tmp_path / FILE).to_pandas()
    assert rows.columns.tolist() == [column.name for column in DRAWS]
    told = rows[["draw", "origin", "destination", "p50_s"]].to_numpy(object).tolist()
    assert told[:3] == [[1, "z0", "z0", 0], [1, "z0", "z1", 300], [1, "z1", "z0", 50]]
    assert told[4:6] == [[2, "z0", "z0", 1], [2, "z0", "z1", 100]]
    found = with_draws(tmp_path, {"bike": single, "pt": replace(whole, draws_s=None)})
    np.testing.assert_array_equal(found["pt"].draws_s, whole.draws_s)
    assert found["bike"].draws_s is None
