"""From a ledger to data sets and results: what an analysis of a running or rehearsed trial starts from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from equipoise.analysis.adae import make_adae
from equipoise.analysis.adqs import make_adqs
from equipoise.analysis.adsl import make_adsl
from equipoise.analysis.adtte import make_adtte
from equipoise.analysis.tables import Datasets
from equipoise.conduct import ParticipantState
from equipoise.protocol import Protocol


def make_datasets(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> Datasets:
    """ADSL, ADTTE, ADQS and ADAE at a data cut-off."""
    return Datasets(
        adtte=make_adtte(protocol, participants, data_cut),
        adsl=make_adsl(protocol, participants, data_cut),
        adqs=make_adqs(protocol, participants, data_cut),
        adae=make_adae(protocol, participants, data_cut),
    )
