"""What a trial records of known histories, worked out by hand.

Visits every 3 months fall on days 92, 183, 274 and 366: 91.3125, 182.625, 273.9375 and 365.25 days, rounded
up.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from equipoise.disease import (
    Histories,
    Records,
    local_relapse_free_survival,
    observe,
    overall_survival,
    time_to_first,
    visit_months,
    whole_days,
)
from equipoise.disease.observe import Event
from equipoise.errors import DesignError

INF = np.inf
QUARTERLY = visit_months([(3, 12)])


def history(
    local: float = INF, distant: float = INF, death: float = INF, cause: int = 0, dropout: float = INF
) -> Histories:
    """One participant; times in days for easier reading."""

    def months(days: float) -> NDArray[np.float64]:
        return np.array([days / 30.4375])

    return Histories(
        local_progression=months(local),
        distant_progression=months(distant),
        death=months(death),
        death_cause=np.array([cause]),
        dropout=months(dropout),
    )


def recorded(cut_off: float = 400, **times: float) -> Records:
    return observe(history(**times), visits=QUARTERLY, cut_off=cut_off)


def test_months_become_whole_days_rounded_up() -> None:
    assert whole_days([0.0, 1.0, 3.0, 48.0, INF]).tolist() == [0, 31, 92, 1461, INF]
    assert whole_days([1 / 30.4375, 2.0000001 / 30.4375]).tolist() == [1, 3]


def test_visits_follow_intervals_that_change_with_time() -> None:
    assert visit_months([(3, 12)]).tolist() == [3, 6, 9, 12]
    assert visit_months([(3, 6), (6, 24), (12, 48)]).tolist() == [3, 6, 12, 18, 24, 36, 48]
    assert visit_months([(2, 7)]).tolist() == [2, 4, 6]


def test_a_participant_without_events_is_followed_to_the_cut_off() -> None:
    records = recorded(cut_off=300)
    assert records.last_visit.tolist() == [274]
    assert records.last_alive.tolist() == [300]
    assert np.isinf([records.death[0], records.dropout[0], records.local_progression[0]]).all()
    assert overall_survival(records).time.tolist() == [301]
    assert local_relapse_free_survival(records).time.tolist() == [275]
    assert not overall_survival(records).event.any()


def test_a_visit_on_the_day_of_the_cut_off_is_held_and_one_a_day_later_is_not() -> None:
    assert recorded(cut_off=274).last_visit.tolist() == [274]
    assert recorded(cut_off=273).last_visit.tolist() == [183]


def test_a_participant_without_any_visit_was_last_seen_at_the_origin() -> None:
    records = recorded(cut_off=50)
    assert records.last_visit.tolist() == [0]
    assert local_relapse_free_survival(records).time.tolist() == [1]


@pytest.mark.parametrize(("day", "found"), [(10, 92), (92, 92), (92.5, 183), (183, 183), (366, 366), (367, INF)])
def test_progression_counts_on_the_first_visit_on_or_after_it(day: float, found: float) -> None:
    assert recorded(local=day).local_progression.tolist() == [found]
    assert recorded(distant=day).distant_progression.tolist() == [found]


def test_progression_is_never_found_if_death_comes_before_the_visit_or_on_its_day() -> None:
    for death in (150.0, 183.0):
        records = recorded(local=100, death=death, cause=1)
        assert np.isinf(records.local_progression).all()
        assert records.last_visit.tolist() == [92]
        endpoint = local_relapse_free_survival(records)
        assert endpoint.time.tolist() == [death + 1]
        assert endpoint.cause.tolist() == [3]
    assert recorded(local=100, death=184, cause=1).local_progression.tolist() == [183]


def test_progression_is_never_found_if_the_participant_drops_out_before_the_visit_or_on_its_day() -> None:
    for dropout in (150.0, 183.0):
        records = recorded(local=100, dropout=dropout)
        assert np.isinf(records.local_progression).all()
        assert local_relapse_free_survival(records).time.tolist() == [93]
        assert local_relapse_free_survival(records).cause.tolist() == [0]
    assert recorded(local=100, dropout=184).local_progression.tolist() == [183]


def test_progression_after_the_last_visit_before_the_cut_off_is_not_found() -> None:
    assert np.isinf(recorded(local=100, cut_off=182).local_progression).all()
    assert recorded(local=100, cut_off=183).local_progression.tolist() == [183]


def test_a_death_is_known_on_its_day_with_its_cause() -> None:
    records = recorded(death=120.2, cause=2)
    assert records.death.tolist() == [121]
    assert records.death_cause.tolist() == [2]
    assert records.last_alive.tolist() == [121]
    endpoint = overall_survival(records)
    assert endpoint.time.tolist() == [122]
    assert endpoint.cause.tolist() == [4]
    assert endpoint.event.tolist() == [True]


def test_a_death_counts_on_the_day_of_the_cut_off_and_not_a_day_later() -> None:
    assert overall_survival(recorded(death=120, cause=1, cut_off=120)).cause.tolist() == [3]
    late = recorded(death=121, cause=1, cut_off=120)
    assert late.death_cause.tolist() == [0]
    assert overall_survival(late).cause.tolist() == [0]
    assert overall_survival(late).time.tolist() == [121]


def test_a_death_after_dropout_is_not_known_and_one_on_the_same_day_is() -> None:
    lost = recorded(death=200, cause=1, dropout=150)
    assert overall_survival(lost).cause.tolist() == [0]
    assert overall_survival(lost).time.tolist() == [151]
    assert lost.dropout.tolist() == [150]
    same = recorded(death=150, cause=1, dropout=149.5)
    assert overall_survival(same).cause.tolist() == [3]
    assert np.isinf(same.dropout).all()


def test_a_dropout_after_the_cut_off_is_not_recorded() -> None:
    records = recorded(dropout=150, cut_off=149)
    assert np.isinf(records.dropout).all()
    assert records.last_alive.tolist() == [149]


def test_the_first_of_several_events_gives_the_time_and_the_cause() -> None:
    records = recorded(local=200, distant=100, death=300, cause=1)
    events: list[Event] = ["local_progression", "distant_progression", "death"]
    assert time_to_first(records, events, censor="last_visit").cause.tolist() == [2]
    assert time_to_first(records, events, censor="last_visit").time.tolist() == [184]
    assert local_relapse_free_survival(records).cause.tolist() == [1]
    assert local_relapse_free_survival(records).time.tolist() == [275]
    only_distant = time_to_first(records, ["distant_progression"], censor="last_visit")
    assert only_distant.time.tolist() == [184]


def test_each_participant_has_a_cut_off_of_its_own() -> None:
    two = Histories(
        local_progression=np.array([INF, INF]),
        distant_progression=np.array([INF, INF]),
        death=np.array([5.0, 5.0]),
        death_cause=np.array([1, 1]),
        dropout=np.array([INF, INF]),
    )
    records = observe(two, visits=QUARTERLY, cut_off=[100, 200])
    assert overall_survival(records).time.tolist() == [101, 154]
    assert overall_survival(records).event.tolist() == [False, True]
    assert records.to_frame().height == len(records) == 2


@given(
    local=st.floats(0.1, 500),
    death=st.floats(0.1, 500),
    dropout=st.floats(0.1, 500),
    cut_off=st.integers(0, 500),
)
@settings(deadline=None)
def test_nothing_is_recorded_after_it_can_have_been_seen(
    local: float, death: float, dropout: float, cut_off: int
) -> None:
    records = recorded(local=local, death=death, cause=1, dropout=dropout, cut_off=cut_off)
    end = records.last_alive[0]
    assert end <= cut_off
    assert records.last_visit[0] <= end
    found = records.local_progression[0]
    assert np.isinf(found) or local <= found <= records.last_visit[0]
    assert np.isinf(records.death[0]) or records.death[0] == end
    assert np.isinf(records.dropout[0]) or records.dropout[0] == end
    assert 1 <= local_relapse_free_survival(records).time[0] <= overall_survival(records).time[0]


def test_what_cannot_be_observed_is_refused() -> None:
    alive = history()
    with pytest.raises(DesignError, match="increasing"):
        observe(alive, visits=[3, 3], cut_off=1)
    with pytest.raises(DesignError, match="above 0"):
        observe(alive, visits=[0, 3], cut_off=1)
    for cut_off in ([1.0, 2.0], [-1.0], [np.nan]):
        with pytest.raises(DesignError, match="cut_off"):
            observe(alive, visits=QUARTERLY, cut_off=cut_off)
    for intervals in ([(0, 12)], [(3, 12), (3, 12)], [(3, INF)]):
        with pytest.raises(DesignError, match="later month"):
            visit_months(intervals)
    for events in ([], ["relapse"]):
        with pytest.raises(DesignError, match="events"):
            time_to_first(recorded(), events, censor="last_visit")
