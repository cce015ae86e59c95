"""What all tests share: hypothesis without deadlines, since machines differ in speed."""

from hypothesis import settings

settings.register_profile("equipoise", deadline=None)
settings.load_profile("equipoise")
