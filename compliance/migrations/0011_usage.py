"""Use of songs as reported, and closed reports of it; both are written once."""

import compliance.identifiers
import django.db.models.deletion
from django.db import migrations, models

from compliance.migrations._append_only import refuse_changes


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0007_fees'),
        ('compliance', '0010_index_collections'),
    ]

    operations = [
        migrations.CreateModel(
            name='UsageEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(help_text="The generator's own; counted once.", max_length=100)),
                ('batch', models.CharField(help_text='The request it came with.', max_length=40)),
                ('kind', models.CharField(choices=[('play', 'Play'), ('download', 'Download'), ('share', 'Share')], max_length=10)),
                ('at', models.DateTimeField()),
                ('day', models.DateField(help_text='Of `at`, UTC: what caps by day and month count for.')),
                ('territory', models.CharField(max_length=2)),
                ('channel', models.CharField(blank=True, db_default='', max_length=60)),
                ('quantity', models.BigIntegerField()),
                ('seconds', models.BigIntegerField(help_text='Heard in all; 0 unless it is a play.')),
                ('is_licensed', models.BooleanField(help_text='The approval held when it happened.')),
                ('received_at', models.DateTimeField()),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='usage_events', to='compliance.approval')),
                ('generator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='usage_events', to='compliance.generator')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['approval', 'kind', 'day'], name='usage_of_approval'), models.Index(fields=['received_at'], name='usage_by_receipt')],
                'constraints': [models.UniqueConstraint(fields=('generator', 'event_id'), name='compliance_usageevent_counts_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['play', 'download', 'share'])), name='compliance_usageevent_kind_is_known')],
            },
        ),
        migrations.CreateModel(
            name='UsageReportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=compliance.identifiers.new_usage_report_id, editable=False, max_length=40, unique=True)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(help_text='First day no longer in it.')),
                ('content', models.JSONField()),
                ('content_sha256', models.CharField(help_text='SHA-256 of the canonical JSON (RFC 8785) of the content.', max_length=64)),
                ('closed_at', models.DateTimeField()),
                ('closed_by', models.CharField(max_length=150)),
                ('licensor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='usage_reports', to='catalog.party')),
            ],
            options={
                'verbose_name': 'usage report',
                'ordering': ['-ends_on', 'licensor_id'],
                'permissions': [('close_usagereport', 'Can close usage reports')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__gt', models.F('starts_on'))), name='compliance_usagereportrow_ends_after_it_starts'), models.UniqueConstraint(fields=('licensor', 'starts_on'), name='compliance_usagereportrow_is_closed_once')],
            },
        ),
        refuse_changes('compliance_usageevent'),
        refuse_changes('compliance_usagereportrow'),
    ]
