"""Verifying decided songs again with a newer engine: a run, and what it found for each song."""

from django.db import models

from compliance.models.submission import Submission


class RunState(models.TextChoices):
    """Where a run stands."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


OPEN_STATES = (RunState.RUNNING, RunState.PAUSED)


class Change(models.TextChoices):
    """How the new answer compares with the one that was given."""

    SAME = "same"
    BETTER = "better"
    WORSE = "worse"
    UNAVAILABLE = "unavailable"  # the audio is gone, or could not be measured


class Reverification(models.Model):
    """One run over every song that was decided with an older engine, slow enough not to keep new songs waiting."""

    engine_version = models.CharField(max_length=40)
    per_minute = models.PositiveIntegerField(help_text="Songs verified again in a minute, at most.")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    n_total = models.PositiveIntegerField(help_text="Songs there were when it began.")
    n_done = models.PositiveIntegerField(default=0)
    n_worse = models.PositiveIntegerField(default=0)
    last_submission_id = models.BigIntegerField(
        default=0, help_text="Songs up to this one are done."
    )
    started_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(state__in=OPEN_STATES),
                name="%(app_label)s_%(class)s_one_is_open",
            )
        ]

    def __str__(self) -> str:
        return f"reverification {self.pk} ({self.state}, {self.n_done} of {self.n_total})"


class ReverificationResult(models.Model):
    """What the newer engine says of one song; the decision itself stays as it was."""

    run = models.ForeignKey(Reverification, on_delete=models.PROTECT, related_name="results")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="reverifications"
    )
    change = models.CharField(max_length=12, choices=Change.choices)
    outcome_before = models.CharField(max_length=20)
    outcome_after = models.CharField(max_length=20, blank=True)
    engine_before = models.CharField(max_length=40)
    reasons = models.JSONField(default=list)
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "submission"], name="%(app_label)s_%(class)s_is_made_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.submission}: {self.outcome_before} → {self.outcome_after or self.change}"
