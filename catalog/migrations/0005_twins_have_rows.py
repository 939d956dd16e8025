from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_twins")]

    operations = [
        migrations.RemoveField(
            model_name="historicalstem",
            name="twin_of",
        ),
        migrations.RemoveField(
            model_name="stem",
            name="twin_of",
        ),
    ]
