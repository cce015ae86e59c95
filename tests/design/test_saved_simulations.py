"""What was done of a simulation, in a file: exact, safe to read, and refused where it is not what it says."""

from __future__ import annotations

import json
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.simulation.run import SimulationInterruptedError
from equipoise.design.simulation.saved import load, save
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.simulate import simulate, simulate_many
from equipoise.errors import DesignError, InputError

SCENARIOS = [Scenario.two_arm(n=80, accrual=20, control_median=12, hazard_ratio=ratio) for ratio in (0.6, 0.8, 1.0)]
DESIGN = {"seed": 4, "events": [30, 60], "alpha": 0.025, "tests": ("logrank", "cox"), "threads": 2}


def stop_after(trials):
    def progress(done, _):
        if done >= trials:
            raise KeyboardInterrupt

    return progress


@contextmanager
def noted(kind, messages):
    """Keep the message of a refusal."""
    try:
        yield
    except kind as error:
        messages.append(str(error))


def bytes_of(found):
    sums = [np.asarray(getattr(one, name)).tobytes() for one in found.sums for name in type(one).__slots__]
    return [*sums, *(getattr(found.trials, name).tobytes() for name in type(found.trials).__slots__)]


@pytest.mark.parametrize("keep", ["all", "summary"])
def test_an_interrupted_simulation_goes_on_from_its_file_to_the_same_bytes(tmp_path, keep):
    file = tmp_path / "kept.json"
    whole = simulate(SCENARIOS[0], replicates=9_000, keep=keep, **DESIGN)
    with pytest.raises(SimulationInterruptedError) as caught:
        simulate(SCENARIOS[0], replicates=9_000, keep=keep, progress=stop_after(4_000), **DESIGN)
    save(caught.value.done, file)
    (kept,) = load(file)
    assert kept.settled.replicates == 4_096
    assert bytes_of(simulate(SCENARIOS[0], replicates=9_000, keep=keep, resume=kept, **DESIGN)) == bytes_of(whole)


def test_of_many_scenarios_those_that_are_complete_are_not_done_again(tmp_path):
    file = tmp_path / "kept.json"
    whole = simulate_many(SCENARIOS, replicates=3_000, **DESIGN)
    with pytest.raises(SimulationInterruptedError) as caught:
        simulate_many(SCENARIOS, replicates=3_000, progress=stop_after(5_000), **DESIGN)
    save(caught.value.done, file)
    assert [one.all.replicates for one in load(file)] == [3_000, 2_048]
    calls = []
    resumed = simulate_many(
        SCENARIOS, replicates=3_000, progress=lambda done, _: calls.append(done), resume=load(file), **DESIGN
    )
    assert calls[0] == 6_000  # 5,048 were done, and the rest of the second scenario is 952
    assert [bytes_of(one) for one in resumed] == [bytes_of(one) for one in whole]
    # an interrupt of the second run loses nothing that the first one had
    with pytest.raises(SimulationInterruptedError) as caught:
        simulate_many(SCENARIOS, replicates=3_000, progress=stop_after(0), resume=load(file), **DESIGN)
    assert sum(one.replicates for one in caught.value.done) == 6_000


def test_a_finished_simulation_is_extended_from_its_file(tmp_path):
    file = tmp_path / "kept.json"
    save([simulate(SCENARIOS[0], replicates=3_000, **DESIGN)], file)
    longer = simulate(SCENARIOS[0], replicates=5_000, resume=load(file)[0], **DESIGN)
    assert bytes_of(longer) == bytes_of(simulate(SCENARIOS[0], replicates=5_000, **DESIGN))


def test_a_file_of_something_else_or_without_its_trials_is_refused(tmp_path):
    file = tmp_path / "kept.json"
    save([simulate(SCENARIOS[0], replicates=3_000, **DESIGN)], file)
    with pytest.raises(DesignError, match="something else"):
        simulate(SCENARIOS[1], replicates=3_000, resume=load(file)[0], **DESIGN)
    with pytest.raises(DesignError, match="something else"):
        simulate_many(SCENARIOS[1:], replicates=3_000, resume=load(file), **DESIGN)
    with pytest.raises(DesignError, match="3,000 trials already"):
        simulate(SCENARIOS[0], replicates=1_000, resume=load(file)[0], **DESIGN)
    document = json.loads(file.read_text())
    (one,) = document["simulations"]
    for packed in one["trials"].values():
        packed["data"], packed["shape"] = "", [0 if size == 3_000 else size for size in packed["shape"]]
    file.write_text(json.dumps(document))
    with pytest.raises(DesignError, match="trials were not kept"):
        simulate(SCENARIOS[0], replicates=4_000, resume=load(file)[0], **DESIGN)
    one["settled"]["sums"].pop()
    one["all"]["sums"].pop()
    file.write_text(json.dumps(document))
    with pytest.raises(DesignError, match="do not fit"):
        simulate(SCENARIOS[0], replicates=4_000, resume=load(file)[0], **DESIGN)


def test_a_file_of_another_version_is_refused(tmp_path):
    file = tmp_path / "kept.json"
    save([simulate(SCENARIOS[0], replicates=300, keep="summary", **DESIGN)], file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"equipoise": "0.0.1-0123456789abcdef"}))
    with pytest.raises(
        InputError, match=r"saved by Equipoise 0\.0\.1-0123456789abcdef, and this is .*; go on with that"
    ):
        load(file)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", "PK\x03\x04", "[" * 100_000, '{"format": "equipoise simul'])
def test_what_is_no_saved_simulation_is_refused(tmp_path, text):
    file = tmp_path / "kept.json"
    file.write_text(text)
    with pytest.raises(InputError, match="no saved simulation"):
        load(file)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "none.json")


SAVED = simulate(SCENARIOS[0], replicates=2_100, **DESIGN | {"threads": 1})


@given(st.data())
def test_whatever_is_changed_in_a_file_it_is_read_or_refused(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("changed") / "kept.json"
    save([SAVED], file)
    document = json.loads(file.read_text())
    place, path = document["simulations"], []
    while isinstance(place, dict | list) and place and (len(path) < 1 or data.draw(st.booleans())):
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        path.append((place, key))
        place = place[key]
    holder, key = path[-1]
    junk = st.none() | st.integers(-(10**30), 10**30) | st.floats() | st.text() | st.lists(st.integers()) | st.just({})
    holder[key] = data.draw(junk)
    file.write_text(json.dumps(document))
    messages = []
    with noted(InputError, messages):
        for one in load(file):
            with noted(DesignError, messages):
                simulate(SCENARIOS[0], replicates=2_200, resume=one, **DESIGN | {"threads": 1})
    assert all("cut or changed" in message or message.startswith("resume") for message in messages)
