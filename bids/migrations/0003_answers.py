from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bids", "0002_offers_that_change"),
    ]

    operations = [
        migrations.AddField(
            model_name="bid",
            name="answers",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="To the questions of the job: a list of {question, answer}.",
            ),
        ),
    ]
