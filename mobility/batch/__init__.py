"""Many scenarios: read, changed, routed, written; on one machine or many."""

from mobility.batch.run import Options, run
from mobility.batch.verify import verify

__all__ = ["Options", "run", "verify"]
