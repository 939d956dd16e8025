"""What the audio itself tells of a stem: recordings it sounds like, how loud it is; and what people settle about twins."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from simple_history.utils import bulk_create_with_history

from catalog.models import ReferenceRecording, Stem, StemTwin
from catalog.models.music import StemStatus
from catalog.models.twins import TwinKind, TwinVerdict
from catalog.services.availability import refresh_availability
from catalog.services.history import save_as
from catalog.services.stems import activate_ready_stems, withdraw_stem

__all__ = [
    "FoundTwin",
    "TwinKind",
    "TwinSettled",
    "mark_exact_twins",
    "record_measurements",
    "record_twins",
    "settle_twin",
]

BATCH_ROWS: Final = 500


class TwinSettled(Exception):
    """Somebody settled the pair already."""

    def __init__(self, *, twin: StemTwin) -> None:
        """Keep what was settled."""
        super().__init__(f"{twin} is settled already: {twin.get_verdict_display()}")
        self.verdict = twin.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTwin:
    """A recording that sounds like a stem; `other` is its key, `stem:ID` or `reference:ID`, as audio sources are known."""

    other: str
    kind: TwinKind
    score: float | None = None


@transaction.atomic
def record_twins(*, stem: str, file_sha256: str, found: Collection[FoundTwin]) -> list[StemTwin]:
    """Enter the recordings a stem sounds like; return those that are new.

    A pair is entered once, whichever of the two it was found for, so telling again changes nothing and what was settled stays
    settled. An active stem with a twin that must be settled goes back to review. What is told of a file that has been
    replaced meanwhile, or of a stem that is gone, is left out.
    """
    row = (
        Stem.objects.select_for_update(of=("self",))
        .filter(external_id=stem, file_sha256=file_sha256)
        .first()
    )
    if row is None:
        return []
    others = _find_others(found)
    known = _list_known_keys(row)
    new = []
    for twin in found:
        other = others.get(twin.other)
        if other is None or other == row or twin.other in known:
            continue
        entry = StemTwin(
            stem=row,
            other_stem=other if isinstance(other, Stem) else None,
            other_reference=other if isinstance(other, ReferenceRecording) else None,
            kind=twin.kind,
            score=twin.score,
        )
        new.append(save_as(entry, by=None))
        known.add(twin.other)
    if row.status == StemStatus.ACTIVE and any(twin.blocks for twin in new):
        row.status = StemStatus.IN_REVIEW
        names = ", ".join(twin.other.external_id for twin in new if twin.blocks)
        row.status_note = f"sounds like {names}"[:300]
        save_as(row, by=None, fields=["status", "status_note"])
        refresh_availability(stem_ids=[row.pk])
    return new


def record_measurements(
    *, stem: str, file_sha256: str, loudness_lufs: float | None, true_peak_db: float | None
) -> bool:
    """Enter how loud a stem is (EBU R 128: integrated loudness in LUFS, true peak in dB); tell whether anything changed.

    What is told of a file that has been replaced meanwhile is left out.
    """
    row = Stem.objects.filter(external_id=stem, file_sha256=file_sha256).first()
    if row is None or (row.loudness_lufs, row.true_peak_db) == (loudness_lufs, true_peak_db):
        return False
    row.loudness_lufs, row.true_peak_db = loudness_lufs, true_peak_db
    save_as(row, by=None, fields=["loudness_lufs", "true_peak_db"], note="measured")
    return True


@transaction.atomic
def mark_exact_twins(*, stems: Collection[str]) -> list[tuple[str, str]]:
    """Pair stems whose audio is new with the first recording of the same samples; return the pairs by external id.

    What their audio before was paired with is forgotten: it is not heard any more.
    """
    rows = list(Stem.objects.filter(external_id__in=stems).exclude(audio_sha256="").order_by("id"))
    ids = [row.pk for row in rows]
    StemTwin.objects.filter(Q(stem_id__in=ids) | Q(other_stem_id__in=ids)).delete()
    hashes = {row.audio_sha256 for row in rows}
    references = {
        reference.audio_sha256: reference
        for reference in ReferenceRecording.objects.filter(audio_sha256__in=hashes).order_by("-id")
    }
    first: dict[str, Stem] = {}
    same = Stem.objects.filter(audio_sha256__in=hashes).order_by("id")
    for other in [*same.exclude(pk__in=ids), *rows]:
        first.setdefault(other.audio_sha256, other)
    twins = []
    for row in rows:
        stem, reference = first[row.audio_sha256], references.get(row.audio_sha256)
        if stem != row:
            twins.append(StemTwin(stem=row, other_stem=stem, kind=TwinKind.EXACT, score=1.0))
        if reference is not None:
            twins.append(
                StemTwin(stem=row, other_reference=reference, kind=TwinKind.EXACT, score=1.0)
            )
    bulk_create_with_history(twins, StemTwin, batch_size=BATCH_ROWS, default_change_reason="import")
    return [(twin.stem.external_id, twin.other.external_id) for twin in twins]


@transaction.atomic
def settle_twin(
    *, twin: StemTwin, verdict: TwinVerdict, by: User, note: str, now: datetime
) -> StemTwin:
    """Enter what somebody settled about a pair.

    If the other counts, the stem is withdrawn. Otherwise it becomes active, if nothing else keeps it in review.

    Raises
    ------
    TwinSettled : if the pair is settled already
    ValueError : if the verdict settles nothing
    """
    twin = StemTwin.objects.select_for_update(of=("self",)).select_related("stem").get(pk=twin.pk)
    if twin.verdict != TwinVerdict.OPEN:
        raise TwinSettled(twin=twin)
    if verdict == TwinVerdict.OPEN:
        raise ValueError(f"{verdict} settles nothing")
    twin.verdict, twin.note, twin.settled_by, twin.settled_at = verdict, note, by, now
    save_as(twin, by=by, note=note)
    if verdict == TwinVerdict.OTHER_COUNTS:
        if twin.stem.status != StemStatus.WITHDRAWN:
            withdraw_stem(external_id=twin.stem.external_id, by=by, note=note)
    else:
        activate_ready_stems(stems=[twin.stem], by=by, on=now.date())
    return twin


def _find_others(found: Collection[FoundTwin]) -> dict[str, Stem | ReferenceRecording]:
    """Return the recordings that are still there, by key."""
    keys = [twin.other for twin in found]
    stems = Stem.objects.filter(external_id__in=[_strip(key) for key in keys if key.startswith("stem:")])  # fmt: skip
    references = ReferenceRecording.objects.filter(
        external_id__in=[_strip(key) for key in keys if key.startswith("reference:")]
    )
    return {
        **{f"stem:{stem.external_id}": stem for stem in stems},
        **{f"reference:{reference.external_id}": reference for reference in references},
    }


def _list_known_keys(stem: Stem) -> set[str]:
    """Return the keys of everything a stem is paired with already, from either end."""
    pairs = StemTwin.objects.filter(Q(stem=stem) | Q(other_stem=stem)).values_list(
        "stem__external_id", "other_stem__external_id", "other_reference__external_id"
    )
    known = set()
    for one, other, reference in pairs:
        known |= {f"stem:{one}", f"stem:{other}" if other else f"reference:{reference}"}
    return known - {f"stem:{stem.external_id}"}


def _strip(key: str) -> str:
    return key.partition(":")[2]
