"""Let events be written unsealed and sealed once. The guards are lifted for this: SQLite rebuilds the table without them."""

from django.db import migrations, models

TABLE = "compliance_event"
WRITTEN = ("id", "public_id", "kind", "subject", "generator_id_text", "actor", "data", "created_at", "mac")
IS_SEAL = " AND ".join(
    [
        "OLD.hash IS NULL AND NEW.hash IS NOT NULL AND NEW.prev_hash IS NOT NULL AND NEW.sequence IS NOT NULL",
        *(f"NEW.{column} = OLD.{column}" for column in WRITTEN),
    ]
)
MESSAGES = {
    "UPDATE": (f"NOT ({IS_SEAL})", f"{TABLE} only grows, and is sealed once"),
    "DELETE": ("1 = 1", f"{TABLE} only grows"),
}


def lift_guards(apps, schema_editor):
    for event in MESSAGES:
        on_table = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER {TABLE}_refuses_{event.lower()}{on_table}")


def set_guards(apps, schema_editor):
    for event, (condition, message) in MESSAGES.items():
        name = f"{TABLE}_refuses_{event.lower()}"
        if schema_editor.connection.vendor == "postgresql":
            row = "OLD" if event == "DELETE" else "NEW"
            schema_editor.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
                f"RAISE EXCEPTION '{name}: {message}' USING ERRCODE = 'integrity_constraint_violation'; "
                f"END IF; RETURN {row}; END $$"
            )
            body = f"EXECUTE FUNCTION {name}()"
        else:
            body = f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}: {message}'); END"
        schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH ROW {body}")


def keep(apps, schema_editor):
    """Nothing: sealed events stay sealed."""


class Migration(migrations.Migration):
    dependencies = [("compliance", "0008_content_credentials")]
    operations = [
        migrations.RunPython(lift_guards, keep),
        migrations.AlterModelOptions(
            name='event',
            options={'ordering': ['id']},
        ),
        migrations.AddField(
            model_name='event',
            name='mac',
            field=models.CharField(blank=True, db_default='', help_text='HMAC-SHA256 of what it says, from the moment it is written: sealing refuses what was altered since.', max_length=64),
        ),
        migrations.AlterField(
            model_name='event',
            name='hash',
            field=models.CharField(help_text='SHA-256 of the canonical JSON of all but itself and mac.', max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name='event',
            name='prev_hash',
            field=models.CharField(help_text='Hash of the event before it.', max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name='event',
            name='sequence',
            field=models.PositiveBigIntegerField(help_text='1, 2, 3 ... without a gap, in the order of commits; empty until the event is sealed.', null=True, unique=True),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('sequence', None)), fields=['id'], name='event_unsealed'),
        ),
        migrations.RunPython(set_guards, keep),
    ]
