"""The roles of those who watch over approvals and recalls, as groups; made when the database is migrated."""

from typing import Any, Final

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

SEEN: Final = (
    "approval", "clearance", "submission", "verification", "recall", "recallnotice", "recallsong", "actionrequest", "generator",
    "event",
)  # fmt: skip
VIEWS: Final = tuple(f"view_{name}" for name in SEEN)
OFFICER: Final = ("suspend_approval", "reinstate_approval", "revoke_approval", "open_recall")
ROLES: Final = {
    "Compliance viewers": VIEWS,
    # Officers act where one person is enough, and ask where it takes two.
    "Compliance officers": (*VIEWS, *OFFICER),
    # Approvers agree to what others asked for.
    "Compliance approvers": (*VIEWS, "decide_actionrequest"),
}


def seed_roles(app_config: AppConfig, using: str, **_options: Any) -> None:
    """Make the groups that are missing; one that exists is left as people have set it."""
    create_permissions(app_config, using=using, verbosity=0)
    for name, codenames in ROLES.items():
        group, is_new = Group.objects.using(using).get_or_create(name=name)
        if is_new:
            group.permissions.set(
                Permission.objects.using(using).filter(
                    content_type__app_label="compliance", codename__in=codenames
                )
            )
