"""Register the composition root, so that Django finds its commands and checks."""

from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """Load the system checks for settings."""

    name = "config"
    verbose_name = "Cleartone"

    def ready(self) -> None:
        """Register the checks."""
        from config import checks  # noqa: F401, PLC0415 - importing registers them
