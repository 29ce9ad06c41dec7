"""Virtual lines for pairs of places that a border leaves without a direct line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mobility.changes.add_line import Placed, with_route_and_trips
from mobility.changes.edit import runs_on
from mobility.changes.norms import bands
from mobility.feeds.model import Feeds
from mobility.scenario.line_forms import AddLine
from mobility.scenario.policy_forms import NoBorder
from mobility.scenario.selectors import StopRef
from mobility.zones import Zones

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]

SERVED_M = 2500.0  # a line serves a place if it stops this near to its point
FIRST, LAST = "06:00", "22:00"
_M_PER_DEGREE = 111_195.0


@dataclass(frozen=True)
class Centres:
    """Municipalities: the point of the largest zone, all their people, their country."""

    names: npt.NDArray[np.object_]
    countries: npt.NDArray[np.object_]
    people: Float64
    lon: Float64
    lat: Float64


def centres(zones: Zones) -> Centres:
    """Group zones into municipalities; zones without one stand for themselves."""
    has = "population" in zones.opportunities.columns
    people = zones.opportunities["population"].to_numpy(float) if has else np.ones(len(zones.ids))
    named = np.where(zones.municipalities != "", zones.municipalities, zones.ids)
    table = pd.DataFrame(
        {
            "country": zones.countries,
            "name": named,
            "people": np.nan_to_num(people),
            "lon": zones.lon,
            "lat": zones.lat,
            "id": zones.ids,
        }
    )
    table = table[table["country"] != ""]
    total = table.groupby(["country", "name"])["people"].sum()
    largest = table.sort_values(["country", "name", "people", "id"],
                                ascending=[True, True, False, True])  # fmt: skip
    largest = largest.drop_duplicates(["country", "name"]).set_index(["country", "name"])
    largest = largest.sort_index()
    return Centres(
        names=largest.index.get_level_values("name").to_numpy(object),
        countries=largest.index.get_level_values("country").to_numpy(object),
        people=total.loc[largest.index].to_numpy(float),
        lon=largest["lon"].to_numpy(float),
        lat=largest["lat"].to_numpy(float),
    )


def with_missing_links(
    feeds: Feeds, zones: Zones, norms: pd.DataFrame, form: NoBorder, day: dt.date
) -> tuple[Feeds, list[str], int]:
    """Make virtual lines until border pairs are linked as often as domestic ones.

    Returns
    -------
    tuple
        Feeds, ids of the lines made, and how many more were missing.
    """
    places = centres(zones)
    near = _near(feeds, places)
    served = _served(feeds, near, runs_on(feeds, day))
    one, two = np.triu_indices(len(places.names), k=1)
    x = _plane(places)
    reached: Bool = near.sum(axis=1) > 0
    linked: Bool = served.astype(np.int32) @ served.T.astype(np.int32) > 0
    km = np.hypot(*(x[one] - x[two]).T) / 1000
    pairs = pd.DataFrame(
        {
            "one": one,
            "two": two,
            "km": km,
            "band": bands(km, form.band_km),
            "foreign": places.countries[one] != places.countries[two],
            "direct": linked[one, two],
            "people": places.people[one] * places.people[two],
            "possible": reached[one] & reached[two],
        }
    )
    chosen = _chosen(pairs[(pairs["band"] >= 0) & pairs["possible"]])
    made: list[str] = []
    left = 0
    for pair in chosen.itertuples(index=False):
        norm = _norm(norms, int(pair.band), form)
        if norm is None or len(made) >= form.max_new_lines:
            left += 1
            continue
        feeds, route_id = _with_line(feeds, places, near, pair, norm)
        made.append(route_id)
    return feeds, sorted(made), left


def _plane(places: Centres) -> Float64:
    scale = np.cos(np.radians(places.lat.mean() if len(places.lat) else 0.0))
    return np.column_stack([places.lon * scale, places.lat]) * _M_PER_DEGREE


def _near(feeds: Feeds, places: Centres) -> Bool:
    """Which stops that are served lie near which place, (n_places, n_stops)."""
    used = np.zeros(len(feeds.stops), bool)
    used[feeds.stop_times["stop"].unique()] = True
    lon, lat = feeds.stops["lon"].to_numpy(float), feeds.stops["lat"].to_numpy(float)
    scale = np.cos(np.radians(places.lat.mean() if len(places.lat) else 0.0))
    stops = np.column_stack([lon * scale, lat]) * _M_PER_DEGREE
    apart = _plane(places)[:, None, :] - stops[None, :, :]
    near: Bool = (np.hypot(apart[..., 0], apart[..., 1]) <= SERVED_M) & used[None, :]
    return near


def _served(feeds: Feeds, near: Bool, on: Bool) -> Bool:
    """Which line of the day serves which place, (n_places, n_routes)."""
    times = feeds.stop_times
    trip = times["trip"].to_numpy()
    pairs = pd.DataFrame({"stop": times["stop"], "route": feeds.trips["route"].to_numpy()[trip]})[
        on[trip]
    ].drop_duplicates()
    served = np.zeros((len(near), len(feeds.routes)), bool)
    stop, route = pairs["stop"].to_numpy(), pairs["route"].to_numpy()
    for place in range(len(near)):
        served[place, route[near[place][stop]]] = True
    return served


def _chosen(pairs: pd.DataFrame) -> pd.DataFrame:
    """Border pairs to be linked: per band, most people first, up to the domestic share."""
    parts = []
    for _, band in pairs.groupby("band", sort=True):
        domestic, foreign = band[~band["foreign"]], band[band["foreign"]]
        if not len(domestic) or not len(foreign):
            continue
        wanted = int(np.floor(domestic["direct"].mean() * len(foreign) + 1e-9))
        missing = foreign[~foreign["direct"]].sort_values(
            ["people", "one", "two"], ascending=[False, True, True]
        )
        parts.append(missing.head(max(0, wanted - int(foreign["direct"].sum()))))
    if not parts:
        return pairs.iloc[:0]
    return pd.concat(parts).sort_values(["people", "one", "two"], ascending=[False, True, True])


def _norm(norms: pd.DataFrame, band: int, form: NoBorder) -> tuple[str, float, float] | None:
    """Mode, headway and speed of the commonest domestic lines of a band; None without any."""
    own = norms[norms.index.get_level_values("band") == band]
    own = own[own.index.get_level_values("mode").isin(form.modes)].dropna()
    own = own[(own["kph"] > 0) & (own["headway_s"] > 0)]
    if not len(own):
        return None
    row = own.sort_values("lines", ascending=False, kind="stable").iloc[0]
    return str(row.name[0]), float(row["headway_s"]), float(row["kph"])


def _with_line(
    feeds: Feeds, places: Centres, near: Bool, pair: object, norm: tuple[str, float, float]
) -> tuple[Feeds, str]:
    mode, headway_s, kph = norm
    one, two = int(getattr(pair, "one")), int(getattr(pair, "two"))  # noqa: B009 - a row by name
    km = float(getattr(pair, "km"))  # noqa: B009
    uses = np.bincount(feeds.stop_times["stop"].to_numpy(), minlength=len(feeds.stops))
    stops = tuple(int(np.argmax(np.where(near[p], uses[: near.shape[1]], -1))) for p in (one, two))
    name = f"{places.names[one]}–{places.names[two]}"
    form = AddLine(
        kind="add-line",
        id=f"no-border/{one}-{two}",
        mode=mode,
        long_name=name,
        short_name=name,
        stops=(StopRef(near="a"), StopRef(near="b")),
        run_s=(max(60, round(km / kph * 3600)),),
        headway_s=max(60, round(headway_s)),
        first=FIRST,
        last=LAST,
    )
    feed = str(feeds.stops["feed"].iloc[stops[0]])
    route_id = f"{feed}:{form.id}"
    grown, _ = with_route_and_trips(Placed(feeds, stops, 0), form.run_s, form, feed, route_id)
    return replace(grown), route_id
