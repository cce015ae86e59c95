"""What compiling costs: the families of kernels called in a fresh interpreter, with nothing cached and with all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench_timings import say
from machine import table
from targets import Target, within

PARTS = {
    "survival and the disease model": ("survival",),
    "the design engine": ("design",),
    "the whole package": ("survival", "design"),
}
MOST = 20.0
"""Seconds that compiling the whole package may take."""


@dataclass(frozen=True)
class FirstUse:
    """Seconds of calling families of kernels in a fresh interpreter, and how many kernels that used."""

    seconds: float
    processor: float
    used: int
    made: int

    @classmethod
    def measured(cls, cache: Path, parts: Sequence[str]) -> FirstUse:
        program = Path(__file__).with_name("bench_first_use.py")
        environment = os.environ | {"EQUIPOISE_CACHE": str(cache)}
        command = [sys.executable, str(program), *parts]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        seconds, processor, used, made = done.stdout.split()
        return cls(float(seconds), float(processor), int(used), int(made))


@dataclass(frozen=True)
class Compiled:
    """A part of the package, first with an empty cache, then with a full one."""

    name: str
    cold: FirstUse
    warm: FirstUse

    @classmethod
    def measured(cls, name: str) -> Compiled:
        say(f"compilation: {name}")
        with tempfile.TemporaryDirectory() as folder:
            cold, warm = (FirstUse.measured(Path(folder), PARTS[name]) for _ in range(2))
        return cls(name, cold, warm)

    @property
    def row(self) -> list[str]:
        times = [self.cold.seconds, self.cold.processor, self.warm.seconds, self.warm.processor]
        return [self.name, str(self.cold.used), *(f"{time:.2f}" for time in times)]


def compilation_part() -> tuple[str, list[Target]]:
    """The section on compilation and its target."""
    found = [Compiled.measured(name) for name in PARTS]
    cold = found[-1].cold
    words = f"compilation of the whole package: under {MOST:g} s cold"
    text = (
        f"{cold.processor:.1f} s of processor time for {cold.used} of {cold.made} kernels, imports and first results "
        f"included; {cold.seconds:.1f} s on the clock, beside other work"
    )
    headings = ["part", "kernels", "cold, s", "of processor time", "from the cache, s", "of processor time"]
    section = f"""## Compilation

Every family of kernels called in a fresh interpreter, imports included; the design engine uses some of the others'
kernels.

{table(headings, [part.row for part in found])}
"""
    return section, [within(words, cold.processor, MOST, text)]
