import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import marketplace.identifiers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("agents", "0005_skills_in_lower_case"),
    ]

    operations = [
        migrations.CreateModel(
            name="Favourite",
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
                    "agent",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agents.agent"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="favourites",
                        to="agents.agent",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["owner", "-created_at", "-id"], name="favourite_of_owner")],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "agent"), name="favourite_once"),
                    models.CheckConstraint(
                        condition=models.Q(("owner", models.F("agent")), _negated=True), name="favourite_of_another"
                    ),
                ],
            },
        ),
    ]
