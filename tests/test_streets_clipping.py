"""Clipping an extract to a box: the streets in it are the very same as in the whole file."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street_toys import node_xml, way_xml, write_osm

from mobility.errors import StreetError
from mobility.streets import nodes, read_streets
from mobility.streets.clipping import Clipped, clip
from mobility.streets.nodes import node_blocks
from mobility.streets.osm import read_osm
from mobility.streets.pbf import UnknownFormError, read_nodes

# Nodes stand on a line, 0.01° apart, at 5.00, 5.01 … 5.07; the box holds 5.02 to 5.04.
#
#   1 ── 2 ── 3 ── 4 ── 5 ── 6 ── 7 ── 8
#   ·── A ──·── B ───────·    ·── C ──·      D: a river 3–4      E: a ferry 5–6
BOX = (5.015, 50.9, 5.045, 51.1)


def pbf(folder: Path, body: str) -> Path:
    """Write OSM XML and turn it into PBF, as extracts come."""
    xml, path = folder / "x.osm", folder / "x.osm.pbf"
    write_osm(xml, body)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for thing in osmium.FileProcessor(str(xml)):
            writer.add(thing)
    return path


@pytest.fixture
def line(tmp_path: Path) -> Path:
    nodes = [node_xml(n, 5.0 + (n - 1) / 100, 51.0) for n in range(1, 9)]
    nodes[3] = node_xml(4, 5.03, 51.0, barrier="gate")
    relation = (
        '<relation id="{id}" version="1"><member type="way" ref="{a}" role="from"/>'
        '<member type="node" ref="{via}" role="via"/><member type="way" ref="{b}" role="to"/>'
        '<tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>'
    )
    return pbf(
        tmp_path,
        "\n".join([
            *nodes,
            way_xml(10, [1, 2, 3], {"highway": "residential", "name": "A"}),
            way_xml(11, [3, 4, 5], {"highway": "primary"}),
            way_xml(12, [7, 8], {"highway": "service"}),
            way_xml(13, [3, 4], {"waterway": "river"}),
            way_xml(14, [5, 6], {"route": "ferry"}),
            relation.format(id=20, a=10, b=11, via=3),
            relation.format(id=21, a=12, b=12, via=7),
        ]),
    )  # fmt: skip


def test_ways_that_touch_the_box_stay_whole(line: Path, tmp_path: Path) -> None:
    out = tmp_path / "clip" / "out.osm.pbf"
    # A, B and the ferry touch it; nodes 1–6 are theirs; the restriction between A and B.
    assert clip(line, BOX, out) == Clipped(nodes=6, ways=3, relations=1, ways_before=4)
    ways = {w.id: [n.ref for n in w.nodes]
            for w in osmium.FileProcessor(str(out), osmium.osm.WAY)}  # fmt: skip
    assert ways == {10: [1, 2, 3], 11: [3, 4, 5], 14: [5, 6]}
    tags = {n.id: dict(n.tags) for n in osmium.FileProcessor(str(out), osmium.osm.NODE)}
    assert sorted(tags) == [1, 2, 3, 4, 5, 6]
    assert tags[4] == {"barrier": "gate"}
    assert not list(out.parent.glob(".*"))


def test_a_clip_makes_the_same_streets(line: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.osm.pbf"
    clip(line, BOX, out)
    whole, clipped = read_streets([line], box=BOX), read_streets([out], box=BOX)
    for name in ("node_id", "node_lon", "edge_from", "edge_to", "edge_length_m", "shape_lon"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(clipped, name))
    assert whole.restrictions.equals(clipped.restrictions)
    for mode, graph in whole.graphs.items():
        np.testing.assert_array_equal(graph.forward_ms, clipped.graphs[mode].forward_ms)


def test_the_same_clip_is_the_same_bytes(line: Path, tmp_path: Path) -> None:
    clip(line, BOX, tmp_path / "a.osm.pbf")
    clip(line, BOX, tmp_path / "b.osm.pbf")
    assert (tmp_path / "a.osm.pbf").read_bytes() == (tmp_path / "b.osm.pbf").read_bytes()


def test_a_box_without_streets_makes_an_empty_clip_and_a_broken_file_is_said(
    line: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.osm.pbf"
    assert clip(line, (1.0, 1.0, 1.1, 1.1), empty).ways == 0
    # beside another extract that is no harm, alone it is said
    assert len(read_osm([line, empty]).way_id) == 4
    with pytest.raises(StreetError, match="no way with a highway tag"):
        read_osm([empty])
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(line.read_bytes()[:-40])
    with pytest.raises(StreetError, match="breaks off"):
        clip(broken, BOX, tmp_path / "out.osm.pbf")
    assert not list(tmp_path.glob(".*"))
    assert not (tmp_path / "out.osm.pbf").exists()


# --- nodes by array


def assert_same_nodes(path: Path) -> None:
    """What is decoded by array is what pyosmium reads."""
    fast = list(read_nodes(path))
    slow = list(nodes._slow_blocks(path))
    for name in ("ids", "lon", "lat"):
        np.testing.assert_array_equal(
            np.concatenate([getattr(b, name) for b in fast]),
            np.concatenate([getattr(b, name) for b in slow]),
        )
    by_id = [
        {int(b.ids[row]): dict(tags) for b in blocks for row, tags in b.tags.items()}
        for blocks in (fast, slow)
    ]
    assert by_id[0] == by_id[1]


def test_nodes_are_those_that_pyosmium_reads(line: Path) -> None:
    assert_same_nodes(line)


def test_nodes_of_real_extracts_are_those_that_pyosmium_reads(region_data: Path) -> None:
    assert_same_nodes(region_data / "osm" / "kempen-2013.osm.pbf")


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
some_nodes = st.lists(
    st.tuples(
        st.integers(-(1 << 40), 1 << 40),
        st.floats(-180, 180, allow_nan=False),
        st.floats(-90, 90, allow_nan=False),
        st.dictionaries(texts.filter(bool), texts, max_size=3),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda node: node[0],
)


@given(some_nodes, st.sampled_from(["none", "zlib"]))
@settings(deadline=None, max_examples=40)
def test_any_nodes_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, made: list, compression: str
) -> None:
    path = tmp_path_factory.mktemp("pbf") / "n.osm.pbf"
    file = osmium.io.File(str(path), f"pbf,pbf_compression={compression}")
    with osmium.SimpleWriter(file) as writer:
        for number, lon, lat, tags in made:
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=tags))
    assert_same_nodes(path)


def test_another_form_is_left_to_pyosmium(line: Path, tmp_path: Path) -> None:
    other = tmp_path / "plain.osm.pbf"
    file = osmium.io.File(str(other), "pbf,pbf_dense_nodes=false")
    with osmium.SimpleWriter(file) as writer:
        for thing in osmium.FileProcessor(str(line)):
            writer.add(thing)
    with pytest.raises(UnknownFormError, match="not dense"):
        list(read_nodes(other))
    assert sum(len(block.ids) for block in node_blocks(other)) == 8
    out = tmp_path / "out.osm.pbf"
    assert clip(other, BOX, out).nodes == 6
    assert len(read_osm([out]).way_id) == 3


@given(st.integers(0, 400), st.integers(0, 255))
@settings(deadline=None, max_examples=60)
def test_damaged_bytes_never_crash(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int
) -> None:
    folder = tmp_path_factory.mktemp("bad")
    nodes = [node_xml(n, 5.0 + n / 100, 51.0) for n in range(20)]
    data = bytearray(pbf(folder, "\n".join(nodes)).read_bytes())
    data[at % len(data)] = value
    path = folder / "bad.osm.pbf"
    path.write_bytes(bytes(data))
    with contextlib.suppress(UnknownFormError):
        list(read_nodes(path))
