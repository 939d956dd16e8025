"""Register the moderation app."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """Load the moderation app."""

    name = "moderation"
    verbose_name = "Moderation"
