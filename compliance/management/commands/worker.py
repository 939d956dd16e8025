"""`manage.py worker`: run the queue, and see to it that no accepted work is lost.

django-q2's cluster runs as a child in a process group of its own. This process sweeps the job rows, does the upkeep (holds
that ran out, an index that is behind the catalog), and restarts a cluster that died or no longer takes work: killing
django-q2's idle worker hangs its queue for good (django-q2 issue 23), which no queue setting repairs.
"""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from compliance.services.leases import HEARTBEAT_VARIABLE
from compliance.tasks import count_stalled_jobs, do_upkeep, sweep_jobs

logger = structlog.get_logger(__name__)

# Pause between two rounds of the supervisor, in seconds.
SWEEP_INTERVAL_S = 1.0
# How often holds, old records and the index are looked after, in seconds.
UPKEEP_INTERVAL_S = 5.0
# How long a stopping cluster may finish what it holds before it is killed (its jobs' leases then run out), in seconds.
STOP_DEADLINE_S = 30.0
PR_SET_PDEATHSIG = 1


def _die_with_parent(signum: int) -> None:
    """Ask Linux for `signum` when the process that started this one dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)


class Command(BaseCommand):
    """Run the workers until SIGTERM or Ctrl-C."""

    help = "Run the queue's workers and the sweeper that loses no job."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the switch with which the supervisor starts its child."""
        parser.add_argument(
            "--cluster-only",
            action="store_true",
            help="Run django-q2's cluster alone, unsupervised.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Supervise until told to stop."""
        if options["cluster_only"]:
            # Orphans of a killed cluster would go on unguarded: each process dies with the one that forked it.
            os.register_at_fork(after_in_child=lambda: _die_with_parent(signal.SIGKILL))
            call_command("qcluster")
            return
        with tempfile.TemporaryDirectory(prefix="cleartone-worker-") as folder:
            Supervisor(heartbeat=Path(folder) / "heartbeat").run()


class Supervisor:
    """One cluster and what keeps it honest."""

    def __init__(self, *, heartbeat: Path) -> None:
        self.heartbeat = heartbeat
        self.stopping = False
        self.next_upkeep_s = 0.0

    def run(self) -> None:
        """Start, watch, restart; stop in order when told."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        cluster = self._start_cluster()
        try:
            while not self.stopping:
                time.sleep(SWEEP_INTERVAL_S)
                if why := self._find_failure(cluster):
                    logger.error("worker.restart", why=why)
                    _kill_group(cluster)
                    cluster = self._start_cluster()
        finally:
            _stop_cluster(cluster)

    def _ask_to_stop(self, signum: int, frame: object) -> None:
        self.stopping = True

    def _start_cluster(self) -> "subprocess.Popen[bytes]":
        self.heartbeat.touch()
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, sys.argv[0], "worker", "--cluster-only"],
            env={**os.environ, HEARTBEAT_VARIABLE: str(self.heartbeat)},
            start_new_session=True,
            preexec_fn=lambda: _die_with_parent(signal.SIGTERM),
        )

    def _find_failure(self, cluster: "subprocess.Popen[bytes]") -> str | None:
        """Sweep; return why the cluster must be restarted, or None."""
        try:
            close_old_connections()
            sweep_jobs()
            if time.monotonic() >= self.next_upkeep_s:
                do_upkeep()
                self.next_upkeep_s = time.monotonic() + UPKEEP_INTERVAL_S
            stalled = count_stalled_jobs()
        except DatabaseError:
            logger.warning("worker.sweep_failed", exc_info=True)
            return None
        if cluster.poll() is not None:
            return f"cluster exited with {cluster.returncode}"
        silent_s = timezone.now().timestamp() - self.heartbeat.stat().st_mtime
        if stalled and silent_s > settings.WORKER_STALL_S:
            return f"{stalled} jobs wait and no worker has moved for {silent_s:.0f} s"
        return None


def _kill_group(cluster: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(cluster.pid, signal.SIGKILL)
    except ProcessLookupError:
        logger.info("worker.group_gone", pid=cluster.pid)
    cluster.wait()


def _stop_cluster(cluster: "subprocess.Popen[bytes]") -> None:
    """Let the cluster finish what it holds; SIGTERM goes to its parent only, or its workers would hang."""
    if cluster.poll() is None:
        cluster.terminate()
        try:
            cluster.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            logger.warning("worker.stop_forced", after_s=STOP_DEADLINE_S)
    _kill_group(cluster)
