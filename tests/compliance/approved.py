"""Approved songs without audio: what follows from an approval can then be tested in milliseconds."""

import datetime as dt

import pytest
from django.db import transaction

from catalog.services.clearing import clear_stems
from compliance.models import Approval, Clearance, Submission, Verification
from compliance.services.decisions import decide_submission_review
from compliance.services.rights_intent import read_intent
from tests.compliance.two_people import make_person
from tests.songs import LICENSED, make_intent, make_manifest

FINGERPRINT = {"algorithm": "chromaprint", "version": 1, "sha256": "cd" * 32}


def make_submission(generator, now, *, intent=None, measured: bool = True) -> Submission:
    """A song that waits for its verdict, under a clearance that rests on real grants."""
    intent = intent or make_intent()
    clearance = Clearance(
        generator=generator, status="cleared", message="m", stems=list(LICENSED), intent=intent
    )
    rights = clear_stems(
        stems=LICENSED, intent=read_intent(intent), subject=clearance.cap_subject,
        hold_until=now + dt.timedelta(days=1), now=now,
    )  # fmt: skip
    assert rights.cleared, rights.reasons
    clearance.rights, clearance.expires_at = rights.to_json(), now + dt.timedelta(days=1)
    clearance.save()
    submission = Submission.objects.create(
        generator=generator, clearance=clearance, audio="a", audio_sha256="ab" * 32, audio_bytes=1,
        manifest=make_manifest(*LICENSED[:2]), cap_subject=clearance.cap_subject,
    )  # fmt: skip
    if measured:
        Verification.objects.create(
            submission=submission, outcome="approved", report={"fingerprint": FINGERPRINT},
            engine_version="9.9", duration_s=1.0,
        )  # fmt: skip
    return submission


@transaction.atomic
def approve(submission: Submission, now) -> Approval:
    submission.transition_to("in_review")
    decide_submission_review(
        public_id=submission.public_id, approved=True, note="", actor=make_person("mo"), now=now
    )
    submission.refresh_from_db()
    return submission.approval


@pytest.fixture
def approval(generator, grant, now) -> Approval:
    return approve(make_submission(generator, now), now)
