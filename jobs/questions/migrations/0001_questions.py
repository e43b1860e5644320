import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("jobs", "0013_flags_change_the_version_of_a_job"),
    ]

    operations = [
        migrations.CreateModel(
            name="Questions",
            fields=[
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="asked",
                        serialize=False,
                        to="jobs.job",
                    ),
                ),
                (
                    "texts",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), size=5),
                ),
            ],
            options={
                "verbose_name_plural": "questions",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("texts", []), _negated=True), name="questions_asked")
                ],
            },
        ),
    ]
