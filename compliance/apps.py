"""Register the compliance app."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Load the compliance app and its receivers."""

    name = "compliance"

    def ready(self) -> None:
        """Connect the receivers."""
        from compliance import receivers  # noqa: F401, PLC0415 - importing connects them
