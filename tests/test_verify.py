"""One changed byte, in whatever file a run rests on or wrote, is found."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy_region import write_region

from mobility.batch import verify
from mobility.cli import main
from mobility.errors import MobilityError

INPUTS = ("nl.zip", "be.zip", "more.osm", "streets.osm", "zones.csv", "countries.geojson",
          "region.toml", "base.toml", "through.toml")  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region of two extracts, one beside the other, with a baseline and a scenario run."""
    folder = tmp_path_factory.mktemp("world")
    write_region(folder)
    extract = (folder / "streets.osm").read_text(encoding="utf-8")
    (folder / "more.osm").write_text(extract.replace("Grensweg", "Weg"), encoding="utf-8")
    region = folder / "region.toml"
    text = region.read_text(encoding="utf-8")
    region.write_text(text.replace('["streets.osm"]', '["more.osm", "streets.osm"]'), "utf-8")
    code = main([str(folder / "base.toml"), str(folder / "through.toml"), "--quiet", "--lang",
                 "en", "--workers", "1", "--out", str(folder / "out")])  # fmt: skip
    assert code == 0
    return folder


def changed_bytes(path: Path) -> Iterator[int]:
    """Change one byte after the other, at places all over the file, and put each back."""
    whole = path.read_bytes()
    rng = random.Random(path.name)
    for place in sorted({0, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(2))}):
        data = bytearray(whole)
        data[place] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(data))
        yield place
    path.write_bytes(whole)


def is_found(run: Path) -> bool:
    try:
        return not all(finding.holds for finding in verify(run))
    except MobilityError:
        return True


@pytest.mark.parametrize("name", INPUTS)
def test_every_byte_of_the_inputs_counts(world: Path, name: str) -> None:
    for place in changed_bytes(world / name):
        assert is_found(world / "out" / "through"), f"{name}, byte {place}"


@pytest.mark.parametrize("run", ["base", "through", "comparison"])
def test_every_byte_of_the_outputs_counts(world: Path, run: str) -> None:
    folder = world / "out" / run
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(files) > 10
    for path in files:
        for place in changed_bytes(path):
            assert is_found(folder), f"{path}, byte {place}"


@pytest.mark.parametrize("run", ["base", "through", "comparison"])
def test_what_was_put_back_holds(world: Path, run: str) -> None:
    assert [finding for finding in verify(world / "out" / run) if not finding.holds] == []


def test_a_file_gone_and_an_extract_more_are_found(world: Path, tmp_path: Path) -> None:
    copy = tmp_path / "through"
    shutil.copytree(world / "out" / "through", copy)
    (copy / "municipalities.csv").unlink()
    assert "missing" in [finding.detail for finding in verify(copy)]
    region = world / "region.toml"
    text = region.read_text(encoding="utf-8")
    region.write_text(text.replace('["more.osm", ', "["), encoding="utf-8")
    try:
        details = [f.detail for f in verify(world / "out" / "through") if not f.holds]
    finally:
        region.write_text(text, encoding="utf-8")
    assert any("now" in detail for detail in details)


def test_an_edited_comment_is_written_anew_and_holds(world: Path) -> None:
    scenario = world / "through.toml"
    scenario.write_text(scenario.read_text(encoding="utf-8") + "# checked\n", encoding="utf-8")
    folder = world / "out" / "through"
    assert is_found(folder)
    assert main([str(scenario), "--quiet", "--lang", "en", "--workers", "1", "--out",
                 str(world / "out")]) == 0  # fmt: skip
    assert not is_found(folder)
