"""Jobs: slow work that must not be lost. The row is the truth; a queue message is only a hint."""

import uuid

from django.db import models


class JobState(models.TextChoices):
    """Where a job stands."""

    PENDING = "pending"
    RUNNING = "running"  # leased until `due_at`
    DONE = "done"
    DEAD = "dead"  # attempts exhausted: a person was told


class Job(models.Model):
    """One piece of work: claimed with a lease, fenced by the lease's token, swept when overdue."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    subject = models.CharField(
        max_length=80, help_text="What it works on; one open job per kind and subject."
    )
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(
        help_text="Pending: when the hint is sent again. Running: when the lease ends."
    )
    not_before = models.DateTimeField(
        null=True, help_text="Pending: when the pause after a failure ends."
    )
    lease_token = models.UUIDField(null=True)
    error = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "due_at"], name="job_to_sweep")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(state__in=["pending", "running"]),
                name="%(app_label)s_%(class)s_one_open_per_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} ({self.state})"
