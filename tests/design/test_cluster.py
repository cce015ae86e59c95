"""Trials on a Dask cluster: a real scheduler and real workers, one of them killed, give the bytes of one machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from equipoise.cli import main
from equipoise.design.simulation import cluster as module
from equipoise.design.simulation.cluster import cluster
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.simulate import SimulationInterruptedError, simulate
from equipoise.errors import DesignError, InputError

SCENARIO = Scenario.two_arm(n=200, accrual=30, control_median=12, hazard_ratio=0.7, dropout=0.05)
DESIGN = {"seed": 4, "events": [80, 140], "alpha": 0.025, "bounds": "spending:obrien-fleming"}


@contextmanager
def process(module: str, *arguments: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the cluster, whose end comes with the block's."""
    log = folder / f"{module.rsplit('.', 1)[1]}-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", module, "--no-dashboard", *arguments],
            stdout=out,
            stderr=out,
            cwd=folder,
            env=os.environ | {"PYTHONWARNINGS": ""},
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait(timeout=20)


def address_of(file: Path) -> str:
    """The address that a scheduler writes to a file once it listens."""
    for _ in range(300):
        with suppress(FileNotFoundError):
            if found := re.search(r'"address": "(tcp://[^"]+)"', file.read_text()):
                return found[1]
        time.sleep(0.1)
    raise AssertionError("the scheduler does not come up")


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    file = folder / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)]
    with process("distributed.cli.dask_scheduler", *options, folder=folder) as started:
        yield address_of(file), started


@contextmanager
def worker(address: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    # without a nanny nobody starts a killed worker again
    options = [address, "--host", "127.0.0.1", "--no-nanny", "--nthreads", "1", "--local-directory", str(folder)]
    with process("distributed.cli.dask_worker", *options, folder=folder) as started:
        yield started


def bytes_of(found):
    sums = [np.asarray(getattr(one, name)).tobytes() for one in found.sums for name in type(one).__slots__]
    return [*sums, *(getattr(found.trials, name).tobytes() for name in type(found.trials).__slots__)]


def call(capsys, *arguments):
    """What the command line prints."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    out, err = capsys.readouterr()
    assert left.value.code == 0, err
    return out


def test_a_worker_that_is_killed_mid_run_changes_no_byte(tmp_path, capsys):
    here = simulate(SCENARIO, replicates=120_000, threads=1, **DESIGN)
    done = []
    with scheduler(tmp_path) as (address, _), worker(address, tmp_path) as one, worker(address, tmp_path) as other:
        with cluster(address, timeout=60) as executor:
            executor.client.wait_for_workers(2, timeout=60)
            assert executor.ahead == 16

            def kill_one(trials, _):
                done.append(trials)
                if len(done) == 12:
                    os.kill(one.pid, signal.SIGKILL)

            there = simulate(SCENARIO, replicates=120_000, progress=kill_one, executor=executor, **DESIGN)
            survivors = len(executor.client.scheduler_info()["workers"])
        command = ["simulate", "tehran", "--replicates", "600", "--json"]
        there_too, here_too = (call(capsys, *command, *more) for more in (["--scheduler", address], ["--threads", "1"]))
        assert one.wait(timeout=20) == -signal.SIGKILL
        assert other.poll() is None
    assert survivors == 1
    assert there_too == here_too
    assert json.loads(here_too)["replicates"] == 600
    assert len(done) == 59  # ranges of 2,048
    assert bytes_of(there) == bytes_of(here)
    assert str(there) == str(here)


def test_an_interrupt_cancels_what_is_in_flight_and_a_lost_scheduler_keeps_what_is_done(tmp_path):
    whole = simulate(SCENARIO, replicates=40_000, threads=1, **DESIGN)
    with scheduler(tmp_path) as (address, started), worker(address, tmp_path), cluster(address, timeout=60) as executor:

        def interrupt(trials, _):
            if trials >= 8_000:
                raise KeyboardInterrupt

        with pytest.raises(SimulationInterruptedError) as caught:
            simulate(SCENARIO, replicates=40_000, progress=interrupt, executor=executor, **DESIGN)
        partial = caught.value.partial
        assert partial.replicates == 8_192
        for _ in range(100):
            if not executor.client.futures:
                break
            time.sleep(0.05)
        assert not executor.client.futures

        def stop_scheduler(trials, _):
            if trials >= 16_000:
                started.kill()
                started.wait(timeout=20)

        with pytest.raises(SimulationInterruptedError) as caught:
            simulate(SCENARIO, replicates=40_000, progress=stop_scheduler, executor=executor, resume=partial, **DESIGN)
        assert "is gone" in str(caught.value.__cause__)
        later = caught.value.partial
        assert 16_384 <= later.replicates < 40_000
    resumed = simulate(SCENARIO, replicates=40_000, resume=later, **DESIGN)
    assert bytes_of(resumed) == bytes_of(whole)


def test_a_scheduler_that_is_not_there_or_has_no_workers_is_said_so(tmp_path):
    for address in ("tcp://127.0.0.1:1", "127.0.0.1:99999", "127.0.0.1", "http://127.0.0.1:80", "nowhere at all", ""):
        message = re.escape(f"no Dask scheduler answers at {address}")
        with pytest.raises(InputError, match=message), cluster(address, timeout=0.3):
            pass
    lonely = pytest.raises(InputError, match="has no workers")
    with scheduler(tmp_path) as (address, _), lonely, cluster(address, timeout=2):
        pass


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DesignError, match=r"equipoise\[cluster\]"), cluster("tcp://127.0.0.1:1"):
        pass


class KilledError(Exception):
    """As Dask's KilledWorker."""


class Unlucky:
    """A client whose computations are given up some times before they succeed."""

    def __init__(self, times):
        self.times = times

    def nthreads(self):
        return {"one": 2}

    def submit(self, function, *arguments, pure):
        assert not pure
        return Given(self, function, arguments)


class Given:
    def __init__(self, client, function, arguments):
        self.client, self.call = client, (function, arguments)

    def result(self):
        if self.client.times:
            self.client.times -= 1
            raise KilledError
        return self.call[0](*self.call[1])


def test_ranges_that_dask_gives_up_are_given_anew_a_few_times():
    assert module.ClusterExecutor(Unlucky(3), "here", KilledError).submit(pow, 2, 5).result() == 32
    with pytest.raises(module.WorkersLostError, match="again and again"):
        module.ClusterExecutor(Unlucky(99), "here", KilledError).submit(pow, 2, 5).result()


def test_a_worker_with_another_version_is_refused():
    with pytest.raises(DesignError, match=r"0\.0\.0"):
        module._there("0.0.0", pow, 2, 5)
