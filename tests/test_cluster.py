"""Work on a Dask cluster: the bytes of one process, also when a worker dies on the way."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

import pytest
from toy_region import SCENARIO, write_region

from mobility.batch import job as jobs
from mobility.batch import matrices
from mobility.batch.cluster import Cluster, computers
from mobility.batch.job import Job, Silent, carry_out, list_parts, prepare_for
from mobility.batch.matrices import compute_part
from mobility.cli import main
from mobility.errors import RunError
from mobility.scenario import read_region, read_scenarios


def region_with(folder: Path, names: list[str]) -> list[Path]:
    """A region with its baseline and as many express lines of different frequency."""
    files = [write_region(folder)]
    for number, name in enumerate(names):
        files.append(folder / f"{name}.toml")
        text = SCENARIO.replace('name = "through"', f'name = "{name}"')
        headway_s = 3600 // (number + 1)
        files[-1].write_text(
            text.replace("headway_s = 3600", f"headway_s = {headway_s}"), encoding="utf-8"
        )
    return files


def outputs(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    with computers(2, "", 0) as made:
        assert made is not None
        yield made


def test_scenarios_on_workers_write_the_bytes_of_one_process(tmp_path: Path) -> None:
    files = region_with(tmp_path, ["one", "two"])
    arguments = [*map(str, files), "--lang", "en", "--quiet"]
    assert main([*arguments, "--out", str(tmp_path / "here"), "--workers", "1"]) == 0
    assert main([*arguments, "--out", str(tmp_path / "there"), "--workers", "2"]) == 0
    for name in ("base", "one", "two", "comparison"):
        assert outputs(tmp_path / "there" / name) == outputs(tmp_path / "here" / name)


def test_a_killed_worker_loses_nothing(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BLOCK", 1)  # two zones: two parts per mode
    (base,) = read_scenarios(region_with(tmp_path, []))
    region = read_region(base.region_path)
    there, here = (Job(base, region, tmp_path / name, "en") for name in ("there", "here"))
    parts = list_parts(there, prepare_for(base, region, there.out, Silent()))
    assert len(parts) == 8
    killed = 0
    for done, _ in enumerate(cluster.compute(parts)):
        if done == 1:
            (victim, *_) = cluster.client.run(os.getpid).values()
            os.kill(victim, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            killed = victim
    assert killed
    for part, alike in zip(
        parts, list_parts(here, prepare_for(base, region, here.out, Silent())), strict=True
    ):
        compute_part(alike)
        assert outputs(part.folder) == outputs(alike.folder)


def test_finished_parts_are_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (base,) = read_scenarios(region_with(tmp_path, []))
    job = Job(base, read_region(base.region_path), tmp_path / "out", "en")
    parts = list_parts(job, prepare_for(base, job.region, job.out, Silent()))
    for part in parts[:-1]:
        compute_part(part)
    routed: list[str] = []
    route = matrices._route
    monkeypatch.setattr(
        matrices, "_route", lambda part, *rest: routed.append(part.mode) or route(part, *rest)
    )
    carry_out(job, None, Silent())
    assert routed == [parts[-1].mode]


def test_a_run_that_stands_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base,) = read_scenarios(region_with(tmp_path, []))
    job = Job(base, read_region(base.region_path), tmp_path / "out", "en")
    folder = carry_out(job, None, Silent())
    before = (folder / "manifest.json").stat().st_mtime_ns
    monkeypatch.setattr(jobs, "_compute", lambda *_: pytest.fail("computed again"))
    assert carry_out(job, None, Silent()) == folder
    assert (folder / "manifest.json").stat().st_mtime_ns == before
    (folder / "scorecard.csv").write_text("changed", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        carry_out(job, None, Silent())


def test_one_failure_does_not_lose_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = region_with(tmp_path, ["good", "bad"])
    text = files[-1].read_text(encoding="utf-8")
    files[-1].write_text(text.replace("be:c", "be:nowhere"), encoding="utf-8")
    for workers in ("1", "2"):
        out = tmp_path / workers
        code = main([*map(str, files), "--out", str(out), "--workers", workers, "--quiet"])
        assert code == 1
        assert "be:nowhere" in capsys.readouterr().err
        assert {path.name for path in out.iterdir() if path.name[0] != "."} == {
            "base", "good", "comparison",
        }  # fmt: skip


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobility.batch.cluster.CONNECT_S", 1)
    with pytest.raises(RunError, match="dask scheduler"), computers(0, "tcp://127.0.0.1:1", 1):
        pass
