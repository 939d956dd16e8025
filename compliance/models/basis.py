"""What an approval rests on: one row for each stem of the song and each grant it was cleared by."""

from django.db import models

from compliance.models.approval import Approval


class ApprovalBasis(models.Model):
    """One stem of an approved song and one grant that covers it; without a grant the stem alone.

    Written with the approval, so that a grant that ends finds its songs by an index, whatever became of the catalog since.
    """

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="bases")
    stem = models.ForeignKey("catalog.Stem", on_delete=models.PROTECT, related_name="+", db_index=False)  # fmt: skip
    grant = models.ForeignKey(
        "catalog.Grant", on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "approval bases"
        indexes = [
            models.Index(fields=["grant", "approval"], name="basis_by_grant"),
            models.Index(fields=["stem", "approval"], name="basis_by_stem"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["approval", "stem", "grant"], name="%(app_label)s_%(class)s_is_named_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.approval_id}: stem {self.stem_id}, grant {self.grant_id}"
