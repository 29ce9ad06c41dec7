"""``new`` on a made region of two other countries, Portugal and Spain."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from toy_gtfs import write_zip
from toy_region import feed, write_region

from mobility.cli import main
from mobility.cli.arguments import parser
from mobility.cli.new import dialogue, gather
from mobility.errors import RegionError
from mobility.scenario import read_region
from mobility.zones import read_countries, read_zones


def iberia(folder: Path) -> Path:
    """The toy region's files under Iberian names; Madrid's clock is that of Amsterdam."""
    write_region(folder)
    for name in ("base.toml", "region.toml", "through.toml"):
        (folder / name).unlink()
    for old, new, stops, minutes in (
        ("nl", "rodoviaria", [("a", "a"), ("n", "n")], [(10, 10), (20, 20)]),
        ("be", "alsa", [("b", "n"), ("c", "c")], [(25, 25), (35, 35)]),
    ):
        texts = feed(old, stops, minutes)
        texts["agency.txt"] = texts["agency.txt"].replace("Europe/Brussels", "Europe/Madrid")
        write_zip(folder / f"{new}.zip", texts)
        (folder / f"{old}.zip").unlink()
    for name in ("zones.csv", "countries.geojson"):
        path = folder / name
        text = path.read_text(encoding="utf-8")
        for old, code in (("NL", "PT"), ("BE", "ES")):
            text = text.replace(f",{old},", f",{code},").replace(f'"{old}"', f'"{code}"')
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_folder_of_files_becomes_a_region_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = iberia(tmp_path / "files")
    path = tmp_path / "regions" / "raia.toml"
    words = ["new", str(path), str(files), "--name", "Raia", "--lang", "en"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "check.html" in said.out
    region = read_region(path)
    assert region.name == "Raia"
    assert region.timezone == "Europe/Madrid"
    assert {feed.id: feed.country for feed in region.feeds} == {"rodoviaria": "PT", "alsa": "ES"}
    assert region.zones.opportunities == ("population",)
    assert region.border is not None
    assert sorted(read_countries(region.border).polygons) == ["ES", "PT"]
    assert read_zones(region.zones, None).countries.tolist() == ["PT", "ES"]
    assert (tmp_path / "out" / "check" / "check.html").is_file()
    # And a scenario on it: 450 s walk, wait to 07:10, ride, change, ride, walk = 2400 s.
    base = tmp_path / "base.toml"
    base.write_text(
        'version = 1\nname = "base"\ntitle.nl = "Nu"\ntitle.en = "Now"\n'
        'region = "regions/raia.toml"\nmodes = ["pt"]\n[day]\ndate = 2019-10-08\n'
        '[window]\nstart = "07:00"\nend = "07:01"\nstep_s = 60\n',
        encoding="utf-8",
    )
    assert main([str(base), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert (tmp_path / "out" / "base" / "report.html").is_file()


def test_what_is_missing_is_said_and_gets_a_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = iberia(tmp_path / "files")
    path = tmp_path / "half.toml"
    assert main(["new", str(path), str(files / "alsa.zip"), "--lang", "en"]) == 1
    said = capsys.readouterr().err
    for text in ("streets", "zones", "country polygons", "the country of timetable alsa"):
        assert f"Missing: {text}" in said
    text = path.read_text(encoding="utf-8")
    assert text.count("MISSING") == 3
    with pytest.raises(RegionError) as caught:
        read_region(path)
    assert len(caught.value.problems) == 2  # streets and zones, nothing else
    assert main(["new", str(path), str(files / "alsa.zip")]) == 1
    assert "--force" in capsys.readouterr().err


def test_flags_go_before_guesses(tmp_path: Path) -> None:
    files = iberia(tmp_path / "files")
    path = tmp_path / "raia.toml"
    words = ["new", str(path), str(files), "--no-check", "--quiet", "--country", "alsa=fr"]
    words += ["--town", "Estad", "--box", "4,50,6,52", "--zone-name", "municipality"]
    words += ["--timezone", "Europe/Lisbon", "--opportunity", "population"]
    assert main(words) == 0
    region = read_region(path)
    assert {feed.id: feed.country for feed in region.feeds}["alsa"] == "FR"
    assert region.timezone == "Europe/Lisbon"
    assert region.zones.name == "municipality"
    assert region.zones.box == (4, 50, 6, 52)
    assert read_zones(region.zones, None).ids.tolist() == ["E"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--box", "6,50,4,52"], "--box"),
        (["--box", "a"], "--box"),
        (["--country", "renfe=ES"], "one of alsa, rodoviaria"),
        (["--country", "alsa=Spain"], "FEED=CC"),
        (["no-such-file.zip"], "no such file"),
    ],
)
def test_wrong_flags_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    files = iberia(tmp_path / "files")
    assert main(["new", str(tmp_path / "x.toml"), str(files), *words]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x.toml").exists()


def test_a_region_file_ends_in_toml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path / "x.txt"), str(tmp_path)]) == 1
    assert ".toml" in capsys.readouterr().err


def test_without_files_and_without_a_terminal_it_says_what_to_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert main(["new", str(tmp_path / "x.toml")]) == 1
    assert "no files" in capsys.readouterr().err


def test_the_dialogue_asks_for_all_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = iberia(tmp_path / "files")
    options = parser().parse_args(["new", str(tmp_path / "x.toml"), "--lang", "en"])
    said = iter(["Raia", str(tmp_path / "no"), f'"{files}"', "", "", "4,50,6,52"])
    dialogue(options, lambda _: next(said))
    assert options.name == "Raia"
    assert options.files == [files]
    assert options.box == "4,50,6,52"
    assert "no such file" in capsys.readouterr().out


def test_two_feeds_of_one_name_and_netex(tmp_path: Path) -> None:
    files = iberia(tmp_path / "files")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "alsa.zip").write_bytes((files / "alsa.zip").read_bytes())
    found = gather([files / "alsa.zip", tmp_path / "b" / "alsa.zip"])
    assert [feed.id for feed in found.feeds] == ["alsa", "alsa-2"]
    netex = write_zip(tmp_path / "n.zip", {"a.xml": "<PublicationDelivery>"})
    with pytest.raises(RegionError, match="NeTEx"):
        gather([netex])
