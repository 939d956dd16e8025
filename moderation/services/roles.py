"""The role of moderators, as a group with the least it needs; made when the database is migrated."""

from typing import Any, Final

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

MODERATORS: Final = "Moderators"
PERMISSIONS: Final = (
    "view_reviewcase",
    "decide_reviewcase",
    "view_reviewdecision",
    "view_screening",
    "view_lexiconoverride",
    "add_lexiconoverride",
    "change_lexiconoverride",
    "view_policyversion",
    "change_policyversion",
    "publish_policyversion",
)


def seed_roles(app_config: AppConfig, using: str, **_options: Any) -> None:
    """Make the group if it is missing; one that exists is left as people have set it."""
    create_permissions(app_config, using=using, verbosity=0)
    group, is_new = Group.objects.using(using).get_or_create(name=MODERATORS)
    if is_new:
        group.permissions.set(
            Permission.objects.using(using).filter(
                content_type__app_label="moderation", codename__in=PERMISSIONS
            )
        )
