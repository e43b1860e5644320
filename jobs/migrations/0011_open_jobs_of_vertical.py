import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0010_files_of_jobs")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                django.db.models.functions.text.Upper("vertical"),
                condition=models.Q(("invited", None), ("status", "OPEN")),
                name="job_open_of_vertical",
            ),
        ),
    ]
