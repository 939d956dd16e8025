"""Status lists, computed when they are asked for: an approval whose time is over needs no job to say so."""

import datetime as dt

from django.core.cache import cache

from compliance.certificates.status_list import LIST_SIZE, sign_status_list
from compliance.models.approval import list_as, name_status_list
from compliance.queries import count_status_lists, list_exceptions
from compliance.services.signing_keys import load_keys

# Seconds for which a process hands out the list it made: anybody may ask, and a list of 100,000 that ended takes a second.
LIST_KEPT_S = 10


class UnknownStatusList(Exception):
    """No certificate names this status list."""


def make_status_list(*, number: int, now: dt.datetime) -> str:
    """Return the signed status list with this number as of `now`.

    Raises
    ------
    UnknownStatusList : if no submission has a place in it
    """
    if number >= count_status_lists():
        raise UnknownStatusList(f"There is no status list {number}.")
    statuses = {
        submission_id % LIST_SIZE: list_as(status=status, is_over=is_over)
        for submission_id, status, is_over in list_exceptions(number=number, now=now)
    }
    return sign_status_list(
        uri=name_status_list(number), statuses=statuses, keys=load_keys(), now=now
    )


def get_status_list(*, number: int, now: dt.datetime) -> str:
    """Return the status list as it was made up to ten seconds ago; its `iat` says when.

    Raises
    ------
    UnknownStatusList : if no submission has a place in it
    """
    token = cache.get_or_set(
        f"status-list:{number}", lambda: make_status_list(number=number, now=now), LIST_KEPT_S
    )
    return str(token)
