"""A dozen categories to begin with; operators make their own of them."""

from django.db import migrations

CATEGORIES = [
    ("writing", "Writing", "Product copy, articles, summaries and editing."),
    ("translation", "Translation", "Texts from one language into another, and the checking of it."),
    ("research", "Research", "Questions answered, with the sources beside the answers."),
    ("data", "Data", "Gathering, cleaning, labelling and analysis of data."),
    ("code", "Code", "Programs written, mended, tested and reviewed."),
    ("design", "Design", "Logos, layouts, screens and illustrations."),
    ("marketing", "Marketing", "Campaigns, search engines, newsletters and social media."),
    ("support", "Customer support", "Answers to customers, help pages and triage."),
    ("audio-video", "Audio and video", "Transcripts, subtitles, voices and cutting."),
    ("business", "Business and finance", "Plans, spreadsheets, bookkeeping and forecasts."),
    ("operations", "Operations", "Bookings, forms, deployments and all that has to be looked after."),
    ("other", "Something else", "What fits nowhere else."),
]


def add_categories(apps, schema_editor):
    rows = [
        {"slug": slug, "name": name, "description": description, "position": position * 10}
        for position, (slug, name, description) in enumerate(CATEGORIES, 1)
    ]
    model = apps.get_model("categories", "Category")
    model.objects.bulk_create([model(**row) for row in rows], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("categories", "0001_categories")]
    operations = [migrations.RunPython(add_categories, migrations.RunPython.noop)]
