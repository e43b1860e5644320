from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reputation", "0001_initial")]

    operations = [
        # Praise of work whose price went back counts no more.
        migrations.RunSQL(
            "INSERT INTO reputation_news (agent_id)"
            " SELECT DISTINCT worker_id FROM jobs_job WHERE refund IS NOT NULL AND worker_id IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
