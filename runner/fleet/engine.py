"""What runs the tenants: threads of this process, or the workers of a Dask cluster.

Both are a `concurrent.futures.Executor`. A tenant whose Dask worker dies is started again on another one by Dask; there
the same command is the same run. Dask's cancel leaves processes running (distributed#3681), so it is never used: a
deadline is `--until`, and a stop reaches every tenant's process through an event.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial

from runner.domain.errors import ExitCode, Refused
from runner.fleet.fleet_file import Fleet, Tenant
from runner.fleet.tenant_process import TenantResult, run_tenant

INSTALL = "--scheduler needs Dask: pip install 'regeneration-runner[fleet]'"
HELD_SECONDS = 120.0  # how long a tenant on another worker waits for the process of a worker that died


@dataclass(frozen=True)
class Engine:
    """An executor, what it runs for a tenant, and how all of them are asked to end gracefully."""

    executor: Executor
    run: Callable[[Tenant], TenantResult]
    stop: Callable[[], None]

    def results(self, fleet: Fleet) -> Iterator[TenantResult]:
        """One result a tenant, as they end. What keeps one tenant from running never stops the others."""
        futures: dict[Future[TenantResult], Tenant] = {
            self.executor.submit(self.run, tenant): tenant for tenant in fleet.tenants
        }
        for future in as_completed(futures):
            error = future.exception()
            yield future.result() if error is None else _not_run(futures[future], error)


def _not_run(tenant: Tenant, error: BaseException) -> TenantResult:
    message = f"{type(error).__name__}: {error}"
    return TenantResult(tenant.name, tenant.profile, int(ExitCode.FAULT), 0.0, (), (message,))


def _unless_stopped(tenant: Tenant, stopped: Callable[[], bool], held_seconds: float = 0.0) -> TenantResult:
    """Tenants that have not begun when the fleet is stopped do not begin."""
    if stopped():
        return TenantResult(tenant.name, tenant.profile, int(ExitCode.TERMINATED), 0.0, (), ("not begun",))
    return run_tenant(tenant, stopped, held_seconds)


@contextlib.contextmanager
def engine(scheduler: str | None, concurrency: int) -> Iterator[Engine]:
    """Threads of this process, or the cluster at a scheduler's address. Raises Refused where that cannot be used."""
    if scheduler is not None:
        with _dask(scheduler) as cluster:
            yield cluster
        return
    stop = threading.Event()
    with ThreadPoolExecutor(concurrency, thread_name_prefix="tenant") as pool:
        yield Engine(pool, partial(_unless_stopped, stopped=stop.is_set), stop.set)


@contextlib.contextmanager
def _dask(scheduler: str) -> Iterator[Engine]:
    try:
        from distributed import Client, Event
    except ImportError:
        raise Refused(INSTALL) from None
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise Refused(f"--scheduler {scheduler}: {error}") from error
    with client:
        name = f"regen-stop-{os.urandom(8).hex()}"
        stop = Event(name, client=client)
        yield Engine(client.get_executor(pure=False), partial(_on_worker, event=name), stop.set)


def _on_worker(tenant: Tenant, event: str) -> TenantResult:
    """On a worker: its stop is the cluster's event."""
    from distributed import Event, get_worker

    client = get_worker()._get_client()
    return _unless_stopped(tenant, Event(event, client=client).is_set, HELD_SECONDS)
