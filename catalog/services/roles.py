"""The roles of legal staff, as groups with the least each needs; made when the database is migrated."""

from typing import Any, Final

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

# What editors enter. Grants and change sets are entered too; what activates them is a decision of approvers.
EDITED: Final = (
    "party", "work", "recording", "stem", "referencerecording", "share", "agreement", "grant", "granttarget", "cap", "fee",
    "option", "useapproval", "voiceconsent",
)  # fmt: skip
SEEN: Final = (
    *EDITED,
    "changeset",
    "change",
    "capbalance",
    "caphold",
    "capentry",
    "agreementread",
    "territoryset",
    "stemtwin",
)
VIEWS: Final = tuple(f"view_{name}" for name in SEEN)
EDITS: Final = (
    *(f"{verb}_{name}" for name in EDITED for verb in ("add", "change")),
    "add_changeset",
    "delete_share",
    "delete_cap",
    "delete_fee",
    "delete_option",
)
ROLES: Final = {
    "Catalog viewers": VIEWS,
    "Catalog editors": (*VIEWS, *EDITS),
    "Catalog approvers": (*VIEWS, "change_changeset"),
    "Catalog administrators": (*VIEWS, *EDITS, "change_changeset"),
}


def seed_roles(app_config: AppConfig, using: str, **_options: Any) -> None:
    """Make the groups that are missing; one that exists is left as people have set it."""
    create_permissions(app_config, using=using, verbosity=0)
    for name, codenames in ROLES.items():
        group, is_new = Group.objects.using(using).get_or_create(name=name)
        if is_new:
            group.permissions.set(
                Permission.objects.using(using).filter(
                    content_type__app_label="catalog", codename__in=codenames
                )
            )
