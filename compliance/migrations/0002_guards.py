"""Triggers: history only grows, and statuses move along their tables alone, whoever writes to the database."""

from django.db import migrations

# As in compliance/models: from -> to. A row keeps its status in any update that is about something else.
MOVES = {
    "compliance_clearance": {
        "received": ["cleared", "denied", "needs_review"],
        "needs_review": ["cleared", "denied", "expired", "cancelled"],
        "cleared": ["expired", "cancelled"],
    },
    "compliance_submission": {
        "received": ["approved", "rejected", "in_review"],
        "in_review": ["approved", "rejected"],
    },
}
APPEND_ONLY = ("compliance_event", "compliance_verification")


def guards():
    """Return (name, table, event, condition, message) of every trigger."""
    found = []
    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            found.append((f"{table}_refuses_{event.lower()}", table, event, "1 = 1", f"{table} only grows"))
    for table, moves in MOVES.items():
        legal = " OR ".join(
            f"(OLD.status = '{old}' AND NEW.status IN ({', '.join(repr(new) for new in wanted)}))"
            for old, wanted in moves.items()
        )
        condition = f"NEW.status <> OLD.status AND NOT ({legal})"
        found.append((f"{table}_moves_legally", table, "UPDATE", condition, "no such move from this status"))
    return found


def create(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    with schema_editor.connection.cursor() as cursor:
        for name, table, event, condition, message in guards():
            if is_postgres:
                row = "OLD" if event == "DELETE" else "NEW"
                cursor.execute(
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
                    f"RAISE EXCEPTION '{name}: {message}' USING ERRCODE = 'integrity_constraint_violation'; "
                    f"END IF; RETURN {row}; END $$"
                )
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
                )
            else:
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
                    f"BEGIN SELECT RAISE(ABORT, '{name}: {message}'); END"
                )


def drop(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    with schema_editor.connection.cursor() as cursor:
        for name, table, *_ in guards():
            cursor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if is_postgres else ""))
            if is_postgres:
                cursor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("compliance", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
