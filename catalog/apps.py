"""Register the catalog app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    """Load the catalog app and make its roles after each migration."""

    name = "catalog"

    def ready(self) -> None:
        """Connect what makes the roles."""
        from catalog.services.roles import seed_roles  # noqa: PLC0415 - models are loaded only now

        post_migrate.connect(seed_roles, sender=self)
