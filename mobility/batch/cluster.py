"""Where work is done: in this process, on a local Dask cluster, or on any cluster."""

from __future__ import annotations

import contextlib
import functools
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import psutil

from mobility.batch.job import Job, Silent, carry_out
from mobility.batch.matrices import Part, compute_part
from mobility.batch.reading import read_run
from mobility.batch.timing import cores
from mobility.errors import MobilityError, Problem, RunError

# A worker needs a second or five to start and some memory of its own: worth it from so many
# scenarios per worker on, and only where there is room.
PAYS_FROM = 3
GB_PER_WORKER = 2.0
# A part or scenario lost with its worker is computed again by another, this often.
RETRIES = 3
CONNECT_S = 10
# Steps of a scenario are events of the cluster; how far a step is comes no more often than this.
TOPIC = "mobility-steps"
TELL_EACH_S = 0.5
# Dask has the C library hand memory back at once, and with it every large array is fetched
# page by page from the system again; and it looks a hundred times a second what its workers
# do. Together a fourth of a worker's time. Workers here end with the batch.
LEAN: Mapping[str, object] = MappingProxyType(
    {
        "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**28,
        "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
        "distributed.worker.profile.enabled": False,
        # Workers of this computer end with this process; what counts the minutes since they
        # were heard of goes by the clock, which may be set meanwhile.
        "distributed.worker.preload": ["mobility.batch.steady"],
        "distributed.scheduler.worker-ttl": None,
    }
)


@dataclass(frozen=True)
class Failed:
    """A scenario that could not be run, and why."""

    error: MobilityError


@runtime_checkable
class Beside(Protocol):
    """A teller that can show several scenarios at once, and how many of all have ended."""

    def beside(self, scenario: str, name: str, done: int, total: int) -> None:
        """Tell the step of a scenario that runs beside others, and how much of it is done."""

    def ended(self, scenario: str, *, failed: bool) -> None:
        """Tell that a scenario has ended."""

    def whole(self, done: int, total: int) -> None:
        """Tell how many of all scenarios have ended."""


class Reporting:
    """A teller on a worker: what it hears goes to whoever listens to a topic of the cluster."""

    def __init__(self, topic: str) -> None:
        from distributed import get_worker  # noqa: PLC0415 - slow to load, rarely needed

        self._worker = get_worker()
        self._topic = topic
        self._step = ("", "")
        self._told_s = 0.0

    def step(self, scenario: str, name: str) -> None:
        """Begin a step of a scenario."""
        self._step = (scenario, name)
        self._tell(0, 0)

    def part(self, done: int, total: int) -> None:
        """Tell how many parts of the step are done, now and then."""
        if time.monotonic() - self._told_s >= TELL_EACH_S:
            self._tell(done, total)

    def _tell(self, done: int, total: int) -> None:
        self._told_s = time.monotonic()
        self._worker.log_event(self._topic, [*self._step, done, total])


class _Steps:
    """Hands on the steps that workers tell; one heard of after its scenario's end is dropped."""

    def __init__(self, teller: Beside | None) -> None:
        self.teller = teller
        self._ended: set[str] = set()
        self._lock = threading.Lock()  # steps come on the client's own thread

    def hear(self, event: tuple[float, list[Any]]) -> None:
        scenario, step, done, total = event[1]
        with self._lock:
            if self.teller is not None and scenario not in self._ended:
                self.teller.beside(scenario, step, done, total)

    def end(self, scenario: str, *, failed: bool) -> None:
        with self._lock:
            self._ended.add(scenario)
            if self.teller is not None:
                self.teller.ended(scenario, failed=failed)


@dataclass(frozen=True)
class Cluster:
    """A Dask client, asked for parts of matrices or for whole scenarios."""

    client: Any

    def slots(self) -> int:
        """Return how many tasks run at once."""
        threads: dict[str, int] = self.client.nthreads()
        return max(1, sum(threads.values()))

    def compute(self, parts: Sequence[Part]) -> Iterator[tuple[str, float]]:
        """Compute parts; yield the mode and seconds of each as it is done."""
        for future in self._finished(_timed_part, parts):
            yield future.result()

    def carry_out_all(
        self,
        ready: Callable[[], Sequence[tuple[Job, Path | None]]],
        teller: Beside | None = None,
    ) -> Iterator[tuple[str, Path | Failed]]:
        """Run whole scenarios, each beside its baseline's folder; yield name and outcome.

        `ready` gives the jobs that can begin; it is asked again after each that has ended.
        `teller` is told each step of each, from another thread, and of the end before it is
        yielded.
        """
        from distributed import as_completed  # noqa: PLC0415 - slow to load, rarely needed

        steps = _Steps(teller)
        with self._heard_by(steps) as topic:

            def begin() -> list[Any]:
                return self._begin(_job, [(*pair, topic) for pair in ready()])

            going = as_completed(begin())
            for future in going:
                name, outcome = future.result()
                steps.end(name, failed=isinstance(outcome, Failed))
                yield name, outcome
                going.update(begin())

    @contextlib.contextmanager
    def _heard_by(self, steps: _Steps) -> Iterator[str]:
        """Listen to the topic that is given; of what nobody asks for the topic is ``""``."""
        if steps.teller is None:
            yield ""
            return
        topic = f"{TOPIC}-{self.client.id}"
        self.client.subscribe_topic(topic, steps.hear)
        try:
            yield topic
        finally:
            self.client.unsubscribe_topic(topic)

    def _finished(self, function: Any, things: Sequence[Any]) -> Iterator[Any]:
        from distributed import as_completed  # noqa: PLC0415 - as above

        return iter(as_completed(self._begin(function, things)))

    def _begin(self, function: Any, things: Sequence[Any]) -> list[Any]:
        begun: list[Any] = self.client.map(function, list(things), pure=False, retries=RETRIES)
        return begun


@contextlib.contextmanager
def computers(workers: int | None, scheduler: str, n_scenarios: int) -> Iterator[Cluster | None]:
    """Give the cluster that work goes to, or None for this process.

    Parameters
    ----------
    workers
        Processes of a local Dask cluster, one thread each. None takes one per core where
        there are scenarios enough for it to pay, and memory; 0 or 1 is this process, whose
        kernels use all cores by themselves.
    scheduler
        Address of a Dask scheduler, ``"tcp://host:8786"``; goes before `workers`. Its workers
        must see the same paths.
    n_scenarios
        Scenarios beside the baselines.

    Raises
    ------
    RunError
        The scheduler does not answer.
    """
    if workers is None:
        workers = _that_pay(n_scenarios)
    if not scheduler and workers <= 1:
        yield None
        return
    import dask  # noqa: PLC0415 - as above
    from distributed import Client, LocalCluster  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        if scheduler:
            client = stack.enter_context(_connect(Client, scheduler))
        else:
            from mobility.batch.steady import dask_setup  # noqa: PLC0415 - as above

            dask_setup()
            stack.enter_context(dask.config.set(LEAN))
            with _deaf_to_interrupts():
                local = LocalCluster(
                    n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0",
                    host="127.0.0.1", memory_limit=None, silence_logs=logging.CRITICAL,
                )  # fmt: skip
            stack.enter_context(local)
            client = stack.enter_context(Client(local))
        yield Cluster(client)


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let workers that begin here not hear Ctrl-C, which a terminal sends to all processes.

    They end with this one. So does Python's keeper of semaphores, which is to say nothing then.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker  # noqa: PLC0415 - not on Windows

    sys.warnoptions.append("ignore:resource_tracker:UserWarning")
    resource_tracker.ensure_running()
    sys.warnoptions.pop()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _that_pay(n_scenarios: int) -> int:
    room = int(psutil.virtual_memory().available / 1e9 / GB_PER_WORKER)
    return min(cores(), room, n_scenarios // PAYS_FROM)


def _connect(client: Any, scheduler: str) -> Any:
    try:
        return client(scheduler, timeout=f"{CONNECT_S}s")
    except (OSError, ValueError, TimeoutError) as cause:
        raise RunError(
            Problem(
                f"--scheduler {scheduler}",
                f"no answer ({cause})",
                "a Dask scheduler's address",
                "Start one with: dask scheduler",
            )
        ) from cause


def _timed_part(part: Part) -> tuple[str, float]:
    """Compute a part on a worker, which has one thread per task."""
    started = time.perf_counter()
    compute_part(part, threads=1)
    return part.mode, time.perf_counter() - started


def _job(asked: tuple[Job, Path | None, str]) -> tuple[str, Path | Failed]:
    """Run a scenario on a worker; what is wrong with it comes back as a value."""
    job, folder, topic = asked
    teller = Reporting(topic) if topic else Silent()
    try:
        baseline = None if folder is None else _baseline(folder)
        return job.scenario.name, carry_out(job, baseline, teller, threads=1)
    except MobilityError as error:
        return job.scenario.name, Failed(error)


@functools.lru_cache(maxsize=1)
def _baseline(folder: Path) -> Any:
    """Read a baseline once per worker."""
    return read_run(folder)
