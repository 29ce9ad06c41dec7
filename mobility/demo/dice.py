"""Random numbers that are the same bits on every machine and in every process."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def uniform(seed: int, purpose: str, size: int) -> Floats:
    """Draw `size` numbers in [0, 1), a stream of its own for each `purpose`.

    Only the raw bits of PCG64 are used: numpy keeps them stable over versions, unlike its
    distributions.
    """
    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    bits = np.random.PCG64(int.from_bytes(digest[:16], "little")).random_raw(size)
    return np.asarray((bits >> np.uint64(11)) * 2.0**-53, np.float64)
