"""A prohibition beats every permission wherever it may apply."""

from collections.abc import Iterator

from catalog.rights.intended_use import IntendedUse
from catalog.rights.reasons import Reason, RightsCode
from catalog.rights.terms import Effect, GrantTerms, StemFacts
from catalog.rights.territories import describe_territories


def check_prohibitions(stem: StemFacts, intent: IntendedUse) -> Iterator[Reason]:
    """Refuse what a prohibition touches; a fact the intent leaves open counts against it."""
    for grant in stem.grants:
        if grant.effect != Effect.PROHIBITION or not grant.in_force:
            continue
        if not _may_apply(grant, intent):
            continue
        territories = intent.territories & grant.territories
        starts_on = max(intent.starts_on, grant.starts_on)
        ends_on = min(intent.ends_on, grant.ends_on or intent.ends_on)
        if not territories or starts_on >= ends_on:
            continue
        uses = sorted(intent.uses & grant.uses) if grant.uses else sorted(intent.uses)
        for side in sorted(set(stem.required_sides) & grant.sides):
            yield Reason(
                code=RightsCode.PROHIBITED,
                stem=stem.external_id,
                side=side,
                territories=() if territories == intent.territories else tuple(sorted(territories)),
                grant=grant.label,
                starts_on=starts_on,
                ends_on=ends_on,
                text=(
                    f"{grant.label} forbids {', '.join(uses)} of {stem.external_id} ({side}) in "
                    f"{describe_territories(territories)} from {starts_on} until {ends_on}; "
                    "leave that or the stem out."
                ),
            )


def _may_apply(grant: GrantTerms, intent: IntendedUse) -> bool:
    """Tell whether any qualifier rules the prohibition out for certain."""
    if grant.uses and not grant.uses & intent.uses:
        return False
    for held, asked in ((grant.media, intent.media), (grant.languages, intent.languages)):
        if held and asked and not held & asked:
            return False
    return all(
        not held or not asked or held == asked
        for held, asked in (
            (grant.campaign, intent.campaign),
            (grant.brand, intent.brand),
            (grant.product_category, intent.product_category),
        )
    )
