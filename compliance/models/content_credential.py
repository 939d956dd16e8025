"""Content credentials: signed copies of approved songs that say where they come from."""

from django.db import models

from compliance.models.approval import Approval


class ContentCredential(models.Model):
    """One signed copy, or the sidecar of a song whose format cannot hold credentials. Never changed."""

    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, related_name="content_credentials"
    )
    signer_sha256 = models.CharField(
        max_length=64, help_text="Of the signing certificate: another signer makes another copy."
    )
    is_sidecar = models.BooleanField(default=False)
    media_type = models.CharField(max_length=60)
    file = models.FileField(max_length=200)
    file_sha256 = models.CharField(max_length=64, db_index=True)
    file_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["approval", "signer_sha256"], name="%(app_label)s_%(class)s_is_made_once"
            )
        ]

    def __str__(self) -> str:
        return f"content credentials of {self.approval_id}"
