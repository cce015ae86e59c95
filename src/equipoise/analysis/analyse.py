"""Analyse a trial: from data sets to estimates, as the protocol says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from equipoise.analysis.adsl import is_classified
from equipoise.analysis.adtte import parameters, sensitivity_param
from equipoise.analysis.compare import compare_arms
from equipoise.analysis.context import Frame, joined
from equipoise.analysis.curves import curves_of
from equipoise.analysis.describe import describe_arms, describe_follow_up, describe_milestone
from equipoise.analysis.guarantee_time import BIASED, compare_classes
from equipoise.analysis.guarantee_time import DELAYED as DELAYED_CLASSES
from equipoise.analysis.others import count_estimates, proportion_estimates, score_estimates
from equipoise.analysis.results import Curve, Flow, Results
from equipoise.analysis.sample import Sample, from_origin, sample_of, unknown_population
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
    seen: set[str] = set()
    present = _present(protocol, datasets)
    for analysis in protocol.analyses:
        endpoint = protocol.endpoints[analysis.endpoint]
        frame = Frame(protocol, analysis, analysis.endpoint, _origin(protocol, endpoint), source, data_cut)
        code = _param(protocol, endpoint)
        if code and code not in present:
            estimates.append(_nothing(frame, f"the table has no rows for {code}"))
            continue
        table = _table(endpoint, datasets)
        if table is not None and (reason := unknown_population(table, analysis.population)):
            estimates.append(_nothing(frame, reason))
            continue
        again = analysis.endpoint in seen
        seen.add(analysis.endpoint)
        found = list(estimates_of(frame, endpoint, datasets))
        estimates += [_further(item, analysis.label) for item in found] if again else found
        if isinstance(endpoint, TimeToEvent) and not again:
            sample = _analysed(frame, endpoint, sample_of(protocol, datasets.adtte, endpoint.param, analysis))
            curves += curves_of(frame, sample)
            if not followed and _ends_in_death(protocol, endpoint):
                estimates += describe_follow_up(frame, sample)
                followed = True
    return Results(protocol.id, protocol.version, source, data_cut, tuple(estimates), tuple(curves), flow, head)


def _further(estimate: Estimate, label: str | None) -> Estimate:
    """An estimate of a second analysis of an endpoint: it stands beside the first, and does not answer in its place."""
    role = "sensitivity" if estimate.role == "main" else estimate.role
    return replace(estimate, role=role, note=joined(estimate.note, f"further analysis: {label or 'not named'}"))


def _present(protocol: Protocol, datasets: Datasets) -> set[str]:
    """The parameters in ADTTE; a table with none of the protocol's is another trial's."""
    if not datasets.adtte.height:
        raise DataError("ADTTE has no rows: nobody was allocated, so there is nothing to analyse")
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


def _table(endpoint: Endpoint, datasets: Datasets) -> pl.DataFrame | None:
    """The table that an endpoint is read from; None where it is not there."""
    match endpoint:
        case Proportion():
            return datasets.adsl
        case Score():
            return datasets.adqs
        case _:
            return datasets.adtte


_ANSWERS = {Milestone: "survival difference", Count: "count", Proportion: "proportion", Score: "mean"}
"""What an endpoint that is no time to event is asked for."""


def _nothing(frame: Frame, reason: str) -> Estimate:
    """What was asked for, where it cannot be given at all."""
    return frame.nothing(_ANSWERS.get(type(frame.protocol.endpoints[frame.endpoint]), "hazard ratio"), reason)


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
            yield from describe_milestone(_by_arm(frame, sample), sample, endpoint.at_months)
        case Count():
            sample = sample_of(protocol, datasets.adtte, endpoint.param, analysis)
            yield from count_estimates(_by_arm(frame, from_origin(sample)), sample)
        case Proportion():
            yield from proportion_estimates(frame, endpoint, datasets)
        case Score():
            yield from score_estimates(frame, endpoint, datasets)


def _analysed(frame: Frame, endpoint: TimeToEvent, sample: Sample) -> Sample:
    """The sample with delayed entry, where the origin precedes allocation; else from the origin on."""
    return sample if frame.protocol.origin_precedes_allocation(endpoint.origin) else from_origin(sample)


def _entering(frame: Frame, sample: Sample) -> Frame:
    """The analysis, whose estimates say that entry is delayed where it is."""
    if not sample.delayed:
        return frame
    return frame.marked(DELAYED_CLASSES if is_classified(frame.protocol) else DELAYED)


def _by_arm(frame: Frame, sample: Sample) -> Frame:
    """The analysis of each arm by itself; where arms follow a class that is known only later it is biased."""
    entering = _entering(frame, sample)
    return entering.marked(BIASED, "biased") if is_classified(frame.protocol) else entering


def _time_to_event(frame: Frame, endpoint: TimeToEvent, datasets: Datasets) -> Iterator[Estimate]:
    """Each arm, the comparison, subgroups, and the comparison again under every sensitivity rule."""
    protocol, analysis = frame.protocol, frame.analysis
    whole = sample_of(protocol, datasets.adtte, endpoint.param, analysis)
    sample = _analysed(frame, endpoint, whole)
    yield from describe_arms(_by_arm(frame, sample), sample)
    yield from _compared(frame, sample)
    if not is_classified(protocol):
        if sample.delayed:
            yield from compare_arms(frame.marked(AS_WRITTEN, "biased"), from_origin(whole), model="cox, as written")
        yield from subgroup_estimates(_entering(frame, sample), sample)
    present = set(datasets.adtte["PARAMCD"].unique().to_list())
    for item in endpoint.sensitivity:
        marked = frame.marked(f"sensitivity: {item.label}", "sensitivity")
        if sensitivity_param(item) not in present:
            yield _nothing(marked, f"the table has no rows for {sensitivity_param(item)}")
            continue
        changed = _analysed(frame, endpoint, sample_of(protocol, datasets.adtte, sensitivity_param(item), analysis))
        yield from _compared(marked, changed)


def _compared(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """The arms compared; classes, which say themselves when entry is delayed, in their three ways."""
    if is_classified(frame.protocol):
        yield from compare_classes(frame, sample)
    else:
        yield from compare_arms(_entering(frame, sample), sample)


def primary_estimate(protocol: Protocol, results: Results) -> Estimate | None:
    """The comparison that answers the trial's question: of the primary endpoint, over all participants, not biased."""
    for name in protocol.primary_endpoints:
        for measure in ("hazard ratio", "survival difference", "event-free proportion difference"):
            for item in results.of(name, measure):
                if not item.subgroup and item.role == "main":
                    return item
    return None
