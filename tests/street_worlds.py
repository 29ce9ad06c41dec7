"""Random street worlds, built in memory."""

from __future__ import annotations

import numpy as np

from mobility.streets.model import StreetSettings, no_restrictions
from mobility.streets.osm import RawStreets
from mobility.streets.reading import streets_from_raw


def random_world(rng):
    n_nodes, n_ways = int(rng.integers(5, 60)), int(rng.integers(3, 40))
    refs, offset = [], [0]
    for _ in range(n_ways):
        size = int(rng.integers(2, 6))
        refs.extend(rng.choice(n_nodes, size, replace=False).tolist())
        offset.append(len(refs))
    raw = RawStreets(
        way_id=np.arange(n_ways, dtype=np.int64),
        tagset=np.zeros(n_ways, np.int32),
        name=np.full(n_ways, "", object),
        ref=np.full(n_ways, "", object),
        tagsets=({"highway": "residential"},),
        ref_offset=np.array(offset, np.int64),
        refs=np.array(refs, np.int64),
        node_id=np.arange(n_nodes, dtype=np.int64),
        node_lon=rng.uniform(5.0, 5.03, n_nodes),
        node_lat=rng.uniform(51.0, 51.02, n_nodes),
        node_tags=np.zeros(n_nodes, np.int32),
        node_tagsets=({},),
        restrictions=no_restrictions().astype({"via": np.int64}),
        counts={},
    )
    return streets_from_raw(raw, countries=None, settings=StreetSettings())
