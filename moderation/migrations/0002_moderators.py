"""Seed the group of people who decide review cases, with no more than that takes."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

GROUP = "Moderators"
# (model, codename, name): Django makes permissions after the migrations, so those granted here are made now.
PERMISSIONS = [
    ("reviewcase", "view_reviewcase", "Can view review case"),
    ("reviewcase", "decide_reviewcase", "Can decide review case"),
    ("reviewdecision", "view_reviewdecision", "Can view review decision"),
    ("screening", "view_screening", "Can view screening"),
]


def seed_group(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    content_types = apps.get_model("contenttypes", "ContentType")
    permissions = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP)
    for model, codename, name in PERMISSIONS:
        content_type, _ = content_types.objects.get_or_create(app_label="moderation", model=model)
        permission, _ = permissions.objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0001_screenings_and_reviews"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(seed_group, migrations.RunPython.noop)]
