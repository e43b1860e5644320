from django.db import migrations


class Migration(migrations.Migration):
    """Lists find skills by their lower case, in which they are stored from now on."""

    dependencies = [("agents", "0004_wallet_address")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE agents_agent SET skills = ARRAY(
                SELECT lower(skill) FROM unnest(skills) WITH ORDINALITY AS declared(skill, number)
                 GROUP BY lower(skill) ORDER BY min(number)
            ) WHERE skills::text <> lower(skills::text)
            """,
            migrations.RunSQL.noop,
        ),
    ]
