"""The same estimates by R's survival and cmprsk, where Rscript and they are installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from bench_samples import HORIZON, SLOW, SLOWEST, Sample

PROGRAM = """
arguments <- commandArgs(TRUE)
folder <- arguments[1]; n <- as.integer(arguments[2]); p <- as.integer(arguments[3])
horizon <- as.numeric(arguments[4]); slow <- as.numeric(arguments[5])
slowest <- as.numeric(arguments[6]); keys <- arguments[-(1:6)]
library(survival)
read <- function(name, size = n) readBin(file.path(folder, name), "double", size)
time <- read("time"); event <- read("event"); group <- read("group"); cause <- read("cause")
x <- matrix(read("covariates", n * p), n, byrow = TRUE)
y <- Surv(time, event); frame <- data.frame(time, event, group)
last_at <- function(at, value) value[max(which(at <= horizon))]
efron <- function() survival:::coxph.fit(x, y, NULL, NULL, NULL, coxph.control(), NULL, "efron", NULL, resid = FALSE)
routine <- function() {
  sorted <- order(time); control <- coxph.control()
  stime <- time[sorted]; status <- as.integer(event[sorted]); sx <- x[sorted, , drop = FALSE]
  zero <- rep(0, n); one <- rep(1, n); strata <- as.integer(zero)
  function() .Call(survival:::Ccoxfit6, as.integer(control$iter.max), stime, status, sx, zero, one, strata, 1L,
    control$eps, control$toler.chol, rep(0, p), rep(1L, p))
}
if ("coxfit6" %in% keys) bare <- routine()
tests <- function(found) unname(found$Tests[, "stat"])
calls <- list(
  survfit = list(function() survfit(Surv(time, event) ~ 1, frame), function(f) last_at(f$time, f$surv)),
  survdiff = list(function() survdiff(Surv(time, event) ~ group, frame), function(f) f$chisq),
  coxph = list(function() coxph(y ~ x), function(f) unname(coef(f))),
  coxph.fit = list(efron, function(f) unname(f$coefficients)),
  coxfit6 = list(function() bare(), function(f) f$coef),
  crr = list(function() cmprsk::crr(time, cause, x), function(f) unname(f$coef)),
  cuminc = list(function() cmprsk::cuminc(time, cause, group), tests),
  cuminc.one = list(function() cmprsk::cuminc(time, cause), function(f) last_at(f[[1]]$time, f[[1]]$est))
)
now <- function() as.numeric(Sys.time())
seconds <- function(call, first) {
  best <- first
  runs <- if (first < slow) 5 else if (first < slowest) 2 else 0
  for (run in seq_len(runs)) {
    times <- max(1, floor(0.02 / best)); began <- now()
    for (i in seq_len(times)) call()
    best <- min(best, (now() - began) / times)
  }
  best
}
for (key in keys) {
  began <- now(); found <- calls[[key]][[1]](); first <- now() - began
  values <- calls[[key]][[2]](found)
  cat(key, sprintf("%.17g", c(seconds(calls[[key]][[1]], first), values)), "\\n")
}
"""

VERSIONS = """
cat("R", paste(getRversion()), "\\n")
for (name in c("survival", "cmprsk")) {
  if (requireNamespace(name, quietly = TRUE)) cat(name, paste(packageVersion(name)), "\\n")
}
"""


@dataclass(frozen=True)
class RCall:
    """A call of R: what it computes, the name above, and how the reader knows it."""

    estimate: str
    key: str
    package: str
    call: str


KM = RCall("km", "survfit", "survival", "survfit")
LOGRANK = RCall("logrank", "survdiff", "survival", "survdiff")
COXPH = RCall("cox", "coxph", "survival", "coxph")
COXPH_FIT = RCall("cox", "coxph.fit", "survival", "coxph.fit on matrices: sort, C fit, linear predictor")
COXFIT6 = RCall("cox", "coxfit6", "survival", "the C routine alone, on sorted data")
CRR = RCall("fine-gray", "crr", "cmprsk", "crr")
CUMINC = RCall("gray", "cuminc", "cmprsk", "cuminc with groups")
CUMINC_ONE = RCall("incidence", "cuminc.one", "cmprsk", "cuminc")


@cache
def versions() -> dict[str, str]:
    """Versions of R and its packages; empty without Rscript."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return {}
    done = subprocess.run([rscript, "-e", VERSIONS], capture_output=True, text=True, check=True)
    return dict(line.split() for line in done.stdout.splitlines())


def r_says(sample: Sample, calls: Sequence[RCall]) -> dict[str, tuple[float, list[float]]]:
    """Seconds and values of those calls whose package is installed."""
    keys = [call.key for call in calls if call.package in versions()]
    rscript = shutil.which("Rscript")
    if rscript is None or not keys or "survival" not in versions():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("time", "event", "group", "cause", "covariates"):
            getattr(sample, name).astype(np.float64).tofile(Path(folder) / name)
        program = Path(folder) / "bench.R"
        program.write_text(PROGRAM, encoding="utf-8")
        numbers = [*sample.covariates.shape, HORIZON, SLOW, SLOWEST]
        command = [rscript, str(program), folder, *map(str, numbers), *keys]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"R failed: {done.stderr.strip()[-400:]}")
    found = {}
    for line in done.stdout.splitlines():
        key, seconds, *values = line.split()
        found[key] = (float(seconds), [float(value) for value in values])
    return found
