"""Timetable, streets and zones joined into one multimodal network."""

from mobility.network.build import build_network
from mobility.network.model import (
    FlexZone,
    Links,
    MultimodalNetwork,
    Settings,
    Supply,
    TicketRule,
    Transfers,
)

__all__ = [
    "FlexZone",
    "Links",
    "MultimodalNetwork",
    "Settings",
    "Supply",
    "TicketRule",
    "Transfers",
    "build_network",
]
