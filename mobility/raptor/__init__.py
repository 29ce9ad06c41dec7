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
    Scratch,
    make_answer,
    make_scratch,
    map_fields,
    run_block,
)
from mobility.raptor.profile import NO_TIME
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
    "Scratch",
    "Service",
    "StopLinks",
    "Work",
    "make_answer",
    "make_scratch",
    "make_work",
    "map_fields",
    "mirror",
    "pack",
    "prepare",
    "reduce_walks",
    "run_block",
]
