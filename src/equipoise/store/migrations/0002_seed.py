import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Seed",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "list", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("list", models.CharField(max_length=100)),
                ("key_id", models.CharField(max_length=16)),
                ("sealed", models.BinaryField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
        ),
    ]
