"""frequencies.txt, transfers.txt and translations.txt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mobility.feeds import parse
from mobility.feeds.archive import Archive
from mobility.feeds.ledger import Ledger
from mobility.feeds.places import text_series
from mobility.feeds.rows import FileColumns, checked, read_table, row_of

FREQUENCIES = FileColumns(
    "frequencies.txt", ("trip_id", "start_time", "end_time", "headway_secs"), ("exact_times",)
)
TRANSFERS = FileColumns(
    "transfers.txt",
    (),
    (
        "from_stop_id",
        "to_stop_id",
        "transfer_type",
        "min_transfer_time",
        "from_trip_id",
        "to_trip_id",
        "from_route_id",
        "to_route_id",
    ),
)
TRANSLATIONS = FileColumns(
    "translations.txt",
    ("translation",),
    (
        "table_name",
        "field_name",
        "language",
        "record_id",
        "field_value",
        "trans_id",
        "lang",
    ),
)
NOT_A_TIME = -1.0e9
LARGEST_HEADWAY_S = 7 * 86_400

Int32 = npt.NDArray[np.int32]


def read_frequencies(archive: Archive, ledger: Ledger, trip_ids: pa.StringArray) -> pd.DataFrame:
    """Read the headway windows: ``trip (row of all trips), start_s, end_s, headway_s, exact``.

    Times are in the feed's own zone.
    """
    block = read_table(archive, FREQUENCIES, ledger)
    if block is None:
        return pd.DataFrame(
            {name: np.zeros(0, np.int32) for name in ("trip", "start_s", "end_s", "headway_s")}
        ).assign(exact=np.zeros(0, bool))
    trip = block.rows_of("trip_id", trip_ids)
    start = checked(block, "start_time", parse.time_s, NOT_A_TIME, "HH:MM:SS", ledger)
    end = checked(block, "end_time", parse.time_s, NOT_A_TIME, "HH:MM:SS", ledger)
    headway = checked(
        block, "headway_secs", _headway, 0, "a whole number of seconds above 0", ledger
    )
    exact = checked(block, "exact_times", parse.switch, 0, "0 or 1", ledger)
    known, whole = trip >= 0, (start > NOT_A_TIME) & (end > NOT_A_TIME) & (headway > 0)
    file = FREQUENCIES.file
    ledger.drop(file, "trip not in trips.txt", int((~known).sum()))
    ledger.drop(file, "a time or the headway is blank", int((known & ~whole).sum()))
    ledger.drop(file, "end not after start", int((known & whole & (end <= start)).sum()))
    table = pd.DataFrame(
        {
            "trip": trip,
            "start_s": start.astype(np.int32),
            "end_s": end.astype(np.int32),
            "headway_s": headway.astype(np.int32),
            "exact": exact == 1,
        }
    )[known & whole & (end > start)]
    again = table.duplicated().to_numpy()
    ledger.drop(file, "the same row again", int(again.sum()))
    return table[~again].sort_values(["trip", "start_s", "end_s"]).reset_index(drop=True)


def _headway(text: str) -> float | None:
    value = parse.integer(text)
    return value if value is not None and 0 < value <= LARGEST_HEADWAY_S else None


def read_transfers(
    archive: Archive,
    ledger: Ledger,
    stop_ids: pa.StringArray,
    trip_ids: pa.StringArray,
    route_ids: pa.StringArray,
) -> pd.DataFrame:
    """Read the transfer rules, columns of `Feeds.transfers`, rows of the feed's own tables.

    A rule that names something unknown is dropped, for without it the rule would say more
    than was meant.
    """
    block = read_table(archive, TRANSFERS, ledger)
    if block is None:
        return empty_transfers()
    kind = checked(block, "transfer_type", parse.code(5), 0, "0 to 5", ledger)
    minimum = checked(block, "min_transfer_time", _headway_or_none, -1, "seconds from 0", ledger)
    table: dict[str, Int32] = {}
    lost = np.zeros(len(block), bool)
    ends = {"stop": stop_ids, "trip": trip_ids, "route": route_ids}
    for what, known in ends.items():
        for side in ("from", "to"):
            texts = block.text(f"{side}_{what}_id")
            rows = row_of(texts, known)
            lost |= (rows < 0) & (texts.to_numpy(zero_copy_only=False) != "")
            table[f"{side}_{what}"] = rows
    nothing = (table["from_stop"] < 0) & (table["from_trip"] < 0) & (table["from_route"] < 0)
    ledger.drop(TRANSFERS.file, "stop, trip or route unknown", int(lost.sum()))
    ledger.drop(TRANSFERS.file, "neither stop, trip nor route", int((nothing & ~lost).sum()))
    rules = pd.DataFrame(
        {
            "from_stop": table["from_stop"],
            "to_stop": table["to_stop"],
            "transfer_type": kind.astype(np.int8),
            "min_transfer_s": minimum.astype(np.int32),
            "from_trip": table["from_trip"],
            "to_trip": table["to_trip"],
            "from_route": table["from_route"],
            "to_route": table["to_route"],
        }
    )[~(lost | nothing)]
    again = rules.duplicated().to_numpy()
    ledger.drop(TRANSFERS.file, "the same row again", int(again.sum()))
    return rules[~again].reset_index(drop=True)


def _headway_or_none(text: str) -> float | None:
    value = parse.integer(text)
    return value if value is not None and 0 <= value <= LARGEST_HEADWAY_S else None


def empty_transfers() -> pd.DataFrame:
    """Return a table of no transfer rules."""
    names = ("from_stop", "to_stop", "transfer_type", "min_transfer_s")
    ends = ("from_trip", "to_trip", "from_route", "to_route")
    table = pd.DataFrame({name: np.zeros(0, np.int32) for name in (*names, *ends)})
    return table.astype({"transfer_type": np.int8})


def read_translations(
    archive: Archive, ledger: Ledger, records: Mapping[tuple[str, str], Mapping[str, str]]
) -> pd.DataFrame:
    """Read the translations, in today's form or the older one (``trans_id, lang``).

    Parameters
    ----------
    records
        (table, field) → record id → its text, for translations that name the record instead
        of the text.

    Returns
    -------
    ``table, field, language, original, translation``.
    """
    block = read_table(archive, TRANSLATIONS, ledger)
    names = ["table", "field", "language", "original", "translation"]
    if block is None:
        return pd.DataFrame({name: pd.Series([], dtype="str") for name in names})
    text = {name: text_series(block.text(name)) for name in TRANSLATIONS.all}
    original = text["field_value"].where(text["field_value"] != "", text["trans_id"])
    by_id = (original == "") & (text["record_id"] != "")
    keys = zip(text["table_name"], text["field_name"], text["record_id"], strict=True)
    named = [records.get((table, field), {}).get(record, "") for table, field, record in keys]
    table = pd.DataFrame(
        {
            "table": text["table_name"],
            "field": text["field_name"],
            "language": text["language"].where(text["language"] != "", text["lang"]),
            "original": original.mask(by_id, pd.Series(named, dtype="str")),
            "translation": text["translation"],
        }
    )
    empty = ((table["original"] == "") | (table["translation"] == "")).to_numpy()
    ledger.drop(TRANSLATIONS.file, "of nothing that is read", int(empty.sum()))
    table = table[~empty]
    again = table.duplicated().to_numpy()
    ledger.drop(TRANSLATIONS.file, "the same row again", int(again.sum()))
    return table[~again].reset_index(drop=True)
