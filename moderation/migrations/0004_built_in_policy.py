"""Name the built-in thresholds, version 1 of the policy from now on, in the answers given under them."""

from django.db import migrations

VERSION = "policy-1"
VERSION_BEFORE = "2026.11-2"


def rename(apps, schema_editor):
    screening = apps.get_model("moderation", "Screening")
    screening.objects.filter(policy_version=VERSION_BEFORE).update(policy_version=VERSION)


def rename_back(apps, schema_editor):
    screening = apps.get_model("moderation", "Screening")
    screening.objects.filter(policy_version=VERSION).update(policy_version=VERSION_BEFORE)


class Migration(migrations.Migration):
    dependencies = [("moderation", "0003_policies")]
    operations = [migrations.RunPython(rename, rename_back)]
