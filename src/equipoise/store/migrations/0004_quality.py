# What is due, by participant: made by `makemigrations`; the rows come with `equipoise rebuild`, or with the next entry.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0003_roles_of_the_ledger")]

    operations = [
        migrations.CreateModel(
            name="Quality",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "participant", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("participant", models.CharField(max_length=100)),
                ("site", models.CharField(max_length=100)),
                ("asked", models.IntegerField()),
                ("last_alive", models.CharField(max_length=10, null=True)),
                ("lost", models.IntegerField()),
                ("quality_json", models.TextField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["trial", "site", "participant"], name="quality_of_site")],
            },
        ),
    ]
