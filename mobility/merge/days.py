"""Sets of days as whole numbers, one bit per day, and services made from them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np

from mobility.feeds.model import ServiceDays


def as_bits(services: ServiceDays) -> list[int]:
    """Days of each service as a whole number: bit k is set if it runs on column k."""
    packed = np.packbits(services.runs, axis=1, bitorder="little")
    size, content = packed.shape[1], packed.tobytes()
    ends = range(size, size * (len(packed) + 1), size) if size else ()
    found = [int.from_bytes(content[end - size : end], "little") for end in ends]
    return found or [0] * len(packed)


def days_that_matter(services: ServiceDays, day: dt.date | None) -> int:
    """Bits of the day and its two neighbours (late trips cross midnight), or of all days."""
    width: int = services.runs.shape[1]
    if day is None:
        return (1 << width) - 1
    column = (day - services.first_day).days
    near = [1 << k for k in range(column - 1, column + 2) if 0 <= k < width]
    return sum(near)


@dataclass
class Roster:
    """Services that grow by those that joining or sharing out trips calls for.

    A set of days that one of the asked-for services already has is not made again, so that
    the same joining done twice makes nothing new.
    """

    before: ServiceDays
    bits: list[int] = field(init=False)
    _ids: list[str] = field(init=False)
    _made: dict[tuple[str, int], int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.bits = as_bits(self.before)
        self._ids = [str(service) for service in self.before.service_ids]

    def row(self, days: int, rows: tuple[int, ...]) -> int:
        """Row of a service with exactly `days`, named after the services in `rows`."""
        for row in rows:
            if self.bits[row] == days:
                return row
        name = "+".join(sorted({self._ids[row] for row in rows}))
        key = (name, days)
        if key not in self._made:
            self._made[key] = len(self._ids)
            self.bits.append(days)
            self._ids.append(self._free(f"{name}~{days.bit_count()}d"))
        return self._made[key]

    def _free(self, name: str) -> str:
        taken, free, count = set(self._ids), name, 2
        while free in taken:
            free, count = f"{name}.{count}", count + 1
        return free

    def name(self, row: int) -> str:
        """Id of a service."""
        return self._ids[row]

    def services(self) -> ServiceDays:
        """All services, the new ones last."""
        old = len(self.before.service_ids)
        if len(self._ids) == old:
            return self.before
        width = self.before.runs.shape[1]
        size = (width + 7) // 8
        packed = np.frombuffer(
            b"".join(bits.to_bytes(size, "little") for bits in self.bits[old:]), np.uint8
        ).reshape(-1, size)
        new = np.unpackbits(packed, axis=1, count=width, bitorder="little").astype(bool)
        runs = np.concatenate([self.before.runs, new])
        runs.flags.writeable = False
        n_trips = self.before.n_trips
        if n_trips is not None:
            n_trips = np.concatenate([n_trips, np.zeros(len(new), n_trips.dtype)])
        return replace(
            self.before, service_ids=np.array(self._ids, object), runs=runs, n_trips=n_trips
        )
