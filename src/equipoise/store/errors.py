"""What a store refuses to do, or cannot."""

from equipoise.errors import EquipoiseError


class StoreError(EquipoiseError):
    """The store cannot be opened, read or written as it is; says why, and how to mend it. Nothing was half written."""
