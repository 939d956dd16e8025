"""Put the thresholds that were built in as version 1, and name it in the answers given under them."""

from django.db import migrations
from django.utils import timezone

BLOCKING = (
    "extremism", "harassment", "hate", "illicit", "prompt_injection", "sexual", "sexual_minors", "threat", "violence",
)
REVIEWED_ONLY = ("pii", "profanity", "self_harm", "spam")
VERSION = "policy-1"
VERSION_BEFORE = "2026.11-2"


def publish(apps, schema_editor):
    now = timezone.now()
    policy = apps.get_model("moderation", "PolicyVersion").objects.create(
        number=1, status="published", note="The thresholds the service came with.", drafted_by="built in",
        drafted_at=now, shadowed_at=now, published_by="release", published_at=now,
    )
    threshold = apps.get_model("moderation", "PolicyThreshold")
    threshold.objects.bulk_create(
        threshold(policy=policy, category=category, language="", campaign="", review=0.5, block=block)
        for categories, block in ((BLOCKING, 0.95), (REVIEWED_ONLY, None))
        for category in categories
    )
    screening = apps.get_model("moderation", "Screening")
    screening.objects.filter(policy_version=VERSION_BEFORE).update(policy_version=VERSION)


def withdraw(apps, schema_editor):
    apps.get_model("moderation", "PolicyThreshold").objects.all().delete()
    apps.get_model("moderation", "PolicyVersion").objects.all().delete()
    screening = apps.get_model("moderation", "Screening")
    screening.objects.filter(policy_version=VERSION).update(policy_version=VERSION_BEFORE)


class Migration(migrations.Migration):
    dependencies = [("moderation", "0003_policies")]
    operations = [migrations.RunPython(publish, withdraw)]
