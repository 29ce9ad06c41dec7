"""GTFS feeds: zips and folders to tables clipped to a day and a region."""

from __future__ import annotations

from mobility.feeds.model import Feeds, FeedSource, ServiceDays
from mobility.feeds.read import read_feeds

__all__ = ["FeedSource", "Feeds", "ServiceDays", "read_feeds"]
