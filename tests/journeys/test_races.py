"""Many at once over HTTP, on two server processes: what is sent with one key is done once, and a cap holds what it allows."""

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import requests

from config.demo.logins import read_logins
from config.demo.processes import make_environment, run_command, serve
from tests.postgres import make_database
from tests.run import DEFAULT_POSTGRES_URL, find_postgres
from tests.songs import LOVING, make_intent, make_manifest, make_silence

pytestmark = pytest.mark.slow
POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES_URL)
N_SAME_KEY = 200
N_FOR_CAP = 64
CAP = 10
# Of one connection each: more at once than the server has threads (two processes with four each).
N_AT_ONCE = 32
STEMS = ["moonlit-drums", "moonlit-keys"]
# Under another grant: what a rejected song gives back is not the cap's that others race for.
SUBMITTED = ["lanterns-drums"]
LIMIT_CAP = f"""
from catalog.models import Cap, CapBalance, Stem
from catalog.queries.rights_facts import find_cap_ids
cap = find_cap_ids(stems={STEMS})[0]
balance = CapBalance.objects.filter(cap=cap).first()
taken = balance.held + balance.captured if balance else 0
Cap.objects.filter(pk=cap).update(limit=taken + {CAP}, period="total")
"""
COUNT = f"""
import json
from catalog.queries.rights_facts import find_cap_ids
cap = find_cap_ids(stems={STEMS})[0]
from compliance.models import Clearance, Submission
from moderation.models import Screening
from catalog.models import CapHold, CapEntry
print(json.dumps({{
    "clearances": Clearance.objects.count(), "cleared": Clearance.objects.filter(status="cleared").count(),
    "submissions": Submission.objects.count(), "screenings": Screening.objects.count(),
    "holds": CapHold.objects.filter(cap=cap, status="held").values("subject").distinct().count(),
    "reserved": CapEntry.objects.filter(cap=cap, kind="reserve").values("subject").distinct().count(),
}}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running service, its generator's key, and its environment for commands."""

    url: str
    key: str
    environment: dict[str, str]

    def post(self, path: str, *, idempotency_key: str = "", **content):
        headers = {"Authorization": f"Bearer {self.key}"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return requests.post(f"{self.url}/api/v1/{path}", headers=headers, timeout=120, **content)

    def run(self, script: str) -> str:
        return run_command("shell", "--no-imports", "-c", script, environment=self.environment)

    def count(self) -> dict[str, int]:
        return json.loads(self.run(COUNT).splitlines()[-1])


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request, tmp_path_factory):
    if request.param == "postgres" and find_postgres(POSTGRES_URL) is None:
        pytest.skip(f"no PostgreSQL answers at {POSTGRES_URL or '(TEST_POSTGRES_URL is empty)'}")
    folder = tmp_path_factory.mktemp("races")
    environment = {**make_environment(data_dir=folder), "LOG_LEVEL": "WARNING"}
    environment.pop("DATABASE_URL", None)
    with ExitStack() as stack:
        if request.param == "postgres":
            environment["DATABASE_URL"] = stack.enter_context(
                make_database(POSTGRES_URL, suffix=f"races_{os.getpid()}")
            )
        run_command("migrate", "--no-input", environment=environment)
        run_command("load_demo", environment=environment)
        service = stack.enter_context(
            serve(environment=environment, log=folder / "service.log", web_processes=2)
        )
        yield Server(url=service.url, key=read_logins(folder).api_key, environment=environment)


def race(work, n: int) -> list[requests.Response]:
    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        return list(pool.map(work, range(n)))


def want(**changes):
    return {"message": LOVING, "stems": STEMS, "intent": make_intent()} | changes


def make_request(kind: str, server: Server) -> dict:
    if kind == "clearances":
        return {"json": want()}
    if kind == "screenings":
        return {"json": {"text": LOVING}}
    clearance = server.post("clearances", json=want(stems=SUBMITTED)).json()["id"]
    return {
        "files": {"audio": ("song.wav", make_silence(0.5))},
        "data": {
            "clearance": clearance,
            "manifest": json.dumps(make_manifest(*SUBMITTED, length_s=0.5)),
        },
    }


def test_sixty_four_for_a_cap_of_ten_hold_ten(server):
    server.run(LIMIT_CAP)
    before = server.count()
    answers = race(
        lambda n: server.post("clearances", idempotency_key=f"cap-{n}", json=want()), N_FOR_CAP
    )
    assert {answer.status_code for answer in answers} == {201}
    outcomes = Counter(answer.json()["outcome"] for answer in answers)
    assert outcomes == {"cleared": CAP, "denied": N_FOR_CAP - CAP}
    for answer in answers:
        if answer.json()["outcome"] == "denied":
            assert "rights.cap_exhausted" in {reason["code"] for reason in answer.json()["reasons"]}
    after = server.count()
    assert after["clearances"] == before["clearances"] + N_FOR_CAP
    for name in ("cleared", "holds", "reserved"):
        assert after[name] == before[name] + CAP, name


@pytest.mark.parametrize("kind", ["clearances", "screenings", "submissions"])
def test_two_hundred_with_one_key_make_one_thing(server, kind):
    content = make_request(kind, server)
    before = server.count()
    answers = race(
        lambda _: server.post(kind, idempotency_key=f"race-{kind}", **content), N_SAME_KEY
    )
    statuses = Counter(answer.status_code for answer in answers)
    created = 202 if kind == "submissions" else 201
    assert set(statuses) <= {created, 409}, statuses
    first = [
        answer for answer in answers if answer.ok and "Idempotency-Replayed" not in answer.headers
    ]
    assert len(first) == 1
    assert {answer.json()["id"] for answer in answers if answer.ok} == {first[0].json()["id"]}
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "idempotency.in_flight"
            assert int(answer.headers["Retry-After"]) >= 1
    assert server.count()[kind] == before[kind] + 1
    again = server.post(kind, idempotency_key=f"race-{kind}", **content)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (created, "true")
