"""The whole life of a song, by a client that openapi-python-client made from the OpenAPI document and nobody edited.

`python whole_life.py URL CLIENT_ID API_KEY SONG COMMAND...` with the generated package `cleartone_client` on the path; the
command is what legal staff do when a licence ends. Prints one line a step; an answer that is not the expected one ends it with
an error. tests/journeys/test_generated_client.py runs it.
"""

import datetime as dt
import subprocess
import sys
import time
import uuid
from io import BytesIO
from pathlib import Path

from cleartone_client import AuthenticatedClient, Client
from cleartone_client.api.approvals import get_approval
from cleartone_client.api.catalog import check_rights, list_stems
from cleartone_client.api.certificates import get_key_set, verify_certificate
from cleartone_client.api.clearances import cancel_clearance, create_clearance, get_clearance
from cleartone_client.api.events import get_audit_checkpoint, list_events
from cleartone_client.api.oauth import create_token
from cleartone_client.api.recalls import (
    acknowledge_recall,
    get_recall,
    list_recalled_songs,
    list_recalls,
)
from cleartone_client.api.screenings import create_screening, get_screening
from cleartone_client.api.submissions import create_submission, get_submission, list_submissions
from cleartone_client.api.usage import report_usage
from cleartone_client.models import (
    AcknowledgementItemRequest,
    AcknowledgementRequest,
    ActionEnum,
    CertificateCheckRequest,
    ClearanceRequest,
    GrantTypeEnum,
    IntentMessageRequest,
    Problem,
    RightsCheckRequest,
    ScreeningRequest,
    SubmissionRequest,
    SubmissionRequestManifest,
    SubmissionRequestManifestPlacementsItem,
    TokenRequest,
    UsageBatchRequest,
    UsageEventMessageRequest,
    UsageKindEnum,
    UseIntentRequest,
)
from cleartone_client.types import File

STEMS = ("moonlit-drums", "moonlit-keys", "moonlit-guitar")
USES = ["ai_output_generation", "personalised_song_stream"]
MESSAGE = "Happy birthday, dear mother. Thank you for everything."
SONG_S = 12.0
VERDICT_DEADLINE_S = 300


def say(step: str, what: object) -> None:
    sys.stdout.write(f"{step:<14} {what}\n")
    sys.stdout.flush()


def get_token(url: str, client_id: str, api_key: str) -> AuthenticatedClient:
    form = TokenRequest(
        grant_type=GrantTypeEnum.CLIENT_CREDENTIALS, client_id=client_id, client_secret=api_key
    )
    token = create_token.sync(client=Client(base_url=url), body=form)
    say("token", f"{token.token_type.value} for {token.expires_in} s: {token.scope}")
    return AuthenticatedClient(base_url=url, token=token.access_token)


def ask_for_clearance(client: AuthenticatedClient, stems: tuple[str, ...], key: str) -> object:
    today = dt.datetime.now(tz=dt.UTC).date()  # noqa: TID251 - a script reads the clock
    body = ClearanceRequest(
        message=MESSAGE,
        stems=list(stems),
        intent=IntentMessageRequest(
            territories=["DE", "US"], uses=USES, starts_on=today, ends_on=today + dt.timedelta(days=90)
        ),
    )  # fmt: skip
    return create_clearance.sync(client=client, body=body, idempotency_key=key)


def wait_for_recall(client: AuthenticatedClient) -> object:
    """The open recall, once the worker has moved its songs."""
    deadline = time.monotonic() + VERDICT_DEADLINE_S
    while time.monotonic() < deadline:
        for recall in list_recalls.sync(client=client).items:
            if recall.state.value == "open":
                return recall
        time.sleep(0.5)
    raise TimeoutError(f"no recall is open after {VERDICT_DEADLINE_S} s")


def wait_for_verdict(client: AuthenticatedClient, submission_id: str) -> object:
    deadline = time.monotonic() + VERDICT_DEADLINE_S
    while time.monotonic() < deadline:
        report = get_submission.sync(submission_id, client=client)
        if report.state.value != "received":
            return report
        time.sleep(0.5)
    raise TimeoutError(f"{submission_id} still waits after {VERDICT_DEADLINE_S} s")


def main(url: str, client_id: str, api_key: str, song: str, *end_of_licence: str) -> None:
    client = get_token(url, client_id, api_key)
    today = dt.datetime.now(tz=dt.UTC).date()  # noqa: TID251

    # What may be used?
    page = list_stems.sync(client=client, limit=200)
    assert set(STEMS) <= {stem.id for stem in page.stems}
    say("stems", f"{len(page.stems)} to choose from")
    intent = UseIntentRequest(
        territories=["DE", "US"], uses=USES, starts_on=today, ends_on=today + dt.timedelta(days=90)
    )
    rights = check_rights.sync(
        client=client, body=RightsCheckRequest(stems=list(STEMS), intent=intent)
    )
    assert rights.outcome.value == "cleared", rights
    say("rights:check", f"{rights.outcome.value} until {rights.valid.until}")

    # May this be sung?
    screening = create_screening.sync(client=client, body=ScreeningRequest(text=MESSAGE))
    assert screening.outcome.value == "allow", screening
    assert get_screening.sync(screening.id, client=client).id == screening.id
    say("screening", f"{screening.outcome.value}, {screening.language.code}")

    # Both together, with the caps held; asked twice, done once.
    key = str(uuid.uuid4())
    clearance, again = (ask_for_clearance(client, STEMS, key) for _ in range(2))
    assert clearance.outcome.value == "cleared", clearance
    assert again.id == clearance.id
    assert get_clearance.sync(clearance.id, client=client).expires_at == clearance.expires_at
    say("clearance", f"{clearance.outcome.value} until {clearance.expires_at}")
    denied = ask_for_clearance(client, ("harbor-flute",), str(uuid.uuid4()))
    assert denied.outcome.value == "denied"
    assert {reason.code for reason in denied.reasons} >= {"rights.expired"}
    spare = ask_for_clearance(client, STEMS, str(uuid.uuid4()))
    assert cancel_clearance.sync(spare.id, client=client).outcome.value == "cancelled"

    # The song.
    placements = [
        SubmissionRequestManifestPlacementsItem(stem=stem, song_start_s=0.0, length_s=SONG_S)
        for stem in STEMS
    ]
    accepted = create_submission.sync(
        client=client,
        body=SubmissionRequest(
            clearance=clearance.id,
            audio=File(
                payload=BytesIO(Path(song).read_bytes()),
                file_name="song.wav",
                mime_type="audio/wav",
            ),
            manifest=SubmissionRequestManifest(placements=placements),
        ),
        idempotency_key=str(uuid.uuid4()),
    )
    assert not isinstance(accepted, Problem), accepted
    report = wait_for_verdict(client, accepted.id)
    assert report.state.value == "approved", [reason.text for reason in report.reasons]
    assert accepted.id in {row.id for row in list_submissions.sync(client=client).items}
    say("submission", f"{report.state.value}, {len(report.reasons)} reasons")

    # The approval, and what anybody can check.
    approval = get_approval.sync(report.approval, client=client)
    assert approval.state.value == "live"
    check = verify_certificate.sync(
        client=client,
        body=CertificateCheckRequest(
            certificate=approval.certificate, audio_sha256=approval.audio_sha256
        ),
    )
    assert check.holds, check
    assert get_key_set.sync(client=client).keys
    say("approval", f"{approval.state.value} until {approval.valid_to}; the certificate holds")

    # It is played.
    use = UsageEventMessageRequest(
        event_id=str(uuid.uuid4()), approval=approval.id, kind=UsageKindEnum.PLAY,
        at=dt.datetime.now(tz=dt.UTC).replace(microsecond=0), territory="DE", quantity=3,  # noqa: TID251
    )  # fmt: skip
    for expected in ("counted", "duplicate"):
        reported = report_usage.sync(client=client, body=UsageBatchRequest(events=[use]))
        assert [item.status.value for item in reported.items] == [expected]
    say("usage", f"{use.quantity} plays counted once, though reported twice")

    # The licence ends: the song is recalled, taken down, and the recall closed.
    subprocess.run(end_of_licence, check=True)
    recall = wait_for_recall(client)
    songs = list_recalled_songs.sync(recall.id, client=client).items
    assert approval.id in {one.approval for one in songs}
    at = dt.datetime.now(tz=dt.UTC).replace(microsecond=0)  # noqa: TID251
    done = [
        AcknowledgementItemRequest(
            approval=one.approval, action=ActionEnum.TAKEN_DOWN, at=at, evidence_url="https://songs.example/gone"
        )
        for one in songs
    ]  # fmt: skip
    acknowledged = acknowledge_recall.sync(
        recall.id, client=client, body=AcknowledgementRequest(items=done), idempotency_key=str(uuid.uuid4())
    )  # fmt: skip
    assert acknowledged.accepted == len(songs)
    assert get_recall.sync(recall.id, client=client).state.value == "closed"
    assert get_approval.sync(approval.id, client=client).state.value == "revoked"
    say("recall", f"{recall.cause.value}: taken down, acknowledged, closed")

    # What happened, in order.
    events = list_events.sync(client=client, limit=500)
    kinds = [event.type_ for event in events.items]
    wanted = [
        "clearance.cleared",
        "submission.received",
        "approval.approved",
        "submission.approved",
    ]
    assert set(wanted) <= set(kinds)
    say("events", f"{len(kinds)}, {kinds[-1]} was the last")
    assert get_audit_checkpoint.sync(client=client).size >= events.next_after
    say("end", "the whole life was as expected")


if __name__ == "__main__":
    main(*sys.argv[1:])
