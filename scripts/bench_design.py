"""Speed of the design engine: simulated trials and boundaries beside rpact, growth, workers, a grid."""

from __future__ import annotations

from textwrap import fill

from bench_boundaries import HEADINGS as BOUNDARY_HEADINGS
from bench_boundaries import boundary_rows, boundary_seconds, boundary_target
from bench_simulation import HEADINGS, PARTICIPANTS, Measured
from bench_trials_growth import LONGEST, SIZES, trials_growth_table, trials_growth_targets, trials_growths
from machine import table
from rpact_designs import versions
from targets import Target

QUICK, QUICK_SIZES = 0.1, (20_000, 200_000)
"""Share of the trials with `--quick`, and to what they grow."""

PLAIN = """
{n} participants, exponential survival, 5 % lost in a year, log-rank test at 221 events, or at 100, 160 and 221 with
O'Brien-Fleming spending: plain trials. {rpact} The least of several runs counts. The trials that are not plain have one
look, at 221 events.
"""
BESIDE = """
rpact {rpact} is given the same trials in the same run, and its power is compared first: within four joint standard
errors, or there is no page. It uses one thread; ours are timed before and after it.
"""


def design_part(*, quick: bool, long: bool, switch: str) -> tuple[str, list[Target]]:
    """The section on design and its targets.

    Args:
        quick: fewer trials, to see that it works; the times say nothing.
        long: grow to the longest.
        switch: the environment variable that asks for that.
    """
    simulated, boundaries = Measured.now(QUICK if quick else 1.0), boundary_seconds()
    sizes = QUICK_SIZES if quick else (*SIZES, LONGEST) if long else SIZES
    found = trials_growths(sizes)
    left_out = "" if long else f" {LONGEST:,} trials are run with `{switch}=1`."
    rpact = BESIDE.format(rpact=versions()["rpact"]) if "rpact" in versions() else "rpact is not installed."
    targets = [*simulated.targets, boundary_target(boundaries), *trials_growth_targets(found)]
    text = f"""## Simulated trials

{fill(PLAIN.format(n=PARTICIPANTS, rpact=rpact.strip()).strip(), 120)}

{table(HEADINGS, simulated.rows)}

One worker and two, each run several times; Dask's worker processes share the machine with their scheduler.

{simulated.shared_table}

{fill(f"Plain trials with one look on every core, each row once in a process of its own.{left_out}", 120)}

{trials_growth_table(found)}

## Boundaries

{table(BOUNDARY_HEADINGS, boundary_rows(boundaries))}
"""
    return text, targets
