"""Python's search for what nobody needs any more, at a pace that suits large tables."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

NEW_OBJECTS = 50_000


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for cycles of unused objects each `NEW_OBJECTS` new ones; usual is each 700.

    Charts and workbooks make hundreds of thousands of small objects, next to none of them in
    cycles. To look for these so often takes a tenth of a run, a third of a workbook's time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
