"""Shares of every right a stem rests on must add to 100: a missing owner denies."""

from collections.abc import Iterator

from catalog.rights.intended_use import IntendedUse
from catalog.rights.reasons import Reason, RightsCode
from catalog.rights.shares import ShareGap, find_share_gaps
from catalog.rights.terms import REQUIRED_RIGHT_TYPES, ShareSet, Side, StemFacts
from catalog.rights.territories import describe_territories


def check_shares(stem: StemFacts, intent: IntendedUse) -> Iterator[Reason]:
    """Refuse where the shares of a right are missing, or add to more or less than 100."""
    for side in (Side.MASTER, Side.PUBLISHING):
        sets = [share_set for share_set in stem.share_sets if share_set.side == side]
        if not sets:
            yield Reason(
                code=RightsCode.SHARES_INCOMPLETE,
                stem=stem.external_id,
                side=side,
                text=(
                    f"Nobody is known to own the {side} of {stem.external_id}; leave the stem out."
                ),
            )
        for share_set in sets:
            for gap in find_gaps(share_set, intent):
                yield _make_reason(stem, share_set, gap, intent)


def find_gaps(share_set: ShareSet, intent: IntendedUse) -> Iterator[ShareGap]:
    """Yield where and when the shares of each right that must be whole do not add to 100 for the use."""
    required = REQUIRED_RIGHT_TYPES[share_set.side]
    entered = {share.right_type for share in share_set.shares}
    for right_type in (*required, *sorted(entered - set(required))):
        yield from find_share_gaps(
            shares=share_set.shares,
            right_type=right_type,
            territories=intent.territories,
            starts_on=intent.starts_on,
            ends_on=intent.ends_on,
        )


def _make_reason(
    stem: StemFacts, share_set: ShareSet, gap: ShareGap, intent: IntendedUse
) -> Reason:
    everywhere = gap.territories == intent.territories
    where = "" if everywhere else f" in {describe_territories(gap.territories)}"
    return Reason(
        code=RightsCode.SHARES_INCOMPLETE,
        stem=stem.external_id,
        side=share_set.side,
        territories=() if everywhere else tuple(sorted(gap.territories)),
        starts_on=gap.starts_on,
        ends_on=gap.ends_on,
        text=(
            f"The {gap.right_type.replace('_', ' ')} shares of {share_set.target} add to "
            f"{gap.total.normalize():f}, not 100,{where} from {gap.starts_on} until {gap.ends_on}; leave the stem out."
        ),
    )
