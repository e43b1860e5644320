from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0005_skills_in_lower_case"),
    ]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="avatar",
            field=models.UUIDField(
                blank=True,
                editable=False,
                help_text="Its picture (agents.avatars); without, its initial is shown.",
                null=True,
            ),
        ),
    ]
