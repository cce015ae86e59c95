"""Analyse a rehearsal: its data sets and the results that its protocol asks for."""

from __future__ import annotations

from equipoise.analysis import Datasets, Results, analyse, flow_of, make_datasets
from equipoise.rehearsal.run import Rehearsal

SOURCE = "rehearsal"


def analyse_rehearsal(rehearsal: Rehearsal) -> tuple[Datasets, Results]:
    """The ADaM data sets of a rehearsal at its data cut-off, and every analysis of its protocol."""
    protocol, cut = rehearsal.protocol, rehearsal.data_cut
    datasets = make_datasets(protocol, rehearsal.participants, cut)
    results = analyse(
        protocol,
        datasets,
        source=SOURCE,
        data_cut=cut.isoformat(),
        flow=flow_of(protocol, rehearsal.participants, cut),
        head=rehearsal.journal.head,
    )
    return datasets, results
