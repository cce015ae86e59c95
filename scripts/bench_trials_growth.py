"""How time and memory of a simulation grow with the number of trials, each size in a process of its own.

As a program it is that process: python bench_trials_growth.py TRIALS prints the seconds, the seconds of
processor time, and the most megabytes that the process held.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench_growth import resident
from bench_simulation import ONE_LOOK, WARM, looked_at
from bench_timings import say
from machine import table
from targets import Target, within

SIZES = (100_000, 1_000_000, 10_000_000)
LONGEST = 100_000_000
"""A size that takes minutes."""
SLOWER, LARGER = 1.5, 1.2
"""What the processor time of a trial, and the memory, may grow by from the smallest size to the largest."""


@dataclass(frozen=True)
class Growth:
    """A simulation of so many trials.

    Attributes:
        trials: how many.
        seconds: on the clock.
        processor: of processor time, all threads.
        megabytes: the most that its process held; negative where that is not known.
    """

    trials: int
    seconds: float
    processor: float
    megabytes: float

    @property
    def each(self) -> float:
        """Microseconds of processor time a trial: other work on the machine counts little in it."""
        return 1e6 * self.processor / self.trials

    @property
    def row(self) -> list[str]:
        rate = f"{self.trials / self.seconds:,.0f}"
        memory = "" if self.megabytes < 0 else f"{self.megabytes:.0f}"
        return [f"{self.trials:,}", f"{self.seconds:.2f}", rate, f"{self.each:.1f}", memory]


def trials_growths(sizes: Sequence[int]) -> list[Growth]:
    """All sizes."""
    measured(1)  # whatever is not compiled yet is compiled in that process, which takes memory
    return [measured(trials) for trials in sizes]


def measured(trials: int) -> Growth:
    """In a process of its own."""
    say(f"growth: {trials:,} trials")
    done = subprocess.run([sys.executable, __file__, str(trials)], capture_output=True, text=True, check=True)
    return Growth(trials, *map(float, done.stdout.split()))


def trials_growth_targets(found: Sequence[Growth]) -> list[Target]:
    """Time and memory from the smallest size to the largest."""
    least, most = found[0], found[-1]
    span = f"from {least.trials:,} to {most.trials:,} trials"
    slower = most.each / least.each
    larger = None if most.megabytes < 0 else most.megabytes / least.megabytes
    memory = "" if larger is None else f"{larger:.2f} times ({least.megabytes:.0f} MB and {most.megabytes:.0f} MB)"
    return [
        within(
            f"linear {span}: the processor time of a trial at most {SLOWER} times",
            slower,
            SLOWER,
            f"{slower:.2f} times ({least.each:.1f} and {most.each:.1f} µs)",
        ),
        within(f"flat memory {span}: at most {LARGER} times", larger, LARGER, memory),
    ]


def trials_growth_table(found: Sequence[Growth]) -> str:
    headings = ["trials", "seconds", "trials a second", "processor microseconds a trial", "most memory, MB"]
    return table(headings, [growth.row for growth in found])


def main() -> None:
    run = looked_at(ONE_LOOK, os.cpu_count() or 1)
    run(WARM)
    began, worked = time.perf_counter(), time.process_time()
    run(int(sys.argv[1]))
    print(time.perf_counter() - began, time.process_time() - worked, resident("VmHWM") / 2**20)


if __name__ == "__main__":
    main()
