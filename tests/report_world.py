"""A made region of two countries for tests of what people read: any size, no router.

Times follow from distance: street modes are crow-fly times, public transport adds a wait that
grows with the percentile, and the border adds ten minutes. Every number can be recomputed.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import shapely

from mobility.report import Figure, NamedPair, ReportInput, Run
from mobility.tables import ACCESSIBILITY, MODES, PERCENTILES, TRANSIT_MODES, TravelTimes
from mobility.zones import Countries, Zones

KPH = {
    "walk": 4.8,
    "bike": 18.0,
    "ebike": 23.0,
    "car": 45.0,
    "pt": 34.0,
    "bike+pt": 36.0,
    "car+pt": 40.0,
}
EVIL = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "</script><img src=x onerror=alert(2)>",
    "O'Brien & “Zn”",
)
CENTRE = (5.5, 51.25)
BORDER_LAT = 51.25
STEP = 0.04


def make_zones(columns: int = 6, rows: int = 6, *, evil: bool = False) -> Zones:
    """A chessboard of square zones, three to a municipality; south of 51.25° is BE."""
    n = columns * rows
    i, j = np.divmod(np.arange(n), columns)
    lon = CENTRE[0] + (j - columns / 2 + 0.5) * STEP
    lat = CENTRE[1] + (i - rows / 2 + 0.5) * STEP
    country = np.where(lat < BORDER_LAT, "BE", "NL").astype(object)
    municipality = np.array(
        [f"Gemeente {c}{k // 3:02d}" for k, c in zip(range(n), country, strict=True)], object
    )
    names = np.array([f"Wijk {k}" for k in range(n)], object)
    if evil:
        names[: len(EVIL)] = EVIL
        municipality[:3] = EVIL[0]
    half = STEP / 2
    shapes = shapely.box(lon - half, lat - half, lon + half, lat + half)
    rng = np.random.default_rng(7)
    people = rng.integers(500, 20_000, n).astype(float)
    return Zones(
        ids=np.array([f"z{k:04d}" for k in range(n)], object),
        names=names,
        countries=country,
        municipalities=municipality,
        lon=lon,
        lat=lat,
        opportunities=pd.DataFrame({"population": people, "jobs": people / 2}),
        shapes=np.asarray(shapes, object),
    )


def make_countries(zones: Zones) -> Countries:
    west, south, east, north = (
        zones.lon.min() - 1,
        zones.lat.min() - 1,
        zones.lon.max() + 1,
        zones.lat.max() + 1,
    )
    return Countries(
        {
            "NL": shapely.box(west, BORDER_LAT, east, north),
            "BE": shapely.box(west, south, east, BORDER_LAT),
        }
    )


def distance_km(zones: Zones) -> np.ndarray:
    x = zones.lon * 111.2 * np.cos(np.deg2rad(CENTRE[1]))
    y = zones.lat * 111.2
    return np.hypot(x[:, None] - x[None], y[:, None] - y[None]) + 0.3


def make_times(zones: Zones, scenario: str, mode: str, gain_s: int = 0) -> TravelTimes:
    """Whole seconds; `gain_s` is taken off public transport across the border."""
    n = len(zones.ids)
    ride = distance_km(zones) / KPH[mode] * 3600
    crossing = zones.countries[:, None] != zones.countries[None, :]
    percentiles = PERCENTILES if mode in TRANSIT_MODES else (50,)
    # A wait that differs from pair to pair, the same on every machine.
    jitter = (np.arange(n)[:, None] * 37 + np.arange(n)[None] * 53) % 420
    layers = []
    for p in percentiles:
        seconds = ride.copy()
        if mode in TRANSIT_MODES:
            seconds = seconds + 300 + p * 9 + jitter + np.where(crossing, 600 - gain_s, 0)
        layers.append(np.round(seconds))
    time_s = np.stack(layers, axis=2).astype(np.float32)
    if mode == "pt":
        time_s[: n // 12, -(n // 12) :, :] = np.nan
    outside = np.zeros((n, n), bool)
    outside[n - 1, :] = outside[:, n - 1] = True
    time_s[outside] = np.nan
    middle = time_s[:, :, percentiles.index(50)]
    parts = {}
    if mode in TRANSIT_MODES:
        access = np.minimum(np.round(middle * 0.2), 900)
        wait = np.round(middle * 0.15)
        egress = np.minimum(np.round(middle * 0.1), 600)
        transfer = np.where(crossing, np.minimum(180, np.round(middle * 0.02)), 0)
        ride_s = middle - access - wait - egress - transfer
        parts = {
            "access_s": access,
            "wait_s": wait,
            "ride_s": ride_s,
            "transfer_s": transfer,
            "egress_s": egress,
        }
    return TravelTimes(
        scenario=scenario,
        mode=mode,
        origins=zones.ids,
        destinations=zones.ids,
        country_o=zones.countries,
        country_d=zones.countries,
        percentiles=percentiles,
        time_s=time_s,
        share_reached=np.isfinite(middle).astype(np.float32),
        transfers_p50=np.where(np.isfinite(middle), crossing, np.nan).astype(np.float32),
        outside=outside,
        parts={k: v.astype(np.float32) for k, v in parts.items()},
    )


def municipality_table(zones: Zones, runs: tuple[Run, ...]) -> pd.DataFrame:
    """Plain mean over zone pairs, enough for tests."""
    rows = []
    names, index = np.unique(zones.municipalities.astype(str), return_inverse=True)
    country = {str(m): str(c) for m, c in zip(zones.municipalities, zones.countries, strict=True)}
    hot = np.eye(len(names))[index]
    for run in runs:
        for mode, times in run.times.items():
            t = times.at(50).astype(float)
            known = np.isfinite(t)
            total = hot.T @ np.where(known, t, 0) @ hot
            count = hot.T @ known.astype(float) @ hot
            minutes = np.where(count > 0, total / np.maximum(count, 1), np.nan) / 60
            for a, name_a in enumerate(names):
                for b, name_b in enumerate(names):
                    rows.append(
                        (
                            run.name,
                            mode,
                            name_a,
                            name_b,
                            country[name_a],
                            country[name_b],
                            minutes[a, b],
                        )
                    )
    columns = ["scenario", "mode", "origin", "destination", "country_o", "country_d", "minutes"]
    return pd.DataFrame(rows, columns=columns)


def access_table(zones: Zones, runs: tuple[Run, ...]) -> pd.DataFrame:
    frames = []
    people = zones.opportunities["population"].to_numpy()
    for run in runs:
        for mode, times in run.times.items():
            for minutes in (15, 30, 45, 60, 90):
                value = (times.at(50) <= minutes * 60) @ people
                frames.append(
                    pd.DataFrame(
                        {
                            "scenario": run.name,
                            "zone": zones.ids,
                            "country": zones.countries,
                            "mode": mode,
                            "indicator": "cumulative",
                            "opportunity": "population",
                            "cutoff_s": np.float32(minutes * 60),
                            "percentile": np.float32(50),
                            "value": value,
                            "unit": "persons",
                        }
                    )
                )
    return pd.concat(frames, ignore_index=True)[[c.name for c in ACCESSIBILITY]]


def make_input(
    columns: int = 6,
    rows: int = 6,
    scenarios: int = 3,
    *,
    evil: bool = False,
    modes: tuple[str, ...] = MODES,
    figures: tuple[Figure, ...] = (),
) -> ReportInput:
    zones = make_zones(columns, rows, evil=evil)
    names = ["baseline", "hamont-weert", "express-bus", "f74", "all-together"][:scenarios]
    titles = [
        ("Huidige situatie", "Today"),
        ("Trein Antwerpen–Hamont door naar Weert", "Antwerp–Hamont train extended to Weert"),
        ("Snelbus Eindhoven–Hasselt", "Express bus Eindhoven–Hasselt"),
        ("Fietssnelweg F74", "Cycle highway F74"),
        ("Alles samen", "All together"),
    ]
    runs = tuple(
        Run(
            name=name,
            title={"nl": titles[k][0], "en": EVIL[0] if evil and k == 1 else titles[k][1]},
            description={"nl": "Een beschrijving.", "en": "A description."} if k else {},
            effects={"nl": ("1 lijn toegevoegd, 32 ritten",), "en": ("1 line added, 32 trips",)}
            if k
            else {},
            times={mode: make_times(zones, name, mode, 150 * k) for mode in modes},
        )
        for k, name in enumerate(names)
    )
    n = len(zones.ids)
    last = zones.municipalities[n - 1 - 3]
    pairs = (
        NamedPair(
            "Eindhoven – Hasselt", tuple(zones.ids[:3]), tuple(zones.ids[n - 6 : n - 3]), "city"
        ),
        NamedPair(
            EVIL[1] if evil else "Hamont – Weert",
            (zones.ids[n // 2],),
            (zones.ids[n // 2 - columns],),
            "border",
        ),
        NamedPair(
            "Lommel – Eindhoven", tuple(zones.ids[6:9]), tuple(zones.ids[n - 9 : n - 6]), "border"
        ),
    )
    line = np.linspace(-2.5 * STEP, 2.5 * STEP, 8)
    border = pd.DataFrame(
        [
            ("Lommel", "Eindhoven", "pt", cause, minutes)
            for cause, minutes in (
                ("missing link", 6.0),
                ("low frequency", 3.5),
                ("transfer", 2.0),
                ("detour", -0.5),
            )
        ],
        columns=["origin", "destination", "mode", "cause", "minutes"],
    )
    return ReportInput(
        region="Brainport – Limburg – Kempen" if not evil else EVIL[2],
        runs=runs,
        zones=zones,
        day=dt.date(2019, 10, 8),
        window=("07:00", "09:00"),
        countries=make_countries(zones),
        pairs=pairs,
        municipalities=municipality_table(zones, runs),
        accessibility=access_table(zones, runs),
        scorecard=pd.DataFrame(
            {"part_nl": ["stad"], "part_en": ["city"], "minutes": [71.5], "place": [str(last)]}
        ),
        lines=pd.DataFrame(
            {
                "name": ["IC 19", EVIL[0] if evil else "bus 18"],
                "mode": ["rail", "bus"],
                "operator": ["NMBS", "Hermes"],
                "cross_border": [True, False],
                "lon": [CENTRE[0] + line * 0.4, CENTRE[0] + line],
                "lat": [CENTRE[1] + line, CENTRE[1] + 0.03 + line * 0.1],
            }
        ),
        stops=pd.DataFrame(
            {
                "name": ["Hamont", EVIL[0] if evil else "Weert"],
                "lon": [5.49, 5.52],
                "lat": [51.24, 51.3],
            }
        ),
        roads=pd.DataFrame(
            {"name": ["A2"], "lon": [CENTRE[0] + line], "lat": [CENTRE[1] - 0.05 + line * 0.2]}
        ),
        border=border,
        evidence={
            "stops": pd.DataFrame(
                {
                    "stop_a": ["nl:1"],
                    "stop_b": ["be:1"],
                    "name_a": [EVIL[0] if evil else "Weert"],
                    "distance_m": [31.5],
                    "grade": ["A"],
                }
            )
        },
        manifest={
            "fingerprint": "0123456789abcdef" * 4,
            "inputs": [
                {"role": "feed", "path": "gtfs/nl.zip", "sha256": "ab" * 32, "licence": "CC0"}
            ],
            "settings": {"walk_kph": 4.8},
            "versions": {"numpy": "2.4"},
        },
        demonstration=True,
        figures=figures,
    )
