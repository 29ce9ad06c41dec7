"""Ctrl-C, answered at once: also while compiled code of a library has the word."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import psutil

from mobility import leftovers

INTERRUPTED = 130
# What Python gets to unwind by itself: folders under way go, bars are cleared. Then the
# process ends, for a compiler or a reader of files may not come back for many seconds.
GRACE_S = 0.25
SAID = "interrupted\n"
# A region's own files lie beside its file or one folder deeper.
BESIDE = ("", "*/")
Places = Mapping[Path, Sequence[str]]
SHOW_CURSOR = "\x1b[?25h"


def answered_at_once(command: Callable[[], int], arguments: Sequence[str]) -> int:
    """Run a command as the process's only work; end the process at an interrupt.

    Parameters
    ----------
    command
        What is done; returns the exit code.
    arguments
        Command line, in which the folders and files under way are named.
    """
    places = _places(arguments)
    with _watch(places):
        try:
            code = command()
        except KeyboardInterrupt:  # before or after what catches it in words
            sys.stderr.write(SAID)
            code = INTERRUPTED
        if code == INTERRUPTED:
            _take_away(places)  # of other threads
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            _end()  # and not wait for pools, clusters and what they do at exit
    return code


@contextlib.contextmanager
def _watch(places: Places) -> Iterator[None]:
    """End the process `GRACE_S` after an interrupt, unless it has ended by then."""
    told, tell = socket.socketpair()
    tell.setblocking(False)
    before = signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(target=_wait, args=(told, places), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        tell.close()


def _wait(told: socket.socket, places: Places) -> None:
    while data := told.recv(1):
        if data[0] != signal.SIGINT:
            continue
        time.sleep(GRACE_S)
        _take_away(places)
        cursor = SHOW_CURSOR if sys.stderr.isatty() else ""
        os.write(2, (cursor + SAID).encode())
        _end()


def _end() -> NoReturn:
    """End the process and its workers; Python's keeper of semaphores tidies up and follows."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if not any("resource_tracker" in word for word in child.cmdline()):
                    child.kill()
    os._exit(INTERRUPTED)


def _places(arguments: Sequence[str]) -> Places:
    """Find where a command writes: the folder of ``--out``, and beside the files it is given.

    Read as the parser would, without waiting for it.
    """
    out = Path("results")
    for place, word in enumerate(arguments):
        if word == "--out" and place + 1 < len(arguments):
            out = Path(arguments[place + 1])
        elif word.startswith("--out="):
            out = Path(word.removeprefix("--out="))
    beside = {Path(word).parent for word in arguments if not word.startswith("-")}
    return {**dict.fromkeys(beside, BESIDE), out: leftovers.DEPTHS}


def _take_away(places: Places) -> None:
    for place, depths in places.items():
        with contextlib.suppress(OSError, ValueError):
            leftovers.take_away(place, depths)
