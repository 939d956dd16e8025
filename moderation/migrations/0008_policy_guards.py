"""Triggers: a policy that was put in force keeps its thresholds, whoever writes to the database.

- Thresholds are added, changed and deleted in drafts alone.
- A version in force may only be retired, one that was in force stays as it is; of both nothing else changes, and only drafts
  are deleted.
"""

from django.db import migrations

VERSION, THRESHOLD = "moderation_policyversion", "moderation_policythreshold"
OF_A_DRAFT = f"(SELECT status FROM {VERSION} WHERE id = {{row}}.policy_id) = 'draft'"
FACTS = ("number", "note", "drafted_by", "drafted_at", "shadowed_at", "published_by", "published_at")
KEPT = "what was in force keeps its thresholds: draft another version"


def guards(vendor):
    """Return (name, table, event, condition, message) of every trigger."""
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in FACTS)
    old, new = OF_A_DRAFT.format(row="OLD"), OF_A_DRAFT.format(row="NEW")
    return [
        (f"{THRESHOLD}_is_added_to_drafts", THRESHOLD, "INSERT", f"NOT ({new})", KEPT),
        (f"{THRESHOLD}_is_changed_in_drafts", THRESHOLD, "UPDATE", f"NOT ({old} AND {new})", KEPT),
        (f"{THRESHOLD}_is_deleted_from_drafts", THRESHOLD, "DELETE", f"NOT ({old})", KEPT),
        (f"{VERSION}_is_kept", VERSION, "UPDATE",
         f"OLD.status IN ('published', 'retired') AND ({changed} OR NOT (OLD.status = NEW.status "
         "OR (OLD.status = 'published' AND NEW.status = 'retired')))",
         "a version that was in force only retires"),
        (f"{VERSION}_stays", VERSION, "DELETE", "OLD.status <> 'draft'", "only drafts are deleted"),
    ]  # fmt: skip


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for name, table, event, condition, message in guards(vendor):
        action = f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}: {message}'); END"
        if vendor == "postgresql":
            row = "OLD" if event == "DELETE" else "NEW"
            schema_editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {condition} THEN RAISE EXCEPTION '{name}: {message}' "
                f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$"
            )
            action = f"EXECUTE FUNCTION {name}()"
        schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {action}")


def drop(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for name, table, *_ in guards(vendor):
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if vendor == "postgresql" else ""))
        if vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("moderation", "0007_second_person")]
    operations = [migrations.RunPython(create, drop)]
