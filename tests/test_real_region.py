"""The real region's file: complete, and true to the demonstration's municipalities."""

from __future__ import annotations

import csv
from pathlib import Path

from mobility.fetch import sources_of
from mobility.scenario import read_region
from mobility.zones.assembling import read_plain
from mobility.zones.concordance import bare, current_codes

FEEDS = Path(__file__).parents[1] / "feeds"
FILE = FEEDS / "brainport-limburg-kempen.toml"
TEMPLATE = FEEDS / "brainport-limburg-kempen" / "jobs-and-facilities.csv"
REGION = read_region(FILE, check_files=False)


def test_every_file_says_whose_it_is_and_where_it_comes_from() -> None:
    entries = [*REGION.feeds, *REGION.zones.sources, *REGION.zones.sources[1].tables]
    for entry in entries:
        assert entry.url.startswith("https://")
        assert entry.owner
        assert entry.licence
        assert entry.attribution
        assert entry.changes_every_days
    assert all(url.startswith("https://") for url in REGION.streets.urls)
    assert REGION.streets.attribution
    for source in sources_of(REGION):
        assert source.urls
        # All of it lies in the store, which is left out of the repository.
        assert source.path.is_relative_to(FEEDS / FILE.stem / "store")


def test_its_municipalities_are_those_of_the_demonstration() -> None:
    with (FEEDS / "demo" / "municipalities.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for source in REGION.zones.sources:
        codes = [row["code"] for row in rows if row["country"] == source.country]
        assert list(source.municipalities) == codes
        # and none of them has been merged away
        assert current_codes(source.country, codes) == [bare(code) for code in codes]


def test_the_template_for_jobs_can_be_filled_in_as_it_is() -> None:
    table = read_plain(TEMPLATE)
    assert table.columns.tolist() == [
        *("code", "country", "name", "jobs"),
        *("hospitals", "secondary_schools", "supermarkets"),
    ]
    codes = {(source.country, code) for source in REGION.zones.sources
             for code in source.municipalities}  # fmt: skip
    assert set(zip(table["country"], table["code"], strict=True)) == codes
