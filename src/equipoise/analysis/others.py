"""Endpoints that are no time to an event: counts, proportions, scores."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtri, stdtrit

from equipoise.analysis.context import Frame, joined
from equipoise.analysis.names import column_of
from equipoise.analysis.sample import Sample, in_population, refuse
from equipoise.analysis.tables import Datasets
from equipoise.errors import DataError
from equipoise.estimates import Estimate
from equipoise.protocol.model.endpoints import Proportion, Score
from equipoise.protocol.rules import Rule, compile_rule
from equipoise.survival import mean_cumulative_count


def count_estimates(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """How often something happened in each arm, and its mean cumulative number with death ending the count."""
    participants = sample.frame["USUBJID"].to_numpy()
    kinds = np.select([sample.cause == 1, sample.cause == 2], [1, 2], 0)
    ends = {arm: float(sample.months[sample.arm == i].max()) for i, arm in enumerate(sample.arms)}
    at = frame.analysis.milestones or (float(math.floor(min(ends.values()))),)
    for i, arm in enumerate(sample.arms):
        rows = sample.arm == i
        n = len(set(participants[rows].tolist()))
        happened = int((kinds[rows] == 1).sum())
        shared = {"arm": arm, "n_by_arm": {arm: n}, "events_by_arm": {arm: happened}}
        yield frame.estimate("count", value=float(happened), method="total", unit="event", **shared)
        for month in at:
            if not happened or month > ends[arm]:
                note = "no events" if not happened else f"nobody was followed to {month:g} months"
                yield frame.nothing(
                    "mean cumulative number", note, method="ghosh-lin", unit="event", at=month, **shared
                )
                continue
            found = mean_cumulative_count(
                participants[rows], sample.months[rows], kinds[rows], at=month, conf_level=frame.analysis.conf_level
            )
            yield frame.estimate(
                "mean cumulative number",
                value=found.mean[0],
                std_error=found.std_error[0],
                conf_low=found.conf_low[0],
                conf_high=found.conf_high[0],
                conf_level=frame.analysis.conf_level,
                at=month,
                method="ghosh-lin",
                unit="event",
                **shared,
            )


def proportion_estimates(frame: Frame, endpoint: Proportion, datasets: Datasets) -> Iterator[Estimate]:
    """The share of each arm for whom the rule is true, with Wilson's interval; the unknown are counted and said."""
    if datasets.adsl is None:
        yield frame.nothing("proportion", "needs ADSL, and only ADTTE was given", unit="probability")
        return
    dictionary = frame.protocol.dictionary
    rule = compile_rule(endpoint.rule, dictionary)
    among = compile_rule(endpoint.among, dictionary) if endpoint.among is not None else None
    frames = in_population(datasets.adsl, frame.analysis.population, "ADSL")
    for arm in frame.protocol.arms:
        judged = [
            _judge(frame, row, rule, among) for row in frames.filter(pl.col("TRT01P") == arm).iter_rows(named=True)
        ]
        counted = [answer for answer in judged if answer != "outside"]
        if not judged:
            continue
        known = [answer for answer in counted if answer is not None]
        yield _proportion(frame, arm, sum(answer is True for answer in known), len(known), len(counted) - len(known))


def _judge(frame: Frame, row: dict[str, Any], rule: Rule, among: Rule | None) -> Any:
    """True, false, None (unknown), or `outside` of those that count."""
    names = {*rule.variables, *(among.variables if among else ())}
    values = {name: _value(frame, name, row) for name in names}
    if among is not None and among.judge(values).value is not True:
        return "outside"
    return rule.judge(values).value


def _value(frame: Frame, name: str, row: dict[str, Any]) -> Any:
    column = "TRT01P" if name == "arm" else column_of(frame.protocol, name)
    if column not in row:
        raise DataError(f"ADSL has no column {column}, which endpoint {frame.endpoint} rests on")
    value = row[column]
    return value == "Y" if frame.protocol.dictionary[name].type == "boolean" and value is not None else value


def _proportion(frame: Frame, arm: str, hits: int, n: int, unknown: int) -> Estimate:
    level = frame.analysis.conf_level
    note = f"not known for {unknown}" if unknown else ""
    shared = {"arm": arm, "method": "wilson", "unit": "probability", "n_by_arm": {arm: n}, "events_by_arm": {arm: hits}}
    if n == 0:
        return frame.nothing("proportion", note or "nobody to count among", **shared)
    low, high = wilson(hits, n, level)
    return frame.estimate(
        "proportion", value=hits / n, conf_low=low, conf_high=high, conf_level=level, note=note, **shared
    )


def wilson(hits: int, n: int, conf_level: float) -> tuple[float, float]:
    """Wilson's score interval (Wilson 1927, J Am Stat Assoc 22:209)."""
    z = float(ndtri(0.5 + conf_level / 2))
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def score_estimates(frame: Frame, endpoint: Score, datasets: Datasets) -> Iterator[Estimate]:
    """Mean of a score by arm and visit, of those who gave one; described, not tested."""
    if datasets.adqs is None:
        yield frame.nothing("mean", "needs ADQS, and only ADTTE was given", unit="point")
        return
    level = frame.analysis.conf_level
    rows = in_population(
        datasets.adqs.filter(pl.col("PARAMCD") == frame.endpoint), frame.analysis.population, frame.endpoint
    )
    _check_scores(frame, rows)
    said = joined(f"higher is {endpoint.higher_is}; of those who answered", _without_month(rows))
    for month in endpoint.at_months:
        for arm in frame.protocol.arms:
            values = rows.filter((pl.col("AVISITN") == month) & (pl.col("TRTP") == arm))["AVAL"].to_numpy()
            shared = {"arm": arm, "at": month, "unit": "point", "method": "mean", "n_by_arm": {arm: values.size}}
            if values.size < 2:
                yield frame.nothing("mean", joined("fewer than two scores", _without_month(rows)), **shared)
                continue
            error = float(values.std(ddof=1)) / math.sqrt(values.size)
            half = float(stdtrit(values.size - 1, 0.5 + level / 2)) * error
            mean = float(values.mean())
            yield frame.estimate(
                "mean",
                value=mean,
                std_error=error,
                conf_low=mean - half,
                conf_high=mean + half,
                conf_level=level,
                note=said,
                **shared,
            )


def _check_scores(frame: Frame, rows: pl.DataFrame) -> None:
    """Refuse scores without value or arm, and more than one of a participant at one visit."""
    name = frame.endpoint
    refuse(rows, pl.col("AVAL").is_null() | pl.col("AVAL").is_nan(), f"{name}: AVAL is missing", "leave the row out")
    arms = ", ".join(frame.protocol.arms)
    strange = ~pl.col("TRTP").is_in(list(frame.protocol.arms)).fill_null(value=False)
    refuse(rows, strange, f"{name}: TRTP is no arm of the protocol", f"use {arms}")
    twice = pl.struct("USUBJID", "AVISITN").is_duplicated() & pl.col("AVISITN").is_not_null()
    refuse(rows, twice, f"{name}: a participant has two scores at one visit", "keep one")


def _without_month(rows: pl.DataFrame) -> str:
    """Which scores stand at no month and so in no mean: those outside visits, and of visits that are not M<number>."""
    apart = rows.filter(pl.col("AVISITN").is_null())["AVISIT"].fill_null("").to_list()
    if not apart:
        return ""
    names = sorted({name or "outside visits" for name in apart})
    return f"{len(apart)} scores without a month are not counted ({', '.join(names)})"
