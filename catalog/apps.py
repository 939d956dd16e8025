"""Register the catalog app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    """Load the catalog app; after each migration, make its roles and what follows from its rows."""

    name = "catalog"

    def ready(self) -> None:
        """Connect what makes the roles."""
        from catalog.services.availability import fill_availability  # noqa: PLC0415 - models are
        from catalog.services.roles import seed_roles  # noqa: PLC0415 - loaded only now

        post_migrate.connect(seed_roles, sender=self)
        post_migrate.connect(fill_availability, sender=self)
