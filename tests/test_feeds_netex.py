"""NeTEx in place of GTFS: known by its root element, refused with the way on."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_gtfs import read, toy, write_folder, write_zip

from mobility.errors import FeedError
from mobility.feeds.netex import is_netex

NETEX = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- a --><PublicationDelivery version="1.1">'
PREFIXED = NETEX.replace("<Pub", "<netex:Pub")


@pytest.mark.parametrize("text", [NETEX, PREFIXED])
def test_netex_is_refused_with_the_converter(tmp_path: Path, text: str) -> None:
    zipped = write_zip(tmp_path / "n.zip", {"line_1.xml": text})
    folder = write_folder(tmp_path / "n", {"line_1.xml": text})
    bare = tmp_path / "n.xml"
    bare.write_text(text, encoding="utf-8")
    for path in (zipped, folder, bare):
        assert is_netex(path)
        with pytest.raises(FeedError, match=r"found NeTEx; expected a GTFS.*netex-gtfs-converter"):
            read(path)


def test_other_files_are_no_netex(tmp_path: Path) -> None:
    assert not is_netex(toy(tmp_path))
    assert not is_netex(tmp_path / "absent.zip")
    assert not is_netex(write_zip(tmp_path / "x.zip", {"a.xml": "<other/>"}))
