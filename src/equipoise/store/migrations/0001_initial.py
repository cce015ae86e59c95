import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Trial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("created", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=100, unique=True)),
                ("label", models.CharField(max_length=300)),
                ("active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                (
                    "trial",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to="store.trial"
                    ),
                ),
                ("entries", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("protocol", models.CharField(max_length=64)),
                ("state_json", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Form",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id",
                        "participant",
                        "place",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("participant", models.CharField(max_length=100)),
                ("place", models.IntegerField()),
                ("form", models.CharField(max_length=100)),
                ("visit", models.CharField(max_length=100, null=True)),
                ("day", models.CharField(max_length=10)),
                ("values_json", models.TextField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Command",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "command", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("command", models.CharField(max_length=100)),
                ("fingerprint", models.CharField(max_length=64)),
                ("first", models.BigIntegerField()),
                ("entries", models.IntegerField()),
                ("answer_json", models.TextField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProtocolText",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "digest", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("number", models.IntegerField()),
                ("text", models.TextField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=100)),
                ("label", models.CharField(max_length=300)),
                ("trial", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.trial")),
            ],
        ),
        migrations.CreateModel(
            name="Role",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=100)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.person")),
                ("trial", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.trial")),
                ("site", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="store.site")),
            ],
        ),
        migrations.CreateModel(
            name="Stratum",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "list", "stratum", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("list", models.CharField(max_length=100)),
                ("stratum", models.TextField()),
                ("state_json", models.TextField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id",
                        "participant",
                        "kind",
                        "name",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("participant", models.CharField(max_length=100)),
                ("kind", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=100)),
                ("role", models.TextField(null=True)),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "seq", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("prev", models.CharField(max_length=64)),
                ("time", models.CharField(max_length=20)),
                ("actor", models.CharField(max_length=100)),
                ("site", models.CharField(max_length=100, null=True)),
                ("participant", models.CharField(max_length=100, null=True)),
                ("kind", models.CharField(max_length=40)),
                ("command", models.CharField(max_length=100)),
                ("text", models.BinaryField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["trial", "participant", "seq"], name="entry_of_participant")],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "seq", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("participant", models.CharField(max_length=100)),
                ("step", models.CharField(max_length=100)),
                ("list", models.CharField(max_length=100)),
                ("method", models.CharField(max_length=100)),
                ("stratum", models.TextField(null=True)),
                ("k", models.BigIntegerField(null=True)),
                ("arm", models.CharField(max_length=100)),
                ("day", models.CharField(max_length=10)),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["trial", "participant"], name="allocation_of_participant")],
                "constraints": [
                    models.UniqueConstraint(fields=("trial", "list", "stratum", "k"), name="one_draw_one_use")
                ],
            },
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trial_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.CharField(max_length=100)),
                ("screened", models.BigIntegerField()),
                ("site", models.CharField(max_length=100)),
                ("version", models.TextField()),
                ("screened_on", models.CharField(max_length=10)),
                ("arm", models.CharField(max_length=100, null=True)),
                ("died_on", models.CharField(max_length=10, null=True)),
                ("left_by", models.CharField(max_length=100, null=True)),
                ("last_alive", models.CharField(max_length=10, null=True)),
                ("steps_json", models.TextField()),
                ("values_json", models.TextField()),
                (
                    "trial",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.trial"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["trial", "site", "screened"], name="participant_of_site")],
            },
        ),
        migrations.AddConstraint(
            model_name="site",
            constraint=models.UniqueConstraint(fields=("trial", "code"), name="one_site_one_code"),
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.UniqueConstraint(fields=("person", "trial", "site", "role"), name="one_role_once"),
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.UniqueConstraint(
                condition=models.Q(("site", None)),
                fields=("person", "trial", "role"),
                name="one_role_once_without_site",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["trial", "role"], name="task_of_role"),
        ),
    ]
