"""The tables people exchange, each row known by its natural key: importing twice changes nothing.

Stems and references come in with their audio (`manage.py import_stems`); their tables change what is written about those that
are there. Agreements and grants are in `catalog.exchange.contracts`.
"""

from collections.abc import Callable
from typing import Any, Final

from django.db.models import Model
from import_export import fields
from import_export.resources import ModelResource
from import_export.results import Result
from import_export.widgets import DateWidget

from catalog.exchange.widgets import (
    IdentifierWidget,
    NamedRowWidget,
    TerritoriesWidget,
    WordSetWidget,
)
from catalog.models import (
    CapHold,
    Party,
    Recording,
    ReferenceRecording,
    Share,
    Stem,
    Work,
)
from catalog.rights.identifiers import IdentifierKind
from catalog.services.availability import refresh_availability

BATCH_ROWS: Final = 500
# Rows of a table that are shown before it comes in.
ROWS_SHOWN: Final = 200
# What tells one share from another; a table has the columns it needs of these.
SHARE_KEY: Final = ("stem", "recording", "work", "right_type", "party", "territory", "valid_from")


def identifier(kind: IdentifierKind) -> fields.Field:
    """Return the column of an identifier."""
    return fields.Field(attribute=kind.value, column_name=kind.value, widget=IdentifierWidget(kind))


def named(column: str, model: type[Any], key: str) -> fields.Field:
    """Return the column of another row, by what people call it."""
    return fields.Field(attribute=column, column_name=column, widget=NamedRowWidget(model, key))


def shown(column: str, attribute: str = "") -> fields.Field:
    """Return a column that goes out and is passed over when it comes in."""
    return fields.Field(attribute=attribute or column, column_name=column, readonly=True)


def words(column: str) -> fields.Field:
    """Return the column of a set of words."""
    return fields.Field(attribute=column, column_name=column, widget=WordSetWidget())


def territories() -> fields.Field:
    """Return the column of a territory expression."""
    return fields.Field(
        attribute="territory", column_name="territories", widget=TerritoriesWidget()
    )


class TableResult(Result):  # type: ignore[misc]  # untyped
    """What came of a table, row by row; `n_more` rows were left out of it."""

    n_more = 0

    @property
    def preview(self) -> "TableResult":
        """Return as much as a page can show: what is new or changed first."""
        part = TableResult()
        rows = sorted(self.valid_rows(), key=lambda row: row.import_type == row.IMPORT_TYPE_SKIP)
        part.rows, part.diff_headers = rows[:ROWS_SHOWN], self.diff_headers
        part.n_more = len(rows) - len(part.rows)
        return part


class CatalogResource(ModelResource):  # type: ignore[misc]  # untyped
    """A table whose unchanged rows are left alone and whose rows are checked as the admin checks them."""

    class Meta:
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_transactions = True
        batch_size = BATCH_ROWS

    @classmethod
    def get_result_class(cls) -> type[Result]:
        """Return the kind of result that can be shown in part."""
        return TableResult

    def import_data(self, dataset: Any, *args: Any, **options: Any) -> Any:
        """Import all rows or, if any is wrong, none; `tell` hears of each row: how many are done, of how many."""
        self._n_done, self._n_rows = 0, len(dataset)
        return super().import_data(
            dataset, *args, **{"rollback_on_validation_errors": True, **options}
        )

    def import_row(self, row: Any, instance_loader: Any, **options: Any) -> Any:
        """Import a row and tell that it is done."""
        tell: Callable[[int, int], None] | None = options.pop("tell", None)
        outcome = super().import_row(row, instance_loader, **options)
        self._n_done += 1
        if tell is not None:
            tell(self._n_done, self._n_rows)
        return outcome


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
    """Stems that are there, by ID: what is written about them changes, their audio and status do not."""

    artist = named("artist", Party, "name")
    recording = fields.Field(
        attribute="recording", column_name="isrc", widget=NamedRowWidget(Recording, "isrc")
    )
    third_party_samples = words("third_party_samples")
    status = shown("status")
    duration_s = shown("duration_s")
    loudness_lufs = shown("loudness_lufs")
    file_sha256 = shown("file_sha256")
    audio_sha256 = shown("audio_sha256")

    class Meta(CatalogResource.Meta):
        model = Stem
        import_id_fields = ["external_id"]
        fields = [
            "external_id", "title", "artist", "recording", "status", "role", "role_text", "instrument", "has_voice", "genre",
            "language", "bpm", "key", "exclusivity", "third_party_samples", "duration_s", "loudness_lufs", "file_sha256",
            "audio_sha256",
        ]  # fmt: skip

    def import_instance(self, instance: Stem, row: Any, **options: Any) -> None:
        """Take the row, refusing a stem that is not there.

        Raises
        ------
        ValueError : for a new one
        """
        refuse_new(instance, command="import_stems")
        super().import_instance(instance, row, **options)

    def after_import(self, dataset: Any, result: Any, **options: Any) -> None:  # noqa: ARG002 - its signature
        """Work out anew what the changed stems are offered for."""
        refresh_availability(
            stem_ids=[row.object_id for row in result.rows if row.import_type == "update"]
        )


class ReferenceResource(CatalogResource):
    """References that are there, by ID: what is written about them changes, their audio does not."""

    isrc = identifier(IdentifierKind.ISRC)
    duration_s = shown("duration_s")
    file_sha256 = shown("file_sha256")

    class Meta(CatalogResource.Meta):
        model = ReferenceRecording
        import_id_fields = ["external_id"]
        fields = ["external_id", "title", "artist", "isrc", "duration_s", "file_sha256"]

    def import_instance(self, instance: ReferenceRecording, row: Any, **options: Any) -> None:
        """Take the row, refusing a reference that is not there.

        Raises
        ------
        ValueError : for a new one
        """
        refuse_new(instance, command="import_references")
        super().import_instance(instance, row, **options)


def refuse_new(instance: Model, *, command: str) -> None:
    """Refuse a row that comes without its audio.

    Raises
    ------
    ValueError : if it is new
    """
    if instance._state.adding:
        raise ValueError(f"is not in the catalog; it comes in with its audio: manage.py {command}")


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
