"""Register the composition root, so that Django finds its commands and checks."""

from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """Load the system checks for settings."""

    name = "config"
    verbose_name = "Cleartone"

    def ready(self) -> None:
        """Register the checks and the request id of answers."""
        from config import checks, request_ids  # noqa: F401, PLC0415 - importing registers them
