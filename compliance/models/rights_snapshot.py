"""What the rights looked like when a song was approved: kept, because catalogs change."""

from django.db import models

from compliance.models.approval import Approval


class RightsSnapshot(models.Model):
    """The stems and grants that an approval rests on, as they were evaluated. Never changed."""

    approval = models.OneToOneField(
        Approval, on_delete=models.PROTECT, related_name="rights_snapshot"
    )
    stems = models.JSONField(help_text="Title, artist, identifiers and digests of each stem.")
    grants = models.JSONField(help_text="Every term of each grant, with its agreement.")
    evaluation = models.JSONField(
        null=True,
        help_text="The answer of the rights at the approval; none of approvals from before it was kept.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"rights of {self.approval_id}"
