"""Change what counts beside the lexicon packs; the history keeps who did what, and why."""

import datetime as dt

from django.db import transaction
from simple_history.utils import update_change_reason

from moderation.models import LexiconOverride


@transaction.atomic
def save_override(*, override: LexiconOverride, by: str) -> LexiconOverride:
    """Store an override; who made it first stays its author."""
    if not override.created_by:
        override.created_by = by
    override.full_clean()
    override.save()
    update_change_reason(override, override.reason[:100])
    return override


@transaction.atomic
def end_override(*, override: LexiconOverride, why: str, now: dt.datetime) -> LexiconOverride:
    """Let an override have no effect from now on."""
    override.expires_at = now
    override.save(update_fields=["expires_at"])
    update_change_reason(override, f"ended: {why}"[:100])
    return override


@transaction.atomic
def resume_override(*, override: LexiconOverride, why: str) -> LexiconOverride:
    """Let an override have its effect again, until somebody ends it."""
    override.expires_at = None
    override.save(update_fields=["expires_at"])
    update_change_reason(override, f"in force again: {why}"[:100])
    return override
