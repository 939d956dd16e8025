"""Read what moderation keeps; a client only ever sees its own."""

from moderation.models import SCREENING_SUBJECT, ReviewCase, Screening


class UnknownScreening(Exception):
    """The client has no such screening."""


def get_screening(*, public_id: str, client: str) -> Screening:
    """Return a screening of the client.

    Raises
    ------
    UnknownScreening : if the client has no screening of this id
    """
    screening = Screening.objects.filter(public_id=public_id, client=client).first()
    if screening is None:
        raise UnknownScreening(f"There is no screening {public_id}.")
    return screening


def find_case_of_screening(screening: Screening) -> ReviewCase | None:
    """Return the newest review case about a screening, open or decided; None if it never needed one."""
    return (
        ReviewCase.objects.filter(subject_kind=SCREENING_SUBJECT, subject_id=screening.public_id)
        .order_by("-id")
        .first()
    )
