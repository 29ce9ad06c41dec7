"""Column contracts of every table that leaves the program, and the travel-time type.

A contract is data: name, dtype, unit and meaning of each column, in order. `check`
holds a table against it; the workbook and the documentation are written from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.errors import MobilityError, Problem, RunError

MODES = ("walk", "bike", "ebike", "car", "pt", "bike+pt", "car+pt")
TRANSIT_MODES = ("pt", "bike+pt", "car+pt")
STREET_MODES = ("walk", "bike", "ebike", "car")
PERCENTILES = (5, 25, 50, 75, 95)
PARTS = ("access_s", "wait_s", "ride_s", "transfer_s", "egress_s")
STATUS = ("ok", "unreachable", "outside")

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Column:
    """One column of a contract: `name`, numpy or ``"string"`` dtype, unit, meaning (en)."""

    name: str
    dtype: str
    unit: str
    meaning: str


TRAVEL_TIMES = (
    Column("scenario", "string", "", "scenario name"),
    Column("mode", "string", "", "mode of travel, door to door"),
    Column("origin", "string", "", "zone of departure"),
    Column("destination", "string", "", "zone of arrival"),
    Column("country_o", "string", "", "country of the origin zone"),
    Column("country_d", "string", "", "country of the destination zone"),
    *(
        Column(f"p{p:02d}_s", "float32", "s", f"travel time, percentile {p} over departures")
        for p in PERCENTILES
    ),
    Column("share_reached", "float32", "1", "share of departures that arrive at all"),
    Column("transfers_p50", "float32", "1", "transfers of the median journey"),
    Column("status", "string", "", "ok, unreachable or outside the model"),
)

COMPONENTS = (
    *TRAVEL_TIMES[:4],
    Column("access_s", "float32", "s", "from the door to the first stop"),
    Column("wait_s", "float32", "s", "waiting, at the first stop and at transfers"),
    Column("ride_s", "float32", "s", "in vehicles, or on the street for street modes"),
    Column("transfer_s", "float32", "s", "walking between stops"),
    Column("egress_s", "float32", "s", "from the last stop to the door"),
    Column("operators", "string", "", "feeds ridden in order of first use, joined by +"),
)

ACCESSIBILITY = (
    Column("scenario", "string", "", "scenario name"),
    Column("zone", "string", "", "zone of departure"),
    Column("country", "string", "", "country of the zone"),
    Column("mode", "string", "", "mode of travel"),
    Column("indicator", "string", "", "indicator name"),
    Column("opportunity", "string", "", "what is reached"),
    Column("cutoff_s", "float32", "s", "time limit, NaN where the indicator has none"),
    Column("percentile", "float32", "1", "percentile of travel time used"),
    Column("value", "float64", "see unit", "value of the indicator"),
    Column("unit", "string", "", "unit of the value"),
)


def check(table: pd.DataFrame, contract: tuple[Column, ...], where: str) -> pd.DataFrame:
    """Return `table` with the contract's columns in order and of its dtypes.

    Raises
    ------
    RunError
        A column is missing; all missing ones are named.
    """
    missing = [column.name for column in contract if column.name not in table.columns]
    if missing:
        raise RunError(
            Problem(where, f"columns {list(table.columns)}", f"also the columns {missing}")
        )
    return pd.DataFrame(
        {
            c.name: table[c.name] if c.dtype == "string" else table[c.name].astype(c.dtype)
            for c in contract
        }
    )


@dataclass(frozen=True)
class TravelTimes:
    """Door-to-door times of one scenario and mode; also another tool's matrix fits.

    Parameters
    ----------
    scenario, mode
        Names.
    origins, destinations
        Zone ids, shape (n_o,) and (n_d,), dtype object.
    country_o, country_d
        Country code per origin and destination, ``""`` where unknown.
    percentiles
        Ascending, e.g. (5, 25, 50, 75, 95). Street modes repeat their one time.
    time_s
        float32 (n_o, n_d, n_percentiles), seconds; NaN where unreachable.
    share_reached
        float32 (n_o, n_d), share of departures that arrive.
    transfers_p50
        float32 (n_o, n_d), transfers of the median journey; NaN where unreachable.
    outside
        bool (n_o, n_d): the zone could not be linked to the network.
    parts
        Name in `PARTS` → float32 (n_o, n_d), seconds, of the median journey; adds up to
        the p50 time. May be empty.
    operators
        int32 (n_o, n_d) index into `operator_names`, −1 for none. None where unknown.
    operator_names
        Feeds ridden, ``"ns+nmbs"``.
    draws_s
        float32 (n_o, n_d, draws), seconds, the median in each draw of the phases of headway
        services. None where there was one draw only, or nothing to draw.
    """

    scenario: str
    mode: str
    origins: npt.NDArray[np.object_]
    destinations: npt.NDArray[np.object_]
    country_o: npt.NDArray[np.object_]
    country_d: npt.NDArray[np.object_]
    percentiles: tuple[int, ...]
    time_s: FloatArray
    share_reached: FloatArray
    transfers_p50: FloatArray
    outside: npt.NDArray[np.bool_]
    parts: Mapping[str, FloatArray] = field(default_factory=dict)
    operators: npt.NDArray[np.int32] | None = None
    operator_names: tuple[str, ...] = ()
    draws_s: FloatArray | None = None

    def at(self, percentile: int) -> FloatArray:
        """Times in seconds at one percentile, (n_o, n_d), NaN where unreachable.

        Raises
        ------
        MobilityError
            The percentile was not computed.
        """
        if percentile not in self.percentiles:
            raise MobilityError(
                Problem("percentile", str(percentile), f"one of {self.percentiles}")
            )
        return self.time_s[:, :, self.percentiles.index(percentile)]


def _pair_columns(times: TravelTimes) -> dict[str, object]:
    n_o, n_d = len(times.origins), len(times.destinations)

    def category(values: npt.NDArray[np.object_], repeat: bool) -> pd.Categorical:
        codes, names = pd.factorize(values)
        codes = np.repeat(codes, n_d) if repeat else np.tile(codes, n_o)
        return pd.Categorical.from_codes(codes, categories=names)

    def constant(word: str) -> pd.Categorical:
        return pd.Categorical.from_codes(np.zeros(n_o * n_d, np.int8), categories=[word])

    return {
        "scenario": constant(times.scenario),
        "mode": constant(times.mode),
        "origin": category(times.origins, repeat=True),
        "destination": category(times.destinations, repeat=False),
        "country_o": category(times.country_o, repeat=True),
        "country_d": category(times.country_d, repeat=False),
    }


def to_table(times: TravelTimes) -> pd.DataFrame:
    """Lay travel times out as rows of the `TRAVEL_TIMES` contract, origin-major.

    Text columns are categoricals, so that a million pairs stay small.
    """
    columns = _pair_columns(times)
    for k, p in enumerate(times.percentiles):
        columns[f"p{p:02d}_s"] = times.time_s[:, :, k].ravel()
    columns["share_reached"] = times.share_reached.ravel()
    columns["transfers_p50"] = times.transfers_p50.ravel()
    reached = np.isfinite(times.at(50)).ravel()
    codes = np.where(times.outside.ravel(), 2, np.where(reached, 0, 1)).astype(np.int8)
    columns["status"] = pd.Categorical.from_codes(codes, categories=list(STATUS))
    return pd.DataFrame(columns)


def to_components(times: TravelTimes) -> pd.DataFrame:
    """Lay the parts of the median journey out as rows of the `COMPONENTS` contract."""
    pairs = _pair_columns(times)
    columns = {name: pairs[name] for name in ("scenario", "mode", "origin", "destination")}
    n_pairs = len(times.origins) * len(times.destinations)
    for part in PARTS:
        values = times.parts.get(part)
        columns[part] = np.full(n_pairs, np.nan, np.float32) if values is None else values.ravel()
    codes = np.full(n_pairs, -1, np.int32) if times.operators is None else times.operators.ravel()
    columns["operators"] = pd.Categorical.from_codes(codes, categories=list(times.operator_names))
    return pd.DataFrame(columns)


def from_table(table: pd.DataFrame) -> list[TravelTimes]:
    """Read rows of the `TRAVEL_TIMES` contract back, one `TravelTimes` per scenario and mode.

    Pairs that have no row count as unreachable. Zones keep the order of first appearance.

    Raises
    ------
    RunError
        A required column is missing, or a pair has two rows.
    """
    required = tuple(
        c for c in TRAVEL_TIMES if c.name in ("scenario", "mode", "origin", "destination", "p50_s")
    )
    check(table, required, "travel times")
    found: list[TravelTimes] = []
    groups = table.groupby(["scenario", "mode"], sort=False, observed=True)
    for (scenario, mode), rows in groups:
        found.append(_from_rows(str(scenario), str(mode), rows))
    return found


def _numbered(
    column: pd.Series,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Number the values of a column in the order they first appear."""
    if not isinstance(column.dtype, pd.CategoricalDtype) or column.hasnans:
        codes, values = pd.factorize(column.astype(object))
        return codes, np.asarray(values, object)
    codes, found = pd.factorize(column.cat.codes.to_numpy())
    return codes, column.cat.categories.to_numpy(object)[found]


def _from_rows(scenario: str, mode: str, rows: pd.DataFrame) -> TravelTimes:
    row, origins = _numbered(rows["origin"])
    col, destinations = _numbered(rows["destination"])
    shape = (len(origins), len(destinations))
    there = np.zeros(shape, bool)
    there[row, col] = True
    if there.sum() != len(rows):
        raise RunError(Problem("travel times", f"a pair twice in {scenario}/{mode}", "one row"))

    def grid(name: str, empty: float) -> FloatArray:
        values = np.full(shape, empty, np.float32)
        if name in rows:
            values[row, col] = rows[name].to_numpy(np.float32)
        return values

    def country(name: str, index: npt.NDArray[np.intp], size: int) -> npt.NDArray[np.object_]:
        values = np.full(size, "", object)
        if name in rows:
            values[index] = rows[name].astype(object).fillna("").to_numpy()
        return values

    percentiles = tuple(p for p in range(1, 100) if f"p{p:02d}_s" in rows)
    outside = np.zeros(shape, bool)
    if "status" in rows:
        outside[row, col] = (rows["status"] == "outside").to_numpy()
    time_s = np.stack([grid(f"p{p:02d}_s", np.nan) for p in percentiles], axis=2)
    reached = np.isfinite(grid("p50_s", np.nan)).astype(np.float32)
    return TravelTimes(
        scenario=scenario,
        mode=mode,
        origins=origins,
        destinations=destinations,
        country_o=country("country_o", row, shape[0]),
        country_d=country("country_d", col, shape[1]),
        percentiles=percentiles,
        time_s=time_s,
        share_reached=grid("share_reached", 0.0) if "share_reached" in rows else reached,
        transfers_p50=grid("transfers_p50", np.nan),
        outside=outside,
    )
