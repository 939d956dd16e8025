"""Everything an evaluation of rights needs, in a number of queries that does not depend on the number of stems."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from django.db.models import FilteredRelation, Model, Q, QuerySet

from catalog.models import (
    Cap,
    GrantTarget,
    Recording,
    Share,
    Stem,
    UseApproval,
    VoiceConsent,
)
from catalog.models.agreements import STATUSES_ON_RECORD, AgreementStatus, GrantStatus
from catalog.models.caps import OnLimit
from catalog.queries.prepared import PreparedQuery, Slot
from catalog.rights.buckets import make_bucket
from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import (
    ApprovalOfUse,
    CapPeriod,
    CapScope,
    CapTerms,
    CapUnit,
    ConsentTerms,
    EditLimits,
    Effect,
    GrantTerms,
    RightType,
    ShareSet,
    ShareTerms,
    Side,
    StemFacts,
    StemState,
    VoiceReplica,
)
from catalog.rights.territories import parse_territories

GRANT_COLUMNS = (
    "id",
    "agreement__number",
    "agreement__status",
    "number",
    "effect",
    "status",
    "sides",
    "uses",
    "territory__signed",
    "valid_from",
    "valid_until",
    "media",
    "languages",
    "campaign",
    "brand",
    "product_category",
    "max_pitch_cents",
    "max_stretch_pct",
    "may_cut",
    "may_loop",
    "may_combine",
    "model_versions",
    "voice_replica",
    "moral_terms",
    "approval_of_use",
    "needs_separate_consent",
)
PUBLISHING_RIGHTS = frozenset(
    {RightType.PUBLISHING_PERFORMANCE, RightType.PUBLISHING_MECHANICAL, RightType.SYNC}
)


def _find_any(model: type[Model], **slots: str) -> QuerySet[Any, Any]:
    """Return the keys of the rows that point at any of the values: a look-up by index for each column.

    SQLite cannot tell how many values a set has; asked for one column OR another it reads the whole table.
    """
    keys = [
        model._default_manager.filter(**{f"{column}__in_set": Slot(slot)}).order_by().values("pk")
        for column, slot in slots.items()
    ]
    return keys[0].union(*keys[1:])


STEMS: Final = PreparedQuery(
    lambda: (
        Stem.objects.filter(external_id__in_set=Slot("names"))
        .order_by()
        .values_list("id", "external_id", "status", "has_voice", "recording_id", "recording__title")
    )
)
GRANTS: Final = PreparedQuery(
    lambda: (
        GrantTarget.objects.filter(
            pk__in=_find_any(GrantTarget, stem="stems", recording="recordings"),
            grant__status__in=STATUSES_ON_RECORD,
        )
        .order_by("grant_id")
        .values_list("stem_id", "recording_id", *(f"grant__{name}" for name in GRANT_COLUMNS))
    )
)
CAPS: Final = PreparedQuery(
    lambda: (
        Cap.objects.filter(grant__in_set=Slot("grants"))
        .annotate(
            taken=FilteredRelation("balances", condition=Q(balances__bucket__in_set=Slot("buckets")))
        )
        .order_by("id")
        .values_list(
            "id", "grant_id", "unit", "limit", "period", "scope", "on_limit",
            "taken__bucket", "taken__held", "taken__captured",
        )
    )
)  # fmt: skip
GRANT_IDS: Final = PreparedQuery(
    lambda: (
        GrantTarget.objects.filter(
            Q(stem__in_set=Slot("stems")) | Q(recording__in_set=Slot("recordings"))
        )
        .order_by()
        .values_list("grant_id")
    )
)
CAP_IDS: Final = PreparedQuery(
    lambda: (
        Cap.objects.filter(grant__in_set=Slot("grants"), grant__status__in=STATUSES_ON_RECORD)
        .order_by("id")
        .values_list("id")
    )
)
LOCKED_CAPS: Final = PreparedQuery(
    lambda: (
        Cap.objects.select_for_update()
        .filter(id__in_set=Slot("caps"))
        .order_by("id")
        .values_list("id")
    )
)
APPROVALS: Final = PreparedQuery(
    lambda: (
        UseApproval.objects.filter(grant__in_set=Slot("grants"))
        .order_by()
        .values_list("grant_id", "campaign")
    )
)
WORKS: Final = PreparedQuery(
    lambda: (
        Recording.works.through.objects.filter(recording__in_set=Slot("recordings"))
        .order_by("id")
        .values_list("recording_id", "work_id", "work__title")
    )
)
SHARES: Final = PreparedQuery(
    lambda: (
        Share.objects.filter(
            pk__in=_find_any(Share, stem="stems", recording="recordings", work="works")
        )
        .order_by("id")
        .values_list(
            "stem_id", "recording_id", "work_id", "right_type", "party__name", "percent", "territory__signed", "valid_from",
            "valid_until",
        )
    )
)  # fmt: skip
PERFORMERS: Final = PreparedQuery(
    lambda: (
        Stem.performers.through.objects.filter(stem__in_set=Slot("stems"))
        .order_by("party_id")
        .values_list("stem_id", "party_id", "party__name")
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StemRow:
    id: int
    external_id: str
    status: str
    has_voice: bool
    recording_id: int | None
    recording_title: str | None


@lru_cache(maxsize=4096)
def expand_signed(signed: str) -> frozenset[str]:
    """Return the countries of a stored expression; it never changes, so it is worked out once."""
    return parse_territories(signed).leaves


def load_stem_facts(
    *, stems: Collection[str], intent: IntendedUse, on: date
) -> dict[str, StemFacts]:
    """Return what is known of each stem that exists, by external id; `on` says which day and month caps count for."""
    rows = [
        _StemRow(
            id=pk,
            external_id=name,
            status=status,
            has_voice=voice,
            recording_id=recording,
            recording_title=title,
        )
        for pk, name, status, voice, recording, title in STEMS.ask(names=stems)
    ]
    if not rows:
        return {}
    grants = _load_grants(rows, intent=intent, on=on)
    share_sets = _load_share_sets(rows)
    performers, consents = _load_voices(rows)
    return {
        row.external_id: StemFacts(
            external_id=row.external_id,
            state=StemState(row.status),
            has_voice=row.has_voice,
            grants=tuple(grants[row.id]),
            share_sets=tuple(share_sets[row.id]),
            performers=tuple(name for _, name in performers[row.id]),
            consents=tuple(
                consent for party, _ in performers[row.id] for consent in consents[party]
            ),
        )
        for row in rows
    }


def find_cap_ids(*, stems: Collection[str]) -> list[int]:
    """Return the caps of every grant on record that touches one of the stems, in order."""
    rows = list(STEMS.ask(names=stems))
    targets = GRANT_IDS.ask(
        stems=[row[0] for row in rows], recordings={row[4] for row in rows if row[4]}
    )
    return [cap_id for (cap_id,) in CAP_IDS.ask(grants={grant_id for (grant_id,) in targets})]


def lock_cap_rows(cap_ids: Collection[int]) -> None:
    """Lock the rows of caps until the transaction ends, in id order so that nobody waits in a circle."""
    for _ in LOCKED_CAPS.ask(caps=cap_ids):
        pass


# -- Grants ----------------------------------------------------------------------------------------


def _load_grants(
    rows: Sequence[_StemRow], *, intent: IntendedUse, on: date
) -> Mapping[int, list[GrantTerms]]:
    """Return the grants on record of each stem, by its id, oldest first."""
    by_recording: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row.recording_id is not None:
            by_recording[row.recording_id].append(row.id)
    stems_of_grant: dict[int, set[int]] = defaultdict(set)
    grants: dict[int, dict[str, Any]] = {}
    for stem_id, recording_id, *values in GRANTS.ask(
        stems=[row.id for row in rows], recordings=by_recording
    ):
        grant = dict(zip(GRANT_COLUMNS, values, strict=True))
        grants.setdefault(grant["id"], grant)
        stems_of_grant[grant["id"]].update([stem_id] if stem_id else by_recording[recording_id])
    names = {row.id: row.external_id for row in rows}
    caps = _load_caps(
        {
            grant_id: [names[stem_id] for stem_id in stem_ids]
            for grant_id, stem_ids in stems_of_grant.items()
        },
        intent=intent,
        on=on,
    )
    approvals = _load_approvals(grants.values())
    found: dict[int, list[GrantTerms]] = defaultdict(list)
    for grant_id, grant in grants.items():
        terms = _make_grant_terms(grant, caps=caps[grant_id], approvals=approvals[grant_id])
        for stem_id in stems_of_grant[grant_id]:
            found[stem_id].append(terms)
    return found


def _make_grant_terms(
    grant: Mapping[str, Any], *, caps: Sequence[CapTerms], approvals: Iterable[str]
) -> GrantTerms:
    because = ""
    if grant["status"] == GrantStatus.SUSPENDED:
        because = "it is suspended"
    elif grant["agreement__status"] != AgreementStatus.ACTIVE:
        because = f"agreement {grant['agreement__number']} is {grant['agreement__status']}"
    return GrantTerms(
        id=grant["id"],
        label=f"{grant['agreement__number']}/{grant['number']}",
        effect=Effect(grant["effect"]),
        sides=frozenset(grant["sides"]),
        uses=frozenset(grant["uses"]),
        territories=expand_signed(grant["territory__signed"]),
        starts_on=grant["valid_from"],
        ends_on=grant["valid_until"],
        in_force=not because,
        not_in_force_because=because,
        media=frozenset(grant["media"]),
        languages=frozenset(grant["languages"]),
        campaign=grant["campaign"],
        brand=grant["brand"],
        product_category=grant["product_category"],
        model_versions=frozenset(grant["model_versions"]),
        voice_replica=VoiceReplica(grant["voice_replica"]),
        moral_terms=frozenset(grant["moral_terms"]),
        edit_limits=EditLimits(
            max_pitch_cents=grant["max_pitch_cents"],
            max_stretch_pct=grant["max_stretch_pct"],
            may_cut=grant["may_cut"],
            may_loop=grant["may_loop"],
            may_combine=grant["may_combine"],
        ),
        approval_of_use=ApprovalOfUse(grant["approval_of_use"]),
        approved_campaigns=frozenset(approvals),
        needs_separate_consent=grant["needs_separate_consent"],
        caps=tuple(caps),
    )


def _load_approvals(grants: Iterable[Mapping[str, Any]]) -> Mapping[int, list[str]]:
    """Return the campaigns approved under each grant that asks for approval."""
    found: dict[int, list[str]] = defaultdict(list)
    asking = [
        grant["id"]
        for grant in grants
        if grant["approval_of_use"] == ApprovalOfUse.PRIOR_WRITTEN
        or grant["voice_replica"] == VoiceReplica.WITH_APPROVAL
    ]
    if not asking:
        return found
    for grant_id, campaign in APPROVALS.ask(grants=asking):
        found[grant_id].append(campaign)
    return found


def _load_caps(
    stems_of_grant: Mapping[int, Sequence[str]], *, intent: IntendedUse, on: date
) -> Mapping[int, list[CapTerms]]:
    """Return the caps of each grant with what remains of them for each of its stems."""
    names = {name for stems in stems_of_grant.values() for name in stems}
    buckets = {
        (period, scope, stem): make_bucket(
            period=period, scope=scope, campaign=intent.campaign, stem=stem, on=on
        )
        for period in CapPeriod
        for scope, of_scope in ((CapScope.GRANT, [""]), (CapScope.STEM, names))
        for stem in of_scope
    }
    caps: dict[int, tuple[Any, ...]] = {}
    taken: dict[tuple[int, str], int] = {}
    for *cap, bucket, held, captured in CAPS.ask(
        grants=stems_of_grant, buckets=set(buckets.values())
    ):
        caps[cap[0]] = tuple(cap)
        if bucket is not None:
            taken[cap[0], bucket] = held + captured
    found: dict[int, list[CapTerms]] = defaultdict(list)
    for cap_id, grant_id, unit, limit, period, scope, on_limit in caps.values():
        stems = stems_of_grant[grant_id] if scope == CapScope.STEM else [""]
        found[grant_id].append(
            CapTerms(
                id=cap_id,
                unit=CapUnit(unit),
                limit=limit,
                period=CapPeriod(period),
                scope=CapScope(scope),
                blocks=on_limit == OnLimit.BLOCK,
                remaining={
                    stem: max(0, limit - taken.get((cap_id, buckets[period, scope, stem]), 0))
                    for stem in stems
                },
            )
        )
    return found


# -- Shares ----------------------------------------------------------------------------------------


def _load_share_sets(rows: Sequence[_StemRow]) -> Mapping[int, list[ShareSet]]:
    """Return the shares that each stem rests on: its own, else those of its recording and works."""
    # Titles come with rows that are read anyway: every table more in the query of shares is planned anew each time.
    names = {("stem", row.id): f"stem {row.external_id!r}" for row in rows} | {
        ("recording", row.recording_id): f"recording {row.recording_title!r}"
        for row in rows
        if row.recording_id is not None
    }
    recording_ids = {row.recording_id for row in rows if row.recording_id is not None}
    works_of: dict[int, list[int]] = defaultdict(list)
    if recording_ids:
        for recording_id, work_id, title in WORKS.ask(recordings=recording_ids):
            works_of[recording_id].append(work_id)
            names["work", work_id] = f"work {title!r}"
    work_ids = {work_id for ids in works_of.values() for work_id in ids}
    shares: dict[tuple[str, int], list[ShareTerms]] = defaultdict(list)
    for (
        stem_id,
        recording_id,
        work_id,
        right_type,
        party,
        percent,
        signed,
        start,
        end,
    ) in SHARES.ask(stems=[row.id for row in rows], recordings=recording_ids, works=work_ids):
        if stem_id:
            target = ("stem", stem_id)
        elif recording_id:
            target = ("recording", recording_id)
        else:
            target = ("work", work_id)
        shares[target].append(
            ShareTerms(
                right_type=RightType(right_type),
                party=party,
                percent=percent,
                territories=expand_signed(signed),
                starts_on=start,
                ends_on=end,
            )
        )
    return {row.id: _choose_share_sets(row, works_of, shares, names) for row in rows}


def _choose_share_sets(
    row: _StemRow,
    works_of: Mapping[int, list[int]],
    shares: Mapping[tuple[str, int], list[ShareTerms]],
    names: Mapping[tuple[str, int], str],
) -> list[ShareSet]:
    sets = []
    for side in (Side.MASTER, Side.PUBLISHING):
        targets = [("stem", row.id)]
        if not _pick(shares.get(targets[0], []), side) and row.recording_id is not None:
            targets = [("recording", row.recording_id)]
            if side == Side.PUBLISHING and works_of.get(row.recording_id):
                targets = [("work", work_id) for work_id in works_of[row.recording_id]]
        sets += [
            ShareSet(
                target=names[target],
                side=side,
                shares=_pick(shares.get(target, []), side),
            )
            for target in targets
        ]
    return sets


def _pick(shares: Iterable[ShareTerms], side: Side) -> tuple[ShareTerms, ...]:
    """Return the shares in rights that belong to a side."""
    wants_publishing = side == Side.PUBLISHING
    return tuple(s for s in shares if (s.right_type in PUBLISHING_RIGHTS) == wants_publishing)


# -- Voices ----------------------------------------------------------------------------------------


def _load_voices(
    rows: Sequence[_StemRow],
) -> tuple[Mapping[int, list[tuple[int, str]]], Mapping[int, list[ConsentTerms]]]:
    """Return the performers of each stem with a voice, and the consents of each performer."""
    performers: dict[int, list[tuple[int, str]]] = defaultdict(list)
    consents: dict[int, list[ConsentTerms]] = defaultdict(list)
    voiced = [row.id for row in rows if row.has_voice]
    if not voiced:
        return performers, consents
    for stem_id, party_id, name in PERFORMERS.ask(stems=voiced):
        performers[stem_id].append((party_id, name))
    party_ids = {party_id for people in performers.values() for party_id, _ in people}
    for consent in VoiceConsent.objects.filter(performer_id__in=party_ids).select_related(
        "territory", "performer"
    ):
        consents[consent.performer_id].append(
            ConsentTerms(
                performer=consent.performer.name,
                uses=frozenset(consent.uses),
                territories=expand_signed(consent.territory.signed),
                starts_on=consent.valid_from,
                ends_on=consent.valid_until,
                revoked_on=consent.revoked_on,
                campaign=consent.campaign,
            )
        )
    return performers, consents
