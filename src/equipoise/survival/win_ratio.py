"""The win ratio of two groups, by endpoints in order of priority: death first, then another event.

Sources: Pocock et al., European Heart Journal 2012 (unmatched pairs); Bebu and Lachin, Biostatistics 2016 (the
variance of the two U-statistics, here by the spread of their projections on the participants, with n - 1 in each
group); Dong et al., Journal of Biopharmaceutical Statistics 2018 (strata, weighted by 1/size); Brunner,
Vandemeulebroecke and Muetze, Statistics in Medicine 2021 (win odds). The variance is that at the effect found; that of
Dong et al., centred where wins equal losses, differs little for the ratio and more for the net benefit.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise._kernel import as_float, as_int
from equipoise.errors import DataError, NoEventsError
from equipoise.estimates.result import Column, Result, percent, show
from equipoise.survival._arrays import (
    Floats,
    Ints,
    check_length,
    check_level,
    read_event,
    read_groups,
    read_strata,
    read_time,
)
from equipoise.survival._number import Difference, Ratio
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival._threads import over_ranges
from equipoise.survival.win_ratio_kernels import compare_pairs

_PEOPLE = 128
"""Participants of one range; each is compared with the whole other group."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WinRatio(Result):
    """Wins of the last group over the first, in all pairs of one of each.

    Attributes:
        ratio: wins over losses, its interval and p normal on the log scale.
        net_benefit: share of wins less share of losses.
        odds: (wins + half the ties)/(losses + half the ties).
        wins: pairs won by the last group; (k,) by the endpoint that decided in `wins_by_endpoint`.
        losses: pairs lost by it.
        ties: pairs that no endpoint decides.
        wins_by_endpoint: (k,) in order of priority.
        losses_by_endpoint: (k,).
        endpoints: (k,) names.
        groups: the two labels.
        strata: number of strata; pairs are within them.
        conf_level: two-sided level.
    """

    ratio: Ratio
    net_benefit: Difference
    odds: Ratio
    wins: int
    losses: int
    ties: int
    wins_by_endpoint: Ints
    losses_by_endpoint: Ints
    endpoints: tuple[str, ...]
    groups: tuple[Hashable, ...]
    strata: int
    conf_level: float

    def _title(self) -> str:
        stratified = f", {self.strata} strata" if self.strata > 1 else ""
        return f"Win ratio ({self.groups[1]} over {self.groups[0]}){stratified}, {percent(self.conf_level)} limits"

    def _columns(self) -> Mapping[str, Column]:
        return {"endpoint": self.endpoints, "wins": self.wins_by_endpoint, "losses": self.losses_by_endpoint}

    def _notes(self) -> list[str]:
        return [
            f"win ratio {self.ratio!r}",
            f"net benefit {self.net_benefit!r}",
            f"win odds {self.odds!r}; ties {show(self.ties)}",
        ]


def win_ratio(
    endpoints: Mapping[str, tuple[Any, Any]] | Sequence[tuple[Any, Any]],
    group: Any,
    *,
    strata: Any = None,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> WinRatio:
    """Compare each participant of the last group with each of the first, endpoint after endpoint.

    Args:
        endpoints: in order of priority, each a pair of (n,) times and (n,) events, 1 for an event and 0 for
            censored; a mapping gives them names. A pair is decided by the first endpoint on which one is seen to have
            the event while the other is known to be without it.
        group: (n,) labels of two groups.
        strata: (n,) labels, or several such columns; pairs are formed within, and weighted by 1/size.
        conf_level: two-sided level.
        time_tolerance: times of an endpoint closer than this times their mean are tied.

    Raises:
        NoEventsError: if no pair is won or none is lost: there is no ratio.
        DataError: for input that cannot be used, naming the rows; unless there are two groups.
    """
    level = check_level(conf_level)
    pairs = endpoints if isinstance(endpoints, Mapping) else {f"endpoint {k + 1}": e for k, e in enumerate(endpoints)}
    if not pairs:
        raise DataError("endpoints: give at least one pair of times and events")
    times, events = _read(pairs)
    codes, labels = read_groups(group, times.shape[0])
    stratum, strata_labels = read_strata(strata, times.shape[0])
    if len(labels) != 2:
        raise DataError(f"group: {len(labels)} groups; a win ratio compares two")
    tolerance = as_float(time_tolerance * times.mean(axis=0))
    parts = []
    for s in range(max(1, len(strata_labels))):
        here = np.ones(codes.size, np.bool_) if stratum.size == 0 else stratum == s
        sides = [(as_float(times[here & (codes == g)]), as_int(events[here & (codes == g)])) for g in (1, 0)]
        if all(side[0].size for side in sides):
            parts.append(_compare(sides, tolerance))
    return _result(parts, tuple(pairs), labels, max(1, len(strata_labels)), level)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The pairs of one stratum: won and lost by the last group.

    `last` and `first` (n, 2) are those of each member of either group, `decided` (k, 2) those of each endpoint.
    """

    last: Floats
    first: Floats
    decided: Ints

    @property
    def number(self) -> int:
        return int(self.last.shape[0] * self.first.shape[0])

    @property
    def covariance(self) -> Floats:
        """(2, 2) of the numbers won and lost, two U-statistics, by their projections on the members."""
        total: Floats = _spread(self.last) * self.last.shape[0] + _spread(self.first) * self.first.shape[0]
        return total


def _result(
    parts: list[_Pairs], endpoints: tuple[str, ...], groups: tuple[Hashable, ...], strata: int, level: float
) -> WinRatio:
    """The ratio, the difference and the odds of the shares won and lost in all strata."""
    weights = [1.0 / (part.last.shape[0] + part.first.shape[0]) if strata > 1 else 1.0 for part in parts]
    weighted = list(zip(weights, parts, strict=True))
    totals = sum((w * part.last.sum(axis=0) for w, part in weighted), start=np.zeros(2))
    if not bool(np.all(totals > 0.0)):
        raise NoEventsError("event: no pair is won or none is lost; there is no win ratio")
    size = sum(w * part.number for w, part in weighted)
    covariance = sum((w**2 * part.covariance for w, part in weighted), start=np.zeros((2, 2))) / size**2
    won, lost = (float(v) for v in totals / size)
    benefit = won - lost
    on_log, on_difference = np.array([1.0 / won, -1.0 / lost]), np.array([1.0, -1.0])
    std_error = math.sqrt(float(on_difference @ covariance @ on_difference))
    decided = np.sum([part.decided for part in parts], axis=0)
    wins, losses = (int(v) for v in decided.sum(axis=0))
    return WinRatio(
        ratio=Ratio(won / lost, math.sqrt(float(on_log @ covariance @ on_log)), level),
        net_benefit=Difference(benefit, std_error, level),
        odds=Ratio((1.0 + benefit) / (1.0 - benefit), 2.0 * std_error / (1.0 - benefit**2), level),
        wins=wins,
        losses=losses,
        ties=sum(part.number for part in parts) - wins - losses,
        wins_by_endpoint=decided[:, 0],
        losses_by_endpoint=decided[:, 1],
        endpoints=endpoints,
        groups=groups,
        strata=strata,
        conf_level=level,
    )


def _read(pairs: Mapping[str, tuple[Any, Any]]) -> tuple[Floats, Ints]:
    """Times and events, (n, k)."""
    columns: list[tuple[Floats, Ints]] = []
    for name, (time, event) in pairs.items():
        t = read_time(time, f"time of {name}")
        if columns:
            check_length(t, columns[0][0].size, f"time of {name}")
        columns.append((t, read_event(event, t.size, f"event of {name}")))
    return np.column_stack([t for t, _ in columns]), np.column_stack([e for _, e in columns])


def _compare(sides: list[tuple[Floats, Ints]], tolerance: Floats) -> _Pairs:
    """Compare each of the last group (given first) with each of the first."""
    (time, event), (other_time, other_event) = sides
    n1, n0, k = time.shape[0], other_time.shape[0], time.shape[1]
    won, lost = np.zeros(n1, np.int64), np.zeros(n1, np.int64)
    parts: dict[int, tuple[Ints, Ints, Ints]] = {}

    def work(low: int, high: int) -> None:
        part = np.zeros(n0, np.int64), np.zeros(n0, np.int64), np.zeros((k, 2), np.int64)
        compare_pairs(low, high, time, event, other_time, other_event, tolerance, won, lost, *part)
        parts[low] = part

    over_ranges(work, n1, _PEOPLE)
    other_won, other_lost, decided = (sum(p[i] for p in parts.values()) for i in range(3))
    last = np.column_stack([won, lost]).astype(np.float64)
    first = np.column_stack([other_lost, other_won]).astype(np.float64)
    return _Pairs(last, first, as_int(decided))


def _spread(counts: Floats) -> Floats:
    """(2, 2) covariance of the members' counts."""
    centred = counts - counts.mean(axis=0)
    return np.asarray(centred.T @ centred / max(counts.shape[0] - 1, 1))
