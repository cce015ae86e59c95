"""From a ledger to data sets and results: what an analysis of a running or rehearsed trial starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import takewhile

from equipoise.analysis.adae import make_adae
from equipoise.analysis.adqs import make_adqs
from equipoise.analysis.adsl import make_adsl
from equipoise.analysis.adtte import make_adtte
from equipoise.analysis.analyse import analyse
from equipoise.analysis.cohort import cohort_verdicts
from equipoise.analysis.completeness import completeness
from equipoise.analysis.deviations import deviation_counts
from equipoise.analysis.flow import flow_of
from equipoise.analysis.results import Results
from equipoise.analysis.safety import safety_of
from equipoise.analysis.tables import Datasets
from equipoise.conduct import ParticipantState, fold
from equipoise.errors import LedgerError
from equipoise.ledger import Entry, Journal
from equipoise.protocol import Protocol


def make_datasets(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> Datasets:
    """ADSL, ADTTE, ADQS and ADAE at a data cut-off."""
    return Datasets(
        adtte=make_adtte(protocol, participants, data_cut),
        adsl=make_adsl(protocol, participants, data_cut),
        adqs=make_adqs(protocol, participants, data_cut),
        adae=make_adae(protocol, participants, data_cut),
    )


def analyse_participants(
    protocol: Protocol,
    participants: Mapping[str, ParticipantState],
    data_cut: date,
    *,
    source: str,
    head: str,
    entries: Iterable[Entry],
) -> tuple[Datasets, Results]:
    """Data sets of participants at a data cut-off, and every analysis of the protocol.

    Args:
        protocol: the protocol.
        participants: their states, by number.
        data_cut: the data cut-off date.
        source: what the data are.
        head: hash of the last entry that the data rest on.
        entries: those that hold verdicts of the cohort rules.
    """
    cut = data_cut.isoformat()
    datasets = replace(make_datasets(protocol, participants, data_cut), source=source, data_cut=cut)
    flow = flow_of(protocol, participants, data_cut)
    results = analyse(protocol, datasets, source=source, data_cut=cut, flow=flow, head=head)
    return datasets, replace(
        results,
        cohort=cohort_verdicts(entries),
        safety=safety_of(protocol, participants, data_cut),
        deviations=deviation_counts(protocol, participants, data_cut),
        completeness=completeness(protocol, participants, data_cut),
    )


def analyse_ledger(
    protocol: Protocol,
    journal: Journal,
    *,
    others: Sequence[Protocol] = (),
    freeze: str | None = None,
    source: str = "trial data",
) -> tuple[Datasets, Results]:
    """The analysis that the database was frozen for: of the entries that the freeze took, at its data cut-off.

    Args:
        protocol: the protocol whose analyses these are: of an amended trial the version in force at the freeze.
        journal: the ledger.
        others: the texts of the trial's other versions.
        freeze: the analysis that the freeze was made for; the newest if not said.
        source: what the data are.

    Raises:
        LedgerError: there is no such freeze, it does not fit the entries before it, or an entry cannot be folded.
        DataError: the data cannot be analysed.
    """
    frozen = _freeze(journal, freeze)
    taken = journal.first(frozen.seq - 1)
    if (frozen.data["entries"], frozen.data["head"]) != (len(taken), taken.head):
        raise LedgerError(
            f"entry {frozen.seq} ('freeze') does not hold the number and the head of the entries before it",
            mend="verify the ledger",
        )
    first, *amendments = _as_opened(journal, [protocol, *others])
    _, participants = fold(first, taken, amendments)
    after = (entry for entry in journal if entry.seq > frozen.seq)
    until_next = takewhile(lambda entry: entry.kind != "freeze", after)
    cut = date.fromisoformat(str(frozen.data["cut_off"]))
    judged = [*taken, frozen, *until_next]
    return analyse_participants(protocol, participants, cut, source=source, head=taken.head, entries=judged)


def _as_opened(journal: Journal, texts: list[Protocol]) -> list[Protocol]:
    """The texts, the one that the ledger was opened under first; as they are if that is not among them."""
    digest = next((entry.data["digest"] for entry in journal if entry.kind == "open"), None)
    return sorted(texts, key=lambda text: text.digest != digest)


def _freeze(journal: Journal, name: str | None) -> Entry:
    """The entry of a freeze."""
    freezes = [entry for entry in journal if entry.kind == "freeze"]
    if not freezes:
        raise LedgerError("the database has not been frozen for an analysis", mend="freeze it first (Freeze)")
    found = freezes[-1] if name is None else next((item for item in freezes if item.data["analysis"] == name), None)
    if found is None:
        known = ", ".join(str(item.data["analysis"]) for item in freezes)
        raise LedgerError(f"there is no freeze for '{name}'", mend=f"there is {known}")
    return found
