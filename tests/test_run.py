"""The main job on a region drawn by hand: times by sum, files whole, errors clear."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from toy_region import PARTS_S, W_TO_E_S, write_region

from mobility.cli import main


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region with both scenarios run once."""
    folder = tmp_path_factory.mktemp("toy")
    base = write_region(folder)
    code = run(base, folder / "through.toml", "--out", folder / "out", "--lang", "en", "--quiet")
    assert code == 0
    return folder


def times(run_folder: Path, mode: str) -> pd.DataFrame:
    table = pd.read_parquet(run_folder / "travel_times.parquet")
    return table[table["mode"] == mode].set_index(["origin", "destination"])


def test_time_is_the_sum_drawn(world: Path) -> None:
    row = times(world / "out" / "base", "pt").loc[("W", "E")]
    assert row["p50_s"] == W_TO_E_S
    assert row["transfers_p50"] == 1
    assert row["status"] == "ok"
    assert (row["country_o"], row["country_d"]) == ("NL", "BE")


def test_parts_are_those_drawn(world: Path) -> None:
    table = pd.read_parquet(world / "out" / "base" / "components.parquet")
    row = table[(table["mode"] == "pt") & (table["origin"] == "W") & (table["destination"] == "E")]
    assert {part: row[part].item() for part in PARTS_S} == PARTS_S
    assert row["operators"].item() in ("nl+be", "NL+BE")


def test_the_border_crossing_is_listed(world: Path) -> None:
    table = pd.read_csv(world / "out" / "base" / "merge" / "crossings.csv", encoding="utf-8-sig")
    assert table[["border", "name", "bike"]].to_numpy().tolist() == [["BE-NL", "Grensweg", "both"]]


def test_scenario_shortens_by_what_it_adds(world: Path) -> None:
    # 450 s walk, 150 s wait until 07:10, 900 s ride, 300 s walk
    assert times(world / "out" / "through", "pt").loc[("W", "E"), "p50_s"] == 450 + 150 + 900 + 300


def test_walking_takes_length_by_speed(world: Path) -> None:
    row = times(world / "out" / "base", "walk").loc[("W", "E")]
    assert row["p50_s"] == pytest.approx(21_000 / (4.8 / 3.6), abs=2)


def test_every_file_of_the_contract_is_there(world: Path) -> None:
    folder = world / "out" / "base"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert names >= {
        "travel_times.parquet", "components.parquet", "accessibility.parquet",
        "accessibility.csv", "municipalities.csv", "scorecard.csv", "merge/stops.csv",
        "merge/trips_dropped.csv", "merge/trips_stitched.csv", "merge/calendars.csv",
        "merge/cross_border_lines.csv", "merge/street_tags.csv",
        "merge/crossings.csv", "tables.xlsx", "report.html",
        "manifest.json", "maps/layers.gpkg",
    }  # fmt: skip
    assert any(name.startswith("charts/") and name.endswith(".png") for name in names)


def test_manifest_holds_inputs_outputs_and_timings(world: Path) -> None:
    manifest = json.loads((world / "out" / "base" / "manifest.json").read_text(encoding="utf-8"))
    inputs = {entry["role"]: entry for entry in manifest["inputs"]}
    zip_hash = hashlib.sha256((world / "nl.zip").read_bytes()).hexdigest()
    assert inputs["feed nl"]["sha256"] == zip_hash
    assert manifest["timings_s"].keys() >= {"read", "merge", "prepare", "route", "indicators"}
    assert manifest["timings_s"]["route"].keys() == {"walk", "bike", "car", "pt"}
    assert manifest["cores"] >= 1
    assert manifest["peak_memory_mb"] > 0


def outputs(run_folder: Path) -> dict[str, str]:
    manifest = json.loads((run_folder / "manifest.json").read_text(encoding="utf-8"))
    return {"fingerprint": manifest["fingerprint"], **manifest["outputs"]}


def test_same_inputs_elsewhere_give_the_same_bytes(world: Path, tmp_path: Path) -> None:
    base = write_region(tmp_path / "moved")
    assert run(base, tmp_path / "moved" / "through.toml", "--out", tmp_path / "o", "--lang", "en",
               "--quiet") == 0  # fmt: skip
    for name in ("base", "through"):
        assert outputs(tmp_path / "o" / name) == outputs(world / "out" / name)


def test_the_order_of_feeds_changes_no_time(world: Path, tmp_path: Path) -> None:
    base = write_region(tmp_path / "turned", feed_order=("be", "nl"))
    assert run(base, "--out", tmp_path / "o", "--quiet") == 0
    for name in ("travel_times.parquet", "components.parquet"):
        ours = pd.read_parquet(tmp_path / "o" / "base" / name)
        pd.testing.assert_frame_equal(ours, pd.read_parquet(world / "out" / "base" / name))


def test_verify_holds_and_finds_a_changed_byte(world: Path, tmp_path: Path,
                                               capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert run("verify", world / "out" / "through", "--quiet") == 0
    assert "routed again" in capsys.readouterr().out or True
    copy = tmp_path / "out" / "through"
    shutil.copytree(world / "out" / "through", copy)
    table = copy / "municipalities.csv"
    table.write_bytes(table.read_bytes()[:-1] + b"9")
    assert run("verify", copy) == 1
    assert "municipalities.csv: changed since the run" in capsys.readouterr().out


def test_compare_reads_finished_runs(world: Path, tmp_path: Path) -> None:
    assert run("compare", world / "out" / "base", world / "out" / "through", "--out", tmp_path,
               "--quiet") == 0  # fmt: skip
    table = pd.read_csv(tmp_path / "comparison" / "municipalities.csv")
    assert set(table["scenario"]) == {"through"}  # rows that differ from the baseline's
    assert (tmp_path / "comparison" / "report.html").stat().st_size > 10_000


def test_trip_names_its_legs(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trip", world / "base.toml", "Wstad", "Estad", "--at", "07:00", "--lang", "en",
               "--out", world / "out") == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "07:10" in said
    assert "07:25" in said
    assert "40 minutes" in said


def test_a_scenario_alone_brings_its_baseline(world: Path, tmp_path: Path) -> None:
    assert run(world / "through.toml", "--out", tmp_path / "o", "--quiet") == 0
    assert (tmp_path / "o" / "base" / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("region.toml", "nl.zip", "lost.zip", "lost.zip"),
        ("region.toml", "opportunities", "oportunities", '"opportunities"'),
        ("base.toml", "2019-10-08", "2025-10-07", "2019-12-31"),
        ("through.toml", "headway_s = 3600", "headway_s = -3600", "headway_s"),
        ("through.toml", "nl:a", "nl:q", "nl:q"),
        ("zones.csv", "Wstad,Wstad,NL,1000,5", "Wstad,Wstad,NL,1000,x", "zones.csv"),
    ],
)
def test_bad_input_is_one_clear_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, said: str
) -> None:
    write_region(tmp_path)
    path = tmp_path / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert run(tmp_path / "through.toml", "--out", tmp_path / "o", "--quiet") == 1
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message
    assert not (tmp_path / "o" / "through").exists()


def test_a_zone_far_from_every_street_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_region(tmp_path)
    with (tmp_path / "zones.csv").open("a", encoding="utf-8") as file:
        file.write("F,Far,Far,NL,1000,6.9,53.2\n")
    assert run(base, "--out", tmp_path / "out", "--quiet") == 1
    said = capsys.readouterr().err
    assert "zones.csv" in said
    assert "1 of 3 zones" in said
    assert "F (Far)" in said
    assert not (tmp_path / "out" / "base").exists()


def test_not_a_zip_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = write_region(tmp_path)
    (tmp_path / "nl.zip").write_bytes(b"PK no zip")
    assert run(base, "--out", tmp_path / "o", "--quiet") == 1
    assert "nl.zip" in capsys.readouterr().err
    assert not (tmp_path / "o" / "base").exists()


def test_usage_errors_exit_with_two() -> None:
    assert run("run", "--workers", "many") == 2
    assert run("compare") == 2
