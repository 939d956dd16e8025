"""What approvals rested on, and the signed copies of their songs; both are written once."""

import django.db.models.deletion
from django.db import migrations, models

from compliance.migrations._append_only import refuse_changes


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0007_client_access'),
    ]

    operations = [
        migrations.CreateModel(
            name='RightsSnapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stems', models.JSONField(help_text='Title, artist, identifiers and digests of each stem.')),
                ('grants', models.JSONField(help_text='Every term of each grant, with its agreement.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('approval', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='rights_snapshot', to='compliance.approval')),
            ],
        ),
        migrations.CreateModel(
            name='ContentCredential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('signer_sha256', models.CharField(help_text='Of the signing certificate: another signer makes another copy.', max_length=64)),
                ('is_sidecar', models.BooleanField(default=False)),
                ('media_type', models.CharField(max_length=60)),
                ('file', models.FileField(max_length=200, upload_to='')),
                ('file_sha256', models.CharField(db_index=True, max_length=64)),
                ('file_bytes', models.PositiveBigIntegerField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='content_credentials', to='compliance.approval')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('approval', 'signer_sha256'), name='compliance_contentcredential_is_made_once')],
            },
        ),
        refuse_changes('compliance_rightssnapshot'),
        refuse_changes('compliance_contentcredential'),
    ]
