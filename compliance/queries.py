"""What is read of compliance. Every query of a generator's data takes the generator: another's row is a missing row."""

from compliance.models import Clearance, Generator, IndexGeneration, Submission, Verification


def get_clearance(*, public_id: str, generator: Generator) -> Clearance | None:
    """Return the generator's clearance, or None."""
    return Clearance.objects.filter(public_id=public_id, generator=generator).first()


def get_submission(*, public_id: str, generator: Generator) -> Submission | None:
    """Return the generator's submission, or None."""
    return (
        Submission.objects.filter(public_id=public_id, generator=generator)
        .select_related("clearance")
        .first()
    )


def get_last_verification(*, submission: Submission) -> Verification | None:
    """Return the newest snapshot of a submission, or None while it waits."""
    return Verification.objects.filter(submission=submission).first()


def list_submissions(
    *, generator: Generator, before_id: int | None, limit: int
) -> list[Submission]:
    """Return the generator's submissions, newest first, starting below `before_id`."""
    rows = (
        Submission.objects.filter(generator=generator).select_related("clearance").order_by("-id")
    )
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return list(rows[:limit])


def get_current_index() -> IndexGeneration | None:
    """Return the index in use, or None before the first build."""
    return IndexGeneration.objects.first()
