"""In which country a stop lies: by polygon, else by its station number, else as its feed."""

from __future__ import annotations

import re

import numpy as np

from mobility.feeds.model import Feeds
from mobility.merge.model import texts
from mobility.zones import Countries, country_at

# Country numbers of the International Union of Railways, first two of a station's seven digits.
UIC_COUNTRIES = {
    "10": "FI", "24": "LT", "25": "LV", "26": "EE", "51": "PL", "53": "RO", "54": "CZ",
    "55": "HU", "56": "SK", "60": "IE", "70": "GB", "71": "ES", "73": "GR", "74": "SE",
    "76": "NO", "78": "HR", "79": "SI", "80": "DE", "81": "AT", "82": "LU", "83": "IT",
    "84": "NL", "85": "CH", "86": "DK", "87": "FR", "88": "BE", "94": "PT",
}  # fmt: skip
UIC_DIGITS = 7
UIC = re.compile(r"(?<!\d)([1-9]\d)(\d{5})(?!\d)")


def place_stops(feeds: Feeds, countries: Countries | None) -> Feeds:
    """Write into each stop the country it lies in.

    Polygons may end where a region does, so that a stop far off lies in none: a train
    station's seven-digit number says its country then; else the feed's country stays.
    """
    if countries is None:
        return feeds
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    placed = country_at(countries, lon, lat)
    old = texts(feeds.stops["country"])
    country = np.where(placed == "", old, placed).astype(object)
    ids = texts(feeds.stops["stop_id"])
    for row in np.flatnonzero(placed == ""):
        number = UIC.search(str(ids[row]).partition(":")[2])
        if number is not None and number.group(1) in UIC_COUNTRIES:
            country[row] = UIC_COUNTRIES[number.group(1)]
    if (country == old).all():
        return feeds
    return feeds.with_tables(stops=feeds.stops.assign(country=country))
