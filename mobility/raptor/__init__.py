"""The timetable engine's kernels: arrays in, arrays out; numpy and numba only."""

from mobility.raptor.model import (
    MAX_RIDES,
    RIDE_BITS,
    RIDE_MASK,
    UNREACHED,
    Service,
    StopLinks,
    mirror,
    pack,
    prepare,
)
from mobility.raptor.origins import (
    Answer,
    Query,
    make_answer,
    map_fields,
    one_origin,
    run_block,
)
from mobility.raptor.profile import NO_TIME, egress_row
from mobility.raptor.reduce import reduce_walks
from mobility.raptor.rounds import Work, make_work
from mobility.raptor.trace import (
    ALIGHT,
    BOARD,
    FROM_STOP,
    LEG_COLUMNS,
    PATTERN,
    READY_S,
    TRIP,
    last_stop,
    trace,
)

__all__ = [
    "ALIGHT",
    "BOARD",
    "FROM_STOP",
    "LEG_COLUMNS",
    "MAX_RIDES",
    "NO_TIME",
    "PATTERN",
    "READY_S",
    "RIDE_BITS",
    "RIDE_MASK",
    "TRIP",
    "UNREACHED",
    "Answer",
    "Query",
    "Service",
    "StopLinks",
    "Work",
    "egress_row",
    "last_stop",
    "make_answer",
    "make_work",
    "map_fields",
    "mirror",
    "one_origin",
    "pack",
    "prepare",
    "reduce_walks",
    "run_block",
    "trace",
]
