"""Tables of contracts: agreements, grants, caps and consents. What comes in becomes a draft; two people activate it.

A row of a grant that is no draft any more is passed over while it says what is stored, and refused when it says otherwise.
"""

import re
from typing import Any, Final

from import_export import fields
from import_export.widgets import DateWidget, ForeignKeyWidget

from catalog.exchange.resources import CatalogResource, named, shown, territories, words
from catalog.models import (
    Agreement,
    Cap,
    Fee,
    Grant,
    Option,
    Party,
    UseApproval,
    VoiceConsent,
)
from catalog.models.agreements import GrantStatus
from catalog.services.agreements import find_recordings, find_unknown_stems, set_targets

# Between the names in one cell.
SEPARATORS: Final = r"[;\s]+"


class NotADraft(ValueError):
    """A table says otherwise than what is in force."""

    def __init__(self, *, grant: Grant) -> None:
        """Keep which grant it is."""
        super().__init__(
            f"grant {grant.label} is {grant.status}: it does not change by an import; "
            "draft a successor, or propose a change on its page"
        )
        self.label = grant.label


class TargetsField(fields.Field):  # type: ignore[misc]  # untyped
    """The stems, or the recordings, a grant is about: names with semicolons between them."""

    def __init__(self, kind: str) -> None:
        """Take which of the two."""
        super().__init__(column_name=f"{kind}s", attribute=f"wanted_{kind}s")
        self.kind = kind

    def get_value(self, instance: Grant, **_options: Any) -> tuple[str, ...]:
        """Return what the row says or, before it says anything, what is stored."""
        wanted: tuple[str, ...] | None = getattr(instance, self.attribute, None)
        if wanted is not None or instance.pk is None:
            return wanted or ()
        column = "stem__external_id" if self.kind == "stem" else "recording__isrc"
        names = instance.targets.values_list(column, flat=True)
        return tuple(sorted(name for name in names if name))

    def export(self, instance: Grant, **_options: Any) -> str:
        """Return the names as text."""
        return "; ".join(self.get_value(instance))

    def clean(self, row: Any, **_options: Any) -> tuple[str, ...]:
        """Return the names, refusing unknown ones.

        Raises
        ------
        ValueError : if a stem is not in the catalog
        UnknownStems, InvalidIdentifier : if a recording is not
        """
        names = [name for name in re.split(SEPARATORS, row[self.column_name] or "") if name]
        if self.kind == "recording":
            return tuple(sorted(r.isrc or "" for r in find_recordings(isrcs=names)))
        if unknown := find_unknown_stems(names=names):
            raise ValueError(f"not in the catalog: {', '.join(unknown)}")
        return tuple(sorted(set(names)))


class GrantWidget(ForeignKeyWidget):  # type: ignore[misc]  # untyped
    """A grant, by its number within the agreement of the row."""

    def clean(self, value: Any, row: Any = None, **_options: Any) -> Grant:
        """Return the grant.

        Raises
        ------
        ValueError : if there is none
        """
        number, agreement = str(value or "").strip(), str(row["agreement"] or "").strip()
        found = (
            Grant.objects.filter(agreement__number=agreement, number=number).first()
            if number.isdigit()
            else None
        )
        if found is None:
            raise ValueError(f"there is no grant {agreement}/{number}")
        return found

    def render(self, value: Grant | None, obj: Any = None, **_options: Any) -> str:  # noqa: ARG002 - its signature
        """Return the number."""
        return str(value.number) if value is not None else ""


class AgreementResource(CatalogResource):
    """Agreements, by number; a new one is a draft."""

    licensor = named("licensor", Party, "name")
    licensee = named("licensee", Party, "name")
    status = shown("status")
    document_sha256 = shown("document_sha256")

    class Meta(CatalogResource.Meta):
        model = Agreement
        import_id_fields = ["number"]
        fields = [
            "number", "title", "licensor", "licensee", "status", "signed_on", "governing_law", "confidential", "notes",
            "document_sha256",
        ]  # fmt: skip


class GrantResource(CatalogResource):
    """Grants, by agreement and number; filtered by licensor this is a licensor's catalog."""

    agreement = named("agreement", Agreement, "number")
    licensor = shown("licensor", "agreement__licensor__name")
    status = shown("status")
    sides = words("sides")
    uses = words("uses")
    media = words("media")
    languages = words("languages")
    model_versions = words("model_versions")
    moral_terms = words("moral_terms")
    territory = territories()
    stems = TargetsField("stem")
    recordings = TargetsField("recording")

    class Meta(CatalogResource.Meta):
        model = Grant
        import_id_fields = ["agreement", "number"]
        fields = [
            "agreement", "number", "licensor", "effect", "status", "sides", "uses", "territory", "valid_from", "valid_until",
            "media", "languages", "campaign", "brand", "product_category", "exclusive", "max_pitch_cents", "max_stretch_pct",
            "may_cut", "may_loop", "may_combine", "model_versions", "voice_replica", "output_may_train", "moral_terms",
            "approval_of_use", "needs_separate_consent", "credit_line", "sunset_days", "notice_days", "tail", "clause_refs",
            "stems", "recordings",
        ]  # fmt: skip

    def before_save_instance(self, instance: Grant, row: Any, **options: Any) -> None:  # noqa: ARG002 - its signature
        """Refuse to change what is no draft; note who prepared a draft.

        Raises
        ------
        NotADraft : if the grant has been activated or cancelled
        """
        if instance.status != GrantStatus.DRAFT:
            raise NotADraft(grant=instance)
        instance.prepared_by = options.get("user") or instance.prepared_by

    def after_save_instance(self, instance: Grant, row: Any, **options: Any) -> None:  # noqa: ARG002 - its signature
        """Name what the draft is about."""
        set_targets(
            grant=instance,
            stems=self.fields["stems"].get_value(instance),
            recordings=find_recordings(isrcs=self.fields["recordings"].get_value(instance)),
        )


class DraftResource(CatalogResource):
    """Rows that are entered with a draft and stay as they are once it is active."""

    agreement = shown("agreement", "grant__agreement__number")
    grant = fields.Field(attribute="grant", column_name="grant", widget=GrantWidget(Grant))

    def before_save_instance(self, instance: Any, row: Any, **options: Any) -> None:  # noqa: ARG002 - its signature
        """Refuse rows of what is no draft.

        Raises
        ------
        NotADraft : if the grant has been activated or cancelled
        """
        if instance.grant.status != GrantStatus.DRAFT:
            raise NotADraft(grant=instance.grant)


class CapResource(DraftResource):
    """Caps of drafts, by grant and what they count; a limit in force changes by a change set."""

    class Meta(CatalogResource.Meta):
        model = Cap
        import_id_fields = ["grant", "unit", "period", "scope"]
        fields = [
            "agreement", "grant", "unit", "limit", "period", "scope", "on_limit", "warn_at_pct",
        ]  # fmt: skip


class FeeResource(DraftResource):
    """Fees of drafts, by grant, kind, currency and payee."""

    payee = named("payee", Party, "name")

    class Meta(CatalogResource.Meta):
        model = Fee
        import_id_fields = ["grant", "kind", "currency"]  # what every row names
        fields = ["agreement", "grant", "kind", "amount", "currency", "payee"]

    def get_instance(self, instance_loader: Any, row: Any) -> Fee | None:  # noqa: ARG002 - its signature
        """Return the stored fee with the row's natural key; without a payee it is the licensor's."""
        key = {
            name: self.fields[name].clean(row)
            for name in ("grant", "kind", "currency", "payee")
            if self.fields[name].column_name in row
        }
        found: Fee | None = Fee.objects.filter(**{"payee": None, **key}).first()
        return found


class OptionResource(DraftResource):
    """Options of drafts, by grant, what they extend and give, and their last day."""

    exercise_by = fields.Field(
        attribute="exercise_by", column_name="exercise_by", widget=DateWidget()
    )
    exercised_on = shown("exercised_on")

    class Meta(CatalogResource.Meta):
        model = Option
        import_id_fields = ["grant", "extends", "gives", "exercise_by"]
        fields = [
            "agreement", "grant", "extends", "gives", "exercise_by", "amount", "currency", "exercised_on",
        ]  # fmt: skip


class UseApprovalResource(CatalogResource):
    """Written approvals of licensors, by grant and campaign."""

    agreement = shown("agreement", "grant__agreement__number")
    grant = fields.Field(attribute="grant", column_name="grant", widget=GrantWidget(Grant))

    class Meta(CatalogResource.Meta):
        model = UseApproval
        import_id_fields = ["grant", "campaign"]
        fields = ["agreement", "grant", "campaign", "approved_on", "approver"]


class ConsentResource(CatalogResource):
    """Voice consents, by performer, territories, beginning and campaign."""

    performer = named("performer", Party, "name")
    uses = words("uses")
    territory = territories()
    valid_from = fields.Field(attribute="valid_from", column_name="valid_from", widget=DateWidget())
    revoked_on = fields.Field(attribute="revoked_on", column_name="revoked_on", widget=DateWidget())

    class Meta(CatalogResource.Meta):
        model = VoiceConsent
        import_id_fields = ["performer", "territory", "valid_from", "campaign"]
        fields = [
            "performer", "uses", "territory", "valid_from", "valid_until", "campaign", "revocable", "revoked_on",
            "separate_writing",
        ]  # fmt: skip
