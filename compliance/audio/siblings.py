"""Add to matches the siblings that are known from the catalog, not only those found beside them."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from compliance.audio.evidence import MatchEvidence, MatchKind, SongEvidence


def add_known_siblings(
    evidence: SongEvidence,
    *,
    copies: Mapping[str, Collection[str]],
    sharing: Mapping[str, Collection[str]],
) -> SongEvidence:
    """Return the evidence with every match named together with its kin.

    A copy of a recording stands for it everywhere.  A recording that only shares loops or notes
    with it stands for it in the song itself, where both sound; in what is left after a stem was
    subtracted, what is found is more than the stem explains.

    Parameters
    ----------
    copies, sharing : keys by the key of a recording
    """

    def add(match: MatchEvidence) -> MatchEvidence:
        known = set(match.siblings) | set(copies.get(match.key, ()))
        if match.kind is MatchKind.RAW:
            known |= set(sharing.get(match.key, ()))
        return replace(match, siblings=tuple(sorted(known - {match.key})))

    return replace(evidence, matches=tuple(add(match) for match in evidence.matches))
