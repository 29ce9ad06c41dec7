"""Matched stops as rows of the transfers, so that one can change between them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mobility.feeds.model import Feeds
from mobility.merge.ground import metres
from mobility.merge.model import Float64

CROW_FACTOR = 1.3
WALK_M_PER_S = 4.8 / 3.6
LEAST_TRANSFER_S = 120
TYPE_MINIMUM = 2


def with_transfers(feeds: Feeds, evidence: pd.DataFrame) -> Feeds:
    """Add a type 2 row per matched pair and direction, where transfers.txt says nothing."""
    one = evidence["grade"].isin(["same stop", "same station"]).to_numpy()
    row_of = pd.Series(np.arange(len(feeds.stops)), index=feeds.stops["stop_id"].to_numpy(object))
    a = row_of.reindex(evidence.loc[one, "stop_a"]).to_numpy(np.int64)
    b = row_of.reindex(evidence.loc[one, "stop_b"]).to_numpy(np.int64)
    own = _own_minimum(feeds)
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    crow = metres(lon[a], lat[a], lon[b], lat[b]) * CROW_FACTOR
    walk = evidence.loc[one, "walk_m"].to_numpy(float)
    # A pair far apart on paper, because one position is rough, is not a long walk in truth.
    walk_s = np.ceil(np.where(np.isfinite(walk), np.minimum(walk, crow), crow) / WALK_M_PER_S)
    minimum = np.maximum(np.maximum(own[a], own[b]), np.maximum(walk_s, LEAST_TRANSFER_S))
    rules = feeds.transfers
    plain = (rules["from_trip"] < 0) & (rules["to_trip"] < 0)
    plain &= (rules["from_route"] < 0) & (rules["to_route"] < 0)
    size = len(feeds.stops)
    said = rules.loc[plain, "from_stop"].to_numpy(np.int64) * size
    said = said + rules.loc[plain, "to_stop"].to_numpy(np.int64)
    both = np.concatenate([a * size + b, b * size + a])
    time_s = np.concatenate([minimum, minimum]).astype(np.int32)
    new = ~np.isin(both, said)
    if not new.any():
        return feeds
    order = np.argsort(both[new], kind="stable")
    keys = both[new][order]
    rows = pd.DataFrame(
        {
            "from_stop": (keys // size).astype(np.int32),
            "to_stop": (keys % size).astype(np.int32),
            "transfer_type": np.full(len(keys), TYPE_MINIMUM, np.int8),
            "min_transfer_s": time_s[new][order],
        }
        | {
            name: np.full(len(keys), -1, np.int32)
            for name in ("from_trip", "to_trip", "from_route", "to_route")
        }
    )
    joined = pd.concat([rules, rows[rules.columns.tolist()]], ignore_index=True)
    return feeds.with_tables(transfers=joined.astype(rules.dtypes.to_dict()))


def _own_minimum(feeds: Feeds) -> Float64:
    """Minimum each stop or its station sets for changing at itself, 0 where none."""
    rules = feeds.transfers
    self_row = ((rules["from_stop"] == rules["to_stop"]) & (rules["min_transfer_s"] > 0)).to_numpy()
    own = np.zeros(len(feeds.stops))
    stop = rules["from_stop"].to_numpy()[self_row]
    np.maximum.at(own, stop, rules["min_transfer_s"].to_numpy(float)[self_row])
    parent = feeds.stops["parent"].to_numpy(np.int64)
    return np.where(parent >= 0, np.maximum(own, own[parent]), own)
