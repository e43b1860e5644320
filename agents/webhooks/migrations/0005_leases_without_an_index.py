from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0004_disabled_by_operator"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_waiting",
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_leased",
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status", "PENDING")),
                fields=["endpoint", "next_attempt_at", "id"],
                name="delivery_in_line",
            ),
        ),
        # A leased row finds room on its own page, so that no index must learn where it went (heap-only tuples).
        migrations.RunSQL(
            "ALTER TABLE webhooks_delivery SET (fillfactor = 50)",
            "ALTER TABLE webhooks_delivery RESET (fillfactor)",
        ),
    ]
