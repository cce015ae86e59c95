"""Trials simulated by R's rpact, where Rscript and it are installed: numbers to compare with, not code."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rpact_designs import versions
from simulation_cases import DROPOUT_TIME, Case

PROGRAM = """
suppressMessages(library(rpact))
numbers <- function(text) as.numeric(strsplit(text, ",")[[1]])
for (line in readLines(commandArgs(TRUE)[1])) {
  field <- strsplit(line, "\\t")[[1]]
  looks <- numbers(field[2])
  options <- list(kMax = length(looks), alpha = as.numeric(field[3]), sided = 1)
  if (length(looks) > 1) {
    options <- c(options, list(informationRates = looks, typeOfDesign = field[5]))
    value <- as.numeric(field[6])
    if (field[5] == "WT") options$deltaWT <- value
    if (field[5] %in% c("asHSD", "asKD")) options$gammaA <- value
    if (field[5] == "HP") options$constantBoundsHP <- value
    if (field[7] != "none") {
      options <- c(options, list(beta = as.numeric(field[9]), typeBetaSpending = field[7],
        bindingFutility = field[10] == "TRUE"))
      if (field[7] %in% c("bsHSD", "bsKD")) options$gammaB <- as.numeric(field[8])
    }
  }
  case <- numbers(field[12])
  accrual <- numbers(field[14])
  settings <- list(do.call(getDesignGroupSequential, options), directionUpper = TRUE,
    maxNumberOfSubjects = case[1], hazardRatio = case[2], lambda2 = log(2) / case[3], allocation1 = case[4],
    allocation2 = case[5], dropoutRate1 = case[6], dropoutRate2 = case[6], dropoutTime = case[7],
    plannedEvents = numbers(field[13]), maxNumberOfIterations = case[8], seed = case[9],
    accrualTime = if (length(accrual) > 1) c(0, accrual) else accrual)
  if (length(accrual) > 1) {
    settings$accrualIntensity <- numbers(field[15])
    settings$maxNumberOfSubjects <- NULL
  }
  found <- do.call(getSimulationSurvival, settings)
  trials <- getData(found)
  trials <- trials[trials$trialStop, ]
  stopifnot(nrow(trials) == case[8], !any(trials$eventsNotAchieved))
  at_stop <- list(trials$analysisTime, trials$overallEvents1 + trials$overallEvents2, trials$numberOfSubjects)
  cat(field[1], sprintf("%.17g", c(found$overallReject, sapply(at_stop, mean),
    sapply(at_stop, sd) / sqrt(nrow(trials)))), "\\n")
}
"""


@dataclass(frozen=True)
class Answer:
    """What rpact finds.

    Attributes:
        trials: how many it simulated.
        power: share that shows benefit.
        at_stop: (3,) month, events and participants when the trial stops.
        errors: (3,) of them.
    """

    trials: int
    power: float
    at_stop: NDArray[np.float64]
    errors: NDArray[np.float64]


def _line(key: int, case: Case, trials: int) -> str:
    """A case in R's reading.

    rpact simulates one-sided tests only, so it is given the benefit tail. Its first participant is in its treatment
    arm and ours in the control arm, so it is given the arms the other way round: benefit is its hazard ratio above 1.
    """
    control, experimental = (1.0, case.ratio) if case.ratio >= 1.0 else (1.0 / case.ratio, 1.0)
    numbers = (
        case.n, 1.0 / case.hazard_ratio, case.median / case.hazard_ratio, control, experimental, case.dropout,
        DROPOUT_TIME, trials, key + 1,
    )  # fmt: skip  # short items of one kind share a line
    periods = case.periods
    columns = (numbers, case.events, periods.ends, periods.rates)
    return "\t".join([case.design(sides=1).line(key), *(",".join(map(repr, column)) for column in columns)])


def _one_process(lines: Sequence[str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        program, cases = Path(folder) / "cases.R", Path(folder) / "cases.txt"
        program.write_text(PROGRAM, encoding="utf-8")
        cases.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [shutil.which("Rscript") or "Rscript", str(program), str(cases)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"R failed: {done.stderr.strip()[-400:]}")
    return done.stdout.splitlines()


def rpact_simulates(cases: Sequence[Case], trials: Sequence[int]) -> list[Answer] | None:
    """What rpact finds, case by case; None if it is not installed. Two processes share the work."""
    if "rpact" not in versions():
        return None
    lines = [_line(i, case, count) for i, (case, count) in enumerate(zip(cases, trials, strict=True))]
    with ThreadPoolExecutor(2) as pool:
        printed = [line.split() for part in pool.map(_one_process, (lines[::2], lines[1::2])) for line in part]
    answers = []
    for _, *values in sorted(printed, key=lambda words: int(words[0])):
        power, *rest = map(float, values)
        answers.append(Answer(trials[len(answers)], power, np.array(rest[:3]), np.array(rest[3:])))
    return answers
