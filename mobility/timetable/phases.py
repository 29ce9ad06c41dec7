"""Where in its headway each headway service starts: even over draws, unrelated over lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

UInt64 = npt.NDArray[np.uint64]

BITS = 32
PIECE = "/piece-"
"""Between a trip's id and a number: a piece of the trip, which keeps the trip's phase."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def phase_shares(trip_ids: Sequence[str], *, seed: int, draw: int) -> npt.NDArray[np.float64]:
    """Share of the headway that passes before the first departure, one per headway trip.

    Draw k takes the k-th number of the van der Corput sequence, scrambled (after Owen)
    by a key made of the seed and the trip's id alone. So over draws 0 … 2**m - 1 every
    trip's share falls once in each 1/2**m of the headway; two trips move independently; and
    a trip keeps its share whatever other lines, feeds or scenarios stand beside it.

    Parameters
    ----------
    trip_ids
        Ids of the trips that have headways. Pieces of one trip, see `PIECE`, share its phase.
    seed, draw
        Whole numbers from 0.

    Returns
    -------
    float64 (n,), in [0, 1).
    """
    key = np.fromiter((_key(name, seed) for name in trip_ids), np.uint64, len(trip_ids))
    value = np.zeros(len(key), np.uint64)
    prefix = np.ones(len(key), np.uint64)
    for bit in range(BITS):
        # The draw's lowest digit becomes the sequence's highest.
        digit = np.uint64((draw >> bit) & 1)
        # Whether this digit is flipped depends on the digits before it: that is what
        # makes the scrambling uniform and keeps one number per interval.
        flip = _mixed(key ^ (prefix * GOLDEN)) >> np.uint64(63)
        value = (value << np.uint64(1)) | (flip ^ digit)
        prefix = (prefix << np.uint64(1)) | digit
    return value.astype(np.float64) / 2.0**BITS


def _key(name: str, seed: int) -> int:
    whole = name.partition(PIECE)[0]
    digest = hashlib.blake2b(f"{seed}\n{whole}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _mixed(x: UInt64) -> UInt64:
    """Avalanche of splitmix64: each bit of the result hangs on all bits of `x`."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
