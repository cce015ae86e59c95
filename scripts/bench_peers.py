"""The same estimates by lifelines, scikit-survival and statsmodels, where they are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from bench_samples import HORIZON, Sample, Values, Work


@dataclass(frozen=True)
class Peer:
    """One call of another package.

    Attributes:
        estimate: what it computes.
        package: its distribution's name.
        call: how it is called, for the reader.
        size: participants it is given: as many as it can bear in a few seconds.
        prepare: from a sample to the call; preparing the data as the package likes them is not timed.
    """

    estimate: str
    package: str
    call: str
    size: int
    prepare: Callable[[Sample], Work]


def installed(package: str) -> str:
    """The version of a distribution, empty if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def lifelines_km(s: Sample) -> Work:
    from lifelines import KaplanMeierFitter

    return lambda: [float(KaplanMeierFitter().fit(s.time, s.event).predict(HORIZON))]


def lifelines_logrank(s: Sample) -> Work:
    from lifelines.statistics import logrank_test

    one, other = s.group == 1, s.group == 0
    data = s.time[one], s.time[other], s.event[one], s.event[other]
    return lambda: [float(logrank_test(*data).test_statistic)]


def lifelines_cox(s: Sample) -> Work:
    import pandas as pd
    from lifelines import CoxPHFitter

    names = [f"x{j}" for j in range(s.covariates.shape[1])]
    frame = pd.DataFrame(s.covariates, columns=names).assign(time=s.time, event=s.event)
    return lambda: list(CoxPHFitter().fit(frame, "time", "event").params_[names])


def lifelines_incidence(s: Sample) -> Work:
    from lifelines import AalenJohansenFitter

    def work() -> Values:
        curve = AalenJohansenFitter(calculate_variance=False).fit(s.time, s.cause, event_of_interest=1)
        return [float(curve.predict(HORIZON))]

    return work


def step_at(times: Any, values: Any) -> Values:
    """The value of a step function at the horizon."""
    return [float(values[np.searchsorted(times, HORIZON, side="right") - 1])]


def sksurv_km(s: Sample) -> Work:
    from sksurv.nonparametric import kaplan_meier_estimator

    event = s.event == 1
    return lambda: step_at(*kaplan_meier_estimator(event, s.time))


def sksurv_logrank(s: Sample) -> Work:
    from sksurv.compare import compare_survival
    from sksurv.util import Surv

    y = Surv.from_arrays(s.event == 1, s.time)
    return lambda: [float(compare_survival(y, s.group)[0])]


def sksurv_cox(s: Sample) -> Work:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    y = Surv.from_arrays(s.event == 1, s.time)
    return lambda: list(CoxPHSurvivalAnalysis(ties="efron").fit(s.covariates, y).coef_)


def sksurv_incidence(s: Sample) -> Work:
    from sksurv.nonparametric import cumulative_incidence_competing_risks

    def work() -> Values:
        times, curves = cumulative_incidence_competing_risks(s.cause, s.time)
        return step_at(times, curves[1])

    return work


def statsmodels_km(s: Sample) -> Work:
    from statsmodels.duration.survfunc import SurvfuncRight

    def work() -> Values:
        curve = SurvfuncRight(s.time, s.event)
        return step_at(curve.surv_times, curve.surv_prob)

    return work


def statsmodels_logrank(s: Sample) -> Work:
    from statsmodels.duration.survfunc import survdiff

    return lambda: [float(survdiff(s.time, s.event, s.group)[0])]


def statsmodels_cox(s: Sample) -> Work:
    from statsmodels.duration.hazard_regression import PHReg

    return lambda: list(PHReg(s.time, s.covariates, status=s.event, ties="efron").fit().params)


MILLION = 1_000_000
LIFELINES, SKSURV, STATSMODELS = "lifelines", "scikit-survival", "statsmodels"

LARGE = (
    Peer("km", LIFELINES, "KaplanMeierFitter", MILLION, lifelines_km),
    Peer("km", SKSURV, "kaplan_meier_estimator", MILLION, sksurv_km),
    Peer("km", STATSMODELS, "SurvfuncRight", MILLION, statsmodels_km),
    Peer("logrank", LIFELINES, "logrank_test", MILLION, lifelines_logrank),
    Peer("logrank", SKSURV, "compare_survival", 100_000, sksurv_logrank),
    Peer("logrank", STATSMODELS, "survdiff", MILLION, statsmodels_logrank),
    Peer("cox", LIFELINES, "CoxPHFitter", 100_000, lifelines_cox),
    Peer("cox", SKSURV, "CoxPHSurvivalAnalysis", 20_000, sksurv_cox),
    Peer("cox", STATSMODELS, "PHReg", 10_000, statsmodels_cox),
)
SMALL = (
    Peer("logrank", LIFELINES, "logrank_test", 400, lifelines_logrank),
    Peer("logrank", SKSURV, "compare_survival", 400, sksurv_logrank),
    Peer("logrank", STATSMODELS, "survdiff", 400, statsmodels_logrank),
    Peer("cox", LIFELINES, "CoxPHFitter", 400, lifelines_cox),
    Peer("cox", SKSURV, "CoxPHSurvivalAnalysis", 400, sksurv_cox),
    Peer("cox", STATSMODELS, "PHReg", 400, statsmodels_cox),
)
COMPETING = (
    Peer("incidence", LIFELINES, "AalenJohansenFitter, no variance", 20_000, lifelines_incidence),
    Peer("incidence", SKSURV, "cumulative_incidence_competing_risks", 20_000, sksurv_incidence),
)


def prepared(peer: Peer, sample: Sample) -> Work:
    """The call, with the package's warnings of its own doing kept quiet."""
    work = peer.prepare(sample)

    def quietly() -> Values:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return work()

    return quietly
