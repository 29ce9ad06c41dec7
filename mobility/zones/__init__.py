"""Zones: where people are and what they want to reach; and the countries' polygons."""

from __future__ import annotations

from mobility.zones.countries import country_at, read_countries
from mobility.zones.model import Countries, Zones
from mobility.zones.reading import read_zones

__all__ = ["Countries", "Zones", "country_at", "read_countries", "read_zones"]
