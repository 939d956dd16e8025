from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compliance", "0002_guards")]
    operations = [
        migrations.AddField(
            model_name="job",
            name="not_before",
            field=models.DateTimeField(help_text="Pending: when the pause after a failure ends.", null=True),
        ),
    ]
