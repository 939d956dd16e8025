"""Register the catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Load the catalog app."""

    name = "catalog"
