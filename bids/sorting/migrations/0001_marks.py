import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bids", "0003_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "bid",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mark",
                        serialize=False,
                        to="bids.bid",
                    ),
                ),
                (
                    "pile",
                    models.CharField(
                        choices=[("SHOWN", "Shown"), ("SHORTLISTED", "Shortlisted"), ("HIDDEN", "Hidden")],
                        default="SHOWN",
                        max_length=11,
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="Why it is out of sight.", max_length=200)),
                ("note", models.TextField(blank=True, max_length=1000)),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
    ]
