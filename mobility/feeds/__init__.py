"""GTFS feeds: zips and folders to tables clipped to a day and a region."""

from __future__ import annotations

from mobility.feeds.model import Feeds, FeedSource, ServiceDays
from mobility.feeds.read import read_feeds
from mobility.feeds.statistics import FeedStatistics, describe_feeds

__all__ = [
    "FeedSource",
    "FeedStatistics",
    "Feeds",
    "ServiceDays",
    "describe_feeds",
    "read_feeds",
]
