"""Say what a policy would have changed, from the scores that past answers keep; and replay a past decision."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from moderation.models import Screening
from moderation.queries import get_policy
from moderation.screening.answer import read_evidence
from moderation.screening.categories import Category
from moderation.screening.policy import Evidence, Outcome, Policy, Threshold

# How many of the newest screenings a preview looks at: about a second of work.
MAX_SCREENINGS = 5_000
# How many texts a line shows, and how much of each. Unit of the second: code points.
MAX_EXAMPLES = 3
EXAMPLE_LENGTH = 120
_NO_CATEGORY = "language"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One text that would be answered otherwise."""

    screening_id: int
    public_id: str
    text: str


@dataclass(slots=True, kw_only=True)
class Change:
    """Screenings of a language that a category would answer otherwise."""

    language: str
    category: str
    before: Outcome
    after: Outcome
    count: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a policy would change: how many screenings were looked at, and how many there are."""

    n_seen: int
    n_all: int
    outcomes_before: Mapping[Outcome, int]
    outcomes_after: Mapping[Outcome, int]
    changes: Sequence[Change]

    @property
    def n_changed(self) -> int:
        """How many would be answered otherwise."""
        return sum(change.count for change in self.changes)


def preview_policy(*, policy: Policy, live: Policy, limit: int = MAX_SCREENINGS) -> Impact:
    """Return what would change for the newest screenings if `policy` took the place of `live`."""
    before: Counter[Outcome] = Counter()
    after: Counter[Outcome] = Counter()
    changes: dict[tuple[str, str, Outcome, Outcome], Change] = {}
    screenings = Screening.objects.order_by("-id").only(
        "id", "public_id", "text", "answer", "campaign"
    )
    for screening in screenings[:limit].iterator(chunk_size=500):
        evidence = read_evidence(screening.answer)
        was, would_be = live.decide(evidence), policy.decide(evidence)
        before[was] += 1
        after[would_be] += 1
        if was is would_be:
            continue
        category = _find_cause(evidence, was=live, would_be=policy)
        key = (evidence.language, category, was, would_be)
        change = changes.setdefault(
            key,
            Change(language=evidence.language, category=category, before=was, after=would_be),
        )
        change.count += 1
        if len(change.examples) < MAX_EXAMPLES:
            change.examples.append(
                Example(
                    screening_id=screening.pk,
                    public_id=screening.public_id,
                    text=_shorten(screening.text),
                )
            )
    return Impact(
        n_seen=sum(before.values()),
        n_all=Screening.objects.count(),
        outcomes_before=before,
        outcomes_after=after,
        changes=sorted(changes.values(), key=lambda each: (-each.count, each.language)),
    )


def count_shadow_outcomes(*, version: str) -> Mapping[str, Mapping[tuple[str, str], int]]:
    """Return by language how often a version in shadow answered what beside what was answered."""
    counts: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    rows = Screening.objects.filter(shadow_version=version).order_by()
    groups = rows.values_list("language", "outcome", "shadow_outcome").annotate(n=Count("id"))
    for language, outcome, shadow, n_screenings in groups:
        counts[language][outcome, shadow] = n_screenings
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedScore:
    """One category of a replay: its score, the threshold it met, and whether that raised it."""

    category: Category
    score: float
    threshold: Threshold
    is_raised: bool
    is_core: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A past decision, made again from what it rested on."""

    screening: Screening
    policy_version: str
    outcome: Outcome
    scores: Sequence[ReplayedScore]

    @property
    def is_same(self) -> bool:
        """Whether it came out as it was answered."""
        return self.outcome.value == self.screening.outcome


def replay_screening(*, screening: Screening, version: str | None = None) -> Replay:
    """Return the decision about a screening under the policy of its day, or under another version.

    Raises
    ------
    UnknownPolicy : if there is no such version
    """
    policy = get_policy(version=version or screening.policy_version)
    evidence = read_evidence(screening.answer)
    raised = policy.find_raised(evidence)
    return Replay(
        screening=screening,
        policy_version=policy.version,
        outcome=policy.decide(evidence),
        scores=tuple(
            ReplayedScore(
                category=category,
                score=score,
                threshold=policy.find_threshold(
                    category, language=evidence.language, campaign=evidence.campaign
                ),
                is_raised=category in raised,
                is_core=category in evidence.core,
            )
            for category, score in sorted(evidence.scores.items(), key=lambda each: -each[1])
        ),
    )


def _find_cause(evidence: Evidence, *, was: Policy, would_be: Policy) -> str:
    """Return the category whose thresholds made the difference: the highest score that only one policy raised."""
    raised_before, raised_after = was.find_raised(evidence), would_be.find_raised(evidence)
    differing = [
        c for c in (*raised_before, *raised_after) if (c in raised_before) != (c in raised_after)
    ]
    for category in (*differing, *raised_after, *raised_before):
        return category.value
    return _NO_CATEGORY


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE_LENGTH else f"{line[:EXAMPLE_LENGTH]}…"
