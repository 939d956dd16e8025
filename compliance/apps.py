"""Register the compliance app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ComplianceConfig(AppConfig):
    """Load the compliance app and its receivers, and make its roles after each migration."""

    name = "compliance"

    def ready(self) -> None:
        """Connect the receivers."""
        from compliance import receivers  # noqa: F401, PLC0415 - importing connects them
        from compliance.services.roles import seed_roles  # noqa: PLC0415 - models are loaded only now

        post_migrate.connect(seed_roles, sender=self)
