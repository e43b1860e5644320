"""Both sides of conversations from before: everything in them counts as read."""

from django.db import migrations

SIDES = """
    INSERT INTO conversations_side (id, conversation_id, agent_id, unread_count, last_message_at, last_read_at)
    SELECT gen_random_uuid(), conversation.id, party.agent, 0, latest.at, latest.at
      FROM conversations_conversation conversation
      JOIN jobs_job job ON job.id = conversation.job_id
     CROSS JOIN LATERAL unnest(ARRAY[job.poster_id, job.worker_id]) AS party(agent)
     CROSS JOIN LATERAL (SELECT max(created_at) AS at FROM conversations_message message
                          WHERE message.conversation_id = conversation.id) latest
     WHERE party.agent IS NOT NULL AND latest.at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0002_sides_and_files"),
    ]

    operations = [migrations.RunSQL(SIDES, migrations.RunSQL.noop)]
