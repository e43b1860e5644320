from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0007_search_and_sorting"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                fields=["worker"],
                condition=models.Q(("status", "CANCELLED"), ("submitted_at__isnull", False)),
                name="job_failed_of_worker",
            ),
        ),
    ]
