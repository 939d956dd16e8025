"""What the page of a stem shows beside its own columns."""

from datetime import date, timedelta
from typing import Final

from django.db.models import Q

from catalog.models import Grant, GrantTarget, Stem
from catalog.queries.rights_facts import load_stem_facts
from catalog.rights.intended_use import IntendedUse
from catalog.rights.rules.shares import find_gaps
from catalog.rights.shares import ShareGap
from catalog.rights.terms import ShareSet, UseType
from catalog.rights.territories import ALL_TERRITORIES

# How far ahead shares are looked at, in days.
SHARE_HORIZON_DAYS: Final = 365


def list_grants_of_stem(*, stem: Stem) -> list[Grant]:
    """Return every grant about a stem, directly or through its recording, drafts included."""
    about = Q(stem=stem)
    if stem.recording_id is not None:
        about |= Q(recording_id=stem.recording_id)
    named = GrantTarget.objects.filter(about).order_by().values("grant_id")
    rows = Grant.objects.filter(pk__in=named).exclude(status="cancelled")
    return list(rows.select_related("agreement", "territory").order_by("valid_from", "id"))


def list_share_gaps_of_stem(*, stem: Stem, on: date) -> list[tuple[ShareSet, ShareGap]]:
    """Return each place and stretch of the coming year in which shares miss 100, with what they are shares of."""
    intent = IntendedUse(
        territories=ALL_TERRITORIES,
        uses=frozenset({UseType.ARCHIVE}),
        starts_on=on,
        ends_on=on + timedelta(days=SHARE_HORIZON_DAYS),
    )
    facts = load_stem_facts(stems=[stem.external_id], intent=intent, on=on)
    return [
        (share_set, gap)
        for share_set in facts[stem.external_id].share_sets
        for gap in find_gaps(share_set, intent)
    ]
