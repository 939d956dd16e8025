"""What the roles may do after an upgrade: a new permission comes by a migration, once, and what people took away stays away."""

from importlib import import_module

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from catalog.services import roles as catalog_roles
from compliance.services import roles as compliance_roles
from moderation.services import roles as moderation_roles

ENTERED = [
    "party", "work", "recording", "stem", "referencerecording", "share", "agreement", "grant", "granttarget", "cap",
    "useapproval", "voiceconsent",
]  # fmt: skip
VIEWS = [
    f"view_{name}"
    for name in (
        *ENTERED, "changeset", "change", "capbalance", "caphold", "capentry", "agreementread", "territoryset",
    )
]  # fmt: skip
EDITS = [
    *(f"{verb}_{name}" for name in ENTERED for verb in ("add", "change")),
    "add_changeset",
    "delete_share",
    "delete_cap",
]
COMPLIANCE_VIEWS = [
    f"view_{name}"
    for name in (
        "approval", "clearance", "submission", "verification", "recall", "recallnotice", "recallsong", "actionrequest",
        "generator", "event",
    )
]  # fmt: skip
# What the roles held when they were first made. This list never grows: whatever a role is to have besides comes to the groups
# that exist by a migration of the app, with a table GRANTED like the others.
FIRST = {
    "catalog": {
        "Catalog viewers": VIEWS,
        "Catalog editors": [*VIEWS, *EDITS],
        "Catalog approvers": [*VIEWS, "change_changeset"],
        "Catalog administrators": [*VIEWS, *EDITS, "change_changeset"],
    },
    "moderation": {
        "Moderators": [
            "view_reviewcase", "decide_reviewcase", "view_reviewdecision", "view_screening", "view_lexiconoverride",
            "add_lexiconoverride", "change_lexiconoverride",
        ]
    },
    "compliance": {
        "Compliance viewers": COMPLIANCE_VIEWS,
        "Compliance officers": [
            *COMPLIANCE_VIEWS, "suspend_approval", "reinstate_approval", "revoke_approval", "open_recall",
        ],
        "Compliance approvers": [*COMPLIANCE_VIEWS, "decide_actionrequest"],
    },
}  # fmt: skip
ROLES = {
    "catalog": catalog_roles.ROLES,
    "moderation": {moderation_roles.MODERATORS: moderation_roles.PERMISSIONS},
    "compliance": compliance_roles.ROLES,
}


def list_granted_later(app: str, role: str) -> set[str]:
    """Return what the app's migrations give to a role that exists."""
    migrations = MigrationLoader(None).disk_migrations
    modules = [import_module(m.__module__) for (label, _), m in migrations.items() if label == app]
    return {name for m in modules for name in getattr(m, "GRANTED", {}).get(role, [])}


@pytest.mark.parametrize(
    ("app", "role"), [(app, role) for app, roles in ROLES.items() for role in roles]
)
def test_what_a_role_has_today_it_had_at_first_or_got_by_a_migration(app, role):
    assert set(ROLES[app][role]) == {*FIRST[app][role], *list_granted_later(app, role)}


@pytest.mark.parametrize(
    ("app", "before", "after", "role", "new", "taken"),
    [
        (
            "catalog", "0007_fees", "0008_grant_new_permissions", "Catalog editors",
            {"view_stemtwin", "add_fee", "delete_fee"}, "delete_share",
        ),
        (
            "moderation", "0005_lexicon_history", "0006_grant_new_permissions", "Moderators",
            {"view_policyversion", "publish_policyversion"}, "add_lexiconoverride",
        ),
    ],
    ids=["legal staff", "moderators"],
)  # fmt: skip
@pytest.mark.django_db(transaction=True)
def test_an_upgrade_gives_new_permissions_once_and_nothing_that_was_taken_away(
    app, before, after, role, new, taken
):
    group = Group.objects.get(name=role)
    held = lambda: set(group.permissions.values_list("codename", flat=True))  # noqa: E731
    whole = held()
    MigrationExecutor(connection).migrate([(app, before)])
    try:
        Permission.objects.filter(codename__in=new).delete()
        group.permissions.remove(Permission.objects.get(codename=taken))
        MigrationExecutor(connection).migrate([(app, after)])
        assert held() == whole - {taken}
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
