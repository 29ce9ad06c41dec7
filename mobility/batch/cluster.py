"""Where parts are computed: in this process, on a local Dask cluster, or on any cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mobility.batch.matrices import Part, compute_part
from mobility.errors import Problem, RunError

Compute = Callable[[Sequence[Part]], Iterator[str]]


@contextlib.contextmanager
def computers(workers: int, scheduler: str) -> Iterator[Compute | None]:
    """Give the function that computes parts on a cluster, or None for this process.

    Parameters
    ----------
    workers
        Processes of a local Dask cluster, one thread each; 0 or 1: this process, whose
        kernels use all cores by themselves.
    scheduler
        Address of a Dask scheduler, ``"tcp://host:8786"``; goes before `workers`. Its workers
        must see the same paths.

    Raises
    ------
    RunError
        The scheduler does not answer.
    """
    if not scheduler and workers <= 1:
        yield None
        return
    from distributed import Client, LocalCluster  # noqa: PLC0415 - slow to load, rarely needed

    with contextlib.ExitStack() as stack:
        if scheduler:
            client = stack.enter_context(_connect(Client, scheduler))
        else:
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers, threads_per_worker=1, dashboard_address=None,
                    host="127.0.0.1",
                )
            )  # fmt: skip
            client = stack.enter_context(Client(cluster))
        yield lambda parts: _submit(client, parts)


def _connect(client: Any, scheduler: str) -> Any:
    try:
        return client(scheduler, timeout="10s")
    except (OSError, ValueError, TimeoutError) as cause:
        raise RunError(
            Problem(
                f"--scheduler {scheduler}",
                f"no answer ({cause})",
                "a Dask scheduler's address",
                "Start one with: dask scheduler",
            )
        ) from cause


def _submit(client: Any, parts: Sequence[Part]) -> Iterator[str]:
    """Compute parts on the cluster; yield each folder as it is done.

    A part lost with its worker is computed again by another: Dask sees to that.
    """
    from distributed import as_completed  # noqa: PLC0415 - as above

    futures = client.map(compute_part, list(parts), pure=False, retries=2)
    for future in as_completed(futures):
        yield str(future.result())
