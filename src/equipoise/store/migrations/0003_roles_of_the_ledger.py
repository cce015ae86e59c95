"""Roles become a projection of the ledger: rows by account, as its entries say."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """No row is taken over: nothing wrote roles before."""

    dependencies = [("store", "0002_seed")]

    operations = [
        migrations.DeleteModel(name="Role"),
        migrations.CreateModel(
            name="Role",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id",
                        "account",
                        "role",
                        "site",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("account", models.CharField(max_length=100)),
                ("role", models.CharField(max_length=100)),
                ("site", models.CharField(max_length=100)),
                ("printed_name", models.CharField(max_length=100)),
                ("held", models.BooleanField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
        ),
    ]
