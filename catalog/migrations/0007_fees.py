"""Fees of grants. Triggers let them be entered, changed and deleted with drafts alone, as the terms they belong to."""

import catalog.models.fees
import django.core.validators
import django.db.models.deletion
import simple_history.models
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


TABLE = "catalog_fee"
IS_SETTLED = "(SELECT status FROM catalog_grant WHERE id = {row}.grant_id) <> 'draft'"
# name -> (event, condition)
GUARDS = {
    f"{TABLE}_is_added_to_drafts": ("INSERT", IS_SETTLED.format(row="NEW")),
    f"{TABLE}_is_changed_in_drafts": ("UPDATE", f"{IS_SETTLED.format(row='OLD')} OR {IS_SETTLED.format(row='NEW')}"),
    f"{TABLE}_is_deleted_from_drafts": ("DELETE", IS_SETTLED.format(row="OLD")),
}
MESSAGE = "the fees of an activated grant never change: supersede it"


def create(apps, schema_editor):
    for name, (event, condition) in GUARDS.items():
        if schema_editor.connection.vendor == "postgresql":
            row = "OLD" if event == "DELETE" else "NEW"
            schema_editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
                f"RAISE EXCEPTION '{name}: {MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; "
                f"END IF; RETURN {row}; END $$"
            )
            action = f"EXECUTE FUNCTION {name}()"
        else:
            action = f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}: {MESSAGE}'); END"
        schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH ROW {action}")


def drop(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    for name in GUARDS:
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {TABLE}" if is_postgres else ""))
        if is_postgres:
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0006_availability'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalFee',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('kind', models.CharField(choices=[('flat', 'Flat, once'), ('per_song', 'Per approved song'), ('per_play', 'Per play'), ('rev_share', 'Share of revenue (%)')], max_length=10)),
                ('amount', models.DecimalField(decimal_places=4, help_text='In the currency; of a share of revenue: percent.', max_digits=14, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('currency', models.CharField(help_text='ISO 4217, such as EUR.', max_length=3, validators=[catalog.models.fees.check_currency])),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('grant', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.grant')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('payee', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: the licensor.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.party')),
            ],
            options={
                'verbose_name': 'historical fee',
                'verbose_name_plural': 'historical fees',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Fee',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('flat', 'Flat, once'), ('per_song', 'Per approved song'), ('per_play', 'Per play'), ('rev_share', 'Share of revenue (%)')], max_length=10)),
                ('amount', models.DecimalField(decimal_places=4, help_text='In the currency; of a share of revenue: percent.', max_digits=14, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('currency', models.CharField(help_text='ISO 4217, such as EUR.', max_length=3, validators=[catalog.models.fees.check_currency])),
                ('grant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fees', to='catalog.grant')),
                ('payee', models.ForeignKey(blank=True, help_text='Empty: the licensor.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='fees', to='catalog.party')),
            ],
            options={
                'ordering': ['grant_id', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('payee__isnull', False)), fields=('grant', 'kind', 'currency', 'payee'), name='catalog_fee_of_a_payee_is_agreed_once'), models.UniqueConstraint(condition=models.Q(('payee__isnull', True)), fields=('grant', 'kind', 'currency'), name='catalog_fee_of_the_licensor_is_agreed_once'), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='catalog_fee_is_not_negative'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'rev_share'), _negated=True), ('amount__lte', 100), _connector='OR'), name='catalog_fee_shares_at_most_everything')],
            },
        ),
        migrations.RunPython(create, drop),
    ]
