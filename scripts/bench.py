"""Speed: estimators beside R survival and beside one sort of the data, a rehearsal, and the compilation of kernels.

Results are compared with R's before any time is taken; a difference is an error and no table is written. Without
Rscript the columns of R stay empty. Writes Markdown to docs/validation/speed.md.

Run: python scripts/bench.py [--out docs/validation]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import stamp, table
from numpy.typing import NDArray

from equipoise.protocol import load
from equipoise.rehearsal import analyse_rehearsal, rehearse
from equipoise.survival import cox, kaplan_meier, logrank

SIZES = {400: 50, 1_000_000: 3}
"""Participants, and how often each estimator is run; the fastest run counts."""

AGREEMENT = 1e-8
"""Relative difference from R up to which results are the same."""

FIRST_USE = """
import time
started = time.perf_counter()
import numpy as np
from equipoise.survival import cox, kaplan_meier, logrank
t, e, g = np.arange(1.0, 9.0), np.ones(8), np.array([0.0, 1.0] * 4)
kaplan_meier(t, e), logrank(t, e, g), cox(t, e, g)
print(time.perf_counter() - started)
"""

R_PROGRAM = """
suppressPackageStartupMessages(library(survival))
folder <- commandArgs(TRUE)[1]; n <- as.integer(commandArgs(TRUE)[2]); times <- as.integer(commandArgs(TRUE)[3])
read <- function(name) readBin(file.path(folder, name), "double", n)
d <- data.frame(time = read("time"), event = read("event"), group = read("group"))
now <- function() proc.time()[["elapsed"]]
fastest <- function(f) {
  best <- Inf
  for (i in seq_len(times)) {
    began <- now()
    for (j in seq_len(inner)) f()
    best <- min(best, (now() - began) / inner)
  }
  best
}
inner <- if (n < 10000) 20 else 1
km <- function() survfit(Surv(time, event) ~ 1, d)
lr <- function() survdiff(Surv(time, event) ~ group, d)
cx <- function() coxph(Surv(time, event) ~ group, d)
number <- function(x) sprintf("%.17g", x)
results <- c(km = unname(summary(km(), times = 24)$surv), lr = lr()$chisq, cox = unname(coef(cx())))
seconds <- c(km = fastest(km), lr = fastest(lr), cox = fastest(cx))
pairs <- function(x) paste0("{", paste0('"', names(x), '":', number(x), collapse = ","), "}")
cat(paste0('{"results":', pairs(results), ',"seconds":', pairs(seconds),
  ',"version":"R ', getRversion(), ', survival ', packageVersion("survival"), '"}'))
"""


@dataclass(frozen=True)
class Data:
    """Two groups, exponential, hazard ratio 0.8, times in months to a tenth, uniform censoring."""

    time: NDArray[np.float64]
    event: NDArray[np.float64]
    group: NDArray[np.float64]

    @classmethod
    def draw(cls, n: int) -> Data:
        rng = np.random.default_rng(1)
        group = np.arange(n) % 2.0
        event_at = rng.exponential(40.0, n) / np.where(group == 1, 0.8, 1.0)
        censored_at = rng.uniform(12.0, 96.0, n)
        time = np.ceil(10 * np.minimum(event_at, censored_at)) / 10
        return cls(time, (event_at <= censored_at).astype(np.float64), group)


def estimators(data: Data) -> dict[str, Callable[[], float]]:
    """What is timed, each giving the number that is compared with R's."""
    return {
        "km": lambda: float(kaplan_meier(data.time, data.event).at([24]).survival[0]),
        "lr": lambda: float(logrank(data.time, data.event, data.group).statistic),
        "cox": lambda: float(cox(data.time, data.event, data.group).coef[0]),
    }


NAMES = {"km": "Kaplan-Meier", "lr": "log-rank test", "cox": "Cox model, one covariate, Efron"}


def fastest(work: Callable[[], Any], times: int) -> float:
    """Seconds of the fastest of several runs."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def r_says(data: Data, times: int) -> dict[str, Any] | None:
    """R's results and seconds on the same data; None where R is not installed."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name in ("time", "event", "group"):
            getattr(data, name).tofile(Path(folder) / name)
        program = Path(folder) / "bench.R"
        program.write_text(R_PROGRAM, encoding="utf-8")
        command = [rscript, str(program), folder, str(data.time.size), str(times)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"R failed: {done.stderr.strip()[-400:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(data: Data, r: dict[str, Any] | None, n: int) -> None:
    """Stop if a result is not R's."""
    for key, work in estimators(data).items():
        ours = work()
        if r is not None and abs(ours / r["results"][key] - 1) > AGREEMENT:
            raise SystemExit(f"{NAMES[key]} at n = {n}: {ours!r} here and {r['results'][key]!r} in R")


def estimator_rows(n: int, times: int) -> tuple[list[list[str]], str]:
    """Rows of the table of one size, and R's version."""
    data = Data.draw(n)
    r = r_says(data, min(times, 5))
    compare(data, r, n)
    sort = fastest(lambda: np.argsort(data.time), times)
    rows = []
    for key, work in estimators(data).items():
        ours = fastest(work, times)
        theirs = r["seconds"][key] if r is not None else None
        relation = "-" if theirs is None else f"{theirs / ours:.1f}"
        shown = "-" if theirs is None else milliseconds(theirs)
        rows.append(
            [NAMES[key], f"{n:,}", milliseconds(ours), shown, relation, milliseconds(sort), f"{ours / sort:.1f}"]
        )
        print(f"{NAMES[key]} n = {n:,}: {milliseconds(ours)} ms", file=sys.stderr)
    return rows, r["version"] if r is not None else "R is not installed"


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:,.0f}"


def first_use(cache: Path) -> float:
    """Seconds from a fresh interpreter to the end of the first three estimates."""
    environment = os.environ | {"EQUIPOISE_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USE], capture_output=True, text=True, check=True, env=environment
    )
    return float(done.stdout)


def other_rows() -> list[list[str]]:
    protocol = load("jcog1017")
    rehearsal = rehearse(protocol, seed=1)
    analyse_rehearsal(rehearsal)
    rehearsing = fastest(lambda: rehearse(protocol, seed=1), 3)
    analysing = fastest(lambda: analyse_rehearsal(rehearsal), 3)
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = first_use(Path(folder)), first_use(Path(folder))
    return [
        [f"rehearsal of jcog1017 (570 registrations, {len(rehearsal.journal):,} entries)", f"{rehearsing:.2f}"],
        ["its data sets and all its analyses", f"{analysing:.2f}"],
        ["first three estimates in a fresh interpreter, kernels compiled", f"{cold:.2f}"],
        ["the same with kernels from the cache", f"{warm:.2f}"],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the estimators beside R, and a rehearsal.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "docs" / "validation")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows, version = [], ""
    for n, times in SIZES.items():
        found, version = estimator_rows(n, times)
        rows += found
    columns = ["estimator", "n", "Equipoise (ms)", "R (ms)", "R / Equipoise", "one argsort (ms)", "Equipoise / argsort"]
    text = f"""# Speed

{stamp("numpy", "numba", "equipoise")} {version}.

Made by `make bench`. Two groups, exponential survival with censoring, times to a tenth of a month. The result of every
estimator is compared with R's first (relative difference up to {AGREEMENT:g}), then the fastest of several runs counts.
Equipoise's times hold everything that a user pays for: checking and copying the input, sorting, the estimate and its
result. R's are those of `survfit`, `survdiff` and `coxph` on a data frame. Equipoise may use every core, R uses one.
One `argsort` of the times stands beside them as a measure of the machine.

{table(columns, rows)}

Each of these is one sample on one machine, with whatever else it was doing: read them as orders of magnitude.

| what | seconds |
| --- | --- |
""" + "\n".join(f"| {what} | {seconds} |" for what, seconds in other_rows())
    (options.out / "speed.md").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
