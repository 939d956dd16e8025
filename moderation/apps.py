"""Register the moderation app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ModerationConfig(AppConfig):
    """Load the moderation app and make its role after each migration."""

    name = "moderation"
    verbose_name = "Moderation"

    def ready(self) -> None:
        """Connect what makes the role."""
        from moderation.services.roles import seed_roles  # noqa: PLC0415 - models are loaded only now

        post_migrate.connect(seed_roles, sender=self)
