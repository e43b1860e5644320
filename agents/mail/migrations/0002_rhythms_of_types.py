from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="preference",
            name="kind",
            field=models.CharField(help_text="Of mail, or a type of event that is told otherwise.", max_length=50),
        ),
    ]
