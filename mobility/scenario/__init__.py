"""Region, scenario and plan files → checked, frozen objects."""

from mobility.scenario.files import read_scenarios
from mobility.scenario.forms import FORMS, parse_change
from mobility.scenario.model import Region, Scenario
from mobility.scenario.plan import Plan, is_plan, read_plan
from mobility.scenario.region import read_region
from mobility.scenario.selectors import ChangeForm

__all__ = [
    "FORMS",
    "ChangeForm",
    "Plan",
    "Region",
    "Scenario",
    "is_plan",
    "parse_change",
    "read_plan",
    "read_region",
    "read_scenarios",
]
