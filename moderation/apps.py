"""Register the moderation app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ModerationConfig(AppConfig):
    """Load the moderation app; make its role and its first policy after each migration."""

    name = "moderation"
    verbose_name = "Moderation"

    def ready(self) -> None:
        """Connect what makes the role and the policy."""
        # Models are loaded only now.
        from moderation.services.built_in_policy import seed_built_in_policy  # noqa: PLC0415
        from moderation.services.roles import seed_roles  # noqa: PLC0415

        post_migrate.connect(seed_roles, sender=self)
        post_migrate.connect(seed_built_in_policy, sender=self)
