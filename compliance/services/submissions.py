"""Submissions: accept a song, keep it, queue its verification."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from catalog.services.clearing import clear_stems
from compliance.audio.manifest import ManifestError, Placement
from compliance.models import Clearance, ClearanceStatus, Generator, Submission
from compliance.services.actors import Actor
from compliance.services.clearances import ClearanceNotUsable
from compliance.services.events import record_event
from compliance.services.jobs import enqueue_job
from compliance.services.rights_intent import read_intent
from compliance.services.song_files import StoredSong

VERIFY_JOB = "verify_submission"


class UnknownSubmission(Exception):
    """The generator has no such submission."""


def find_uncleared_stems(
    *, placements: Collection[Placement], clearance: Clearance
) -> list[ManifestError]:
    """Return one error for every placement of a stem that the clearance does not name."""
    cleared = set(clearance.stems)
    return [
        ManifestError(
            pointer=f"/placements/{index}/stem",
            code="manifest.stem_not_cleared",
            text=f"Stem {placement.stem!r} is not in clearance {clearance.public_id}.",
        )
        for index, placement in enumerate(placements)
        if placement.stem not in cleared
    ]


def submit_song(
    *,
    generator: Generator,
    clearance: Clearance,
    song: StoredSong,
    manifest: dict[str, Any],
    actor: Actor,
    now: dt.datetime,
) -> Submission:
    """Accept a stored song and queue its verification; call inside a transaction.

    The manifest has been read and holds only stems of the clearance.

    Raises
    ------
    NotAllowed : if the actor may not
    ClearanceNotUsable : if the clearance is not cleared, its hold ran out, or its caps allow no further song
    """
    actor.require("submission.submit")
    clearance = Clearance.objects.select_for_update().get(pk=clearance.pk)
    if clearance.status != ClearanceStatus.CLEARED:
        raise ClearanceNotUsable(
            f"Clearance {clearance.public_id} is {clearance.status}, not cleared."
        )
    if clearance.expires_at is None or clearance.expires_at <= now:
        raise ClearanceNotUsable(
            f"Clearance {clearance.public_id} expired at {clearance.expires_at}."
        )
    submission = Submission.objects.create(
        public_id=song.public_id, generator=generator, clearance=clearance, manifest=manifest,
        audio=song.audio_name, audio_sha256=song.audio_sha256, audio_bytes=song.audio_bytes,
        vocal=song.vocal_name, vocal_sha256=song.vocal_sha256,
        cap_subject=_hold_caps(
            song_id=song.public_id, clearance=clearance, hold_until=clearance.expires_at, now=now
        ),
    )  # fmt: skip
    enqueue_job(kind=VERIFY_JOB, subject=submission.public_id, now=now)
    record_event(
        kind="submission.received", subject=f"submission:{submission.public_id}",
        actor=actor.label, generator=generator.public_id,
        data={"clearance": clearance.public_id, "audio_sha256": song.audio_sha256},
    )  # fmt: skip
    return submission


def _hold_caps(
    *, song_id: str, clearance: Clearance, hold_until: dt.datetime, now: dt.datetime
) -> str:
    """Return the name under which the caps for this song are held.

    The first song of a clearance uses the clearance's own hold; while that song is open or approved, each further
    one holds caps of its own, so that no number of songs can overspend.
    """
    open_or_approved = clearance.submissions.filter(cap_subject=clearance.cap_subject).exclude(
        status="rejected"
    )
    if clearance.generator.is_sandbox or not open_or_approved.exists():
        return clearance.cap_subject
    subject = f"submission:{song_id}"
    rights = clear_stems(
        stems=clearance.stems, intent=read_intent(clearance.intent), subject=subject,
        hold_until=hold_until, now=now,
    )  # fmt: skip
    if not rights.cleared:
        raise ClearanceNotUsable(
            f"Clearance {clearance.public_id} allows no further song: "
            + "; ".join(r.text for r in rights.reasons)
        )
    return subject
