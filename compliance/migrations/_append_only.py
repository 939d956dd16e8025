"""Triggers that refuse every change to a table: its rows are written once. Used by migrations, never changed after release."""

from django.db import migrations


def refuse_changes(table: str) -> migrations.RunPython:
    """Return the operation that lets `table` only grow, on SQLite and PostgreSQL."""
    names = {event: f"{table}_refuses_{event.lower()}" for event in ("UPDATE", "DELETE")}

    def create(apps, schema_editor):
        for event, name in names.items():
            message = f"{name}: {table} only grows"
            if schema_editor.connection.vendor == "postgresql":
                schema_editor.execute(
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
                )
                action = f"EXECUTE FUNCTION {name}()"
            else:
                action = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {action}")

    def drop(apps, schema_editor):
        is_postgres = schema_editor.connection.vendor == "postgresql"
        for name in names.values():
            schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if is_postgres else ""))
            if is_postgres:
                schema_editor.execute(f"DROP FUNCTION {name}()")

    return migrations.RunPython(create, drop)
