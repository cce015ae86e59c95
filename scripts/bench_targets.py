"""What the survival package was to reach, beside what was found."""

from __future__ import annotations

from collections.abc import Sequence

import bench_r as r
from bench_growth import Growth
from bench_timings import NAMES, Bench, shown
from targets import Target, within

MILLION = 1_000_000


def faster(words: str, slow: float | None, fast: float | None, least: float) -> Target:
    """A target of being so many times faster."""
    if slow is None or fast is None:
        return Target(words, "", None)
    return Target(words, f"{slow / fast:,.1f} times ({shown(fast)} beside {shown(slow)})", slow / fast >= least)


def fine_gray_target(bench: Bench) -> Target:
    """Beside `crr` at 20,000, or where that takes too long, beside `crr` at 5,000: it is then reached all the more."""
    words = "Fine-Gray, n = 20,000: at least 100 times faster than `crr`"
    mine = bench.seconds("fine-gray", 20_000)
    theirs = bench.seconds("fine-gray", 20_000, r.CRR.call)
    if theirs is not None:
        return faster(words, theirs, mine, 100)
    fewer = bench.seconds("fine-gray", 5_000, r.CRR.call)
    return faster(f"{words} (which is given 5,000 here, for the time it takes)", fewer, mine, 100)


def speed_targets(big: Bench, few: Bench, causes: Bench, sort: float) -> list[Target]:
    size, cox = "n = 1,000,000", big.seconds("cox", MILLION)
    coxph, fit, routine = (big.seconds("cox", MILLION, call.call) for call in (r.COXPH, r.COXPH_FIT, r.COXFIT6))
    targets = [
        faster(f"Cox, {size}, p = 5: at least 40 times faster than `coxph`", coxph, cox, 40),
        faster("the same: at least 3 times faster than its bare fit, `coxph.fit` called on matrices", fit, cox, 3),
        faster("the same: at least 3 times faster than the C routine alone, given sorted data", routine, cox, 3),
    ]
    for estimate in ("km", "logrank"):
        mine = big.seconds(estimate, MILLION) or 0.0
        words = f"{NAMES[estimate]}, {size}: within 4 times one argsort of the times"
        targets.append(within(words, mine / sort, 4, f"{mine / sort:.1f} times ({shown(mine)} beside {shown(sort)})"))
    targets.append(fine_gray_target(causes))
    for estimate, most in (("logrank", 100e-6), ("cox", 500e-6)):
        found = few.seconds(estimate, 400)
        p = ", p = 3" if estimate == "cox" else ""
        words = f"{NAMES[estimate]}, n = 400{p}: under {1e6 * most:.0f} microseconds a call"
        targets.append(within(words, found, most, shown(found)))
    return targets


def growth_targets(found: Sequence[Growth]) -> list[Target]:
    """Time per comparison from 100,000 to the largest, and the most memory."""
    targets = []
    for estimate in dict.fromkeys(growth.estimate for growth in found):
        unit = {
            growth.n: growth.per_comparison for growth in found if growth.estimate == estimate and growth.n >= 100_000
        }
        ratio = unit[max(unit)] / unit[min(unit)]
        words = (
            f"{NAMES[estimate]}: grows as n log n: time / (n log n) at most doubles from {min(unit):,} to {max(unit):,}"
        )
        targets.append(
            within(words, ratio, 2, f"time / (n log n) of the largest is {ratio:.2f} times that of the smallest")
        )
    most = max((growth.memory for growth in found if growth.memory is not None), default=None)
    text = "" if most is None else f"at most {most:.1f} times"
    return [*targets, within("memory beside the input: under 4 times the input", most, 4, text)]
