"""How time and memory grow from a thousand to ten million participants, each size in a process of its own.

As a program it is that process: python bench_growth.py ESTIMATE FOLDER N prints seconds of the
estimate and of one argsort, and bytes.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench_samples import Sample, clock, ours

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
ESTIMATES = ("km", "logrank", "cox")

MEASURED = 1_000_000
"""Participants from which memory is measured: below, what numpy and the interpreter keep in reserve hides it."""

INPUT = {"km": ("time", "event"), "logrank": ("time", "event", "group"), "cox": ("time", "event", "covariates")}
"""Columns that an estimate is given, 8 bytes a number."""


@dataclass(frozen=True)
class Growth:
    """An estimate of `n`.

    Attributes:
        estimate: which.
        n: participants.
        seconds: of one call.
        argsort: seconds of one argsort of their times.
        memory: what a call needs beside its input, over the size of that; None where it was not measured.
    """

    estimate: str
    n: int
    seconds: float
    argsort: float
    memory: float | None

    @property
    def per_comparison(self) -> float:
        """Nanoseconds over n log2 n."""
        return 1e9 * self.seconds / (self.n * math.log2(self.n))


def growths() -> list[Growth]:
    """All estimates of all sizes."""
    sample = Sample.draw(SIZES[-1], 1)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("time", "event", "group", "covariates"):
            getattr(sample, name).tofile(Path(folder) / name)
        for estimate in ESTIMATES:
            for n in SIZES:
                command = [sys.executable, __file__, estimate, folder, str(n)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                seconds, argsort, peak = map(float, done.stdout.split())
                memory = peak / (8 * n * len(INPUT[estimate])) if n >= MEASURED and peak >= 0 else None
                found.append(Growth(estimate, n, seconds, argsort, memory))
    return found


def resident(field: str) -> int:
    """Bytes of this process in memory, now (`VmRSS`) or at most (`VmHWM`); -1 where the system does not say."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith(field):
                return 1024 * int(line.split()[1])
    return -1


def peak_of_one_call(estimate: str, sample: Sample) -> int:
    """Bytes that a call needs beyond what there was before it, its result included; -1 where this cannot be known."""
    work = ours(estimate, sample)
    reset = Path("/proc/self/clear_refs")
    if not reset.exists():
        return -1
    before = resident("VmRSS")
    reset.write_text("5", encoding="utf-8")  # the highest mark falls to what is in memory now
    work()
    return resident("VmHWM") - before


def read(folder: Path, n: int) -> Sample:
    """The first `n` participants of the files, without copies beside them."""

    def column(name: str, kind: type) -> np.ndarray:
        return np.fromfile(folder / name, dtype=kind, count=n)

    time, event, group = column("time", np.float64), column("event", np.int64), column("group", np.int64)
    return Sample(time, event, group, event, column("covariates", np.float64)[:, None])


def main() -> None:
    estimate, folder, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    ours(estimate, Sample.draw(4096, 1))()  # compiled code comes from the cache
    ours(estimate, Sample.draw(200_000, 1))()  # and threads are there
    sample = read(folder, size)
    peak = peak_of_one_call(estimate, sample)
    print(clock(ours(estimate, sample)), clock(lambda: np.argsort(sample.time)), peak)


if __name__ == "__main__":
    main()
