"""The way to a cluster: one that runs somewhere, or one on this machine for the time of a run."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from shnor_analysis.errors import EnvironmentProblem, Problem, UsageProblem

LOCAL = "local"
ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}")
JOIN_SECONDS = 20
PATIENCE_SECONDS = 30.0
LOOPBACK = "127.0.0.1"
TALKERS = ("distributed", "distributed.client")
# no pages, no statistics: nobody looks at a cluster that lives for one run
LEAN = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.worker.daemon": True,
}


class Link:
    """A client of a cluster; a cluster on this machine ends with it."""

    def __init__(self, client: Any, stack: ExitStack) -> None:
        """Take what `join` has opened."""
        self.client, self._stack = client, stack

    def workers(self) -> dict[str, int]:
        """Addresses of the workers that run, each with its number of threads.

        Raises:
            EnvironmentProblem: `cluster_scheduler_lost`.
        """
        try:
            known = self.client.sync(
                self.client.scheduler.identity, n_workers=-1, callback_timeout=PATIENCE_SECONDS
            )
        except (OSError, TimeoutError, RuntimeError, AttributeError) as error:
            raise scheduler_lost(f"{type(error).__name__}: {error}") from error
        self.check()
        return {
            address: int(told["nthreads"])
            for address, told in known["workers"].items()
            if told["status"] == "running"
        }

    def check(self) -> None:
        """EnvironmentProblem `cluster_scheduler_lost` when the scheduler has gone."""
        if self.client.status != "running":
            raise scheduler_lost(self.client.status)

    def close(self) -> None:
        """Leave the cluster, or end it where it is on this machine; nothing is left of it then."""
        self._stack.close()


def check_address(address: str) -> None:
    """UsageProblem `cluster_address` for what is neither "local" nor a host and a port, with the protocol or without."""
    if address != LOCAL and not ADDRESS.fullmatch(address):
        raise UsageProblem(Problem("cluster_address", found=address))


def join(address: str, *, size: int) -> Link:
    """Connect to the scheduler at an address ("tcp://…", "tls://…"), or start `size` workers here for "local".

    Raises:
        UsageProblem: `cluster_address` for what is no address.
        EnvironmentProblem: `cluster_extra_absent`, `cluster_unreachable`.
    """
    stack = ExitStack()
    try:
        from distributed import Client

        stack.enter_context(_quiet())
        place = stack.enter_context(_local_cluster(size)) if address == LOCAL else address
        client = Client(place, timeout=JOIN_SECONDS, set_as_default=False)
        stack.callback(_leave, client)
    except ImportError as error:  # also for certificates, which a cluster on this machine makes
        stack.close()
        raise EnvironmentProblem(Problem("cluster_extra_absent", found=error.name)) from error
    except (OSError, TimeoutError, RuntimeError, TypeError) as error:  # TypeError: no certificates
        stack.close()
        detail = f"{type(error).__name__}: {error}"[:300]
        raise EnvironmentProblem(
            Problem("cluster_unreachable", found=address, fields={"detail": detail})
        ) from error
    except ValueError as error:
        stack.close()
        raise UsageProblem(Problem("cluster_address", found=address)) from error
    except BaseException:
        stack.close()
        raise
    return Link(client, stack)


def scheduler_lost(detail: str) -> EnvironmentProblem:
    """The one error for a scheduler that does not answer any more."""
    return EnvironmentProblem(Problem("cluster_scheduler_lost", fields={"detail": detail[:300]}))


@contextmanager
def _local_cluster(size: int) -> Iterator[Any]:
    """Workers as processes of this machine, reachable on it alone and only with the certificate of this run."""
    import dask
    from distributed import LocalCluster

    with ExitStack() as stack:
        scratch = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="shnor-", ignore_cleanup_errors=True)
        )
        with dask.config.set(LEAN):
            cluster = LocalCluster(
                n_workers=max(1, size),
                threads_per_worker=1,
                processes=True,
                host=LOOPBACK,
                security=True,
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": f"{LOOPBACK}:0", "dashboard": False},
                memory_limit=0,
                local_directory=scratch,
                silence_logs=logging.CRITICAL,
            )
        stack.callback(cluster.close, timeout=PATIENCE_SECONDS)
        yield cluster


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own reports of what it loses; who orders the run is told in words."""
    talkers = [logging.getLogger(name) for name in TALKERS]
    before = [one.level for one in talkers]
    for one in talkers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(talkers, before, strict=True):
            one.setLevel(level)


def _leave(client: Any) -> None:
    with suppress(OSError, TimeoutError, RuntimeError):
        client.close(timeout=JOIN_SECONDS)
