"""Triggers that migrations set: a guard is a name, a table, an event, a condition on OLD and NEW, and a message."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """A trigger that refuses what fulfills its condition, on SQLite and PostgreSQL alike."""

    name: str
    table: str
    event: str
    condition: str
    message: str


def guard_moves(table, moves):
    """Return the guard that lets `status` move along the arrows alone; `moves` is from -> to."""
    legal = " OR ".join(
        f"(OLD.status = '{old}' AND NEW.status IN ({', '.join(repr(new) for new in wanted)}))"
        for old, wanted in moves.items()
    )
    condition = f"NEW.status <> OLD.status AND NOT ({legal})"
    return Guard(f"{table}_moves_legally", table, "UPDATE", condition, "no such move from this status")


def guard_against_delete(table):
    """Return the guard of a table whose rows stay."""
    return Guard(f"{table}_refuses_delete", table, "DELETE", "1 = 1", f"{table} only grows")


def guard_columns(table, columns, *, when="1 = 1"):
    """Return the guard of columns that never change once `when` holds of the old row."""
    changed = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in columns)
    return Guard(
        f"{table}_terms_are_final", table, "UPDATE", f"({when}) AND ({changed})", "what was decided does not change"
    )


def create(guards):
    """Return the function of a RunPython that sets the guards."""

    def run(apps, schema_editor):
        for guard in guards:
            action = (
                f"WHEN {guard.condition} BEGIN SELECT RAISE(ABORT, '{guard.name}: {guard.message}'); END"
            )
            if schema_editor.connection.vendor == "postgresql":
                row = "OLD" if guard.event == "DELETE" else "NEW"
                schema_editor.execute(
                    f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    f"IF {guard.condition} THEN RAISE EXCEPTION '{guard.name}: {guard.message}' "
                    f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$"
                )
                action = f"EXECUTE FUNCTION {guard.name}()"
            schema_editor.execute(
                f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW {action}"
            )

    return run


def drop(guards):
    """Return the function of a RunPython that takes the guards away."""

    def run(apps, schema_editor):
        is_postgres = schema_editor.connection.vendor == "postgresql"
        for guard in guards:
            schema_editor.execute(f"DROP TRIGGER {guard.name}" + (f" ON {guard.table}" if is_postgres else ""))
            if is_postgres:
                schema_editor.execute(f"DROP FUNCTION {guard.name}()")

    return run
