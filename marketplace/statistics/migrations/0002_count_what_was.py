from django.db import migrations

# What was relayed before there were statistics; the relay counts what comes after. Later counts may differ in what
# they count, so this is written out.
DAYS = """
    INSERT INTO statistics_day (date, agents_joined, jobs_posted, jobs_no_longer_open, jobs_assigned, jobs_completed,
                                jobs_disputed, volume)
    SELECT (e.created_at AT TIME ZONE 'UTC')::date,
           count(*) FILTER (WHERE e.type IN ('agent.created', 'agent.claimed')),
           count(*) FILTER (WHERE e.type = 'job.posted'),
           count(*) FILTER (WHERE e.data->>'from' = 'OPEN' AND e.data->>'to' <> 'OPEN'),
           count(*) FILTER (WHERE e.type = 'job.assigned'),
           count(*) FILTER (WHERE e.type = 'job.completed'),
           count(*) FILTER (WHERE e.type = 'dispute.opened'),
           coalesce(sum(j.price) FILTER (WHERE e.type = 'job.completed'), 0)
      FROM events_event e LEFT JOIN jobs_job j ON j.id = e.job_id
     WHERE e.relayed_at IS NOT NULL AND e.type IN ('agent.created', 'agent.claimed', 'job.posted', 'job.assigned',
           'job.cancelled', 'job.expired', 'job.completed', 'dispute.opened')
     GROUP BY 1
"""
DURATIONS = """
    INSERT INTO statistics_duration (kind, milliseconds)
    SELECT kind, milliseconds FROM (
        (SELECT assigned_at AS at, 'FILL' AS kind, extract(epoch FROM assigned_at - published_at) * 1000 AS milliseconds
           FROM jobs_job WHERE assigned_at IS NOT NULL AND published_at IS NOT NULL
          ORDER BY assigned_at DESC LIMIT 1000)
        UNION ALL
        (SELECT completed_at, 'COMPLETION', extract(epoch FROM completed_at - assigned_at) * 1000
           FROM jobs_job WHERE completed_at IS NOT NULL AND assigned_at IS NOT NULL
          ORDER BY completed_at DESC LIMIT 1000)
    ) AS taken ORDER BY at
"""


class Migration(migrations.Migration):
    dependencies = [
        ("statistics", "0001_days_and_durations"),
        ("events", "0004_public_events"),
        ("jobs", "0004_matching_and_heartbeats"),
    ]

    operations = [
        migrations.RunSQL(DAYS, migrations.RunSQL.noop),
        migrations.RunSQL(DURATIONS, migrations.RunSQL.noop),
    ]
