"""Give the moderators who are there what they were meant to have since policies are set in the admin."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

# What the role got at first stands in `services/roles.py` of the commit that made it; a test adds up the two.
GRANTED = {"Moderators": ["view_policyversion", "change_policyversion", "publish_policyversion"]}


def grant_once(apps, schema_editor):
    """Add the permissions to the group if it exists; `seed_roles` makes a missing one whole."""
    using = schema_editor.connection.alias
    app_config = apps.get_app_config("moderation")
    app_config.models_module = True  # else Django takes it for an app without models
    create_permissions(app_config, verbosity=0, using=using, apps=apps)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GRANTED):
        wanted = {"content_type__app_label": "moderation", "codename__in": GRANTED[group.name]}
        group.permissions.add(*permissions.filter(**wanted))


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0005_lexicon_history"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant_once, migrations.RunPython.noop)]
