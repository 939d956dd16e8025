"""Options of grants. Triggers let them be entered, changed and deleted with drafts alone; the day of exercise comes later."""

import catalog.models.fees
import django.core.validators
import django.db.models.deletion
import simple_history.models
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


TABLE = "catalog_option"
TERMS = ("grant_id", "extends", "gives", "exercise_by", "amount", "currency")
IS_SETTLED = "(SELECT status FROM catalog_grant WHERE id = {row}.grant_id) <> 'draft'"
MESSAGE = "the options of an activated grant never change: supersede it"


def list_guards(vendor):
    """Return name -> (event, condition)."""
    operator = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    changed = " OR ".join(f'OLD."{name}" {operator} NEW."{name}"' for name in TERMS)
    settled_before, settled_after = IS_SETTLED.format(row="OLD"), IS_SETTLED.format(row="NEW")
    return {
        f"{TABLE}_is_added_to_drafts": ("INSERT", settled_after),
        f"{TABLE}_keeps_its_terms": ("UPDATE", f"({settled_before} OR {settled_after}) AND ({changed})"),
        f"{TABLE}_is_exercised_once": ("UPDATE", f"OLD.exercised_on IS NOT NULL AND OLD.exercised_on {operator} NEW.exercised_on"),
        f"{TABLE}_is_deleted_from_drafts": ("DELETE", settled_before),
    }


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for name, (event, condition) in list_guards(vendor).items():
        if vendor == "postgresql":
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
    vendor = schema_editor.connection.vendor
    for name in list_guards(vendor):
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {TABLE}" if vendor == "postgresql" else ""))
        if vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0008_grant_new_permissions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalOption',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('extends', models.CharField(choices=[('term', 'The term'), ('territory', 'The territories'), ('uses', 'The uses or media')], max_length=10)),
                ('gives', models.CharField(help_text='In the words of the contract: two more years; also US, CA.', max_length=200)),
                ('exercise_by', models.DateField(help_text='Last day on which it can be exercised.')),
                ('amount', models.DecimalField(blank=True, decimal_places=4, help_text='Owed when it is exercised; empty: nothing.', max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='fee')),
                ('currency', models.CharField(blank=True, help_text='ISO 4217, such as EUR.', max_length=3, validators=[catalog.models.fees.check_currency])),
                ('exercised_on', models.DateField(blank=True, editable=False, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('grant', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.grant')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical option',
                'verbose_name_plural': 'historical options',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Option',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('extends', models.CharField(choices=[('term', 'The term'), ('territory', 'The territories'), ('uses', 'The uses or media')], max_length=10)),
                ('gives', models.CharField(help_text='In the words of the contract: two more years; also US, CA.', max_length=200)),
                ('exercise_by', models.DateField(help_text='Last day on which it can be exercised.')),
                ('amount', models.DecimalField(blank=True, decimal_places=4, help_text='Owed when it is exercised; empty: nothing.', max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='fee')),
                ('currency', models.CharField(blank=True, help_text='ISO 4217, such as EUR.', max_length=3, validators=[catalog.models.fees.check_currency])),
                ('exercised_on', models.DateField(blank=True, editable=False, null=True)),
                ('grant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='options', to='catalog.grant')),
            ],
            options={
                'ordering': ['exercise_by', 'id'],
                'constraints': [models.UniqueConstraint(fields=('grant', 'extends', 'exercise_by', 'gives'), name='catalog_option_is_agreed_once'), models.CheckConstraint(condition=models.Q(('exercised_on__isnull', True), ('exercised_on__lte', models.F('exercise_by')), _connector='OR'), name='catalog_option_is_exercised_in_time'), models.CheckConstraint(condition=models.Q(('amount__isnull', True), models.Q(('currency', ''), _negated=True), _connector='OR'), name='catalog_option_fee_has_a_currency', violation_error_message='A fee needs its currency.')],
            },
        ),
        migrations.RunPython(create, drop),
    ]
