"""Screenings: the text as it came, and the answer it got under the policy of the day."""

import secrets

from django.db import models

from moderation.screening.policy import Outcome


def new_screening_id() -> str:
    """Return a public id that cannot be guessed."""
    return f"scr_{secrets.token_hex(12)}"


def get_outcome_choices() -> list[tuple[str, str]]:
    """Return the outcomes; a callable, so that a new one needs no migration."""
    return [(outcome.value, outcome.value) for outcome in Outcome]


class Screening(models.Model):
    """One text that was screened, for one client."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_screening_id, editable=False
    )
    client = models.CharField(max_length=80, help_text="Public id of the generator that asked.")
    kind = models.CharField(max_length=20)
    text = models.TextField(help_text="As it came.")
    language_hint = models.CharField(
        max_length=20, blank=True, db_default="", help_text="The language the form was in."
    )
    language = models.CharField(max_length=10, help_text="As identified.")
    outcome = models.CharField(max_length=10, choices=get_outcome_choices)
    answer = models.JSONField(help_text="The full answer, as given.")
    campaign = models.CharField(
        max_length=80, blank=True, db_default="", help_text="Whose thresholds counted."
    )
    policy_version = models.CharField(max_length=40)
    shadow_version = models.CharField(
        max_length=40, blank=True, db_default="", help_text="The draft that was tried beside it."
    )
    shadow_outcome = models.CharField(
        max_length=10, blank=True, db_default="", choices=get_outcome_choices,
        help_text="What the draft would have answered.",
    )  # fmt: skip
    engine_version = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["client", "-id"], name="screening_of_client"),
            models.Index(
                fields=["shadow_version"],
                condition=models.Q(shadow_version__gt=""),
                name="screening_in_shadow",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
