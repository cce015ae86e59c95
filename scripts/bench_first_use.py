"""Call every family of kernels once, of `survival` (with the disease model), of `design`, or of both.

As a program, python bench_first_use.py [survival] [design], it prints seconds since before the imports,
seconds of processor time, and how many kernels were used of how many. The benchmark runs it twice in a fresh cache
folder: all is compiled, then all is read.
"""

import sys
import time

BEGAN = time.perf_counter()

import numpy as np  # noqa: E402 - the clock starts before the imports

from equipoise import _kernel, survival  # noqa: E402 - as above
from equipoise.disease import DiseaseModel, Transition, Weibull, simulate, uniforms  # noqa: E402 - as above

N = 3000
"""Enough for sorting by packed keys; a second, small sample takes the other way."""


def estimates(n: int) -> None:
    """Estimators of one record a participant, with and without delayed entry, strata and weights."""
    rng = np.random.default_rng(1)
    event_at, censored_at = rng.exponential(30.0, n), rng.exponential(40.0, n)
    time, event = 1.0 + np.minimum(event_at, censored_at), (event_at <= censored_at).astype(int)
    group, stratum, cause = np.arange(n) % 2, np.arange(n) % 3, event * (1 + np.arange(n) % 2)
    entry, weight, x = time * 0.1, rng.uniform(0.5, 2.0, n), rng.normal(size=(n, 2))

    survival.kaplan_meier(time, event).rmst(10)
    survival.kaplan_meier(time, event, entry=entry, weights=weight, variance="robust")
    survival.nelson_aalen(time, event)
    survival.logrank(time, event, group)
    survival.logrank(time, event, stratum, strata=group, entry=entry, rho=1)
    survival.logrank(time, event, group, weights="modified-peto")
    survival.max_combo(time, event, group)
    survival.cumulative_incidence(time, cause, group=group)
    survival.gray_test(time, cause, group, rho=1)
    survival.gray_test(time, cause, stratum, strata=group)
    survival.fine_gray(time, cause, x).predict_incidence(x[:2])
    survival.fine_gray(time, cause, x[:, :1])
    for p in (1, 2):
        survival.cox(time, event, x[:, :p])
        survival.cox(np.ceil(time), event, x[:, :p])
        fit = survival.cox(time, event, x[:, :p], entry=entry, strata=stratum, weights=weight, robust=True)
        fit.predict_survival(x[:1, :p], strata=[0])
        fit.concordance()
        fit.proportional_hazards_test()
        for kind in ("martingale", "deviance", "score", "dfbeta", "schoenfeld", "scaled-schoenfeld"):
            fit.residuals(kind)
    survival.cox(np.ceil(time[:60]), event[:60], x[:60], ties="exact").residuals("martingale")
    survival.cox(time[:60], event[:60], x[:60], firth=True).profile_interval()
    survival.win_ratio([(time, event), (entry, event)], group)


def several_records() -> None:
    """Recurrent events and states: two rows a participant."""
    people, entry, end = np.repeat(np.arange(20), 2), np.tile([0.0, 1.0], 20), np.tile([1.0, 2.0], 20)
    survival.mean_cumulative_function(people, end, np.tile([1, 0], 20))
    survival.occupation_probabilities(people, entry, end, np.tile([0, 1], 20), np.tile([1, 2], 20))


def disease() -> None:
    """The simulation of histories."""
    death = Transition(hazard=Weibull.from_rate(0.01))
    simulate(DiseaseModel(arms=("A", "B"), cancer_death=death), [0, 1], seed=1)
    uniforms(1, "first use", [0, 1])


def survival_part() -> None:
    """Estimators and the disease model."""
    for n in (N, 300):
        estimates(n)
    several_records()
    disease()


def design_part() -> None:
    """Boundaries; plain trials, trials that are not, and trials of the disease model, each with every kind of test."""
    from equipoise import design
    from equipoise.design.simulation.disease_scenario import DiseaseEndpoint, DiseaseScenario

    looks = design.GroupSequential([0.5, 1.0], alpha=0.025, futility="spending:hsd:-2", power=0.9)
    design.GroupSequential([0.5, 1.0], alpha=0.05, sides=2, bounds="pocock")
    design.after_looks(looks, [1.0, 2.5], events=[50, 100])

    plain = {"n": 60, "accrual": 12, "control_median": 10, "hazard_ratio": 0.7}
    at_events = {"replicates": 4, "seed": 1, "events": [10, 30], "alpha": 0.025}
    design.simulate(design.Scenario.two_arm(**plain, dropout=0.05), **at_events, bounds=looks.critical_values)
    tests = ("logrank", "fh:0:1", "cox", "maxcombo", "rmst:6", "milestone:6")
    for more in ({}, {"crossover": 0.1, "sites": 3, "site_sd": 0.2, "allocation": "simple"}):
        design.simulate(design.Scenario.two_arm(**plain, **more), **at_events, tests=tests)
    death = Transition(hazard=Weibull.from_rate(0.05), hazard_ratio={"B": 0.7})
    model = DiseaseModel(arms=("A", "B"), cancer_death=death, local_progression=death)
    trial = DiseaseScenario(
        model=model,
        n=60,
        accrual=12.0,
        visits_every=((3, 60),),
        endpoint=DiseaseEndpoint(("local_progression", "death"), censor="last_visit"),
        sites=3,
        site_sd=0.2,
    )
    design.simulate(trial, **at_events, tests=tests)


PARTS = {"survival": survival_part, "design": design_part}


def main() -> None:
    for name in sys.argv[1:]:
        PARTS[name]()
    seconds = time.perf_counter() - BEGAN
    used = sum(bool(kernel.signatures) for kernel in _kernel.KERNELS)  # a kernel that others hold in the cache has none
    print(seconds, time.process_time(), used, len(_kernel.KERNELS))


if __name__ == "__main__":
    main()
