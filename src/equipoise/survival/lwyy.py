"""The rate model of recurrent events: ratios of mean numbers of events.

Source: Lin, Wei, Yang and Ying, JRSS B 2000: the likelihood of Andersen and Gill 1982 with a sandwich variance over
participants, which holds whatever the dependence between the events of one. Death, as the end of follow-up, ends the
time at risk; where it is frequent and differs between groups, the ratio is that of rates among those alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from equipoise._kernel import as_int
from equipoise.errors import DataError
from equipoise.survival._arrays import (
    Bools,
    read_causes,
    read_covariates,
    read_groups,
    read_strata,
    read_time,
    rows_text,
)
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.cox import cox
from equipoise.survival.cox_model import Ties
from equipoise.survival.cox_result import Cox
from equipoise.survival.recurrent import check_ends


def lwyy(
    participant: Any,
    time: Any,
    event: Any,
    covariates: Any,
    *,
    strata: Any = None,
    ties: Ties = "efron",
    names: Sequence[str] | None = None,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> Cox:
    """Fit rate ratios of recurrent events.

    Rows are events, in any order, as for `mean_cumulative_function`: each participant has any number of recurrent
    events and exactly one end. Covariates hold from the participant's row before, or from 0, to the row's time.

    Args:
        participant: (n,) labels.
        time: (n,) time of the event since the participant's origin.
        event: (n,) 1 for a recurrent event, 2 for death, 0 for the end of follow-up alive.
        covariates: as for `cox`.
        strata: (n,) labels, or several such columns.
        ties: as for `cox`.
        names: (p,) of the covariates.
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied.

    Returns: The fit, with robust standard errors; `hazard_ratio` is the rate ratio.

    Raises:
        NoEventsError: if there are no recurrent events.
        DataError: for input that cannot be used, naming the rows; a participant without an end or with two, an event
            after the end, or two events of one participant at one time.
    """
    times = read_time(time)
    n = times.size
    codes = read_causes(event, n)
    people, labels = read_groups(participant, n, "participant")
    tolerance = time_tolerance * float(times.mean())
    check_ends(people, labels, times, codes, tolerance)
    order = np.lexsort((codes != 1, times, people))
    same = np.concatenate([[False], people[order][1:] == people[order][:-1]])
    before = np.empty(n)
    before[order] = np.where(same, np.concatenate([[0.0], times[order][:-1]]), 0.0)
    empty: Bools = times - before <= tolerance
    twice = empty & (codes == 1)
    if twice.any():
        raise DataError(
            f"time: an event at 0 or at the time of the participant's event before in {rows_text(twice)}; give events "
            "of one participant distinct times after 0"
        )
    kept = ~empty
    matrix, found = read_covariates(covariates, n, names)
    stratum = read_strata(strata, n)[0]
    return cox(
        times[kept],
        as_int(codes[kept] == 1),
        matrix[kept],
        entry=before[kept],
        strata=stratum[kept] if stratum.size else None,
        cluster=people[kept],
        ties=ties,
        names=found,
        conf_level=conf_level,
        time_tolerance=time_tolerance,
    )
