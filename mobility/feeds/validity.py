"""feed_info.txt: the days for which its publisher vouches."""

from __future__ import annotations

import datetime as dt

from mobility.feeds import parse
from mobility.feeds.archive import Archive
from mobility.feeds.ledger import Ledger
from mobility.feeds.rows import FileColumns, read_table

FEED_INFO = FileColumns("feed_info.txt", (), ("feed_start_date", "feed_end_date"))


def vouched_days(archive: Archive) -> tuple[dt.date | None, dt.date | None]:
    """First and last day a feed is said to be complete and reliable for, None where not said.

    Nothing hangs on this file, so one that can't be read, or whose end is before its start,
    says nothing.
    """
    block = read_table(archive, FEED_INFO, Ledger("", ""))
    if block is None or not len(block):
        return None, None
    numbers = [parse.day_number(block.text(name)[0].as_py()) for name in FEED_INFO.optional]
    first, last = (dt.date.fromordinal(n) if n else None for n in numbers)
    if first and last and last < first:
        return None, None
    return first, last
