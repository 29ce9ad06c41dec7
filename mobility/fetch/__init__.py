"""Catalogue to files: the only module that goes online.

Each file is got over HTTPS, resumed where it broke off, asked for only if it is newer,
checked, written beside and renamed; what it replaces goes into a dated store. The lock
file beside the region file says which files a region stands on, exactly.
"""

from mobility.fetch.keeping import Cleaned, clean, store_of
from mobility.fetch.lock import fingerprint, lock_path, read_lock, snapshot_day
from mobility.fetch.model import Entry, Limits, Row, Source, Web
from mobility.fetch.run import fetch
from mobility.fetch.sources import sources_of
from mobility.fetch.status import Standing, status

__all__ = [
    "Cleaned",
    "Entry",
    "Limits",
    "Row",
    "Source",
    "Standing",
    "Web",
    "clean",
    "fetch",
    "fingerprint",
    "lock_path",
    "read_lock",
    "snapshot_day",
    "sources_of",
    "status",
    "store_of",
]
