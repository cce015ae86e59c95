"""Group-sequential designs asked of R's rpact, where Rscript and it are installed: numbers to compare with, not code.

Each design is one line of options that both packages are given; rpact's answer is its bounds, its inflation factor and
the time of one call.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.design.sequential.group_sequential import GroupSequential

PROGRAM = """
suppressMessages(library(rpact))
for (line in readLines(commandArgs(TRUE)[1])) {
  field <- strsplit(line, "\\t")[[1]]
  options <- list(informationRates = as.numeric(strsplit(field[2], ",")[[1]]), alpha = as.numeric(field[3]),
    sided = as.integer(field[4]), typeOfDesign = field[5])
  value <- as.numeric(field[6])
  if (field[5] == "WT") options$deltaWT <- value
  if (field[5] %in% c("asHSD", "asKD")) options$gammaA <- value
  if (field[5] == "HP") options$constantBoundsHP <- value
  if (field[7] != "none") {
    options <- c(options, list(beta = as.numeric(field[9]), typeBetaSpending = field[7],
      bindingFutility = field[10] == "TRUE"))
    if (field[7] %in% c("bsHSD", "bsKD")) options$gammaB <- as.numeric(field[8])
  }
  runs <- as.integer(field[11])
  design <- do.call(getDesignGroupSequential, options)
  futility <- if (field[7] == "none") numeric(0) else design$futilityBounds
  inflation <- if (field[7] == "none") NA else getDesignCharacteristics(design)$inflationFactor
  seconds <- NA
  if (runs > 0) seconds <- min(sapply(1:3, function(i)
    system.time(for (j in seq_len(runs)) do.call(getDesignGroupSequential, options))[["elapsed"]] / runs))
  cat(field[1], sprintf("%.17g", c(seconds, inflation, design$criticalValues, futility)), "\\n")
}
"""
_VERSIONS = """
cat("R", paste(getRversion()), "\\n")
if (requireNamespace("rpact", quietly = TRUE)) cat("rpact", paste(packageVersion("rpact")), "\\n")
"""
_NAMES = {
    "obrien-fleming": "OF",
    "pocock": "P",
    "wang-tsiatis": "WT",
    "haybittle-peto": "HP",
    "spending:obrien-fleming": "asOF",
    "spending:pocock": "asP",
    "spending:hsd": "asHSD",
    "spending:kim-demets": "asKD",
}


@dataclass(frozen=True)
class Design:
    """One design, in the protocol's words.

    Attributes:
        information: fractions.
        bounds: of efficacy.
        alpha: total over the sides.
        sides: 1 or 2.
        futility: a beta-spending function, or empty.
        power: for beta spending.
        binding: whether futility is.
        runs: calls to be timed.
    """

    information: tuple[float, ...]
    bounds: str
    alpha: float = 0.025
    sides: int = 1
    futility: str = ""
    power: float = 0.9
    binding: bool = False
    runs: int = 0

    def ours(self) -> GroupSequential:
        more: dict[str, Any] = {"alpha": self.alpha, "sides": self.sides, "bounds": self.bounds}
        if self.futility:
            more |= {"futility": self.futility, "power": self.power, "binding": self.binding}
        return GroupSequential(self.information, **more)

    def line(self, key: int) -> str:
        kind, value = _rpact_words(self.bounds)
        beta, parameter = _rpact_words(self.futility) if self.futility else ("none", "0")
        looks = ",".join(repr(x) for x in self.information)
        fields: list[object] = [
            key, looks, self.alpha, self.sides, kind, value, beta.replace("as", "bs"), parameter,
            round(1 - self.power, 12), str(self.binding).upper(), self.runs,
        ]  # fmt: skip  # short items of one kind share a line
        return "\t".join(map(str, fields))


@dataclass(frozen=True)
class Answer:
    """What rpact says of a design: NaN where it was not asked."""

    seconds: float
    inflation: float
    critical: NDArray[np.float64]
    futility: NDArray[np.float64]


def _rpact_words(words: str) -> tuple[str, str]:
    """rpact's name and parameter of the protocol's words."""
    if words in _NAMES:
        return _NAMES[words], "3" if words == "haybittle-peto" else "0"
    kind, _, value = words.rpartition(":")
    return _NAMES[kind], value


@cache
def versions() -> dict[str, str]:
    """Versions of R and rpact; empty without Rscript."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return {}
    done = subprocess.run([rscript, "-e", _VERSIONS], capture_output=True, text=True, check=True)
    return dict(line.split() for line in done.stdout.splitlines())


def rpact_says(designs: Sequence[Design]) -> list[Answer] | None:
    """rpact's answers, None if it is not installed."""
    rscript = shutil.which("Rscript")
    if rscript is None or "rpact" not in versions():
        return None
    with tempfile.TemporaryDirectory() as folder:
        program, lines = Path(folder) / "designs.R", Path(folder) / "designs.txt"
        program.write_text(PROGRAM, encoding="utf-8")
        lines.write_text("\n".join(design.line(i) for i, design in enumerate(designs)) + "\n", encoding="utf-8")
        done = subprocess.run([rscript, str(program), str(lines)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"R failed: {done.stderr.strip()[-400:]}")
    answers = []
    for design, line in zip(designs, done.stdout.splitlines(), strict=True):
        seconds, inflation, *values = (float("nan") if text == "NA" else float(text) for text in line.split()[1:])
        k = len(design.information)
        answers.append(Answer(seconds, inflation, np.array(values[:k]), np.array(values[k:])))
    return answers
