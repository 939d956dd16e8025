"""Agreements and the grants under them: what may be done, and what may not."""

from pathlib import PurePosixPath

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from catalog.models.fields import WordSetField
from catalog.rights.terms import ApprovalOfUse, Effect, Side, UseType, VoiceReplica


class AgreementStatus(models.TextChoices):
    """Where an agreement stands."""

    DRAFT = "draft"
    PENDING = "pending"
    ACTIVE = "active"
    REJECTED = "rejected"
    INACTIVE = "inactive"


class GrantEffect(models.TextChoices):
    """Whether a grant allows or forbids."""

    PERMISSION = Effect.PERMISSION.value
    PROHIBITION = Effect.PROHIBITION.value


class GrantStatus(models.TextChoices):
    """Where a grant stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


# From -> where a grant may go. Only a draft may be cancelled; what has been in force keeps its record.
GRANT_TRANSITIONS: dict[str, frozenset[str]] = {
    GrantStatus.DRAFT: frozenset({GrantStatus.ACTIVE, GrantStatus.CANCELLED}),
    GrantStatus.ACTIVE: frozenset(
        {GrantStatus.SUSPENDED, GrantStatus.ENDED, GrantStatus.SUPERSEDED}
    ),
    GrantStatus.SUSPENDED: frozenset(
        {GrantStatus.ACTIVE, GrantStatus.ENDED, GrantStatus.SUPERSEDED}
    ),
    GrantStatus.ENDED: frozenset(),
    GrantStatus.SUPERSEDED: frozenset(),
    GrantStatus.CANCELLED: frozenset(),
}

# Grants with these statuses are part of the record and count for the days they run.
STATUSES_ON_RECORD = (
    GrantStatus.ACTIVE,
    GrantStatus.SUSPENDED,
    GrantStatus.ENDED,
    GrantStatus.SUPERSEDED,
)


class ApprovalChoice(models.TextChoices):
    """Whether the licensor wants to be asked about each use."""

    NONE = ApprovalOfUse.NONE.value, "No approval needed"
    NOTIFY = ApprovalOfUse.NOTIFY.value, "Tell the licensor"
    PRIOR_WRITTEN = ApprovalOfUse.PRIOR_WRITTEN.value, "Prior written approval"


class VoiceReplicaChoice(models.TextChoices):
    """Whether a generator may imitate the voice."""

    NO = VoiceReplica.NO.value
    WITH_APPROVAL = VoiceReplica.WITH_APPROVAL.value
    YES = VoiceReplica.YES.value


class Tail(models.TextChoices):
    """What happens to songs when the grant ends."""

    TAKEDOWN = "takedown", "Take down"
    LEAVE_EXISTING = "leave_existing", "Leave what exists"
    ARCHIVE_ONLY = "archive_only", "Keep in the archive only"


# What a grant says. After activation none of it changes but by a marked correction; a test compares with the triggers.
TERM_FIELDS = (
    "agreement_id",
    "number",
    "effect",
    "sides",
    "uses",
    "territory_id",
    "valid_from",
    "media",
    "languages",
    "campaign",
    "brand",
    "product_category",
    "exclusive",
    "max_pitch_cents",
    "max_stretch_pct",
    "may_cut",
    "may_loop",
    "may_combine",
    "model_versions",
    "voice_replica",
    "output_may_train",
    "moral_terms",
    "approval_of_use",
    "needs_separate_consent",
    "credit_line",
    "sunset_days",
    "notice_days",
    "tail",
)


def name_agreement_file(agreement: "Agreement", file_name: str) -> str:
    """Return where the signed document is stored."""
    suffix = PurePosixPath(file_name).suffix.lower()
    return f"agreements/{agreement.document_sha256 or 'unhashed'}{suffix}"


class Agreement(models.Model):
    """A contract between a licensor and a licensee."""

    number = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=200, blank=True)
    licensor = models.ForeignKey(
        "catalog.Party", on_delete=models.PROTECT, related_name="agreements_given"
    )
    licensee = models.ForeignKey(
        "catalog.Party", on_delete=models.PROTECT, related_name="agreements_taken"
    )
    governing_law = models.CharField(max_length=100, blank=True)
    signed_on = models.DateField(null=True, blank=True)
    document = models.FileField(
        upload_to=name_agreement_file, max_length=200, blank=True, help_text="The signed PDF."
    )
    document_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    status = models.CharField(max_length=10, choices=AgreementStatus, default=AgreementStatus.DRAFT)
    supersedes = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="superseded_by", null=True, blank=True
    )
    confidential = models.BooleanField(default=True)
    notes = models.TextField(blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status=AgreementStatus.ACTIVE)
                | models.Q(signed_on__isnull=False),
                name="%(app_label)s_%(class)s_active_is_signed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} · {self.title}" if self.title else self.number


class Grant(models.Model):
    """A permission or a prohibition: sides, uses, territories, a half-open period, and the terms that go with it."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="grants")
    number = models.PositiveIntegerField(help_text="Within the agreement.")
    effect = models.CharField(max_length=12, choices=GrantEffect, default=GrantEffect.PERMISSION)
    status = models.CharField(max_length=10, choices=GrantStatus, default=GrantStatus.DRAFT)
    sides = WordSetField(words=Side, blank=False)
    uses = WordSetField(words=UseType, help_text="A prohibition without uses forbids every use.")
    territory = models.ForeignKey("catalog.TerritorySet", on_delete=models.PROTECT)
    valid_from = models.DateField()
    valid_until = models.DateField(
        null=True,
        blank=True,
        help_text="First day no longer licensed; empty: until further notice.",
    )
    media = WordSetField(help_text="Empty: any. Words with commas between them.")
    languages = WordSetField(help_text="BCP 47 codes; empty: any.")
    campaign = models.CharField(max_length=100, blank=True, help_text="Empty: any.")
    brand = models.CharField(max_length=100, blank=True, help_text="Empty: any.")
    product_category = models.CharField(max_length=100, blank=True, help_text="Empty: any.")
    exclusive = models.BooleanField(default=False)

    max_pitch_cents = models.PositiveIntegerField(
        null=True, blank=True, help_text="Empty: no limit."
    )
    max_stretch_pct = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0)], help_text="Empty: no limit."
    )
    may_cut = models.BooleanField(default=True)
    may_loop = models.BooleanField(default=True)
    may_combine = models.BooleanField(default=True, help_text="May be mixed with stems of others.")

    model_versions = WordSetField(help_text="Versions of AI models it holds for; empty: any.")
    voice_replica = models.CharField(
        max_length=15, choices=VoiceReplicaChoice, default=VoiceReplicaChoice.NO
    )
    output_may_train = models.BooleanField(
        default=False, help_text="Songs made from it may train models."
    )
    moral_terms = WordSetField(help_text="Themes excluded: politics, alcohol, ...")
    approval_of_use = models.CharField(
        max_length=15, choices=ApprovalChoice, default=ApprovalChoice.NONE
    )
    needs_separate_consent = models.BooleanField(
        default=False,
        help_text="Voice: each performer consents in a writing of their own, entered under voice consents.",
    )
    credit_line = models.CharField(max_length=200, blank=True)
    sunset_days = models.PositiveIntegerField(null=True, blank=True)
    notice_days = models.PositiveIntegerField(null=True, blank=True)
    tail = models.CharField(max_length=15, choices=Tail, default=Tail.TAKEDOWN)
    clause_refs = models.CharField(
        max_length=200, blank=True, help_text="Pages and clauses of the document: p. 4, 7.2"
    )

    supersedes = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="superseded_by", null=True, blank=True
    )
    corrections = models.PositiveIntegerField(default=0, editable=False)
    correction_note = models.CharField(max_length=300, blank=True, editable=False)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["agreement_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "number"], name="%(app_label)s_%(class)s_number_is_unique"
            ),
            models.CheckConstraint(
                condition=~models.Q(sides=""), name="%(app_label)s_%(class)s_has_sides"
            ),
            models.CheckConstraint(
                condition=models.Q(effect=GrantEffect.PROHIBITION) | ~models.Q(uses=""),
                name="%(app_label)s_%(class)s_permission_names_uses",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(activated_at__isnull=False)
                | models.Q(status__in=[GrantStatus.DRAFT, GrantStatus.CANCELLED]),
                name="%(app_label)s_%(class)s_in_force_was_activated",
            ),
            models.CheckConstraint(
                condition=models.Q(prepared_by__isnull=True)
                | models.Q(activated_by__isnull=True)
                | ~models.Q(prepared_by=models.F("activated_by")),
                name="%(app_label)s_%(class)s_activated_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["valid_until"]),
            models.Index(fields=["status", "effect"]),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Return how people cite the grant: agreement number and grant number."""
        return f"{self.agreement.number}/{self.number}"


class GrantTarget(models.Model):
    """What a grant is about: one stem, or every stem of one recording."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="targets")
    stem = models.ForeignKey(
        "catalog.Stem",
        on_delete=models.PROTECT,
        related_name="grant_targets",
        null=True,
        blank=True,
    )
    recording = models.ForeignKey(
        "catalog.Recording",
        on_delete=models.PROTECT,
        related_name="grant_targets",
        null=True,
        blank=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(stem__isnull=False, recording__isnull=True)
                | models.Q(stem__isnull=True, recording__isnull=False),
                name="%(app_label)s_%(class)s_has_one_target",
            ),
            models.UniqueConstraint(
                fields=["grant", "stem"], name="%(app_label)s_%(class)s_stem_is_named_once"
            ),
            models.UniqueConstraint(
                fields=["grant", "recording"],
                name="%(app_label)s_%(class)s_recording_is_named_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.stem or self.recording)


class UseApproval(models.Model):
    """A licensor's written approval of one campaign under a grant that asks for it."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="use_approvals")
    campaign = models.CharField(max_length=100, blank=True, help_text="Empty: every campaign.")
    approved_on = models.DateField()
    approver = models.CharField(max_length=200, help_text="Who approved for the licensor.")
    document = models.FileField(upload_to="approvals/", max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["-approved_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "campaign"], name="%(app_label)s_%(class)s_is_given_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign or 'every campaign'} ({self.approved_on})"
