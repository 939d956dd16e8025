"""Policies: thresholds by category, language and campaign, in versions that two people put in force."""

from collections.abc import Mapping
from typing import Final

from django.db import models

from moderation.models.lexicon import get_category_choices
from moderation.screening.categories import Category
from moderation.screening.languages import LANGUAGES
from moderation.screening.policy import Policy, Threshold


def get_place_choices() -> list[tuple[str, str]]:
    """Return every language and ours; a callable, so that a new one needs no migration."""
    return [("", "every language"), *((code, code) for code in LANGUAGES)]


class PolicyStatus(models.TextChoices):
    """Where a version stands."""

    DRAFT = "draft"
    SHADOW = "shadow"
    PUBLISHED = "published"
    RETIRED = "retired"


# A draft runs beside the live policy before it may take its place; what was in force is kept for good.
TRANSITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    PolicyStatus.DRAFT: (PolicyStatus.SHADOW,),
    PolicyStatus.SHADOW: (PolicyStatus.DRAFT, PolicyStatus.PUBLISHED),
    PolicyStatus.PUBLISHED: (PolicyStatus.RETIRED,),
    PolicyStatus.RETIRED: (),
}


class PolicyMoved(Exception):
    """The version is not where it was thought to be."""


class PolicyVersion(models.Model):
    """One version of the thresholds, with its number for good."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    status = models.CharField(
        max_length=10, choices=PolicyStatus.choices, default=PolicyStatus.DRAFT, editable=False
    )
    note = models.CharField(max_length=300, help_text="What it changes, and why.")
    drafted_by = models.CharField(max_length=150, editable=False)
    drafted_at = models.DateTimeField(editable=False)
    shadowed_at = models.DateTimeField(null=True, editable=False)
    published_by = models.CharField(max_length=150, blank=True, db_default="", editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-number"]
        permissions = [("publish_policyversion", "Can publish policy version")]
        constraints = [
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status=status),
                name=f"%(app_label)s_%(class)s_one_{status}",
            )
            for status in (PolicyStatus.SHADOW.value, PolicyStatus.PUBLISHED.value)
        ] + [
            models.CheckConstraint(
                condition=models.Q(published_by="")
                | ~models.Q(published_by=models.F("drafted_by")),
                name="%(app_label)s_%(class)s_published_by_another",
            )
        ]

    def __str__(self) -> str:
        return self.version

    @property
    def version(self) -> str:
        """What answers name it by."""
        return f"policy-{self.number}"

    def transition_to(self, status: PolicyStatus, **changes: object) -> None:
        """Move to a status and set fields with it, unless somebody was first.

        Raises
        ------
        PolicyMoved : if the version has moved meanwhile or may not take the step
        """
        if status not in TRANSITIONS[self.status] or not type(self).objects.filter(
            pk=self.pk, status=self.status
        ).update(status=status, **changes):
            raise PolicyMoved(f"{self.version} is {self.status} or was moved meanwhile.")
        self.refresh_from_db()

    def build_policy(self) -> Policy:
        """Return the thresholds as the screening takes them.

        Raises
        ------
        InvalidPolicy : if they do not make a policy
        """
        return Policy(
            version=self.version,
            thresholds=tuple(row.build_threshold() for row in self.thresholds.all()),
        )


class PolicyThreshold(models.Model):
    """From which score on a category is looked at, and from which it is refused, in a place."""

    policy = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="thresholds")
    category = models.CharField(max_length=40, choices=get_category_choices)
    language = models.CharField(
        max_length=10, choices=get_place_choices, blank=True, db_default="", default=""
    )
    campaign = models.CharField(
        max_length=80, blank=True, db_default="", default="", help_text="Empty for every campaign."
    )
    review = models.FloatField(
        null=True,
        blank=True,
        help_text="A person looks from this score on; empty: nobody does (profanity and spam only).",
    )
    block = models.FloatField(
        null=True,
        blank=True,
        help_text="Refused from this score on, if an unmistakable word is in it; empty: never.",
    )

    class Meta:
        ordering = ["category", "language", "campaign"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "category", "language", "campaign"],
                name="%(app_label)s_%(class)s_one_per_place",
            )
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.category, self.language, self.campaign)))

    def build_threshold(self) -> Threshold:
        """Return the threshold as the screening takes it.

        Raises
        ------
        InvalidPolicy : if its scores are out of order, or it would refuse what a person must see
        """
        return Threshold(
            category=Category(self.category),
            language=self.language,
            campaign=self.campaign,
            review=self.review,
            block=self.block,
        )
