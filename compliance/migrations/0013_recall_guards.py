"""Triggers of recalls and requests; and what the approvals of before rest on, read from their certificates."""

import base64
import json

from django.db import migrations

from compliance.migrations import _guards

GUARDS = (
    _guards.guard_moves(
        "compliance_recall",
        {
            "proposed": ["scheduled", "cancelled"],
            "scheduled": ["applying", "cancelled"],
            "applying": ["open", "cancelled"],
            "open": ["closed"],
        },
    ),
    _guards.guard_columns(
        "compliance_recall", ("public_id", "cause", "measure", "sunset_days", "opened_by", "opened_at")
    ),
    _guards.guard_against_delete("compliance_recall"),
    _guards.guard_columns(
        "compliance_recallsong", ("recall_id", "approval_id", "generator_id", "outcome", "from_status", "to_status", "moved_at")
    ),
    _guards.guard_against_delete("compliance_recallsong"),
    _guards.guard_against_delete("compliance_approvalbasis"),
    _guards.guard_moves("compliance_actionrequest", {"waiting": ["agreed", "refused", "withdrawn"]}),
    _guards.guard_columns(
        "compliance_actionrequest", ("public_id", "action", "subjects", "reason", "asked_by", "asked_at")
    ),
    _guards.guard_against_delete("compliance_actionrequest"),
)


def read_bases(apps, schema_editor):
    """Write down what each certificate says its song rests on."""
    basis_model = apps.get_model("compliance", "ApprovalBasis")
    stems = dict(apps.get_model("catalog", "Stem").objects.values_list("external_id", "id"))
    grants = set(apps.get_model("catalog", "Grant").objects.values_list("id", flat=True))
    for approval in apps.get_model("compliance", "Approval").objects.order_by("id").iterator():
        payload = approval.certificate.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        rows = [
            basis_model(approval=approval, stem_id=stems[stem["stem"]], grant_id=grant)
            for stem in claims["stems"]
            if stem["stem"] in stems
            for grant in [one["id"] for one in stem["grants"] if one["id"] in grants] or [None]
        ]
        basis_model.objects.bulk_create(rows)


def keep(apps, schema_editor):
    """Nothing: the table goes with its model."""


class Migration(migrations.Migration):
    dependencies = [("compliance", "0012_recalls")]
    operations = [
        migrations.RunPython(read_bases, keep),
        migrations.RunPython(_guards.create(GUARDS), _guards.drop(GUARDS)),
    ]
