"""Recalls: a grant or a stem is gone, so the songs built on it are moved, and generators say what they did about it."""

from django.db import models

from compliance.identifiers import new_recall_id
from compliance.lifecycle.machines import RECALL
from compliance.models.approval import Approval, ApprovalStatus
from compliance.models.generator import Generator
from compliance.models.transitions import StatusModel


class RecallStatus(models.TextChoices):
    """Where a recall stands."""

    PROPOSED = "proposed", "Waiting for another person"
    SCHEDULED = "scheduled"
    APPLYING = "applying"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class RecallCause(models.TextChoices):
    """Why songs are recalled."""

    GRANT_ENDED = "grant_ended", "A grant ended"
    GRANT_SUSPENDED = "grant_suspended", "A grant was suspended"
    STEM_WITHDRAWN = "stem_withdrawn", "A stem was withdrawn"
    STEM_SUSPENDED = "stem_suspended", "A stem was suspended"
    DECIDED = "decided", "Decided by a person"
    UNDO = "undo", "Another recall is undone"


class Measure(models.TextChoices):
    """What happens to the songs: the tail of the grant, or a suspension that may be lifted, or that lifting."""

    SUSPEND = "suspend", "Suspend"
    TAKEDOWN = "takedown", "Take down"
    ARCHIVE_ONLY = "archive_only", "Keep in the archive only"
    LEAVE_EXISTING = "leave_existing", "Leave what exists"
    REINSTATE = "reinstate", "Reinstate"


class RequiredAction(models.TextChoices):
    """What a generator has to do about each song."""

    PAUSE = "pause"
    TAKE_DOWN = "take_down"
    ARCHIVE = "archive"
    STOP_NEW_USE = "stop_new_use"
    RESUME = "resume"


REQUIRED_ACTIONS = {
    Measure.SUSPEND: RequiredAction.PAUSE,
    Measure.TAKEDOWN: RequiredAction.TAKE_DOWN,
    Measure.ARCHIVE_ONLY: RequiredAction.ARCHIVE,
    Measure.LEAVE_EXISTING: RequiredAction.STOP_NEW_USE,
    Measure.REINSTATE: RequiredAction.RESUME,
}


class Recall(StatusModel):
    """One recall of every song that rests on a grant or on a stem."""

    TRANSITIONS = RECALL.transitions

    public_id = models.CharField(max_length=40, unique=True, default=new_recall_id, editable=False)
    status = models.CharField(
        max_length=10, choices=RecallStatus.choices, default=RecallStatus.SCHEDULED
    )
    cause = models.CharField(max_length=20, choices=RecallCause.choices)
    grant = models.ForeignKey(
        "catalog.Grant", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    stem = models.ForeignKey(
        "catalog.Stem", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    undoes = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="undone_by", null=True, blank=True
    )
    measure = models.CharField(max_length=15, choices=Measure.choices)
    sunset_days = models.PositiveIntegerField(
        default=0, help_text="Days after the end in which songs may still be wound down."
    )
    reason = models.TextField(blank=True, db_default="")
    effective_at = models.DateTimeField(help_text="When the first song is moved.")
    deadline_at = models.DateTimeField(help_text="Until when generators have to acknowledge.")
    opened_by = models.CharField(max_length=150)
    opened_at = models.DateTimeField()
    agreed_by = models.CharField(max_length=150, blank=True, db_default="")

    # Progress of the batch: every approval up to `cursor` is done.
    cursor = models.PositiveBigIntegerField(default=0)
    n_found = models.PositiveIntegerField(default=0)
    n_moved = models.PositiveIntegerField(default=0)
    n_kept = models.PositiveIntegerField(default=0)
    # Null for nothing yet; SQLite adds no other column to a table without rebuilding it, which loses the triggers.
    told_cursor = models.PositiveBigIntegerField(
        null=True, help_text="Generators know of every song of the recall up to this row."
    )
    n_told = models.PositiveIntegerField(null=True)
    problem = models.TextField(blank=True, db_default="", help_text="Why the batch stopped.")
    applied_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        permissions = [("open_recall", "Can recall songs")]
        indexes = [models.Index(fields=["status", "effective_at"], name="recall_by_status")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=RecallStatus.values),
                name="%(app_label)s_%(class)s_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(grant__isnull=False, stem__isnull=True)
                | models.Q(grant__isnull=True, stem__isnull=False),
                name="%(app_label)s_%(class)s_has_one_source",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    cause=RecallCause.UNDO, undoes__isnull=False, measure=Measure.REINSTATE
                )
                | (
                    ~models.Q(cause=RecallCause.UNDO)
                    & ~models.Q(measure=Measure.REINSTATE)
                    & models.Q(undoes__isnull=True)
                ),
                name="%(app_label)s_%(class)s_reinstates_only_to_undo",
            ),
            models.UniqueConstraint(
                fields=["undoes"],
                condition=~models.Q(status=RecallStatus.CANCELLED),
                name="%(app_label)s_%(class)s_is_undone_once",
            ),
            # The sweep of several machines opens one recall for each thing that happened.
            models.UniqueConstraint(
                fields=["grant", "cause"],
                condition=models.Q(
                    cause__in=[RecallCause.GRANT_ENDED, RecallCause.GRANT_SUSPENDED],
                    status__in=[RecallStatus.SCHEDULED, RecallStatus.APPLYING],
                ),
                name="%(app_label)s_%(class)s_of_a_grant_runs_once",
            ),
            models.UniqueConstraint(
                fields=["stem", "cause"],
                condition=models.Q(
                    cause__in=[RecallCause.STEM_WITHDRAWN, RecallCause.STEM_SUSPENDED],
                    status__in=[RecallStatus.SCHEDULED, RecallStatus.APPLYING],
                ),
                name="%(app_label)s_%(class)s_of_a_stem_runs_once",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """Name under which events tell of it."""
        return f"recall:{self.public_id}"

    @property
    def required_action(self) -> RequiredAction:
        """What a generator has to do about each song."""
        return REQUIRED_ACTIONS[Measure(self.measure)]

    @property
    def target_status(self) -> ApprovalStatus:
        """Where the approvals go. A wind-down ends an approval at once: what exists may stay for a while, nothing new."""
        match Measure(self.measure):
            case Measure.SUSPEND:
                return ApprovalStatus.SUSPENDED
            case Measure.REINSTATE:
                return ApprovalStatus.LIVE
            case Measure.TAKEDOWN if not self.sunset_days:
                return ApprovalStatus.REVOKED
        return ApprovalStatus.SUNSET


class RecallNotice(models.Model):
    """What one generator was told of a recall, and how far it is."""

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="notices")
    generator = models.ForeignKey(
        Generator, on_delete=models.PROTECT, related_name="recall_notices"
    )
    n_songs = models.PositiveIntegerField(default=0)
    n_acknowledged = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recall", "generator"], name="%(app_label)s_%(class)s_is_told_once"
            ),
            models.CheckConstraint(
                condition=models.Q(n_acknowledged__lte=models.F("n_songs")),
                name="%(app_label)s_%(class)s_acknowledges_no_more_than_there_are",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recall_id}: {self.n_acknowledged} of {self.n_songs}"


class SongOutcome(models.TextChoices):
    """What a recall did with one song."""

    MOVED = "moved"
    KEPT = "kept", "Kept as it was"  # other grants cover it; or to reinstate it, none does
    ALREADY = "already", "There already"


class DoneAction(models.TextChoices):
    """What a generator says it did with a song."""

    TAKEN_DOWN = "taken_down"
    ARCHIVED = "archived"
    STOPPED_NEW_USE = "stopped_new_use"
    PAUSED = "paused"
    RESUMED = "resumed"
    NEVER_PUBLISHED = "never_published"


class RecallSong(models.Model):
    """One song of a recall: what became of its approval, and what its generator did."""

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="songs", db_index=False)  # fmt: skip
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="recalled_as")
    generator = models.ForeignKey(Generator, on_delete=models.PROTECT, related_name="+", db_index=False)  # fmt: skip
    outcome = models.CharField(max_length=10, choices=SongOutcome.choices)
    from_status = models.CharField(max_length=20, choices=ApprovalStatus.choices)
    to_status = models.CharField(max_length=20, choices=ApprovalStatus.choices)
    moved_at = models.DateTimeField()
    done = models.CharField(
        max_length=20, choices=DoneAction.choices, blank=True, db_default="", help_text="What the generator did."
    )  # fmt: skip
    done_at = models.DateTimeField(null=True, blank=True, help_text="When, as the generator says.")
    evidence_url = models.CharField(max_length=500, blank=True, db_default="")
    acknowledged_at = models.DateTimeField(null=True, blank=True, help_text="When it said so.")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["recall", "generator", "id"], name="recall_song_page")]
        constraints = [
            models.UniqueConstraint(
                fields=["recall", "approval"], name="%(app_label)s_%(class)s_is_recalled_once"
            ),
            models.CheckConstraint(
                condition=models.Q(done="", acknowledged_at__isnull=True)
                | (~models.Q(done="") & models.Q(acknowledged_at__isnull=False)),
                name="%(app_label)s_%(class)s_acknowledged_says_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recall_id}: {self.approval_id} ({self.outcome})"
