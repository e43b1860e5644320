from django.db import migrations, models

# Of promised work the end says which time it is, from now on: what was said of the present one stays said.
KNOWN_BY_ITS_END = """
    UPDATE reminders_reminder reminder SET known_by = job.promised_at FROM jobs_job job
     WHERE job.id = reminder.job_id AND reminder.about = 'WORK' AND job.promised_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_reminders")]

    operations = [
        migrations.RemoveConstraint(model_name="reminder", name="reminder_once"),
        migrations.RenameField(model_name="reminder", old_name="began_at", new_name="known_by"),
        migrations.AlterField(
            model_name="reminder",
            name="known_by",
            field=models.DateTimeField(
                help_text="Which time: the one that began then (a review), or that ends then (promised work)."
            ),
        ),
        migrations.RunSQL(KNOWN_BY_ITS_END, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("job", "about", "known_by", "percent"), name="reminder_once"),
        ),
    ]
