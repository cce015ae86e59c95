"""Analyse a trial: from data sets to estimates, as the protocol says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from equipoise.analysis.adsl import is_classified
from equipoise.analysis.adtte import parameters, sensitivity_param
from equipoise.analysis.compare import compare_arms
from equipoise.analysis.context import Frame
from equipoise.analysis.curves import curves_of
from equipoise.analysis.describe import describe_arms, describe_follow_up, describe_milestone
from equipoise.analysis.guarantee_time import BIASED, compare_classes
from equipoise.analysis.others import count_estimates, proportion_estimates, score_estimates
from equipoise.analysis.results import Curve, Flow, Results
from equipoise.analysis.sample import Sample, sample_of
from equipoise.analysis.subgroups import subgroup_estimates
from equipoise.analysis.tables import Datasets
from equipoise.errors import DataError
from equipoise.estimates import Estimate
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Count, Endpoint, Milestone, Proportion, Score, TimeToEvent

DELAYED = "delayed entry at allocation"
AS_WRITTEN = "biased as written: time before allocation, in which nobody could die, counts (no delayed entry)"


def analyse(
    protocol: Protocol,
    datasets: Datasets,
    *,
    source: str,
    data_cut: str = "",
    flow: Flow | None = None,
    head: str = "",
) -> Results:
    """Carry out every analysis of the protocol.

    Args:
        protocol: says what is analysed and how.
        datasets: ADTTE at least.
        source: what the data are: `rehearsal` or `trial data`.
        data_cut: the data cut-off date.
        flow: the participants' way, where the ledger is at hand.
        head: hash of the ledger's last entry.

    Raises:
        DataError: data that cannot be analysed; names columns and participants.
    """
    estimates: list[Estimate] = []
    curves: list[Curve] = []
    followed = False
    present = _present(protocol, datasets)
    for analysis in protocol.analyses:
        endpoint = protocol.endpoints[analysis.endpoint]
        frame = Frame(protocol, analysis, analysis.endpoint, _origin(protocol, endpoint), source, data_cut)
        code = _param(protocol, endpoint)
        if code and code not in present:
            estimates.append(_absent(frame, code))
            continue
        estimates += estimates_of(frame, endpoint, datasets)
        if isinstance(endpoint, TimeToEvent):
            sample = _analysed(frame, endpoint, sample_of(protocol, datasets.adtte, endpoint.param, analysis))
            curves += curves_of(frame, sample)
            if not followed and _ends_in_death(protocol, endpoint):
                estimates += describe_follow_up(frame, sample)
                followed = True
    return Results(protocol.id, protocol.version, source, data_cut, tuple(estimates), tuple(curves), flow, head)


def _present(protocol: Protocol, datasets: Datasets) -> set[str]:
    """The parameters in ADTTE; a table with none of the protocol's is another trial's."""
    present = {str(code) for code in datasets.adtte["PARAMCD"].unique().to_list()}
    known = parameters(protocol)
    if known and not present & set(known):
        raise DataError(f"PARAMCD names no endpoint of {protocol.id}: its endpoints are {', '.join(known)}")
    return present


def _param(protocol: Protocol, endpoint: Endpoint) -> str | None:
    """The PARAMCD that an endpoint rests on."""
    if isinstance(endpoint, Milestone):
        return _param(protocol, protocol.endpoints[endpoint.of])
    return endpoint.param if isinstance(endpoint, TimeToEvent | Count) else None


def _absent(frame: Frame, code: str) -> Estimate:
    """What was asked for of a parameter that is not in the table."""
    kinds = {Milestone: "survival difference", Count: "count"}
    measure = kinds.get(type(frame.protocol.endpoints[frame.endpoint]), "hazard ratio")
    return frame.nothing(measure, f"the table has no rows for {code}")


def _origin(protocol: Protocol, endpoint: Endpoint) -> str:
    if isinstance(endpoint, Milestone):
        return _origin(protocol, protocol.endpoints[endpoint.of])
    return endpoint.origin if isinstance(endpoint, TimeToEvent | Count) else ""


def _ends_in_death(protocol: Protocol, endpoint: TimeToEvent) -> bool:
    deaths = all(protocol.events[ref.partition(":")[0]].kind == "death" for ref in endpoint.all_events)
    return deaths and not endpoint.competing


def estimates_of(frame: Frame, endpoint: Endpoint, datasets: Datasets) -> Iterator[Estimate]:
    """The estimates of one analysis."""
    protocol, analysis = frame.protocol, frame.analysis
    match endpoint:
        case TimeToEvent():
            yield from _time_to_event(frame, endpoint, datasets)
        case Milestone():
            parent = protocol.endpoints[endpoint.of]
            assert isinstance(parent, TimeToEvent)
            sample = _analysed(frame, parent, sample_of(protocol, datasets.adtte, parent.param, analysis))
            yield from describe_milestone(frame, sample, endpoint.at_months)
        case Count():
            yield from count_estimates(frame, sample_of(protocol, datasets.adtte, endpoint.param, analysis))
        case Proportion():
            yield from proportion_estimates(frame, endpoint, datasets)
        case Score():
            yield from score_estimates(frame, endpoint, datasets)


def _analysed(frame: Frame, endpoint: TimeToEvent, sample: Sample) -> Sample:
    """The sample with delayed entry, where the origin precedes a random allocation; else from the origin on."""
    protocol = frame.protocol
    late = protocol.origin_precedes_allocation(endpoint.origin) and not is_classified(protocol)
    return sample if late else _from_origin(sample)


def _from_origin(sample: Sample) -> Sample:
    return replace(sample, entry=np.zeros_like(sample.entry))


def _time_to_event(frame: Frame, endpoint: TimeToEvent, datasets: Datasets) -> Iterator[Estimate]:
    """Each arm, the comparison, subgroups, and the comparison again under every sensitivity rule."""
    protocol, analysis = frame.protocol, frame.analysis
    whole = sample_of(protocol, datasets.adtte, endpoint.param, analysis)
    sample = _analysed(frame, endpoint, whole)
    yield from describe_arms(frame, sample, note=BIASED if is_classified(protocol) else "")
    compare = compare_classes if is_classified(protocol) else compare_arms
    yield from compare(frame, sample, note=DELAYED if sample.delayed else "")
    if sample.delayed:
        yield from compare_arms(frame, _from_origin(whole), note=AS_WRITTEN, model="cox, as written")
    if not is_classified(protocol):
        yield from subgroup_estimates(frame, sample)
    present = set(datasets.adtte["PARAMCD"].unique().to_list())
    for item in endpoint.sensitivity:
        if sensitivity_param(item) not in present:
            yield _absent(frame, sensitivity_param(item))
            continue
        changed = _analysed(frame, endpoint, sample_of(protocol, datasets.adtte, sensitivity_param(item), analysis))
        yield from compare(frame, changed, note=f"sensitivity: {item.label}")


def primary_estimate(protocol: Protocol, results: Results) -> Estimate | None:
    """The comparison that answers the trial's question: of the primary endpoint, over all participants, not biased."""
    names = [protocol.design.primary] if protocol.design else []
    names += [name for name, item in protocol.endpoints.items() if item.role == "primary"]
    for name in names:
        for measure in ("hazard ratio", "survival difference"):
            for item in results.of(name, measure):
                if not item.subgroup and not item.note.startswith(("biased", "sensitivity")):
                    return item
    return None
