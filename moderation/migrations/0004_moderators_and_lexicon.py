"""Let moderators add and silence lexicon entries."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

GROUP = "Moderators"
VERBS = ["add", "change", "delete", "view"]


def grant(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="moderation", model="lexiconoverride"
    )
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    for verb in VERBS:
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type,
            codename=f"{verb}_lexiconoverride",
            defaults={"name": f"Can {verb} lexicon override"},
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0003_lexicon_overrides"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
