"""The proportional hazards model.

Sources: Cox 1972; ties: Breslow 1974, Efron 1977, with case weights as in Therneau and Grambsch 2000, and exact as Cox
1972, section 6, by the recursion of Gail, Lubin and Rubinstein, Biometrika 1981; delayed entry and time-dependent
covariates as a counting process: Andersen and Gill 1982; robust variance: Lin and Wei, JASA 1989; monotone likelihood:
Bryson and Johnson 1981; its penalty: Firth, Biometrika 1993, and for this model Heinze and Schemper, Biometrics 2001.
Numbers agree with `coxph` of R's survival 3.x.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from equipoise._kernel import as_int
from equipoise.survival._arrays import check_level, read_causes, read_time
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.cox_fit import fit
from equipoise.survival.cox_model import Settings, Ties, check_settings
from equipoise.survival.cox_result import Cox
from equipoise.survival.cox_rows import read_cox


def cox(
    time: Any,
    event: Any,
    covariates: Any,
    *,
    entry: Any = None,
    strata: Any = None,
    cluster: Any = None,
    weights: Any = None,
    ties: Ties = "efron",
    robust: bool = False,
    names: Sequence[str] | None = None,
    conf_level: float = 0.95,
    offset: Any = None,
    penalty: float | Sequence[float] = 0.0,
    firth: bool = False,
    time_tolerance: float = TIME_TOLERANCE,
) -> Cox:
    """Fit hazard ratios by partial likelihood.

    Args:
        time: (n,) end of follow-up, or of the interval in which the covariates hold.
        event: (n,) 1 for an event at `time`, 0 for none.
        covariates: (n, p) numbers: a 2-d array, a data frame, a mapping of name to column, or one column.
        entry: (n,) start of observation: at risk in (entry, time]. A participant whose covariates change has several
            rows; `time_dependent` makes them.
        strata: (n,) labels, or several such columns; each stratum has its own baseline hazard.
        cluster: (n,) labels of rows that are not independent; implies `robust`.
        weights: (n,) case weights; rows of weight 0 are left out.
        ties: `efron` or `breslow`; `exact` is the conditional logistic likelihood of events in discrete time
            (Cox 1972; the sums over subsets by the recursion of Gail, Lubin and Rubinstein 1981), which takes neither
            weights nor robust errors.
        robust: sandwich standard errors, by row or by `cluster`.
        names: (p,) of the covariates; by default those of the frame, else x1, x2, ...
        conf_level: two-sided level.
        offset: (n,) added to the linear predictor with coefficient 1.
        penalty: ridge: this times half the squared coefficient, on the covariate's own scale, is taken from the log
            likelihood; one number for all covariates, or one a covariate.
        firth: Firth's penalty, half the log determinant of the information is added to the log likelihood (Firth 1993;
            Heinze and Schemper 2001): finite coefficients where the likelihood is monotone. Tests and limits are
            Wald's, from the inverse information at the maximum; `.profile_interval()` gives those of the profile, to be
            preferred where the likelihood is monotone.
        time_tolerance: times closer than this times the mean time are tied.

    Returns: The fit. Where the likelihood is monotone (no event in a group, for one), `converged` is False, `note` says
        so, and the coefficients concerned are infinite; the likelihood-ratio and score tests hold nevertheless.

    Raises:
        NoEventsError: if there are no events.
        DataError: for input that cannot be used, naming the rows; for a covariate that is constant or a combination of
            others; for options that exclude each other.
    """
    level = check_level(conf_level)
    data = read_cox(
        time,
        event,
        covariates,
        entry=entry,
        strata=strata,
        cluster=cluster,
        weights=weights,
        names=names,
        offset=offset,
    )
    settings = Settings(
        ties=ties,
        robust=robust or cluster is not None,
        penalty=penalty,
        firth=firth,
        conf_level=level,
        time_tolerance=time_tolerance,
    )
    check_settings(settings, data)
    return fit(data, settings)


def cause_specific_cox(time: Any, event: Any, covariates: Any, *, cause: int = 1, **options: Any) -> Cox:
    """Fit the hazard of one cause, other causes censored at their times.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 0 for censored, else the cause.
        covariates: as for `cox`.
        cause: the cause of interest.
        **options: those of `cox`.

    Raises:
        NoEventsError: if there are no events of this cause.
        DataError: as `cox`.
    """
    times = read_time(time)
    codes = read_causes(event, times.size)
    return cox(times, as_int(codes == cause), covariates, **options)
