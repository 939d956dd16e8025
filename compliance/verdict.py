"""Draw the verdict on a song from what was measured: pure, and the same every time."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from compliance.audio.check import Severity
from compliance.audio.evidence import (
    AlignmentProblem,
    ExcessCurve,
    MatchEvidence,
    MatchKind,
    PlacementEvidence,
    SongEvidence,
)

# Raise with every change of a limit or a rule.
VERDICT_VERSION = 3
# What a sibling in what is left of a song must score beside a match, to stand for it.
EXCUSING_SCORE_SHARE = 0.8


class Outcome(StrEnum):
    """What becomes of a song."""

    APPROVED = "approved"
    REJECTED = "rejected"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictLimits:
    """Limits of the verdict.

    Attributes
    ----------
    match_score : a match counts from this score on (-log10 of the chance probability).
        Source: prototype, DEV: wrong recordings reach 10.1 on residuals of clean songs
    confirmed_score, confirmation_z : or from this score on when whitened correlation confirms it.
        Source: DEV, correlation at a wrong place reaches 6.2
    weak_score, weak_s : below this score a match must last so long, in seconds, as one note of
        another piece can agree by chance.  Source: DEV, one wrong stem over 0.7 s
    leftover_score : below this score a stem that shares sounds with a declared one may be what
        subtraction left over, so the place must hold unexplained energy as well
    raw_match_score : the same on the song itself, where shared one-shots reach 60 (held-out)
    warped_score : a match after a change of speed, pitch or tempo counts from here on
    excess_db : unexplained energy over 4 s in the mid asks for a review from here on.
        Source of these and the next: DEV, songs 1 to 40 and 1001 to 1012; 208 clean MP3, Vorbis and
        Opus files reach 5.8 dB
    mean_excess_db : the same for the mean of mid and side; they reach 3.8 dB
    side_excess_db : the same for the side alone; they reach 5.8 dB
    band_excess_db : the same over 8 s, in the eight neighboring bands that hold most; 3 of them exceed it, by 0.3 dB at
        most, and of 52 never-indexed recordings 49 at -12 dB and 34 at -18 dB
    lossless_excess_db : more that is allowed in lossless files, where mastering is all the error; 52
        clean songs reach 16.4 dB in the mid, 16.8 dB in the side, 16.4 dB in the mean, 17.9 dB in bands
    aac_excess_db : more that is allowed in AAC files, whose rate control is not repeated exactly; 52
        clean files reach 6.6 dB in the mid, 3.0 dB in the mean, 9.2 dB in bands
    absent_share : a placement that explains less than this share of what is left is absent.
        Source: prototype, DEV: present ones from 0.284, absent ones up to 0.097
    identity_s : a known recording counts when it is heard for so long, in seconds
    """

    match_score: float = 20.0
    confirmed_score: float = 4.0
    confirmation_z: float = 9.0
    weak_score: float = 12.0
    weak_s: float = 3.0
    leftover_score: float = 30.0
    raw_match_score: float = 60.0
    warped_score: float = 20.0
    excess_db: float = 6.0
    mean_excess_db: float = 4.0
    side_excess_db: float = 8.5
    band_excess_db: float = 7.0
    lossless_excess_db: float = 13.0
    aac_excess_db: float = 3.0
    absent_share: float = 0.15
    identity_s: float = 10.0

    def get_allowance_db(self, curve: ExcessCurve) -> float:
        """Return by how much the limits of excess are higher for the codec of a song."""
        if curve.is_lossless:
            return self.lossless_excess_db
        return self.aac_excess_db if curve.codec == "aac" else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason of a verdict, with what it is about and where."""

    code: str
    text: str
    outcome: Outcome
    stem: str | None = None
    reference: str | None = None
    placement: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    source_start_s: float | None = None
    score: float | None = None
    limit: float | None = None
    unit: str | None = None
    siblings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the reason without the facts it does not have."""
        return {key: value for key, value in asdict(self).items() if value not in (None, ())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome and every reason for it, the gravest first."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    limits: VerdictLimits
    version: int = VERDICT_VERSION

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as values that json.dumps accepts."""
        return {
            "outcome": self.outcome.value,
            "reasons": [reason.to_json() for reason in self.reasons],
            "limits": asdict(self.limits),
            "verdict_version": self.version,
        }


_GRAVITY = {Outcome.REJECTED: 0, Outcome.NEEDS_REVIEW: 1, Outcome.APPROVED: 2}


def decide_verdict(evidence: SongEvidence, *, limits: VerdictLimits | None = None) -> Verdict:
    """Return the verdict on a song: rejected by name, to review without one, else approved."""
    limits = limits or VerdictLimits()
    reasons: list[Reason] = []
    if evidence.refusal is not None:
        reasons.append(
            Reason(
                code=evidence.refusal.code,
                text=f"The song cannot be analyzed: {evidence.refusal.text}.",
                outcome=Outcome.REJECTED,
            )
        )
    else:
        named = list(_judge_matches(evidence, limits))
        reasons += named
        reasons += _judge_placements(evidence, limits)
        reasons += _judge_excess(evidence, limits)
        reasons += _judge_findings(evidence)
        reasons += _judge_coverage(evidence)
    reasons.sort(key=lambda reason: _GRAVITY[reason.outcome])
    outcome = reasons[0].outcome if reasons else Outcome.APPROVED
    return Verdict(outcome=outcome, reasons=tuple(reasons), limits=limits)


def _judge_matches(evidence: SongEvidence, limits: VerdictLimits) -> Iterator[Reason]:
    counted = [
        match
        for match in evidence.matches
        if _counts(match, limits)
        and not _may_be_leftover(match, evidence, limits)
        and not _is_declared(match, evidence, limits)
    ]
    # Identity first, the song itself last: what is left of it shows more of what is hidden.
    order = {MatchKind.IDENTITY: 0, MatchKind.RAW: 2}
    counted.sort(key=lambda match: (order.get(match.kind, 1), -match.score))
    reported: list[MatchEvidence] = []
    for match in counted:
        # Of recordings that share audio the best one stands for the set, once in each place.
        if not any(_is_same_finding(match, other) for other in reported):
            reported.append(match)
            yield _describe_match(match, limits)


def _is_same_finding(match: MatchEvidence, other: MatchEvidence) -> bool:
    same = match.key == other.key or match.key in other.siblings or other.key in match.siblings
    return same and match.start_s < other.end_s and other.start_s < match.end_s


def _counts(match: MatchEvidence, limits: VerdictLimits) -> bool:
    if match.kind is MatchKind.IDENTITY:
        return match.end_s - match.start_s >= limits.identity_s
    if match.kind is MatchKind.WARPED:
        return match.score >= limits.warped_score
    if match.kind is MatchKind.RAW:
        confirmed = match.confirmation_z is None or match.confirmation_z >= limits.confirmation_z
        return match.score >= limits.raw_match_score and confirmed
    if match.confirmation_z is None:
        return match.score >= limits.match_score
    if match.score < limits.weak_score and match.end_s - match.start_s < limits.weak_s:
        return False
    return match.score >= limits.confirmed_score and match.confirmation_z >= limits.confirmation_z


def _may_be_leftover(match: MatchEvidence, evidence: SongEvidence, limits: VerdictLimits) -> bool:
    """Tell whether a weak match with a stem lies where nothing is unexplained."""
    curve = evidence.excess
    if match.is_reference or curve is None or match.score >= limits.leftover_score:
        return False
    if match.kind not in {MatchKind.RESIDUAL, MatchKind.SIDE_RESIDUAL}:
        return False
    values = curve.side_db if match.kind is MatchKind.SIDE_RESIDUAL else curve.mid_db
    here = slice(max(0, int(match.start_s / curve.step_s) - 1), int(match.end_s / curve.step_s) + 1)
    more = limits.get_allowance_db(curve)
    return (
        max(values[here], default=0.0) < limits.excess_db + more
        and max(curve.band_db[here], default=0.0) < limits.band_excess_db + more
    )


def _is_declared(match: MatchEvidence, evidence: SongEvidence, limits: VerdictLimits) -> bool:
    """Tell whether a present placement of this recording, or of a sibling, covers the match."""
    names = {match.key, *(key for key in match.siblings if _may_excuse(key, match, evidence))}
    length = max(match.end_s - match.start_s, 1e-3)
    return any(
        f"stem:{one.stem}" in names
        and not _is_absent(one, limits)
        and min(one.end_s, match.end_s) - max(one.start_s, match.start_s) > 0.5 * length
        for one in evidence.placements
    )


def _may_excuse(sibling: str, match: MatchEvidence, evidence: SongEvidence) -> bool:
    """Tell whether a sibling found in the same place may be what is heard there.

    Stems share sounds, so it may; but a foreign recording in what is left of the song is excused only by one that matches about
    as well: the rest of a declared stem may lie anywhere.  A sibling that was not found is known from the catalog.
    """
    searched_rest = {MatchKind.RESIDUAL, MatchKind.SIDE_RESIDUAL, MatchKind.WARPED}
    if not match.is_reference or match.kind not in searched_rest:
        return True
    found = [one for one in evidence.matches if one.key == sibling and one.kind is match.kind]
    return not found or max(one.score for one in found) >= EXCUSING_SCORE_SHARE * match.score


def _describe_match(match: MatchEvidence, limits: VerdictLimits) -> Reason:
    name = match.external_id
    what = "recording" if match.is_reference else "stem"
    where = f"from {match.start_s:.1f} to {match.end_s:.1f} s"
    limit, unit = limits.match_score, "-log10 p"
    if match.kind is MatchKind.IDENTITY:
        code = "audio.identity"
        text = f"The song is the known {what} {name} {where}."
        limit, unit = limits.identity_s, "s"
    else:
        code = "audio.reference_match" if match.is_reference else "audio.undeclared_stem"
        text = f"The {what} {name} is heard {where} and was not declared."
        if match.is_reference:
            text = f"The foreign recording {name} is heard {where}."
        if match.kind is MatchKind.VOCAL:
            text = text.replace("is heard", "is heard in the submitted vocal")
        if match.kind is MatchKind.WARPED:
            limit = limits.warped_score
            text += _describe_change(match)
        if match.kind is MatchKind.RAW:
            limit = limits.raw_match_score
    return Reason(
        code=code,
        text=text,
        outcome=Outcome.REJECTED,
        stem=None if match.is_reference else name,
        reference=name if match.is_reference else None,
        start_s=match.start_s,
        end_s=match.end_s,
        source_start_s=match.source_start_s,
        score=match.score,
        limit=limit,
        unit=unit,
        siblings=match.siblings,
    )


def _describe_change(match: MatchEvidence) -> str:
    changes = [
        f"its {what} by {ratio - 1:+.1%}"
        for what, ratio in (("pitch", match.pitch_ratio), ("speed", match.time_ratio))
        if ratio != 1
    ]
    return f" It was changed: {', '.join(changes)}." if changes else ""


def _is_absent(placement: PlacementEvidence, limits: VerdictLimits) -> bool:
    return placement.share is not None and placement.share < limits.absent_share


_PROBLEMS = {
    AlignmentProblem.MISSING_STEM: ("audio.stem_missing", "has no audio in the catalog"),
    AlignmentProblem.UNREADABLE_STEM: ("audio.stem_unreadable", "cannot be read"),
    AlignmentProblem.NEEDS_VOCODER: (
        "audio.unverifiable_placement",
        "is declared with a change of tempo or pitch, which cannot be subtracted",
    ),
    AlignmentProblem.SILENT: ("audio.silent_placement", "is silent where it is declared"),
    AlignmentProblem.OUTSIDE_SONG: ("audio.outside_song", "is declared outside the song"),
}


def _judge_placements(evidence: SongEvidence, limits: VerdictLimits) -> Iterator[Reason]:
    for one in evidence.placements:
        if one.problem is not None:
            code, text = _PROBLEMS[one.problem]
            yield Reason(
                code=code,
                text=f"The stem {one.stem} {text}.",
                outcome=Outcome.NEEDS_REVIEW,
                stem=one.stem,
                placement=one.number,
                start_s=one.start_s,
                end_s=one.end_s,
            )
        elif _is_absent(one, limits):
            span = f"from {one.start_s:.1f} to {one.end_s:.1f} s"
            yield Reason(
                code="audio.declared_absent",
                text=f"The declared stem {one.stem} is not heard {span}.",
                outcome=Outcome.REJECTED,
                stem=one.stem,
                score=one.share,
                limit=limits.absent_share,
                unit="share of residual",
                placement=one.number,
                start_s=one.start_s,
                end_s=one.end_s,
            )


_WHERE = {
    "mid": ".",
    "side": ", in the difference of its channels.",
    "both": ".",
    "bands": ", in a part of its frequencies.",
}


def _judge_excess(evidence: SongEvidence, limits: VerdictLimits) -> Iterator[Reason]:
    curve = evidence.excess
    if curve is None:
        return
    more = limits.get_allowance_db(curve)
    means = tuple((a + b) / 2 for a, b in zip(curve.mid_db, curve.side_db, strict=True))
    judged = (
        ("mid", curve.mid_db, limits.excess_db + more),
        ("side", curve.side_db, limits.side_excess_db + more),
        ("both", means, limits.mean_excess_db + more),
        ("bands", curve.band_db, limits.band_excess_db + more),
    )
    told: list[tuple[int, int]] = []
    for channel, values, limit in judged:
        for first, last in _find_spans(values, limit):
            if any(first <= end and begin <= last for begin, end in told):
                continue
            told.append((first, last))
            start_s = round(max(0.0, first * curve.step_s), 2)
            end_s = round(min(evidence.duration_s, (last + 2) * curve.step_s), 2)
            text = f"From {start_s:.1f} to {end_s:.1f} s the song holds sound that the declared"
            text += " stems do not explain"
            text += _WHERE[channel]
            if not evidence.has_vocal:
                text += " No vocal was submitted: it may be the voice."
            yield Reason(
                code="audio.unexplained",
                text=text,
                outcome=Outcome.NEEDS_REVIEW,
                start_s=start_s,
                end_s=end_s,
                score=max(values[first : last + 1]),
                limit=limit,
                unit="dB",
            )


def _find_spans(values: tuple[float, ...], limit: float) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of the runs above the limit."""
    first = None
    for number, value in enumerate((*values, float("-inf"))):
        if value > limit and first is None:
            first = number
        elif value <= limit and first is not None:
            yield first, number - 1
            first = None


def _judge_findings(evidence: SongEvidence) -> Iterator[Reason]:
    outcomes = {
        Severity.REJECT: Outcome.REJECTED,
        Severity.REVIEW: Outcome.NEEDS_REVIEW,
        Severity.NOTE: Outcome.APPROVED,
    }
    for finding in evidence.findings:
        yield Reason(
            code=finding.code,
            text=finding.text[:1].upper() + finding.text[1:] + ".",
            outcome=outcomes[finding.severity],
            score=finding.value,
            limit=finding.limit,
            unit=finding.unit,
        )


def _judge_coverage(evidence: SongEvidence) -> Iterator[Reason]:
    """Ask for a review where the proof itself is incomplete."""
    if evidence.vocal_problem is not None:
        yield Reason(
            code="audio.vocal_unreadable",
            text=f"The submitted vocal cannot be read: {evidence.vocal_problem.text}.",
            outcome=Outcome.NEEDS_REVIEW,
        )
    if evidence.excess is None:
        yield Reason(
            code="audio.nothing_subtracted",
            text="No declared stem could be subtracted, so nothing explains the song.",
            outcome=Outcome.NEEDS_REVIEW,
        )
