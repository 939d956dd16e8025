"""Give the roles that are there what they were meant to have since options came."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEWS = ["view_option"]
EDITS = ["add_option", "change_option", "delete_option"]
GRANTED = {
    "Catalog viewers": VIEWS,
    "Catalog editors": [*VIEWS, *EDITS],
    "Catalog approvers": VIEWS,
    "Catalog administrators": [*VIEWS, *EDITS],
}


def grant_once(apps, schema_editor):
    """Add the permissions to the groups that exist; `seed_roles` makes the missing ones whole."""
    using = schema_editor.connection.alias
    app_config = apps.get_app_config("catalog")
    app_config.models_module = True  # else Django takes it for an app without models
    create_permissions(app_config, verbosity=0, using=using, apps=apps)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GRANTED):
        wanted = {"content_type__app_label": "catalog", "codename__in": GRANTED[group.name]}
        group.permissions.add(*permissions.filter(**wanted))


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0009_options"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant_once, migrations.RunPython.noop)]
