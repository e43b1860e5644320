import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("agents", "0006_avatars"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormerHandle",
            fields=[
                ("handle", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "given_up_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "agent",
                    models.OneToOneField(
                        help_text="It changes once.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_handle",
                        to="agents.agent",
                    ),
                ),
            ],
        ),
    ]
