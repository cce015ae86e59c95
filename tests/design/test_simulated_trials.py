"""The plain trial: the same as the estimators, as rpact, as closed forms, and the same bytes however it is run."""

import pickle

import numpy as np
import pytest

from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.simulate import SimulationInterruptedError, simulate, simulate_many
from equipoise.survival import cox, logrank

PLAIN = {"n": 407, "accrual": 85, "control_median": 60, "hazard_ratio": 0.75, "dropout": 0.05, "dropout_time": 12}
RPACT_TRIALS = 20_000


def plain(**changes):
    return Scenario.two_arm(**(PLAIN | changes))


def test_z_and_hazard_ratio_are_those_of_the_estimators_on_the_exported_participants():
    scenario = plain()
    found = simulate(scenario, replicates=200, seed=11, events=[60, 150, 240], alpha=0.025)
    for replicate in range(0, 200, 5):
        for look in range(3):
            data = scenario.participants(11, replicate, cut=float(found.dates[replicate, look]))
            assert data["event"].sum() == found.events[replicate, look]
            assert data.height == found.trials.enrolled[replicate, look]
            # tied only if equal: the simulation knows no tolerance
            test = logrank(data["time"], data["event"], data["arm"], time_tolerance=0.0)
            assert -test.z == pytest.approx(found.z[replicate, look], abs=1e-10)
            if replicate % 25 == 0:
                model = cox(data["time"], data["event"], {"arm": data["arm"]}, time_tolerance=0.0)
                assert model.coef[0] == pytest.approx(found.trials.log_hazard_ratio[replicate, look], abs=1e-7)
                assert model.std_error[0] == pytest.approx(found.trials.std_error[replicate, look], rel=1e-7)


# getSimulationSurvival of rpact 3.3.4, 20,000 trials a row, seed 7: getDesignGroupSequential(alpha = 0.025, sided = 1;
# three looks: informationRates = c(0.4, 0.7, 1), typeOfDesign = "asOF"), plannedEvents = 240 or c(96, 168, 240),
# maxNumberOfSubjects = 407, accrualTime = 85, dropoutRate1 = dropoutRate2 = 0.05, dropoutTime = 12,
# directionUpper = FALSE: hazard ratio, control median, looks, overallReject, studyDuration, expectedNumberOfEvents,
# expectedNumberOfSubjects
RPACT = [
    (0.60, 20, 1, 0.97625, 88.577, 240.000, 406.56),
    (0.75, 20, 1, 0.60625, 84.919, 240.000, 402.19),
    (1.00, 20, 1, 0.02605, 80.875, 240.000, 386.67),
    (0.75, 60, 1, 0.60490, 177.008, 240.000, 407.00),
    (1.00, 60, 1, 0.02365, 151.831, 240.000, 407.00),
    (0.60, 20, 3, 0.97490, 68.822, 168.439, 325.57),
    (0.75, 20, 3, 0.60025, 79.203, 218.213, 375.83),
    (1.00, 20, 3, 0.02560, 80.735, 239.438, 385.99),
    (0.75, 60, 3, 0.59680, 157.326, 218.587, 405.70),
    (1.00, 60, 3, 0.02500, 151.427, 239.431, 406.97),
]


@pytest.mark.parametrize(("hazard_ratio", "median", "looks", "power", "duration", "events", "participants"), RPACT)
def test_power_and_expectations_are_those_of_rpact_within_four_joint_errors(
    hazard_ratio, median, looks, power, duration, events, participants
):
    found = simulate(
        plain(hazard_ratio=hazard_ratio, control_median=median, entry="even"),
        replicates=RPACT_TRIALS,
        seed=5,
        events=[240] if looks == 1 else [96, 168, 240],
        alpha=0.025,
        bounds=None if looks == 1 else "spending:obrien-fleming",
        keep="summary",
    )
    both = np.sqrt(2.0)  # as many trials on either side
    assert abs(found.power - power) < 4 * both * found.power.error
    assert abs(found.expected_events - events) <= 4 * both * found.expected_events.error + 0.0005
    # rpact lets the first participant in at the start of accrual, we half an interval later: 0.1 months
    shift = 85 / 407
    assert abs(found.expected_duration - duration) < 4 * both * found.expected_duration.error + shift
    assert abs(found.expected_participants - participants) < 4 * both * found.expected_participants.error + 1.0


@pytest.mark.parametrize("n", [408, 405, 63])
def test_events_by_date_are_those_of_the_closed_form(n):
    scenario = plain(n=n, control_median=30, ratio=2, dropout=(0.05, 0.15))
    dates = [10.0, 40.0, 85.0, 150.0]
    found = simulate(scenario, replicates=20_000, seed=3, dates=dates, alpha=0.025)
    error = found.events.std(axis=0) / np.sqrt(20_000)
    assert (np.abs(found.look_events - scenario.expected_events(dates)) < 4 * error).all()
    assert (found.dates == dates).all()


def test_size_is_that_of_the_level_at_240_events():
    # 0.025 within 0.003 is what is promised; 40,000 trials have an error of 0.0008
    found = simulate(plain().without_effect(), replicates=40_000, seed=1, events=[240], alpha=0.025, keep="summary")
    assert abs(found.power - 0.025) < 0.003
    assert abs(found.bias) < 4 * found.bias.error
    assert abs(found.coverage - 0.95) < 4 * found.coverage.error + 0.001


def test_power_by_look_is_that_of_recursive_integration():
    looks = [100, 160, 240]
    design = GroupSequential([count / 240 for count in looks], alpha=0.025, bounds="spending:pocock")
    found = simulate(plain(), replicates=40_000, seed=8, events=looks, alpha=0.025, bounds=design)
    # the drift that the simulated z has at the last look; the shares per look then follow from theory
    expected = design.power_by_look(float(found.mean_z[-1]))
    error = np.sqrt(expected * (1 - expected) / 40_000)
    assert (np.abs(found.power_by_look - expected) < 4 * error + 0.004).all()
    assert found.power_by_look.sum() == pytest.approx(found.power)
    assert found.stopped_by_look.sum() == pytest.approx(1.0)


def test_participants_are_exponential_and_enter_uniformly():
    rows = plain(n=500, control_median=20).rows(99, 0, 200)
    control = np.sort(rows.exit[rows.arm == 0])
    total = np.log(2) / 20 - np.log(0.95) / 12
    # Kolmogorov and Smirnov: 1.95/sqrt(n) is the 0.1 % critical distance
    steps = np.arange(1, control.size + 1) / control.size
    assert np.abs(steps - (1 - np.exp(-total * control))).max() < 1.95 / np.sqrt(control.size)
    entry = np.sort(rows.entry.ravel())
    assert np.abs(np.arange(1, entry.size + 1) / entry.size - entry / 85).max() < 1.95 / np.sqrt(entry.size)
    assert (np.diff(rows.entry, axis=1) >= 0).all()
    share = rows.event[rows.arm == 0].mean()
    expected = np.log(2) / 20 / total
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / control.size)
    # which of the two it was does not depend on when
    assert abs(np.corrcoef(rows.exit[rows.arm == 0], rows.event[rows.arm == 0])[0, 1]) < 4 / np.sqrt(control.size)


def test_arms_keep_the_ratio_in_every_prefix():
    for ratio in (1.0, 2.0, 0.5, 1.37):
        arm = plain(ratio=ratio).rows(1, 0, 1).arm[0]
        wanted = np.arange(1, arm.size + 1) * ratio / (1 + ratio)
        assert (np.abs(np.cumsum(arm) - wanted) < 1).all()


def all_of(found):
    return [getattr(found.trials, name) for name in type(found.trials).__slots__] + [found.power, found.bias]


def test_any_number_of_threads_gives_the_same_bytes():
    design = {"replicates": 9_000, "seed": 4, "events": [100, 240], "alpha": 0.025, "bounds": "pocock"}
    one = simulate(plain(), threads=1, **design)
    for threads in (2, 5):
        other = simulate(plain(), threads=threads, **design)
        for a, b in zip(all_of(one), all_of(other), strict=True):
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


def test_a_trial_is_the_same_whatever_is_simulated_beside_it():
    few = simulate(plain(), replicates=10, seed=4, events=[240], alpha=0.025)
    many = simulate(plain(), replicates=5_000, seed=4, events=[240], alpha=0.025)
    assert (few.z == many.z[:10]).all()
    assert (many.z[:10] != simulate(plain(), replicates=10, seed=5, events=[240], alpha=0.025).z).all()


def test_the_summary_is_the_same_whether_trials_are_kept_or_not():
    kept = simulate(plain(), replicates=5_000, seed=4, events=[100, 240], alpha=0.025, bounds="pocock")
    summed = simulate(
        plain(), replicates=5_000, seed=4, events=[100, 240], alpha=0.025, bounds="pocock", keep="summary"
    )
    assert str(kept) == str(summed)
    assert summed.z.shape == (0, 2)
    # and it is what the kept trials say
    rows, look = np.arange(5_000), kept.stopping_look
    assert kept.power == (kept.stopped_for == 1).mean()
    assert kept.expected_events == pytest.approx(kept.events[rows, look].mean(), rel=1e-12)
    assert kept.expected_duration == pytest.approx(kept.duration.mean(), rel=1e-12)
    assert kept.expected_duration.error == pytest.approx(kept.duration.std(ddof=1) / np.sqrt(5_000), rel=1e-9)
    estimate, error = kept.trials.log_hazard_ratio[rows, look], kept.trials.std_error[rows, look]
    assert kept.bias == pytest.approx(estimate.mean() - np.log(0.75), rel=1e-9)
    assert kept.coverage == pytest.approx((np.abs(estimate - np.log(0.75)) < 1.959964 * error).mean())


def test_an_interrupt_keeps_what_is_done_and_can_be_resumed():
    design = {"replicates": 9_000, "seed": 4, "events": [100, 240], "alpha": 0.025, "threads": 2}
    seen = []

    def stop_at_second(done, total):
        seen.append((done, total))
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(SimulationInterruptedError) as caught:
        simulate(plain(), progress=stop_at_second, **design)
    partial = pickle.loads(pickle.dumps(caught.value.partial))
    assert 0 < partial.replicates < 9_000
    assert partial.asked == 9_000
    whole = simulate(plain(), **design)
    resumed = simulate(plain(), resume=partial, **design)
    for a, b in zip(all_of(whole), all_of(resumed), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


def test_a_finished_simulation_can_be_extended():
    design = {"seed": 4, "events": [240], "alpha": 0.025}
    short = simulate(plain(), replicates=3_000, **design)
    for a, b in zip(
        all_of(simulate(plain(), replicates=7_000, resume=short, **design)),
        all_of(simulate(plain(), replicates=7_000, **design)),
        strict=True,
    ):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


class Elsewhere:
    """An executor that sends everything through pickle, as another process would."""

    def submit(self, function, /, *arguments):
        called = pickle.loads(pickle.dumps((function, arguments)))
        self.answer = pickle.dumps(called[0](*called[1]))
        return Answer(self.answer)


class Answer:
    def __init__(self, text):
        self.text = text

    def result(self):
        return pickle.loads(self.text)

    def cancel(self):
        return False


def test_ranges_can_be_done_by_other_processes():
    design = {"replicates": 5_000, "seed": 4, "events": [240], "alpha": 0.025}
    here, there = simulate(plain(), **design), simulate(plain(), executor=Elsewhere(), **design)
    assert (here.z == there.z).all()
    assert str(here) == str(there)


def test_many_scenarios_are_those_simulated_alone():
    scenarios = [plain(hazard_ratio=ratio) for ratio in (0.6, 0.8, 1.0)]
    design = {"replicates": 3_000, "seed": 2, "events": [150], "alpha": 0.05, "sides": 2}
    calls = []
    together = simulate_many(scenarios, progress=lambda done, total: calls.append((done, total)), **design)
    assert [str(one) for one in together] == [str(simulate(s, **design)) for s in scenarios]
    assert calls[-1] == (9_000, 9_000)


def test_an_interrupt_keeps_the_scenarios_that_are_complete():
    scenarios = [plain(hazard_ratio=ratio) for ratio in (0.6, 0.8, 1.0)]
    design = {"replicates": 4_000, "seed": 2, "events": [150], "alpha": 0.05}

    def stop_in_second(done, _):
        if done > 4_000:
            raise KeyboardInterrupt

    with pytest.raises(SimulationInterruptedError) as caught:
        simulate_many(scenarios, progress=stop_in_second, **design)
    assert [str(one) for one in caught.value.complete] == [str(simulate(scenarios[0], keep="summary", **design))]
    assert 0 < caught.value.partial.replicates < 4_000


def test_events_that_never_come_are_analysed_when_nothing_more_can_happen_and_counted():
    scenario = plain(n=120, control_median=20, dropout=0.3)
    found = simulate(scenario, replicates=300, seed=6, events=[40, 75], alpha=0.025)
    short = found.trials.reached[:, 1] == 0
    assert 0 < short.sum() < 300
    assert found.not_reached == short.mean()
    assert (found.events[short, 1] < 75).all()
    assert (found.events[~short, 1] == 75).all()
    replicate = int(np.flatnonzero(short)[0])
    everything = scenario.participants(6, replicate)
    assert everything["event"].sum() == found.events[replicate, 1]
    test = logrank(everything["time"], everything["event"], everything["arm"], time_tolerance=0.0)
    assert -test.z == pytest.approx(found.z[replicate, 1], abs=1e-10)
    assert found.dates[replicate, 1] == pytest.approx((everything["entry"] + everything["time"]).max())


def test_a_last_look_with_fewer_events_than_planned_spends_what_is_left():
    planned = GroupSequential([0.5, 1.0], alpha=0.025)
    design = {"replicates": 2_000, "seed": 6, "events": [120, 240], "alpha": 0.025, "max_duration": 100}
    by_plan = simulate(plain(), bounds="spending:obrien-fleming", **design)
    by_numbers = simulate(plain(), bounds=planned.critical_values, **design)
    short = (by_plan.trials.reached == [1, 0]).all(axis=1)
    assert short.sum() > 1_500
    for row in np.flatnonzero(short)[:100]:
        last = planned.at([0.5, by_plan.events[row, 1] / 240]).critical_values[-1]
        shown = by_plan.z[row, 0] >= planned.critical_values[0] or by_plan.z[row, 1] >= last
        assert shown == (by_plan.stopped_for[row] == 1)
    assert by_plan.power > by_numbers.power


def test_no_look_by_events_is_after_the_maximum_date():
    found = simulate(plain(), replicates=2_000, seed=6, events=[100, 240], alpha=0.025, max_duration=120)
    late = found.trials.reached[:, 1] == 0
    assert (found.dates[late, 1] == 120.0).all()
    assert (found.dates[~late, 1] < 120.0).all()
    # what an unhindered simulation sees at month 120
    at_date = simulate(plain(), replicates=2_000, seed=6, dates=[120.0], alpha=0.025)
    assert (at_date.z[late, 0] == found.z[late, 1]).all()
    never = simulate(plain(), replicates=50, seed=6, events=[200, 240], alpha=0.025, max_duration=40)
    assert np.isnan(never.z[:, 0]).all()
    assert np.isfinite(never.z[:, 1]).all()


def test_sides_share_alpha_and_power_counts_benefit():
    two = simulate(plain(hazard_ratio=1.0), replicates=20_000, seed=9, events=[240], alpha=0.05, sides=2)
    one = simulate(plain(hazard_ratio=1.0), replicates=20_000, seed=9, events=[240], alpha=0.025)
    assert two.power == one.power
    assert abs(two.harm - 0.025) < 4 * two.harm.error + 0.001


def test_futility_stops_trials():
    design = {"replicates": 5_000, "seed": 9, "events": [100, 240], "alpha": 0.025}
    free = simulate(plain(hazard_ratio=1.0), **design)
    stops = simulate(plain(hazard_ratio=1.0), futility=[0.0], **design)
    low = free.z[:, 0] <= 0.0
    assert stops.futility_by_look[0] == low.mean()
    assert (stops.stopping_look == np.where(low, 0, 1)).all()
    assert stops.expected_events == pytest.approx(np.where(low, 100, 240).mean())
    assert stops.power < free.power


def test_stopping_early_biases_the_estimate_away_from_no_effect():
    found = simulate(plain(), replicates=20_000, seed=9, events=[100, 240], alpha=0.025, bounds="pocock")
    assert found.bias < -10 * found.bias.error


def test_a_result_shows_itself():
    found = simulate(plain(), replicates=100, seed=9, events=[100, 240], alpha=0.025, bounds="pocock")
    assert "100 simulated trials, logrank, seed 9" in str(found)
    assert "Monte-Carlo error" in str(found)
    assert found.to_frame()["planned_events"].to_list() == [100, 240]
    assert "<table>" in found._repr_html_()
