"""The tables. What is kept for ever: trials, protocol texts, entries, commands, seeds. The rest follows from entries.

The append path writes them with plain SQL (`append`, `projections`); these models make the tables, and are what the web
site queries. Texts named `..._json` are JSON.
"""

from __future__ import annotations

from django.db import models

_HASH = 64
_NAME = 100  # the longest name that a command may hold


class Trial(models.Model):
    """A trial of this database. Kept for ever."""

    name = models.CharField(max_length=_NAME, unique=True)
    created = models.DateTimeField()


class ProtocolText(models.Model):
    """A text of a trial's protocol, as it was read. Kept for ever."""

    pk = models.CompositePrimaryKey("trial_id", "digest")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    digest = models.CharField(max_length=_HASH)
    number = models.IntegerField()  # 1, 2, ...: in the order of the versions
    text = models.TextField()


class Entry(models.Model):
    """An entry of a ledger. Kept for ever.

    `text` holds the canonical bytes, which are the truth; the other columns repeat parts of it so that they can be
    asked for, and verifying compares them.
    """

    pk = models.CompositePrimaryKey("trial_id", "seq")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=_HASH)
    prev = models.CharField(max_length=_HASH)
    time = models.CharField(max_length=20)
    actor = models.CharField(max_length=_NAME)
    site = models.CharField(max_length=_NAME, null=True)  # null is what the entry says
    participant = models.CharField(max_length=_NAME, null=True)  # as above
    kind = models.CharField(max_length=40)
    command = models.CharField(max_length=_NAME)
    text = models.BinaryField()

    class Meta:
        """One index: a participant's entries in order."""

        indexes = (models.Index(fields=["trial", "participant", "seq"], name="entry_of_participant"),)


class Command(models.Model):
    """The first answer to a command, by the id that its caller gave. Kept for ever.

    `first` and `entries` say which entries answer it; `fingerprint` is the SHA-256 of what it asked, empty if the
    ledger was imported.
    """

    pk = models.CompositePrimaryKey("trial_id", "command")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    command = models.CharField(max_length=_NAME)
    fingerprint = models.CharField(max_length=_HASH)
    first = models.BigIntegerField()
    entries = models.IntegerField()
    answer_json = models.TextField()


class Seed(models.Model):
    """The secret seed of an allocation list, sealed. Kept for ever; it may be sealed anew with another key."""

    pk = models.CompositePrimaryKey("trial_id", "list")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    list = models.CharField(max_length=_NAME)
    key_id = models.CharField(max_length=16)  # fingerprint of the key
    sealed = models.BinaryField()


class Head(models.Model):
    """Where a trial's ledger ends, and the trial's state there. Locking this row serialises the trial's appends."""

    trial = models.OneToOneField(Trial, on_delete=models.PROTECT, primary_key=True)
    entries = models.BigIntegerField()
    hash = models.CharField(max_length=_HASH)
    protocol = models.CharField(max_length=_HASH)  # digest of the newest version's text
    state_json = models.TextField()


class Stratum(models.Model):
    """Projection: the counts of a stratum of an allocation list. They tell what may come next."""

    pk = models.CompositePrimaryKey("trial_id", "list", "stratum")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    list = models.CharField(max_length=_NAME)
    stratum = models.TextField()
    state_json = models.TextField()


class Participant(models.Model):
    """Projection: a participant as things are."""

    pk = models.CompositePrimaryKey("trial_id", "number")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    number = models.CharField(max_length=_NAME)
    screened = models.BigIntegerField()  # seq of the screening: the order of entry
    site = models.CharField(max_length=_NAME)
    version = models.TextField()
    screened_on = models.CharField(max_length=10)
    arm = models.CharField(max_length=_NAME, null=True)  # null until allocated
    died_on = models.CharField(max_length=10, null=True)  # null while not
    left_by = models.CharField(max_length=_NAME, null=True)  # null while not
    last_alive = models.CharField(max_length=10, null=True)  # null if not known
    steps_json = models.TextField()
    values_json = models.TextField()
    pseudonym = models.CharField(max_length=_HASH, null=True)  # null if the protocol asks for none
    rescreens = models.CharField(max_length=_NAME, null=True)  # the earlier number; null if there is none
    rescreened_as = models.CharField(max_length=_NAME, null=True)  # the later number; null if there is none

    class Meta:
        """A site's participants, and everybody with a pseudonym."""

        indexes = (
            models.Index(fields=["trial", "site", "screened"], name="participant_of_site"),
            models.Index(fields=["trial", "pseudonym"], name="participant_of_pseudonym"),
        )


class Allocation(models.Model):
    """Projection: an allocation. The database refuses that a draw be used twice."""

    pk = models.CompositePrimaryKey("trial_id", "seq")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    seq = models.BigIntegerField()
    participant = models.CharField(max_length=_NAME)
    step = models.CharField(max_length=_NAME)
    list = models.CharField(max_length=_NAME)
    method = models.CharField(max_length=_NAME)
    stratum = models.TextField(null=True)  # null without chance
    k = models.BigIntegerField(null=True)
    arm = models.CharField(max_length=_NAME)
    day = models.CharField(max_length=10)

    class Meta:
        """Draw k of a stratum is one allocation's."""

        constraints = (models.UniqueConstraint(fields=["trial", "list", "stratum", "k"], name="one_draw_one_use"),)
        indexes = (models.Index(fields=["trial", "participant"], name="allocation_of_participant"),)


class Form(models.Model):
    """Projection: a filled-in form of a participant, by day."""

    pk = models.CompositePrimaryKey("trial_id", "participant", "place")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    participant = models.CharField(max_length=_NAME)
    place = models.IntegerField()
    form = models.CharField(max_length=_NAME)
    visit = models.CharField(max_length=_NAME, null=True)  # null if the form does not repeat
    day = models.CharField(max_length=10)
    values_json = models.TextField()


class Task(models.Model):
    """Projection: something that is open for a participant."""

    pk = models.CompositePrimaryKey("trial_id", "participant", "kind", "name")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    participant = models.CharField(max_length=_NAME)
    kind = models.CharField(max_length=20)  # form, judge, step, erase, or one of `tasks_of_response`
    name = models.CharField(max_length=_NAME)
    role = models.TextField(null=True)  # null if anybody's

    class Meta:
        """What is open in a trial for a role."""

        indexes = (models.Index(fields=["trial", "role"], name="task_of_role"),)


class Quality(models.Model):
    """Projection: what a participant's visits, queries and survival rest on; what is due depends on the day."""

    pk = models.CompositePrimaryKey("trial_id", "participant")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    participant = models.CharField(max_length=_NAME)
    site = models.CharField(max_length=_NAME)
    asked = models.IntegerField()  # 1 if a sweep asks after the participant
    last_alive = models.CharField(max_length=10, null=True)  # null if not known
    lost = models.IntegerField()  # 1 if lost to follow-up
    quality_json = models.TextField()

    class Meta:
        """A site's participants."""

        indexes = (models.Index(fields=["trial", "site", "participant"], name="quality_of_site"),)


class Identity(models.Model):
    """Who a participant is: values of identifying variables. They are not of the ledger, and can be erased."""

    pk = models.CompositePrimaryKey("trial_id", "participant")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    participant = models.CharField(max_length=_NAME)
    values_json = models.TextField()


class Site(models.Model):
    """A site of a trial."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT)
    code = models.CharField(max_length=_NAME)
    label = models.CharField(max_length=300)

    class Meta:
        """A code names one site of a trial."""

        constraints = (models.UniqueConstraint(fields=["trial", "code"], name="one_site_one_code"),)


class Person(models.Model):
    """Somebody with an account. Entries name the account."""

    account = models.CharField(max_length=_NAME, unique=True)
    label = models.CharField(max_length=300)
    active = models.BooleanField(default=True)


class Role(models.Model):
    """Projection: a role that an account has or had in a trial, at one site or in all of it, by its newest entry."""

    pk = models.CompositePrimaryKey("trial_id", "account", "role", "site")
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, db_index=False)
    account = models.CharField(max_length=_NAME)
    role = models.CharField(max_length=_NAME)
    site = models.CharField(max_length=_NAME)  # empty in the whole trial
    printed_name = models.CharField(max_length=_NAME)
    held = models.BooleanField()  # false once it was taken away: the account stays its person's
