"""What all participants of a rehearsal share."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.disease import PackedModel, pack
from equipoise.disease.model import DiseaseModel
from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.disease_model import covariates_of, disease_model
from equipoise.protocol.model.assumptions import Assumptions
from equipoise.protocol.model.endpoints import Event


@dataclass(frozen=True, slots=True)
class Setting:
    """What all participants of a rehearsal share.

    Attributes:
        protocol: the protocol.
        assumptions: its assumptions.
        seed: of the rehearsal.
        model: the disease model of the assumptions.
        packed: the same, laid out for simulation.
        covariates: variables that the disease model depends on.
        death: the protocol's event that is a death, with its id.
    """

    protocol: Protocol
    assumptions: Assumptions
    seed: int
    model: DiseaseModel
    packed: PackedModel
    covariates: tuple[str, ...]
    death: tuple[str, Event]

    @classmethod
    def of(cls, protocol: Protocol, seed: int) -> Setting:
        """The setting of a protocol's assumptions.

        Raises:
            DesignError: there are none, or deaths are assumed that no event of the protocol can record.
        """
        model = disease_model(protocol)
        assert protocol.assumptions is not None  # disease_model has refused a protocol without
        death = next((item for item in protocol.events.items() if item[1].kind == "death"), None)
        if death is None:
            raise DesignError(
                f"{protocol.id} assumes deaths, and none of its events is a death: declare one with kind: death"
            )
        return cls(protocol, protocol.assumptions, seed, model, pack(model), covariates_of(protocol), death)
