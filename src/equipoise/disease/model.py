"""The multi-state disease model as data: the transitions, and what speeds them up or slows them down.

                      +--> local progression ---+
    alive,            |          |  ^           |
    no progression ---+          v  |           +--> death (cancer, or another cause)
          |           +--> distant progression -+
          |                                             dropout runs beside all of it
          +---------------------------------------------> death

Local and distant progression can both happen, in either order, and so can either alone or none. The hazard of
a transition, at t months since the origin, for a participant in an arm is

    baseline(t) x hazard ratio of the arm x exp(linear predictor) x frailty x after(what has happened)

so time runs from the origin throughout and progression multiplies hazards (a clock-forward Markov model with
proportional effects: Putter, Fiocco, Geskus. Statistics in Medicine 2007;26:2389-2430, section 4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from equipoise.disease.hazard import Hazard
from equipoise.errors import DesignError

TRANSITIONS = ("cancer_death", "other_death", "dropout", "local_progression", "distant_progression")
"""The order is the order of the draws: a model of deaths and dropout alone needs one block of four draws."""

PROGRESSIONS = ("local_progression", "distant_progression")

CovariateEffect = Mapping[str, float] | float
"""Hazard ratio by level (a level not named has 1), or per unit of a number."""


def _check_ratio(what: str, ratio: float) -> None:
    if not (math.isfinite(ratio) and ratio > 0):
        raise DesignError(f"{what} = {ratio}; a hazard ratio is a number above 0")


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One way to go.

    Attributes:
        hazard: the baseline, that of a participant without an arm and at all reference levels.
        hazard_ratio: by arm; an arm not named has 1.
        in_arm: an arm's own baseline in place of `hazard`, for effects that are not proportional (a delayed
            effect, a cure); the arm's `hazard_ratio` still multiplies it.
        after: hazard ratio after `local_progression`, after `distant_progression`; after both, their product.
        covariates: effect by name of covariate, see `equipoise.disease.linear_predictors`.

    Raises:
        DesignError: a hazard ratio not above 0, or `after` something that is no progression.
    """

    hazard: Hazard
    hazard_ratio: Mapping[str, float] = field(default_factory=dict)
    in_arm: Mapping[str, Hazard] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)
    covariates: Mapping[str, CovariateEffect] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse ratios that are none."""
        for arm, ratio in self.hazard_ratio.items():
            _check_ratio(f"hazard ratio of arm {arm!r}", ratio)
        for event, ratio in self.after.items():
            if event not in PROGRESSIONS:
                raise DesignError(f"`after` names {event!r}; name {' or '.join(PROGRESSIONS)}")
            _check_ratio(f"hazard ratio after {event}", ratio)
        for name, effect in self.covariates.items():
            levels = effect.items() if isinstance(effect, Mapping) else [("one unit", effect)]
            for level, ratio in levels:
                _check_ratio(f"hazard ratio of {name} = {level}", ratio)


@dataclass(frozen=True, kw_only=True)
class DiseaseModel:
    """What happens to participants when nobody looks: transitions, by arm and covariates.

    Attributes:
        arms: ids of the arms; an arm's number in arrays is its place here.
        cancer_death: death from the cancer.
        other_death: death from anything else.
        dropout: loss to follow-up. It hides what comes later and changes nothing else.
        local_progression: progression of the primary tumour or at its site.
        distant_progression: progression at metastatic sites.
        frailty_sd: standard deviation of the logarithm of a frailty that a participant carries into both
            progressions and death from the cancer: log-normal with mean 1. 0 is none.

    A transition left out never happens.

    Raises:
        DesignError: no transition, no arm, arms named twice, or an effect on an arm or after an event not in
            the model.
    """

    arms: tuple[str, ...]
    cancer_death: Transition | None = None
    other_death: Transition | None = None
    dropout: Transition | None = None
    local_progression: Transition | None = None
    distant_progression: Transition | None = None
    frailty_sd: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a model that contradicts itself."""
        if not self.arms or len(set(self.arms)) != len(self.arms):
            raise DesignError(f"arms {self.arms}; name at least one arm, each once")
        if not (math.isfinite(self.frailty_sd) and self.frailty_sd >= 0):
            raise DesignError(f"frailty_sd = {self.frailty_sd}; give a number from 0 up")
        present = dict(self.transitions())
        if not present:
            raise DesignError(f"a disease model without any transition; give one of {', '.join(TRANSITIONS)}")
        for name, transition in present.items():
            for arm in (*transition.hazard_ratio, *transition.in_arm):
                if arm not in self.arms:
                    raise DesignError(f"{name} speaks of arm {arm!r}; the arms are {', '.join(self.arms)}")
            for event in transition.after:
                if event not in present:
                    raise DesignError(f"{name} changes after {event}, which the model does not have; describe it too")
                if event == name:
                    raise DesignError(f"{name} cannot change after itself: it happens once; leave it out")

    def transitions(self) -> Iterator[tuple[str, Transition]]:
        """The transitions that the model has, with their names, in the order of `TRANSITIONS`."""
        for name in TRANSITIONS:
            transition: Transition | None = getattr(self, name)
            if transition is not None:
                yield name, transition
