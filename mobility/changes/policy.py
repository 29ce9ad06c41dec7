"""Stations, tickets, days, people and speeds: changes that leave lines and streets as they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace

import numpy as np
import numpy.typing as npt
import shapely

from mobility.changes.areas import shape_of
from mobility.changes.edit import runs_on
from mobility.changes.model import Changed
from mobility.changes.select import Finder, fold
from mobility.errors import nearest
from mobility.network.model import FlexZone, Supply, TicketRule
from mobility.scenario.clock import clock_s
from mobility.scenario.policy_forms import (
    CalendarChange,
    FlexZoneForm,
    Opportunities,
    ParkAndRide,
    Speeds,
    Ticket,
)
from mobility.streets import rebuild_graphs

Bool = npt.NDArray[np.bool_]


def park_and_ride(supply: Supply, form: ParkAndRide, day: dt.date) -> Changed:
    """Let cars be left at stops; where none was named before, stops of trains are today's."""
    feeds = supply.feeds
    finder = Finder(feeds, form.where)
    found = [finder.stops(ref, f"stops[{n}]") for n, ref in enumerate(form.stops, start=1)]
    finder.settle()
    ids = feeds.stops["stop_id"].to_numpy(object)
    named = {str(i) for i in ids[np.unique(np.concatenate(found))]}
    today = set(supply.park_and_ride) or _rail_stops(supply, day)
    after = named if form.only else named | today
    settings = supply.settings
    if form.time_s is not None:
        settings = replace(settings, park_and_ride_s=form.time_s)
    counts = {
        "parking_added": len(after - today),
        "parking_removed": len(today - after),
        "settings_changed": int(settings != supply.settings),
    }
    return Changed(replace(supply, park_and_ride=tuple(sorted(after)), settings=settings), counts)


def _rail_stops(supply: Supply, day: dt.date) -> set[str]:
    """Stops that trains of the day call at, also those of the days beside it around midnight."""
    feeds = supply.feeds
    rail = (feeds.routes["mode"].to_numpy(object) == "rail")[feeds.trips["route"].to_numpy()]
    rail &= np.logical_or.reduce([runs_on(feeds, day + dt.timedelta(days=k)) for k in (-1, 0, 1)])
    times = feeds.stop_times
    rows = np.unique(times["stop"].to_numpy()[rail[times["trip"].to_numpy()]])
    return {str(i) for i in feeds.stops["stop_id"].to_numpy(object)[rows]}


def flex_zone(supply: Supply, form: FlexZoneForm) -> Changed:
    """Bring people from their door in an area to hubs, and from hubs to their door."""
    finder = Finder(supply.feeds, form.where)
    found = [finder.stops(ref, f"hubs[{n}]") for n, ref in enumerate(form.hubs, start=1)]
    if any(zone.id == form.id for zone in supply.flex_zones):
        finder.complain("id", f'"{form.id}", which another zone has', "an id of its own")
    finder.settle()
    shape = shape_of(form.area)
    rows = np.unique(np.concatenate(found))
    hours = form.period or ("00:00", "47:59")
    zone = FlexZone(
        id=form.id,
        name=form.operator or form.id,
        area_wkb=shapely.to_wkb(shape),
        hubs=tuple(sorted(str(i) for i in supply.feeds.stops["stop_id"].to_numpy(object)[rows])),
        wait_s=form.wait_s,
        speed_kph=form.speed_kph,
        detour_factor=form.detour,
        start_s=clock_s(hours[0]),
        end_s=clock_s(hours[1]),
    )
    inside = int(shapely.contains_xy(shape, supply.zones.lon, supply.zones.lat).sum())
    counts = {"zones_served": inside, "hubs_served": len(rows) if inside else 0}
    return Changed(replace(supply, flex_zones=(*supply.flex_zones, zone)), counts)


def ticket(supply: Supply, form: Ticket) -> Changed:
    """Set what changing operator and country costs; what is not given stays."""
    old = supply.settings.ticket
    new = TicketRule(
        operator_s=_seconds(form.operator_minutes, old.operator_s),
        country_s=_seconds(form.country_minutes, old.country_s),
        operator_euro=old.operator_euro if form.operator_euro is None else form.operator_euro,
        country_euro=old.country_euro if form.country_euro is None else form.country_euro,
    )
    before, after = asdict(old), asdict(new)
    changed = sum(before[key] != after[key] for key in before)
    return Changed(
        replace(supply, settings=replace(supply.settings, ticket=new)),
        {"settings_changed": changed},
    )


def _seconds(minutes: float | None, old_s: int) -> int:
    return old_s if minutes is None else round(minutes * 60)


def calendar(supply: Supply, form: CalendarChange) -> Changed:
    """Use another service day. The feeds must have been read for it.

    Feeds are clipped to their day when read. Reading the scenario therefore already made this
    day the scenario's own; here it is only checked that the feeds run on it.
    """
    feeds = supply.feeds
    running = int(runs_on(feeds, form.date).sum())
    if not running:
        finder = Finder(feeds, form.where)
        spans = ", ".join(
            f"{s.id} {s.days[0]} to {s.days[1]}" for s in feeds.sources if s.days is not None
        )
        finder.complain("date", f"{form.date}, on which no trip runs", f"a day within {spans}")
        finder.settle()
    return Changed(supply, {"trips_running": running})


def opportunities(supply: Supply, form: Opportunities) -> Changed:
    """Add to, or multiply, a column of opportunities in zones.

    What is added is shared out in proportion to what is there; evenly where nothing is.
    """
    zones = supply.zones
    finder = Finder(supply.feeds, form.where)
    columns = [str(c) for c in zones.opportunities.columns]
    if form.opportunity not in columns:
        near = nearest(form.opportunity, columns)
        cure = f"Did you mean {near}?" if near else ""
        finder.complain(
            "opportunity", f'"{form.opportunity}"', f"one of {', '.join(columns)}", cure
        )
    hit = _zones_meant(supply, form, finder)
    finder.settle()
    old = zones.opportunities[form.opportunity].to_numpy(np.float64)
    new = old.copy()
    if form.factor is not None:
        new[hit] = old[hit] * form.factor
    else:
        share = old[hit] if old[hit].sum() > 0 else np.ones(int(hit.sum()))
        new[hit] = old[hit] + float(form.add or 0.0) * share / share.sum()
    if (new < 0).any():
        finder.complain(
            "add", f"{form.add}, of {old[hit].sum():.0f} that are there", "no more than that taken"
        )
        finder.settle()
    table = zones.opportunities.assign(**{form.opportunity: new})
    counts = {
        "zones_changed": int((new != old).sum()),
        "opportunities_added": round(float(new.sum() - old.sum()), 3),
    }
    return Changed(replace(supply, zones=replace(zones, opportunities=table)), counts)


def _zones_meant(supply: Supply, form: Opportunities, finder: Finder) -> Bool:
    zones = supply.zones
    hit = np.ones(len(zones.ids), bool)
    if form.country:
        hit &= zones.countries == form.country
        if not hit.any():
            codes = ", ".join(sorted({str(c) for c in zones.countries if c}))
            finder.complain("country", f'"{form.country}"', f"one of {codes}")
    if not form.zones:
        return hit
    columns = [
        np.array([fold(str(v)) for v in values], object)
        for values in (zones.ids, zones.names, zones.municipalities)
    ]
    named = np.zeros(len(hit), bool)
    for n, wanted in enumerate(form.zones, start=1):
        fits = next((f for c in columns if (f := c == fold(wanted)).any()), None)
        if fits is None:
            known = {str(v) for vs in (zones.names, zones.municipalities) for v in vs if v}
            near = nearest(wanted, sorted(known))
            cure = f"Did you mean {near}?" if near else ""
            finder.complain(f"zones[{n}]", f'the zone "{wanted}"', "a zone of the region", cure)
        else:
            named |= fits
    return hit & named


def speeds(supply: Supply, form: Speeds) -> Changed:
    """Set how fast people walk and cycle, and how many of the bikes are e-bikes.

    With a share s of e-bikes the mode ``bike`` gets the mean pace of both,
    1 ÷ ((1 − s) ÷ bike_kph + s ÷ ebike_kph).
    """
    old = supply.settings
    given = form.model_dump(include={"walk_kph", "bike_kph", "ebike_kph"}, exclude_none=True)
    new = replace(old, **given)
    if form.ebike_share is not None:
        pace = (1 - form.ebike_share) / new.bike_kph + form.ebike_share / new.ebike_kph
        new = replace(new, bike_kph=round(1 / pace, 3))
    modes = [
        mode
        for mode in ("walk", "bike", "ebike")
        if getattr(new, f"{mode}_kph") != getattr(old, f"{mode}_kph")
    ]
    counts = {"settings_changed": len(modes)}
    if not modes:
        return Changed(supply, counts)
    kph = {f"{mode}_kph": getattr(new, f"{mode}_kph") for mode in modes}
    streets = replace(supply.streets, settings=replace(supply.streets.settings, **kph))
    present = [mode for mode in modes if mode in streets.graphs]
    return Changed(replace(supply, settings=new, streets=rebuild_graphs(streets, present)), counts)
