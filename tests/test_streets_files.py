"""Street files that are broken, empty or of somewhere else end in words, not in a traceback."""

from __future__ import annotations

import osmium
import pytest
from osmium.osm.mutable import Node, Way

from mobility.streets import read_streets
from mobility.streets.osm import StreetError


def pbf(path, n_nodes, *, highway="residential"):
    with osmium.SimpleWriter(str(path)) as writer:
        for i in range(1, n_nodes + 1):
            writer.add_node(Node(id=i, location=(5.0 + i * 1e-4, 51.0 + (i % 7) * 1e-4)))
        for i in range(1, n_nodes):
            writer.add_way(Way(id=i, nodes=[i, i + 1], tags={"highway": highway}))
    return path


def test_a_whole_file_reads(tmp_path):
    assert len(read_streets([pbf(tmp_path / "a.osm.pbf", 5000)]).edge_from) > 0


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_a_file_that_breaks_off(tmp_path, share):
    whole = pbf(tmp_path / "whole.osm.pbf", 5000).read_bytes()
    path = tmp_path / "half.osm.pbf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(StreetError, match=r"half\.osm\.pbf"):
        read_streets([path])


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"<html>Not found</html>", b"PK\x03\x04"])
def test_a_file_that_is_no_pbf(tmp_path, content):
    path = tmp_path / "wrong.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(StreetError, match=r"wrong\.osm\.pbf|highway"):
        read_streets([path])


def test_an_extract_without_anything_in_it(tmp_path):
    with pytest.raises(StreetError, match="no way with a highway tag"):
        read_streets([pbf(tmp_path / "none.osm.pbf", 0)])


def test_an_extract_of_another_country(tmp_path):
    path = pbf(tmp_path / "belgium.osm.pbf", 200)
    with pytest.raises(StreetError, match="covers the zones"):
        read_streets([path], box=(20.0, 40.0, 21.0, 41.0))
