"""The tables people exchange, each row known by its natural key: importing twice changes nothing.

Stems and references come in with their audio (`manage.py import_stems`); agreements and grants are entered by people, two of
them. Those tables go out here and do not come in.
"""

from typing import Any, Final

from import_export import fields
from import_export.resources import ModelResource
from import_export.widgets import DateWidget

from catalog.exchange.widgets import (
    IdentifierWidget,
    NamedRowWidget,
    TerritoriesWidget,
    WordSetWidget,
)
from catalog.models import (
    Agreement,
    Cap,
    CapHold,
    Grant,
    Party,
    Recording,
    ReferenceRecording,
    Share,
    Stem,
    VoiceConsent,
    Work,
)
from catalog.rights.identifiers import IdentifierKind

BATCH_ROWS: Final = 500
# What tells one share from another; a table has the columns it needs of these.
SHARE_KEY: Final = ("stem", "recording", "work", "right_type", "party", "territory", "valid_from")


def identifier(kind: IdentifierKind) -> fields.Field:
    """Return the column of an identifier."""
    return fields.Field(attribute=kind.value, column_name=kind.value, widget=IdentifierWidget(kind))


def named(column: str, model: type[Any], key: str) -> fields.Field:
    """Return the column of another row, by what people call it."""
    return fields.Field(attribute=column, column_name=column, widget=NamedRowWidget(model, key))


def words(column: str) -> fields.Field:
    """Return the column of a set of words."""
    return fields.Field(attribute=column, column_name=column, widget=WordSetWidget())


def territories() -> fields.Field:
    """Return the column of a territory expression."""
    return fields.Field(
        attribute="territory", column_name="territories", widget=TerritoriesWidget()
    )


class CatalogResource(ModelResource):  # type: ignore[misc]  # untyped
    """A table whose unchanged rows are left alone and whose rows are checked as the admin checks them."""

    class Meta:
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_transactions = True
        batch_size = BATCH_ROWS

    def import_data(self, *args: Any, **options: Any) -> Any:
        """Import all rows or, if any is wrong, none."""
        return super().import_data(*args, **{"rollback_on_validation_errors": True, **options})


class PartyResource(CatalogResource):
    """Parties, by name."""

    isni = identifier(IdentifierKind.ISNI)
    ipi_name = identifier(IdentifierKind.IPI_NAME)
    ipi_base = identifier(IdentifierKind.IPI_BASE)
    dpid = identifier(IdentifierKind.DPID)

    class Meta(CatalogResource.Meta):
        model = Party
        import_id_fields = ["name"]
        fields = [
            "name",
            "kind",
            "legal_name",
            "isni",
            "ipi_name",
            "ipi_base",
            "dpid",
            "country",
            "tax_residence",
            "contact",
        ]


class WorkResource(CatalogResource):
    """Works, by ISWC."""

    iswc = identifier(IdentifierKind.ISWC)

    class Meta(CatalogResource.Meta):
        model = Work
        import_id_fields = ["iswc"]
        fields = ["iswc", "title", "language"]


class RecordingResource(CatalogResource):
    """Recordings, by ISRC."""

    isrc = identifier(IdentifierKind.ISRC)
    artist = named("artist", Party, "name")

    class Meta(CatalogResource.Meta):
        model = Recording
        import_id_fields = ["isrc"]
        fields = [
            "isrc",
            "title",
            "version",
            "artist",
            "duration_s",
            "bpm",
            "key",
            "p_line",
            "c_line",
        ]


class ShareResource(CatalogResource):
    """Shares, by what they are of, right, party, territories and beginning."""

    stem = named("stem", Stem, "external_id")
    recording = named("recording", Recording, "isrc")
    work = named("work", Work, "iswc")
    party = named("party", Party, "name")
    territory = territories()
    valid_from = fields.Field(attribute="valid_from", column_name="valid_from", widget=DateWidget())

    class Meta(CatalogResource.Meta):
        model = Share
        import_id_fields = ["right_type", "party", "territory"]  # what every row names
        fields = [
            "stem", "recording", "work", "right_type", "party", "territory", "valid_from", "valid_until", "percent", "basis",
            "source", "controlled",
        ]  # fmt: skip

    def get_instance(self, instance_loader: Any, row: Any) -> Share | None:  # noqa: ARG002 - its signature
        """Return the stored share with the row's natural key."""
        key = {
            self.fields[name].attribute: self.fields[name].clean(row)
            for name in SHARE_KEY
            if self.fields[name].column_name in row
        }
        found: Share | None = Share.objects.filter(**key).first()
        return found


class StemResource(CatalogResource):
    """Stems, going out."""

    artist = named("artist", Party, "name")
    recording = fields.Field(
        attribute="recording__isrc",
        column_name="isrc",
        widget=IdentifierWidget(IdentifierKind.ISRC),
    )

    class Meta(CatalogResource.Meta):
        model = Stem
        fields = [
            "external_id", "title", "artist", "recording", "status", "role", "role_text", "instrument", "has_voice", "genre",
            "language", "bpm", "key", "duration_s", "file_sha256", "audio_sha256",
        ]  # fmt: skip


class ReferenceResource(CatalogResource):
    """References, going out."""

    isrc = identifier(IdentifierKind.ISRC)

    class Meta(CatalogResource.Meta):
        model = ReferenceRecording
        fields = ["external_id", "title", "artist", "isrc", "duration_s", "file_sha256"]


class AgreementResource(CatalogResource):
    """Agreements, going out."""

    licensor = named("licensor", Party, "name")
    licensee = named("licensee", Party, "name")

    class Meta(CatalogResource.Meta):
        model = Agreement
        fields = [
            "number",
            "title",
            "licensor",
            "licensee",
            "status",
            "signed_on",
            "governing_law",
            "document_sha256",
        ]


class GrantResource(CatalogResource):
    """Grants, going out; filtered by licensor this is a licensor's catalog."""

    agreement = named("agreement", Agreement, "number")
    licensor = fields.Field(attribute="agreement__licensor__name", column_name="licensor")
    sides = words("sides")
    uses = words("uses")
    media = words("media")
    languages = words("languages")
    model_versions = words("model_versions")
    moral_terms = words("moral_terms")
    territory = territories()
    stems = fields.Field(column_name="stems")

    class Meta(CatalogResource.Meta):
        model = Grant
        fields = [
            "agreement", "number", "licensor", "effect", "status", "sides", "uses", "territory", "valid_from", "valid_until",
            "media", "languages", "campaign", "brand", "product_category", "exclusive", "max_pitch_cents", "max_stretch_pct",
            "may_cut", "may_loop", "may_combine", "model_versions", "voice_replica", "moral_terms", "approval_of_use",
            "needs_separate_consent", "credit_line", "clause_refs", "stems",
        ]  # fmt: skip

    def dehydrate_stems(self, grant: Grant) -> str:
        """Return what the grant is about."""
        names = [
            target.stem.external_id if target.stem else f"recording {target.recording}"
            for target in grant.targets.select_related("stem", "recording").order_by(
                "stem__external_id", "id"
            )
        ]
        return "; ".join(names)


class CapResource(CatalogResource):
    """Caps, going out."""

    agreement = fields.Field(attribute="grant__agreement__number", column_name="agreement")
    grant = fields.Field(attribute="grant__number", column_name="grant")

    class Meta(CatalogResource.Meta):
        model = Cap
        fields = [
            "agreement",
            "grant",
            "unit",
            "limit",
            "period",
            "scope",
            "on_limit",
            "warn_at_pct",
        ]


class UsageResource(CatalogResource):
    """What songs took from the caps of grants, going out: the usage report per grant."""

    agreement = fields.Field(attribute="cap__grant__agreement__number", column_name="agreement")
    grant = fields.Field(attribute="cap__grant__number", column_name="grant")
    unit = fields.Field(attribute="cap__unit", column_name="unit")

    class Meta(CatalogResource.Meta):
        model = CapHold
        fields = [
            "agreement",
            "grant",
            "unit",
            "quantity",
            "subject",
            "status",
            "bucket",
            "held_at",
            "settled_at",
        ]


class ConsentResource(CatalogResource):
    """Voice consents, going out."""

    performer = named("performer", Party, "name")
    uses = words("uses")
    territory = territories()

    class Meta(CatalogResource.Meta):
        model = VoiceConsent
        fields = [
            "performer",
            "uses",
            "territory",
            "valid_from",
            "valid_until",
            "campaign",
            "revoked_on",
        ]
