"""The Django application: guards after every migration, settings of every connection."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """The store's tables, label `store`."""

    name = "equipoise.store"
    label = "store"
    verbose_name = "Ledgers of trials"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect what has to happen on every database, whoever set Django up."""
        from django.db.backends.signals import connection_created
        from django.db.models.signals import post_migrate

        from equipoise.store.database import on_connected
        from equipoise.store.guards import on_migrated

        connection_created.connect(on_connected, dispatch_uid="equipoise.store")
        post_migrate.connect(on_migrated, sender=self, dispatch_uid="equipoise.store")
