"""The demonstration region: small text tables made into feeds, streets, zones and countries."""

from __future__ import annotations

from mobility.demo.build import DEFAULT_NODES, build, is_current

__all__ = ["DEFAULT_NODES", "build", "is_current"]
