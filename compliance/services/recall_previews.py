"""What a recall would do, before it does anything: which songs, whose, where, and how they are used."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from catalog.queries.stopped import Source
from compliance.models import Approval, ApprovalBasis, ApprovalStatus, Measure, Recall
from compliance.services.actors import Actor
from compliance.services.recall_batches import IN_USE
from compliance.services.recalls import find_deadline

# Songs shown by name.
SAMPLE = 20
# Rows read at once.
CHUNK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallPreview:
    """The damage: how many songs would move and where to, and how they spread; `n_over` are over already."""

    n_songs: int
    n_over: int
    target: ApprovalStatus
    required_action: str
    deadline_at: dt.datetime
    by_generator: tuple[tuple[str, int], ...]
    by_territory: tuple[tuple[str, int], ...]
    by_use: tuple[tuple[str, int], ...]
    sample: tuple[Approval, ...]


def preview_recall(
    *, source: Source, measure: str, effective_at: dt.datetime, actor: Actor
) -> RecallPreview:
    """Return what recalling the songs of a grant or a stem would do; nothing is changed.

    Raises
    ------
    NotAllowed : if the actor may not see it
    """
    actor.require("recall.preview")
    rows = ApprovalBasis.objects.order_by()
    rows = (
        rows.filter(grant=source.grant_id) if source.grant_id else rows.filter(stem=source.stem_id)
    )
    built_on_it = Approval.objects.filter(pk__in=rows.values("approval"))
    in_use = built_on_it.filter(status__in=IN_USE)
    draft = Recall(
        measure=measure, sunset_days=0 if measure == Measure.SUSPEND else source.sunset_days
    )
    generators: Counter[str] = Counter()
    territories: Counter[str] = Counter()
    uses: Counter[str] = Counter()
    n_songs = 0
    facts = in_use.order_by("pk").values_list(
        "submission__generator__name", "submission__clearance__rights", "submission__clearance__intent"
    )  # fmt: skip
    for generator, rights, intent in facts.iterator(chunk_size=CHUNK):
        n_songs += 1
        generators[generator] += 1
        territories.update(rights["valid"]["territories"])
        uses.update(intent["uses"])
    sample = in_use.select_related("submission__generator").defer("certificate").order_by("-pk")
    return RecallPreview(
        n_songs=n_songs,
        n_over=built_on_it.count() - n_songs,
        target=draft.target_status,
        required_action=draft.required_action,
        deadline_at=find_deadline(source=source, measure=measure, effective_at=effective_at),
        by_generator=tuple(generators.most_common()),
        by_territory=tuple(territories.most_common()),
        by_use=tuple(uses.most_common()),
        sample=tuple(sample[:SAMPLE]),
    )
