"""Single links across the border: towns in reach, a day out and back, asymmetry, permeability.

Timetable facts come as small plain tables, whose columns each function names.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mobility.indicators.frame import great_circle_m, people
from mobility.indicators.service import require
from mobility.tables import TRANSIT_MODES
from mobility.zones import Zones

TOWN_LIMITS_S = (1800, 3600, 5400)
ASYMMETRY_KM = 60.0
PAIR = ("municipality_o", "country_o", "municipality_d", "country_d")


def reachable_towns(
    pairs: pd.DataFrame,
    *,
    limits_s: Sequence[float] = TOWN_LIMITS_S,
    least_departures: float = 4,
    least_people: float = 0,
) -> pd.DataFrame:
    """Count foreign municipalities within a time and with enough connections a day.

    Parameters
    ----------
    pairs
        From `municipality_pairs`. The number of connections is only asked of modes with public
        transport, and only where `departures` is known.
    least_people
        People a municipality must have to count.

    Returns
    -------
    DataFrame
        ``scenario, mode, municipality, country, limit_s, foreign_towns, foreign_people,
        own_towns, least_departures``; `least_departures` is NaN where none was asked.
    """
    rows: list[tuple[object, ...]] = []
    names = ["scenario", "mode", "municipality", "country", "limit_s", "foreign_towns"]
    names += ["foreign_people", "own_towns", "least_departures"]
    if pairs.empty:
        return pd.DataFrame(columns=names)
    large = pairs["people_d"] >= least_people
    asked = pairs["mode"].isin(TRANSIT_MODES) & pairs["departures"].notna()
    served = ~asked | (pairs["departures"] >= least_departures)
    keys = ["scenario", "mode", "municipality_o", "country_o"]
    for limit in limits_s:
        hit = (pairs["p50_s"] <= limit) & large & served
        counted = pairs.assign(
            foreign=hit & pairs["cross"],
            home=hit & pairs["home"],
            living=np.where(hit & pairs["cross"], pairs["people_d"], 0.0),
            asked=asked,
        )
        summed = counted.groupby(keys, sort=True, observed=True)[
            ["foreign", "living", "home", "asked"]
        ].sum()
        rows += [
            (*key, limit, int(f), p, int(h), least_departures if a else np.nan)
            for key, f, p, h, a in zip(
                summed.index,
                summed["foreign"],
                summed["living"],
                summed["home"],
                summed["asked"],
                strict=True,
            )
        ]
    return pd.DataFrame(rows, columns=names)


def round_trips(
    journeys: pd.DataFrame,
    *,
    earliest_s: float = 21_600,
    latest_s: float = 86_400,
    least_stay_s: float = 14_400,
) -> pd.DataFrame:
    """Hours at the destination and the last way back, for a trip out and back on one day.

    Parameters
    ----------
    journeys
        ``origin, destination, departure_s, arrival_s``: the journeys of a day, in both
        directions. Without one back there is no round trip.
    earliest_s, latest_s
        Not before, and back at home not after.
    least_stay_s
        Stay a usable day trip must allow.

    Returns
    -------
    DataFrame
        Per ordered pair in the table: ``origin, destination, first_arrival_s,
        last_departure_s, last_home_s, stay_s, feasible``. Times are NaN where there is no such
        journey; `stay_s` is negative where the last way back leaves before the first arrival.
    """
    require(journeys, ["origin", "destination", "departure_s", "arrival_s"], "journeys")
    usable = journeys[(journeys["departure_s"] >= earliest_s) & (journeys["arrival_s"] <= latest_s)]
    keys = ["origin", "destination"]
    out = usable.groupby(keys, observed=True)["arrival_s"].min().rename("first_arrival_s")
    last = usable.sort_values(["departure_s", "arrival_s"], kind="stable")
    back = last.groupby(keys, observed=True)[["departure_s", "arrival_s"]].last()
    back = back.rename(columns={"departure_s": "last_departure_s", "arrival_s": "last_home_s"})
    back.index = back.index.set_names(["destination", "origin"])
    table = journeys[keys].drop_duplicates().sort_values(keys, kind="stable")
    table = table.merge(out.reset_index(), on=keys, how="left")
    table = table.merge(back.reset_index(), on=keys, how="left")
    table["stay_s"] = table["last_departure_s"] - table["first_arrival_s"]
    table["feasible"] = table["stay_s"] >= least_stay_s
    return table.reset_index(drop=True)


def asymmetry(pairs: pd.DataFrame, *, max_km: float = ASYMMETRY_KM) -> pd.DataFrame:
    """Times out and back of each cross-border municipality pair, side by side.

    Parameters
    ----------
    pairs
        From `municipality_pairs`.
    max_km
        Pairs farther apart are left out.

    Returns
    -------
    DataFrame
        A row per unordered pair, the countries in alphabetical order: ``scenario, mode,
        municipality_a, country_a, municipality_b, country_b, a_to_b_s, b_to_a_s,
        difference_s`` (a to b, less b to a; NaN where one way isn't reached), ``one_way``.
    """
    names = ["scenario", "mode", "municipality_a", "country_a", "municipality_b", "country_b"]
    names += ["a_to_b_s", "b_to_a_s", "difference_s", "one_way"]
    if pairs.empty:
        return pd.DataFrame(columns=names)
    asked = pairs["cross"] & (pairs["distance_km"] <= max_km)
    cross = pairs.loc[asked, ["scenario", "mode", *PAIR, "p50_s"]]
    cross = cross.astype(dict.fromkeys(["scenario", "mode", *PAIR], object))
    there = cross[cross["country_o"] < cross["country_d"]]
    there = there.set_axis([*names[:6], "a_to_b_s"], axis=1)
    back = cross[cross["country_o"] > cross["country_d"]]
    back = back.set_axis([*names[:2], *names[4:6], *names[2:4], "b_to_a_s"], axis=1)
    table = there.merge(back, on=names[:6], how="outer").sort_values(names[:6], kind="stable")
    table["difference_s"] = table["a_to_b_s"] - table["b_to_a_s"]
    table["one_way"] = table["a_to_b_s"].isna() != table["b_to_a_s"].isna()
    return table.reset_index(drop=True)[names]


def asymmetry_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread of the asymmetry per mode and pair of countries.

    Returns
    -------
    DataFrame
        ``scenario, mode, country_a, country_b, pairs, mean_difference_s,
        mean_absolute_s, share_a_to_b_slower, one_way``; means over pairs reached both ways.
    """
    keys = ["scenario", "mode", "country_a", "country_b"]
    rows = []
    for key, part in table.groupby(keys, sort=True, observed=True):
        gap = part["difference_s"].dropna().to_numpy(np.float64)
        rows.append(
            (
                *key,
                len(part),
                gap.mean() if len(gap) else np.nan,
                np.abs(gap).mean() if len(gap) else np.nan,
                (gap > 0).mean() if len(gap) else np.nan,
                int(part["one_way"].sum()),
            )
        )
    names = ["pairs", "mean_difference_s", "mean_absolute_s", "share_a_to_b_slower", "one_way"]
    return pd.DataFrame(rows, columns=[*keys, *names])


def days_per_year(
    service: pd.DataFrame, days: pd.DataFrame, *, least_departures: float = 1
) -> pd.DataFrame:
    """Days on which a link is usable, in all and by type of day.

    Parameters
    ----------
    service
        ``link, date, departures``; a date that isn't listed has none.
    days
        ``date, day_type``: the year, each date once; the dates that count.

    Returns
    -------
    DataFrame
        ``link, day_type, days, usable, share``; day_type ``""`` is all days.
    """
    require(service, ["link", "date", "departures"], "service by date")
    require(days, ["date", "day_type"], "days")
    runs = service.groupby(["link", "date"], observed=True)["departures"].sum()
    usable = runs[runs >= least_departures].reset_index()[["link", "date"]]
    typed = usable.merge(days, on="date", how="inner", validate="many_to_one")
    sizes = days.groupby("day_type", sort=True, observed=True).size()
    rows = []
    for link in sorted({str(name) for name in service["link"]}):
        mine = typed.loc[typed["link"].astype(str) == link, "day_type"]
        rows.append((link, "", len(days), len(mine)))
        rows += [(link, kind, int(n), int((mine == kind).sum())) for kind, n in sizes.items()]
    table = pd.DataFrame(rows, columns=["link", "day_type", "days", "usable"])
    return table.assign(share=table["usable"] / table["days"].where(table["days"] > 0))


def commuters_served(
    flows: pd.DataFrame, pairs: pd.DataFrame, *, limit_s: float = 3600
) -> pd.DataFrame:
    """Commuters across the border who can get to work within a time, by mode and direction.

    Parameters
    ----------
    flows
        ``municipality_o, country_o, municipality_d, country_d, commuters``.
    pairs
        From `municipality_pairs`.

    Returns
    -------
    DataFrame
        ``scenario, mode, country_o, country_d, commuters, served, share, unmatched``: only the
        flows between countries; `unmatched` are commuters whose pair isn't in `pairs`, who
        count as not served.
    """
    require(flows, [*PAIR, "commuters"], "commuter flows")
    across = flows[flows["country_o"] != flows["country_d"]]
    rows = []
    for (scenario, mode), part in pairs.groupby(["scenario", "mode"], sort=False, observed=True):
        known = part[[*PAIR, "p50_s"]].astype(dict.fromkeys(PAIR, object))
        joined = across.merge(known, on=list(PAIR), how="left", indicator=True)
        served = joined["commuters"].where(joined["p50_s"] <= limit_s, 0.0)
        lost = joined["commuters"].where(joined["_merge"] == "left_only", 0.0)
        table = joined.assign(served=served, unmatched=lost)
        sums = table.groupby(["country_o", "country_d"])[["commuters", "served", "unmatched"]].sum()
        rows += [
            (scenario, mode, *key, total, reached, reached / total if total > 0 else np.nan, away)
            for key, total, reached, away in sums.itertuples()
        ]
    names = ["scenario", "mode", "country_o", "country_d", "commuters", "served", "share"]
    return pd.DataFrame(rows, columns=[*names, "unmatched"])


def permeability(
    crossings: pd.DataFrame,
    zones: Zones,
    *,
    radius_m: float = 15_000,
    population: str = "population",
) -> pd.DataFrame:
    """Service over border sections set against the people on both sides of them.

    Parameters
    ----------
    crossings
        One row per crossing (or point along the border): ``section, lon, lat, per_day``
        (services a day that cross there, 0 where none). A section is the name of a stretch of
        border; its people are those within `radius_m` of any of its points.

    Returns
    -------
    DataFrame
        ``section, services, people_a, people_b, country_a, country_b, demand, permeability,
        need_rank``: the two countries with most people near; `demand` is the geometric mean of
        their people, `permeability` services a day for each 10,000 of it (NaN without people
        on both sides); rank 1 has the least service for its people.
    """
    require(crossings, ["section", "lon", "lat", "per_day"], "border crossings")
    living = people(zones, population)
    codes = sorted({str(c) for c in zones.countries} - {""})
    rows = []
    for section, part in crossings.groupby("section", sort=True, observed=True):
        points = part["lon"].to_numpy(np.float64), part["lat"].to_numpy(np.float64)
        near = (great_circle_m(zones.lon, zones.lat, *points) <= radius_m).any(axis=1)
        beside = sorted(
            ((float(living[near & (zones.countries == code)].sum()), code) for code in codes),
            key=lambda pair: (-pair[0], pair[1]),
        )
        (first, code_a), (second, code_b) = [*beside, (0.0, ""), (0.0, "")][:2]
        services = float(part["per_day"].sum())
        demand = float(np.sqrt(first * second))
        rate = services / demand * 10_000 if demand > 0 else np.nan
        rows.append((section, services, first, second, code_a, code_b, demand, rate))
    names = ["section", "services", "people_a", "people_b", "country_a", "country_b", "demand"]
    table = pd.DataFrame(rows, columns=[*names, "permeability"])
    rank = table["permeability"].rank(method="min", ascending=True)
    return table.assign(need_rank=rank)
