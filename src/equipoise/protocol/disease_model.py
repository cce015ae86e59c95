"""From a protocol's assumptions to the disease model that rehearsal and simulation draw from."""

from __future__ import annotations

from equipoise.disease import DiseaseModel, Hazard, PiecewiseConstant, Transition, Weibull
from equipoise.errors import DesignError
from equipoise.protocol.model import assumptions as stated
from equipoise.protocol.model.trial import Protocol


def disease_model(protocol: Protocol) -> DiseaseModel:
    """The disease model of a protocol's assumptions.

    Raises:
        DesignError: the protocol states no assumptions.
    """
    if protocol.assumptions is None:
        raise DesignError(f"{protocol.id} states no assumptions, so nothing can be drawn: add them to the file")
    disease = protocol.assumptions.disease
    return DiseaseModel(
        arms=tuple(protocol.arms),
        cancer_death=_transition(disease.cancer_death),
        other_death=_transition(disease.other_death),
        dropout=_transition(disease.dropout),
        local_progression=_transition(disease.local_progression),
        distant_progression=_transition(disease.distant_progression),
    )


def covariates_of(protocol: Protocol) -> tuple[str, ...]:
    """The variables on which the disease model's hazards depend."""
    if protocol.assumptions is None:
        return ()
    disease = protocol.assumptions.disease
    transitions = (
        disease.cancer_death,
        disease.other_death,
        disease.dropout,
        disease.local_progression,
        disease.distant_progression,
    )
    return tuple(dict.fromkeys(name for item in transitions if item is not None for name in item.covariates))


def _transition(item: stated.Transition | None) -> Transition | None:
    if item is None:
        return None
    after = {str(name): ratio for name, ratio in item.after.items()}
    return Transition(
        hazard=_hazard(item), hazard_ratio=item.hazard_ratio, after=after, covariates=dict(item.covariates)
    )


def _hazard(item: stated.Transition) -> Hazard:
    if item.weibull is not None:
        return Weibull(item.weibull.shape, item.weibull.scale)
    assert item.piecewise is not None
    return PiecewiseConstant(item.piecewise.cuts, item.piecewise.rates)
