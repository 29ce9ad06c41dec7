"""agency.txt, routes.txt and trips.txt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mobility.feeds import parse
from mobility.feeds.archive import Archive
from mobility.feeds.ledger import Ledger
from mobility.feeds.modes import is_known, mode_of
from mobility.feeds.places import text_series, unique_rows
from mobility.feeds.rows import FileColumns, checked, read_table, row_of

AGENCY = FileColumns("agency.txt", ("agency_timezone",), ("agency_id", "agency_name"))
ROUTES = FileColumns(
    "routes.txt",
    ("route_id", "route_type"),
    (
        "agency_id",
        "route_short_name",
        "route_long_name",
        "continuous_pickup",
        "continuous_drop_off",
    ),
)
TRIPS = FileColumns(
    "trips.txt",
    ("route_id", "service_id", "trip_id"),
    ("trip_headsign", "trip_short_name", "direction_id", "block_id", "shape_id"),
)

UNKNOWN_TYPE = -1

# Getting on or off anywhere along the road: freely, by phone, or by a sign to the driver.
ALONG_THE_ROAD = ("0", "2", "3")


def read_agencies(archive: Archive, ledger: Ledger) -> pd.DataFrame | None:
    """Read the agencies: ``agency_id, name, timezone``."""
    block = read_table(archive, AGENCY, ledger)
    if block is None:
        return None
    table = pd.DataFrame(
        {
            "agency_id": text_series(block.text("agency_id")),
            "name": text_series(block.text("agency_name")),
            "timezone": text_series(block.text("agency_timezone")),
        }
    )
    again = table.duplicated("agency_id").to_numpy()
    ledger.drop("agency.txt", "the same agency_id again", int(again.sum()))
    table = table[~again].reset_index(drop=True)
    if table.empty:
        ledger.problem("agency.txt", "no rows", "at least one agency with its time zone")
    return table


def read_routes(archive: Archive, ledger: Ledger, agencies: pd.DataFrame) -> pd.DataFrame | None:
    """Read the routes, columns of `Feeds.routes` but ``feed``, ids not prefixed."""
    block = read_table(archive, ROUTES, ledger)
    if block is None:
        return None
    keep = unique_rows(block, "route_id", ledger)
    value = checked(
        block, "route_type", parse.code(32_000), UNKNOWN_TYPE, "a GTFS route type", ledger
    )
    kind = value[keep].astype(np.int16)
    modes = {int(k): mode_of(int(k)) for k in np.unique(kind)}
    strange = [k for k in modes if not is_known(k)]
    ledger.repair("routes.txt", "route type unknown, mode other", int(np.isin(kind, strange).sum()))
    texts = {name: block.text(name).filter(pa.array(keep)) for name in ROUTES.all}
    along = [
        np.isin(texts[name].to_numpy(zero_copy_only=False), ALONG_THE_ROAD)
        for name in ("continuous_pickup", "continuous_drop_off")
    ]
    ledger.repair("routes.txt", "stops anywhere along the road, taken to call at its stops",
                  int((along[0] | along[1]).sum()))  # fmt: skip
    table = pd.DataFrame(
        {
            "route_id": text_series(texts["route_id"]),
            "agency_id": text_series(texts["agency_id"]),
            "short_name": text_series(texts["route_short_name"]),
            "long_name": text_series(texts["route_long_name"]),
            "route_type": kind,
            "mode": pd.Series([modes[int(k)] for k in kind], dtype="str"),
        }
    )
    return _with_operator(table, agencies, ledger)


def _with_operator(routes: pd.DataFrame, agencies: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Name each route's operator; a feed with one agency need not repeat its id."""
    if len(agencies) == 1:
        only = str(agencies["agency_id"].iloc[0])
        routes = routes.assign(agency_id=routes["agency_id"].where(routes["agency_id"] != "", only))
    names = dict(zip(agencies["agency_id"], agencies["name"], strict=True))
    operator = [names.get(agency) or ledger.feed for agency in routes["agency_id"]]
    return routes.assign(operator=pd.Series(operator, dtype="str"))


@dataclass(frozen=True)
class Trips:
    """All trips of one feed, ids not prefixed, row for row of the file.

    Parameters
    ----------
    ids
        Trip ids, in file order, all different.
    route, service
        int32: row of the routes, row of the services; −1 where the file names an unknown one.
    texts
        ``headsign, short_name, block_id, shape_id`` → text per trip.
    direction
        int8, −1 unknown.
    """

    ids: pa.StringArray
    route: npt.NDArray[np.int32]
    service: npt.NDArray[np.int32]
    texts: dict[str, pa.StringArray]
    direction: npt.NDArray[np.int8]


def read_trips(
    archive: Archive, ledger: Ledger, route_ids: pd.Series, service_ids: npt.NDArray[np.object_]
) -> Trips | None:
    """Read the trips; what they refer to is resolved to row numbers."""
    block = read_table(archive, TRIPS, ledger)
    if block is None:
        return None
    keep = pa.array(unique_rows(block, "trip_id", ledger))
    direction = checked(block, "direction_id", parse.switch, -1, "0 or 1", ledger)
    texts = {name: block.text(name).filter(keep) for name in TRIPS.all}
    return Trips(
        ids=texts["trip_id"],
        route=row_of(texts["route_id"], pa.array(route_ids, pa.string())),
        service=row_of(texts["service_id"], pa.array(service_ids, pa.string())),
        texts={
            "headsign": texts["trip_headsign"],
            "short_name": texts["trip_short_name"],
            "block_id": texts["block_id"],
            "shape_id": texts["shape_id"],
        },
        direction=direction[np.asarray(keep)].astype(np.int8),
    )
