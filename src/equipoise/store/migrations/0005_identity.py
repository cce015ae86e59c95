import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0004_quality")]

    operations = [
        migrations.CreateModel(
            name="Identity",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "participant", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("participant", models.CharField(max_length=100)),
                ("values_json", models.TextField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
        ),
        migrations.AddField("participant", "pseudonym", models.CharField(max_length=64, null=True)),
        migrations.AddField("participant", "rescreens", models.CharField(max_length=100, null=True)),
        migrations.AddField("participant", "rescreened_as", models.CharField(max_length=100, null=True)),
        migrations.AddIndex(
            "participant", models.Index(fields=["trial", "pseudonym"], name="participant_of_pseudonym")
        ),
    ]
