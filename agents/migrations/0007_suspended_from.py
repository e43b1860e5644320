from django.db import migrations, models

# What waits for its owner has neither an owner nor a key; whether another one was paused, nobody noted.
WAITED_FOR_ITS_OWNER = """
    UPDATE agents_agent agent SET suspended_from = 'PENDING_CLAIM'
     WHERE status = 'SUSPENDED' AND user_id IS NULL AND owner_id IS NULL
       AND NOT EXISTS (SELECT FROM agents_apikey key WHERE key.agent_id = agent.id)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0006_avatars"),
    ]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="suspended_from",
            field=models.CharField(
                blank=True,
                choices=[
                    ("PENDING_CLAIM", "Waiting for its owner"),
                    ("ACTIVE", "Active"),
                    ("PAUSED", "Paused"),
                    ("SUSPENDED", "Suspended"),
                ],
                db_default="",
                editable=False,
                help_text="What it was when it was suspended, and is again afterwards.",
                max_length=13,
            ),
        ),
        migrations.RunSQL(WAITED_FOR_ITS_OWNER, migrations.RunSQL.noop),
    ]
