"""Made-up results for tests of figures and reports: invented times to event, small estimators written out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from equipoise.analysis.results import Curve, Flow, FlowArm, FlowStep, Results
from equipoise.estimates import Estimate

ARMS = {"A": "Systemic therapy alone", "B": "Primary tumour resection plus systemic therapy"}
Z = {0.9: 1.6449, 0.95: 1.96}


def times(rng, n, median, *, shape=1.0, follow_up=(48.0, 130.0)):
    """Times and events of `n` participants, in months: Weibull, censored uniformly."""
    time = median * (rng.exponential(size=n) / math.log(2)) ** (1 / shape)
    censoring = rng.uniform(*follow_up, size=n)
    return np.minimum(time, censoring), time <= censoring


def curve(endpoint, arm, label, time, event, *, conf_level=0.95, kind="survival", cause="", every=12.0):
    """A Kaplan-Meier curve with Greenwood's log-log limits; with `kind="incidence"` one minus it."""
    moments = np.unique(time[event])
    risk = np.array([(time >= moment).sum() for moment in moments], dtype=float)
    deaths = np.array([((time == moment) & event).sum() for moment in moments], dtype=float)
    value = np.cumprod(1 - deaths / risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.cumsum(deaths / (risk * (risk - deaths)))) / np.abs(np.log(value))
        low = value ** np.exp(Z[conf_level] * error)
        high = value ** np.exp(-Z[conf_level] * error)
    if kind == "incidence":
        value, low, high = 1 - value, 1 - high, 1 - low
    last = math.ceil(time.max() / every) * every
    risk_times = np.arange(0.0, last + 1e-9, every)
    at_risk = np.array([(time >= moment).sum() for moment in risk_times], dtype=np.int64)
    return Curve(
        endpoint=endpoint,
        kind=kind,
        arm=arm,
        label=label,
        time=moments,
        value=value,
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        censored=np.sort(time[~event]),
        risk_times=risk_times,
        at_risk=at_risk,
        cause=cause,
    )


def hazard_ratio(time, event, group):
    """Peto's one-step estimate of B over A: (log ratio, standard error)."""
    observed = expected = variance = 0.0
    for moment in np.unique(time[event]):
        risk, in_b = (time >= moment), group & (time >= moment)
        n, m, d = risk.sum(), in_b.sum(), ((time == moment) & event).sum()
        observed += ((time == moment) & event & group).sum()
        expected += d * m / n
        if n > 1:
            variance += d * (m / n) * (1 - m / n) * (n - d) / (n - 1)
    return (observed - expected) / variance, 1 / math.sqrt(variance)


def normal_tail(z):
    """The lower tail of the standard normal distribution."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def compared(endpoint, time, event, group, *, conf_level=0.95, sides=2, **more):
    """The hazard ratio of B over A as an Estimate."""
    log_ratio, error = hazard_ratio(time, event, group)
    z = log_ratio / error
    p = normal_tail(z) if sides == 1 else 2 * normal_tail(-abs(z))
    return Estimate(
        endpoint=endpoint,
        measure="hazard ratio",
        method="cox",
        unit="ratio",
        value=math.exp(log_ratio),
        std_error=error,
        conf_low=math.exp(log_ratio - Z[conf_level] * error),
        conf_high=math.exp(log_ratio + Z[conf_level] * error),
        conf_level=conf_level,
        p_value=p,
        p_method="Wald",
        sides=sides,
        null_value=1,
        arm="B",
        reference="A",
        origin="randomisation",
        ties="efron",
        n_by_arm={"A": int((~group).sum()), "B": int(group.sum())},
        events_by_arm={"A": int((event & ~group).sum()), "B": int((event & group).sum())},
        source="rehearsal",
        **more,
    )


def by_arm(curves, level):
    """Median and survival at months, from curves."""
    found = []
    for item in curves:
        common = {
            "endpoint": item.endpoint,
            "method": "kaplan-meier",
            "arm": item.arm,
            "origin": "randomisation",
            "n_by_arm": {item.arm: int(item.at_risk[0])},
            "source": "rehearsal",
            "conf_level": level,
        }
        limits = [_crossing(item.time, part) for part in (item.value, item.conf_low, item.conf_high)]
        note = "" if limits[0] is not None else "not reached"
        found.append(
            Estimate(
                measure="median",
                unit="month",
                value=limits[0],
                conf_low=limits[1],
                conf_high=limits[2],
                note=note,
                **common,
            )
        )
        for at in (12.0, 24.0, 36.0, 60.0):
            place = np.searchsorted(item.time, at, side="right") - 1
            found.append(
                Estimate(
                    measure="survival",
                    unit="probability",
                    at=at,
                    value=float(item.value[place]),
                    conf_low=float(item.conf_low[place]),
                    conf_high=float(item.conf_high[place]),
                    **common,
                )
            )
    return found


def _crossing(time, value):
    below = np.flatnonzero(value <= 0.5)
    return float(time[below[0]]) if below.size else None


def jcog1017(seed=1):
    """Results in the shape of JCOG1017's: two arms, two endpoints, three subgroup variables."""
    rng = np.random.default_rng(seed)
    group = np.arange(407) >= 205
    estimates, curves = [], []
    for endpoint, medians, level, sides, shape in (
        ("os", (69, 75), 0.9, 1, 1.1),
        ("lrfs", (20, 63), 0.95, 2, 0.7),
        ("dmfs", (40, 34), 0.95, 2, 0.8),
    ):
        time = np.where(group, times(rng, 407, medians[1], shape=shape)[0], times(rng, 407, medians[0], shape=shape)[0])
        event = time < rng.uniform(48, 130, size=407)
        time = np.minimum(time, 130.0)
        own = []
        for arm, label in ARMS.items():
            inside = group if arm == "B" else ~group
            own.append(curve(endpoint, arm, label, time[inside], event[inside], conf_level=level))
        ratio = compared(endpoint, time, event, group, conf_level=level, sides=sides)
        estimates += [ratio, *by_arm(own, level)]
        curves += own
        if endpoint == "os":
            estimates += subgroups(rng, time, event, group)
            estimates += follow_up()
    estimates += others()
    flow = Flow(
        screened=578,
        steps=(
            FlowStep(
                "registration",
                "First registration",
                578,
                570,
                {
                    "I1 De novo stage IV breast cancer": 6,
                    "I2 Untreated invasive breast cancer confirmed by histology": 2,
                },
            ),
            FlowStep(
                "randomisation",
                "Second registration and randomisation",
                570,
                407,
                {
                    "I6 No progression after three months of primary systemic therapy": 130,
                    "W2 Not randomised for another reason than progression": 33,
                },
            ),
        ),
        arms=(
            FlowArm(
                "A",
                ARMS["A"],
                205,
                {"Systemic therapy": 205},
                {"Consent withdrawn": 3, "Lost to follow-up": 9},
                113,
                80,
                205,
            ),
            FlowArm(
                "B",
                ARMS["B"],
                202,
                {"Systemic therapy": 202, "Resection": 199},
                {"Consent withdrawn": 1, "Lost to follow-up": 8},
                108,
                85,
                202,
            ),
        ),
    )
    return Results("jcog1017", "2", "rehearsal", "2022-05-31", tuple(estimates), tuple(curves), flow, "9f" * 32)


def subgroups(rng, time, event, group):
    """Hazard ratios in subgroups drawn at random, with the p-values of the interactions."""
    found = []
    for variable, values in {
        "menopausal_status": ("pre", "post"),
        "organs_involved": ("single", "multiple"),
        "subtype": ("luminal", "her2", "triple_negative"),
    }.items():
        drawn = rng.choice(len(values), size=time.size)
        p = float(rng.uniform(0.02, 0.9))
        for index, value in enumerate(values):
            own = drawn == index
            found.append(
                replace(
                    compared(
                        "os", time[own], event[own], group[own], conf_level=0.9, sides=1, subgroup={variable: value}
                    ),
                    p_value=p,
                    p_method="interaction likelihood ratio",
                    sides=2,
                )
            )
    return found


def follow_up():
    """The two median follow-ups."""
    common = {
        "endpoint": "os",
        "measure": "median follow-up",
        "unit": "month",
        "origin": "randomisation",
        "source": "rehearsal",
    }
    return [
        Estimate(method="reverse Kaplan-Meier", value=88.4, conf_low=84.0, conf_high=92.1, conf_level=0.9, **common),
        Estimate(method="median observed time of all participants", value=58.2, **common),
    ]


def others():
    """Endpoints of other kinds."""
    n = {"A": 205, "B": 202}
    return [
        Estimate(
            endpoint="mets_free",
            measure="survival difference",
            method="kaplan-meier",
            unit="probability",
            value=-0.046,
            conf_low=-0.14,
            conf_high=0.048,
            conf_level=0.95,
            p_value=0.33,
            p_method="Wald",
            sides=2,
            null_value=0,
            arm="B",
            reference="A",
            at=12.0,
            origin="randomisation",
            n_by_arm=n,
            source="rehearsal",
        ),
        Estimate(
            endpoint="margins",
            measure="proportion",
            method="wilson",
            unit="probability",
            value=0.905,
            conf_low=0.856,
            conf_high=0.938,
            conf_level=0.95,
            arm="B",
            n_by_arm={"B": 199},
            events_by_arm={"B": 180},
            source="rehearsal",
        ),
        Estimate(
            endpoint="margins",
            measure="proportion",
            method="wilson",
            unit="probability",
            arm="A",
            n_by_arm={"A": 0},
            note="no participants",
            source="rehearsal",
        ),
        Estimate(
            endpoint="treatment_deaths",
            measure="count",
            unit="participant",
            value=0,
            arm="A",
            n_by_arm={"A": 205},
            source="rehearsal",
        ),
        Estimate(
            endpoint="treatment_deaths",
            measure="count",
            unit="participant",
            value=0,
            arm="B",
            n_by_arm={"B": 202},
            source="rehearsal",
        ),
        Estimate(
            endpoint="dissections",
            measure="mean cumulative number",
            unit="event",
            value=0.41,
            arm="B",
            at=60.0,
            n_by_arm={"B": 202},
            events_by_arm={"B": 81},
            source="rehearsal",
        ),
    ]


def four_arms(seed=2):
    """Curves and flow of a trial of four arms and three entry steps."""
    rng = np.random.default_rng(seed)
    labels = (
        "Surgery of the primary after complete response everywhere",
        "Surgery of the primary",
        "Resection of metastases",
        "Systemic therapy only",
    )
    curves, arms = [], []
    for index, label in enumerate(labels, start=1):
        time, event = times(rng, 60 + 20 * index, 70 - 8 * index)
        curves.append(curve("os", f"arm{index}", label, time, event))
        arms.append(
            FlowArm(
                f"arm{index}",
                label,
                time.size,
                {},
                {"Lost to follow-up": 3 * index},
                int(event.sum()),
                int((~event).sum()),
                time.size,
            )
        )
    total = sum(arm.allocated for arm in arms)
    steps = (
        FlowStep(
            "registration",
            "Registration",
            520,
            470,
            {"I1 Operable stage IV": 30, "E2 More than two visceral organs": 20},
        ),
        FlowStep("staging", "Staging complete", 470, 470),
        FlowStep("assignment", "Assignment by response", 470, total, {"Died before assignment": 470 - total}),
    )
    return tuple(curves), Flow(520, steps, tuple(arms))
