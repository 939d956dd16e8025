"""Kill with -9 whoever moves the songs of a recall: every song is moved once and told of once."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from config.demo.processes import run_command
from tests.journeys.test_kill_workers import environment

__all__ = ["environment"]
N_SONGS = 480
# Songs in a chunk: 24 chunks to move and 24 to tell of, of which 3 to 7 are done before each kill.
CHUNK = 20
N_KILLS = 8

SETUP = f"""
import django; django.setup()
from django.utils import timezone
from catalog.services.agreements import end_grant
from compliance.models import Generator, Job
from compliance.services.recalls import open_due_recalls
from compliance.services.webhooks import create_endpoint
from tests.bench.recalls import build
now = timezone.now()
grant = build(n_songs={N_SONGS}, now=now)
create_endpoint(generator=Generator.objects.first(), url="https://hooks.example/", kinds=[], by="t")
end_grant(grant=grant, ends_on=now.date(), by=None, now=now)
open_due_recalls(now=now)
"""
# What a worker does with the job, chunk by chunk said aloud so that the test can kill it in the middle of the next one.
WORK = f"""
import time
import django; django.setup()
from compliance import tasks
from compliance.models import Job, Recall
from compliance.services import recall_batches
def say(work):
    def do(**arguments):
        n = work(**arguments, size={CHUNK})
        print(work.__name__, n, flush=True)
        return n
    return do
recall_batches.apply_chunk = say(recall_batches.apply_chunk)
recall_batches.tell_chunk = say(recall_batches.tell_chunk)
while Recall.objects.get().status == "applying":
    tasks.run_job(str(Job.objects.get(kind="apply_recall").pk))
    time.sleep(0.1)
"""
COUNT = """
import json
from collections import Counter
import django; django.setup()
from compliance.audit import ChainVerification
from compliance.models import Approval, Event, Recall, RecallNotice, RecallSong, WebhookDelivery
from compliance.services.audit_log import read_log
from compliance.services.sealing import seal_all_events
seal_all_events()
recall = Recall.objects.get()
print(json.dumps({
    "status": recall.status, "progress": [recall.n_found, recall.n_moved, recall.n_told],
    "approvals": Counter(Approval.objects.values_list("status", flat=True)),
    "songs": RecallSong.objects.count(),
    "told": Counter(Counter(Event.objects.filter(kind="approval.revoked").values_list("subject", flat=True)).values()),
    "opened": Event.objects.filter(kind="recall.opened").count(),
    "noticed": sum(RecallNotice.objects.values_list("n_songs", flat=True)),
    "deliveries": WebhookDelivery.objects.count(),
    "faults": [fault.text for fault in ChainVerification().find_faults(read_log())],
}))
"""


def start(program: str, environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )  # fmt: skip


def run(program: str, environment: dict[str, str]) -> str:
    child = start(program, environment)
    told, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    return told


@pytest.mark.slow
def test_every_song_is_moved_and_told_of_exactly_once_while_workers_are_killed(environment):
    rng = random.Random(20261125)
    environment = environment | {
        "JOB_LEASE_S": "1", "JOB_MAX_ATTEMPTS": "50", "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    run_command("migrate", "--no-input", environment=environment)
    run(SETUP, environment)
    seen = []
    for _ in range(N_KILLS):
        child = start(WORK, environment)
        seen += [child.stdout.readline().split()[0] for _ in range(rng.randint(3, 7))]
        time.sleep(rng.uniform(0, 0.08))  # into the next chunk
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert set(seen) == {"apply_chunk", "tell_chunk"}
    rest = [line.split()[0] for line in run(WORK, environment).splitlines()]
    counts = json.loads(run(COUNT, environment).splitlines()[-1])
    assert len(rest) < 2 * (N_SONGS / CHUNK + 1), "a killed worker's chunks were done again"
    assert counts == {
        "status": "open", "progress": [N_SONGS] * 3, "approvals": {"revoked": N_SONGS}, "songs": N_SONGS,
        "told": {"1": N_SONGS}, "opened": 4, "noticed": N_SONGS, "deliveries": N_SONGS // 4 + 1, "faults": [],
    }  # fmt: skip
