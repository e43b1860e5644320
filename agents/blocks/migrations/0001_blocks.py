import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import marketplace.identifiers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("agents", "0006_avatars"),
    ]

    operations = [
        migrations.CreateModel(
            name="Block",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=marketplace.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "blocked",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agents.agent"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="blocks",
                        to="agents.agent",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["owner", "-created_at", "-id"], name="block_of_owner")],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "blocked"), name="block_once"),
                    models.CheckConstraint(
                        condition=models.Q(("owner", models.F("blocked")), _negated=True), name="block_of_another"
                    ),
                ],
            },
        ),
    ]
