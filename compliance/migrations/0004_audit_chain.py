"""Chain the events. The guard against changes is lifted for this one and set again: SQLite rebuilds the table without it."""

import datetime as dt

import django.utils.timezone
from django.db import migrations, models

import compliance.identifiers
from compliance.audit import GENESIS_HASH, Entry

TABLE = "compliance_event"
EVENTS = ("UPDATE", "DELETE")


def lift_guards(apps, schema_editor):
    for event in EVENTS:
        name = f"{TABLE}_refuses_{event.lower()}"
        on_table = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER {name}{on_table}")


def set_guards(apps, schema_editor):
    for event in EVENTS:
        name = f"{TABLE}_refuses_{event.lower()}"
        body = f"EXECUTE FUNCTION {name}()"  # the functions of 0002_guards stayed
        if schema_editor.connection.vendor != "postgresql":
            body = f"WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, '{name}: {TABLE} only grows'); END"
        schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH ROW {body}")


def chain_events(apps, schema_editor):
    """Give the events of before their place in the chain, in the order of their rows."""
    event_model = apps.get_model("compliance", "Event")
    head = GENESIS_HASH
    for sequence, event in enumerate(event_model.objects.order_by("id").iterator(), start=1):
        event.public_id = compliance.identifiers.new_event_id()
        event.sequence, event.prev_hash = sequence, head
        event.hash = head = Entry(
            sequence=sequence,
            event=event.public_id,
            kind=event.kind,
            subject=event.subject,
            generator=event.generator_id_text,
            actor=event.actor,
            data=event.data,
            created_at=event.created_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            prev_hash=event.prev_hash,
        ).compute_hash()
        event.save()


def keep(apps, schema_editor):
    """Nothing: the columns go with the fields."""


class Migration(migrations.Migration):
    dependencies = [("compliance", "0003_job_pause")]
    operations = [
        migrations.RunPython(lift_guards, set_guards),
        migrations.AddField("event", "public_id", models.CharField(max_length=40, null=True)),
        migrations.AddField("event", "sequence", models.PositiveBigIntegerField(null=True)),
        migrations.AddField("event", "prev_hash", models.CharField(max_length=64, null=True)),
        migrations.AddField("event", "hash", models.CharField(max_length=64, null=True)),
        migrations.RunPython(chain_events, keep),
        migrations.AlterField(
            "event",
            "public_id",
            models.CharField(
                default=compliance.identifiers.new_event_id, editable=False, max_length=40, unique=True
            ),
        ),
        migrations.AlterField(
            "event",
            "sequence",
            models.PositiveBigIntegerField(
                help_text="1, 2, 3 ... without a gap, in the order of commits.", unique=True
            ),
        ),
        migrations.AlterField(
            "event", "prev_hash", models.CharField(help_text="Hash of the event before it.", max_length=64)
        ),
        migrations.AlterField(
            "event",
            "hash",
            models.CharField(help_text="SHA-256 of the canonical JSON of all the rest.", max_length=64),
        ),
        migrations.AlterField(
            "event",
            "created_at",
            models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AlterField(
            "event", "generator_id_text", models.CharField(blank=True, db_default="", max_length=40)
        ),
        migrations.AlterModelOptions("event", {"ordering": ["sequence"]}),
        migrations.AddIndex(
            "event", models.Index(fields=["generator_id_text", "sequence"], name="event_of_generator")
        ),
        migrations.RunPython(set_guards, lift_guards),
    ]
