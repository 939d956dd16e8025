"""Approvals. Triggers keep their statuses on the table's arrows, and what was certified as it was certified."""

import django.db.models.deletion
from django.db import migrations, models

import compliance.identifiers

TABLE = "compliance_approval"
# As in compliance/models/approval.py: from -> to.
MOVES = {
    "live": ["suspended", "revoked", "superseded", "sunset"],
    "suspended": ["live", "revoked", "superseded", "sunset"],
}
LEGAL = " OR ".join(
    f"(OLD.status = '{old}' AND NEW.status IN ({', '.join(repr(new) for new in wanted)}))" for old, wanted in MOVES.items()
)
CERTIFIED = ("public_id", "submission_id", "valid_from", "certificate", "created_at")
# name -> (event, condition, message)
GUARDS = {
    f"{TABLE}_moves_legally": (
        "UPDATE", f"NEW.status <> OLD.status AND NOT ({LEGAL})", "no such move from this status",
    ),
    f"{TABLE}_terms_are_final": (
        "UPDATE",
        " OR ".join(f"NEW.{column} <> OLD.{column}" for column in CERTIFIED) + " OR NEW.valid_to > OLD.valid_to",
        "what was certified does not change",
    ),
    f"{TABLE}_refuses_delete": ("DELETE", "1 = 1", f"{TABLE} only grows"),
}


def create(apps, schema_editor):
    for name, (event, condition, message) in GUARDS.items():
        if schema_editor.connection.vendor == "postgresql":
            row = "OLD" if event == "DELETE" else "NEW"
            schema_editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
                f"RAISE EXCEPTION '{name}: {message}' USING ERRCODE = 'integrity_constraint_violation'; "
                f"END IF; RETURN {row}; END $$"
            )
            action = f"EXECUTE FUNCTION {name}()"
        else:
            action = f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}: {message}'); END"
        schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH ROW {action}")


def drop(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    for name in GUARDS:
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {TABLE}" if is_postgres else ""))
        if is_postgres:
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("compliance", "0004_audit_chain")]
    operations = [
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=compliance.identifiers.new_approval_id, editable=False, max_length=40, unique=True
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("live", "Live"),
                            ("suspended", "Suspended"),
                            ("revoked", "Revoked"),
                            ("superseded", "Superseded"),
                            ("sunset", "Sunset"),
                        ],
                        default="live",
                        max_length=20,
                    ),
                ),
                ("valid_from", models.DateTimeField()),
                (
                    "valid_to",
                    models.DateTimeField(
                        help_text="First moment no longer approved; it may be brought forward, never put off."
                    ),
                ),
                ("certificate", models.TextField(help_text="The signed token.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                ("changed_by", models.CharField(blank=True, db_default="", max_length=150)),
                ("change_reason", models.TextField(blank=True, db_default="")),
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approval",
                        to="compliance.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["status", "valid_to"], name="approval_to_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["live", "suspended", "revoked", "superseded", "sunset"])),
                        name="compliance_approval_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gte", models.F("valid_from"))),
                        name="compliance_approval_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("certificate", ""), _negated=True),
                        name="compliance_approval_is_certified",
                    ),
                ],
            },
        ),
        migrations.RunPython(create, drop),
    ]
