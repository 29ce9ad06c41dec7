"""An example of every kind of change, for the reference page; a test holds them right."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "add-line": """[[changes]]
kind = "add-line"
id = "ic-weert"
mode = "rail"
feed = "nmbs"
stops = [{ near = "Hamont" }, { lon = 5.7060, lat = 51.2487, name = "Weert" }]
run_s = [600]
headway_s = 3600
first = "06:20"
last = "22:20"
""",
        "extend-line": """[[changes]]
kind = "extend-line"
lines = [{ feed = "nmbs", mode = "rail", serves = [{ near = "Mol" }, { near = "Hamont" }] }]
at = { near = "Hamont", feed = "nmbs" }
stops = [{ near = "Weert", mode = "rail" }]
run_s = [600]
dwell_s = 60
""",
        "reroute": """[[changes]]
kind = "reroute"
lines = [{ feed = "delijn", short_name = "45" }]
start_at = { near = "Bilzen Station" }
end_at = { near = "Lanaken Dorp" }
stops = []
run_s = [720]
""",
        "change-headway": """[[changes]]
kind = "change-headway"
lines = [{ feed = "delijn", short_name = "45" }]
headway_s = 900
period = { start = "06:00", end = "20:00" }
""",
        "change-speed": """[[changes]]
kind = "change-speed"
lines = [{ feed = "delijn", short_name = "45" }]
factor = 1.2
start_at = { near = "Hasselt Station" }
end_at = { near = "Genk Station" }
""",
        "change-dwell": """[[changes]]
kind = "change-dwell"
lines = [{ mode = "rail" }]
add_s = 30
stops = [{ near = "Weert", mode = "rail" }]
""",
        "remove-lines": """[[changes]]
kind = "remove-lines"
lines = [{ feed = "delijn", short_name = "20A" }]
""",
        "remove-trips": """[[changes]]
kind = "remove-trips"
lines = [{ feed = "delijn", mode = "bus" }]
period = { start = "20:00" }
""",
        "remove-stops": """[[changes]]
kind = "remove-stops"
stops = [{ near = "Neerpelt", feed = "nmbs" }]
saved_s = 60
""",
        "shift-timetable": """[[changes]]
kind = "shift-timetable"
lines = [{ feed = "nl", short_name = "318" }]
shift_s = -300
""",
        "meet": """[[changes]]
kind = "meet"
lines = [{ feed = "nl", short_name = "318" }]
at = { near = "Weert", mode = "rail" }
others = [{ mode = "rail", serves = [{ near = "Weert", mode = "rail" }] }]
direction = "from-line"
shift_s = "search"
""",
        "through-run": """[[changes]]
kind = "through-run"
first = { feed = "nmbs", short_name = "IC", serves = [{ near = "Hamont" }] }
second = { route_id = "nmbs:ic-weert" }
at = { near = "Hamont", feed = "nmbs" }
max_wait_s = 900
""",
        "add-street": """[[changes]]
kind = "add-street"
name = "F74"
points = [[5.46, 51.43], [5.50, 51.30], [5.54, 51.25]]
modes = ["bike", "ebike", "speed_pedelec"]
speed_kph = { bike = 20, ebike = 25 }
""",
        "change-street": """[[changes]]
kind = "change-street"
streets = [{ name = "N74", country = "BE" }]
factor = { car = 1.25 }
""",
        "close-street": """[[changes]]
kind = "close-street"
streets = [{ name = "N69", crosses_border = true }]
modes = ["car"]
""",
        "upgrade-cycleway": """[[changes]]
kind = "upgrade-cycleway"
streets = [{ name = "Bels Lijntje" }]
bike_kph = 20
ebike_kph = 25
""",
        "congestion": """[[changes]]
kind = "congestion"
area = { center = [5.47, 51.43], radius_m = 8000 }
factor = 1.3
""",
        "add-ferry": """[[changes]]
kind = "add-ferry"
name = "Meeswijk – Berg"
points = [[5.755, 51.000], [5.762, 51.002]]
crossing_s = 180
headway_s = 600
modes = ["walk", "bike", "ebike", "car"]
hours = { start = "07:00", end = "21:30" }
""",
        "park-and-ride": """[[changes]]
kind = "park-and-ride"
stops = [{ near = "Hamont", feed = "nmbs" }]
time_s = 180
""",
        "hub": """[[changes]]
kind = "hub"
stops = [{ near = "Weert", mode = "rail" }]
transfer_s = 120
""",
        "flex-zone": """[[changes]]
kind = "flex-zone"
id = "flex-kempen"
area = { polygon = [[5.0, 51.3], [5.2, 51.3], [5.2, 51.4], [5.0, 51.4]] }
hubs = [{ near = "Turnhout Station" }]
wait_s = 1200
period = ["06:00", "22:00"]
""",
        "ticket": """[[changes]]
kind = "ticket"
operator_minutes = 0
country_minutes = 5
country_euro = 2.0
""",
        "calendar": """[[changes]]
kind = "calendar"
date = 2026-07-21
""",
        "disruption": """[[changes]]
kind = "disruption"
border = true
countries = ["BE", "NL"]
""",
        "opportunities": """[[changes]]
kind = "opportunities"
opportunity = "jobs"
zones = ["Veldhoven"]
add = 20000
""",
        "speeds": """[[changes]]
kind = "speeds"
walk_kph = 3.6
ebike_share = 0.4
""",
        "no-border": """[[changes]]
kind = "no-border"
remove = ["missing-link", "headway", "fit", "calendar", "ticket"]
""",
    }
)
