"""Participants made by hand, and small ADTTE tables, for tests of the analysis."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from equipoise.conduct import LOST, ParticipantState
from equipoise.conduct.state import Assessment, Assignment, Left, Occurrence
from equipoise.protocol import load

SMALL = Path(__file__).parent.parent / "data" / "analysis" / "small.csv"
"""90 invented participants: id, arm, time, cause (0 censored, 1 event, 2 competing), entry, three covariates."""


@cache
def trial(name="jcog1017"):
    return load(name)


def on(days):
    """So many days after randomisation."""
    return date(2020, 1, 1) + timedelta(days=days)


CUT = on(1000)

JCOG_VALUES = {"er": "positive", "her2": "negative", "menopausal_status": "post", "metastatic_organs": 2}
HENAN_VALUES = {"er": "positive", "pr": "positive", "her2": "negative", "metastatic_organs": 1}


def happened(event, days, *, kind="progression", cause=None, entry=None):
    return Occurrence(event, kind, cause, on(days), entry or 100 + days)


def death(days, cause="breast_cancer", **more):
    return happened("death", days, kind="death", cause=cause, **more)


def local(days, **more):
    return happened("local_progression", days, **more)


def distant(days, **more):
    return happened("distant_progression", days, **more)


def participant(
    number="00001", arm="A", *, events=(), seen=(), missed=(), alive=None, left=None, values=None, first="registration",
    allocation="randomisation", registered=-92, assigned=None, **more,
):  # fmt: skip  # parameters that belong together share a line
    """A participant registered and randomised on day 0; `seen` are days of assessments, `alive` the last day alive."""
    last = alive if alive is not None else max([0, *seen, *((event.on - on(0)).days for event in events)])
    assignments = tuple(Assignment(allocation, a, on(d)) for d, a in (assigned or [(0, arm)]))
    steps = {first: on(registered)} | ({allocation: assignments[0].on} if assignments else {})
    return ParticipantState(
        number=number,
        site="S01",
        version="1",
        screened_on=on(registered),
        values={
            **(JCOG_VALUES if values is None else values),
            **{f"{step}_date": day for step, day in steps.items()},
        },
        steps=steps,
        assignments=assignments,
        assessments=tuple(Assessment("follow_up", on(d), f"M{d}", {}, "SD") for d in seen),
        missed=tuple(on(d) for d in missed),
        events=tuple(events),
        leavings=() if left is None else (left,),
        last_alive=on(last),
        **more,
    )


def lost(days):
    return Left(LOST, on(days), "stops")


def by_param(table, number="00001"):
    """The rows of one participant, by PARAMCD."""
    return {row["PARAMCD"]: row for row in table.filter(pl.col("SUBJID") == number).iter_rows(named=True)}


def small_adtte(code="OS", *, arms=("A", "B"), competing=False, delayed=False, strata=False):
    """The small table as ADTTE of one parameter; competing events count as censored unless asked for."""
    data = pl.read_csv(SMALL)
    cnsr = {0: 1, 1: 0, 2: 2 if competing else 1}
    stratum = pl.format("organs_involved={};subtype={}", "organs", "subtype") if strata else pl.lit("")
    return data.select(
        pl.format("s-{}", pl.col("id").cast(pl.String).str.zfill(3)).alias("USUBJID"),
        pl.lit("Y").alias("ITTFL"),
        pl.lit("Y").alias("ENRLFL"),
        pl.col("arm").replace_strict({"A": arms[0], "B": arms[1]}).alias("TRTP"),
        pl.lit(code).alias("PARAMCD"),
        pl.col("time").alias("AVAL"),
        pl.col("cause").replace_strict(cnsr).alias("CNSR"),
        (pl.col("entry") if delayed else pl.lit(0)).alias("ENTRY"),
        stratum.alias("STRATAR"),
        pl.col("menopausal").alias("MENOSTAT"),
        pl.col("organs").alias("ORGANS"),
        pl.col("subtype").alias("SUBTYPE"),
    )
