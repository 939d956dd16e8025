"""Triggers: what has been activated or entered in a ledger stays as it is, whoever writes to the database.

- A grant that is no draft keeps its terms unless the same update marks a correction; its end only moves to an earlier day;
  its row and what it is about stay.
- A cap keeps what it counts once its grant is no draft; its limit may change.
- Lines of the cap ledger are neither changed nor deleted.
"""

from django.db import migrations

TERMS = (
    "agreement_id", "number", "effect", "sides", "uses", "territory_id", "valid_from", "media", "languages", "campaign",
    "brand", "product_category", "exclusive", "max_pitch_cents", "max_stretch_pct", "may_cut", "may_loop", "may_combine",
    "model_versions", "voice_replica", "output_may_train", "moral_terms", "approval_of_use", "needs_separate_consent",
    "credit_line", "sunset_days", "notice_days", "tail",
)
CAP_TERMS = ("grant_id", "unit", "period", "scope")
IS_SETTLED = "(SELECT status FROM catalog_grant WHERE id = {row}.grant_id) <> 'draft'"


def changed(columns, vendor):
    operator = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    return " OR ".join(f'OLD."{name}" {operator} NEW."{name}"' for name in columns)


def guards(vendor):
    """Return (name, table, event, condition, message) of every trigger."""
    longer = "(NEW.valid_until IS NULL AND OLD.valid_until IS NOT NULL) OR NEW.valid_until > OLD.valid_until"
    return [
        ("catalog_grant_keeps_its_terms", "catalog_grant", "UPDATE",
         f"OLD.status <> 'draft' AND NEW.corrections <> OLD.corrections + 1 AND ({changed(TERMS, vendor)} OR {longer})",
         "the terms of an activated grant never change: supersede it, or mark a correction"),
        ("catalog_grant_corrections_are_noted", "catalog_grant", "UPDATE",
         "NEW.corrections <> OLD.corrections AND (NEW.corrections <> OLD.corrections + 1 OR NEW.correction_note = '')",
         "a correction counts up by one and says why"),
        ("catalog_grant_does_not_become_a_draft", "catalog_grant", "UPDATE",
         "OLD.status <> 'draft' AND NEW.status = 'draft'", "an activated grant never becomes a draft again"),
        ("catalog_grant_stays", "catalog_grant", "DELETE",
         "OLD.status <> 'draft'", "a grant that is no draft is never deleted"),
        ("catalog_granttarget_is_added_to_drafts", "catalog_granttarget", "INSERT",
         IS_SETTLED.format(row="NEW"), "what an activated grant is about never changes"),
        ("catalog_granttarget_is_changed_in_drafts", "catalog_granttarget", "UPDATE",
         f"{IS_SETTLED.format(row='OLD')} OR {IS_SETTLED.format(row='NEW')}", "what an activated grant is about never changes"),
        ("catalog_granttarget_is_deleted_from_drafts", "catalog_granttarget", "DELETE",
         IS_SETTLED.format(row="OLD"), "what an activated grant is about never changes"),
        ("catalog_cap_is_added_to_drafts", "catalog_cap", "INSERT",
         IS_SETTLED.format(row="NEW"), "an activated grant takes no further cap: supersede it"),
        ("catalog_cap_keeps_what_it_counts", "catalog_cap", "UPDATE",
         f"{IS_SETTLED.format(row='OLD')} AND ({changed(CAP_TERMS, vendor)})", "what a cap counts never changes"),
        ("catalog_cap_stays", "catalog_cap", "DELETE",
         IS_SETTLED.format(row="OLD"), "the cap of an activated grant is never deleted"),
        ("catalog_capentry_is_not_changed", "catalog_capentry", "UPDATE", "", "the cap ledger only grows"),
        ("catalog_capentry_is_not_deleted", "catalog_capentry", "DELETE", "", "the cap ledger only grows"),
        ("catalog_territoryset_is_not_changed", "catalog_territoryset", "UPDATE", "",
         "a territory expression never changes: use another one"),
    ]  # fmt: skip


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    with schema_editor.connection.cursor() as cursor:
        for name, table, event, condition, message in guards(vendor):
            if vendor == "postgresql":
                row = "OLD" if event == "DELETE" else "NEW"
                test = condition or "TRUE"
                cursor.execute(
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    f"IF {test} THEN RAISE EXCEPTION '{name}: {message}' USING ERRCODE = 'integrity_constraint_violation'; "
                    f"END IF; RETURN {row}; END $$"
                )
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
                )
            else:
                when = f"WHEN {condition} " if condition else ""
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {when}"
                    f"BEGIN SELECT RAISE(ABORT, '{name}: {message}'); END"
                )


def drop(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    with schema_editor.connection.cursor() as cursor:
        for name, table, *_ in guards(vendor):
            if vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER {name} ON {table}")
                cursor.execute(f"DROP FUNCTION {name}()")
            else:
                cursor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
