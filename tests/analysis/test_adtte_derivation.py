"""ADTTE from states made by hand: times, events, precedence, censoring, and the ledger entry behind an event."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from analysis_states import (
    CUT,
    HENAN_VALUES,
    by_param,
    death,
    distant,
    happened,
    local,
    lost,
    on,
    participant,
    trial,
)

from equipoise.analysis.adtte import make_adtte, parameters
from equipoise.analysis.outcome import Observed, Outcome, under
from equipoise.analysis.sample import sample_of
from equipoise.conduct.state import Left
from equipoise.errors import DataError


def derived(state, *, protocol="jcog1017", cut=CUT):
    return by_param(make_adtte(trial(protocol), {state.number: state}, cut), state.number)


@pytest.mark.parametrize(
    ("adt", "startdt", "aval", "cnsr"),
    [(19726, 19725, 2, 0), (19212, 19210, 3, 0), (19827, 19800, 28, 1), (19962, 19905, 58, 0)],
)
def test_aval_is_adt_less_startdt_plus_one_as_in_the_cdisc_pilot(adt, startdt, aval, cnsr):
    # CDISC pilot LZZT, ADTTE.json (cdisc-org/DataExchange-DatasetJson): SAS days since 1960-01-01
    shift = date(1960, 1, 1) + timedelta(days=startdt) - on(0)
    days = adt - startdt
    row = derived(participant(events=[death(days)] if cnsr == 0 else [], alive=days, left=lost(days)))["OS"]
    assert (row["ADT"] + shift - date(1960, 1, 1)).days == adt
    assert (row["AVAL"], row["CNSR"]) == (aval, cnsr)


def test_a_death_is_an_event_with_its_cause_and_its_ledger_entry():
    row = derived(participant(events=[death(300, "other", entry=77)]))["OS"]
    assert (row["AVAL"], row["CNSR"], row["EVNTDESC"], row["CNSDTDSC"]) == (301, 0, "death:other", "")
    assert (row["SRCDOM"], row["SRCSEQ"]) == ("LEDGER", 77)


def test_who_lives_is_censored_at_the_cut_off_and_traces_to_no_entry():
    row = derived(participant(alive=1000))["OS"]
    assert (row["AVAL"], row["CNSR"], row["EVNTDESC"], row["CNSDTDSC"]) == (1001, 1, "", "alive at data cut-off")
    assert (row["SRCDOM"], row["SRCSEQ"]) == ("", None)


def test_who_was_lost_is_censored_on_the_last_day_known_alive():
    row = derived(participant(alive=400, left=lost(400)))["OS"]
    assert (row["AVAL"], row["CNSDTDSC"]) == (401, "lost to follow-up")
    row = derived(participant(alive=410))["OS"]
    assert (row["AVAL"], row["CNSDTDSC"]) == (411, "last known alive")


def test_withdrawal_is_the_reason_only_if_it_ends_follow_up():
    stops, continues = Left("W1", on(200), "stops"), Left("W1", on(200), "continues")
    assert derived(participant(alive=200, left=stops))["OS"]["CNSDTDSC"] == "withdrawn (W1)"
    assert derived(participant(alive=1000, left=continues))["OS"]["CNSDTDSC"] == "alive at data cut-off"


def test_events_after_the_cut_off_are_ignored_and_the_participant_lived_at_the_cut_off():
    state = participant(events=[local(500), death(700)], seen=[90, 180, 500])
    rows = derived(state, cut=on(450))
    assert (rows["OS"]["AVAL"], rows["OS"]["CNSR"]) == (451, 1)
    assert (rows["LRFS"]["AVAL"], rows["LRFS"]["CNSR"]) == (181, 1)
    assert rows["OS"]["CNSDTDSC"] == "alive at data cut-off"


def test_who_is_allocated_after_the_cut_off_is_not_in_the_table():
    assert derived(participant(alive=500), cut=on(-1)) == {}


def test_death_comes_before_progression_on_the_same_day():
    rows = derived(participant(events=[local(120, entry=1), death(120, entry=2)], seen=[120]))
    assert (rows["LRFS"]["EVNTDESC"], rows["LRFS"]["SRCSEQ"]) == ("death:breast_cancer", 2)


def test_progression_comes_before_censoring_on_the_same_day():
    rows = derived(participant(events=[local(120)], seen=[90, 120], alive=120, left=lost(120)))
    assert (rows["LRFS"]["AVAL"], rows["LRFS"]["CNSR"]) == (121, 0)


def test_the_first_event_counts():
    rows = derived(participant(events=[local(300), death(400)], seen=[100, 300]))
    assert (rows["LRFS"]["AVAL"], rows["LRFS"]["EVNTDESC"]) == (301, "local_progression")
    assert rows["OS"]["AVAL"] == 401


def test_progression_endpoints_are_censored_at_the_last_assessment():
    row = derived(participant(seen=[90, 180], alive=900))["LRFS"]
    assert (row["AVAL"], row["CNSR"], row["CNSDTDSC"]) == (181, 1, "last assessment")


def test_without_an_assessment_progression_endpoints_are_censored_on_the_first_day():
    row = derived(participant(alive=900))["LRFS"]
    assert (row["AVAL"], row["CNSR"], row["CNSDTDSC"]) == (1, 1, "no assessment after the origin")


def test_a_death_before_progression_at_metastatic_sites_competes_with_it():
    row = derived(participant(events=[death(200)], seen=[90, 180]))["MSPF"]
    assert (row["AVAL"], row["CNSR"], row["EVNTDESC"]) == (201, 2, "death:breast_cancer")
    row = derived(participant(events=[distant(180), death(200)], seen=[90, 180]))["MSPF"]
    assert (row["AVAL"], row["CNSR"], row["EVNTDESC"]) == (181, 0, "distant_progression")


def test_an_event_before_the_origin_does_not_count():
    row = derived(participant(events=[distant(-20), death(200)], seen=[90]))["MSPF"]
    assert (row["CNSR"], row["AVAL"]) == (2, 201)


def henan(**more):
    """A participant of the Henan trial: diagnosed 220 days before randomisation."""
    values = HENAN_VALUES | {"diagnosis_date": on(-220)}
    return participant(values=values, registered=-200, **{"arm": "surgery", **more})


def test_only_the_event_of_the_own_arm_counts_for_local_pfs():
    recurrence = happened("local_recurrence", 150)
    rows = derived(henan(events=[recurrence], seen=[90, 150]), protocol="henan")
    assert (rows["LPFS"]["CNSR"], rows["LPFS"]["EVNTDESC"]) == (0, "local_recurrence")
    rows = derived(henan(arm="systemic", events=[recurrence], seen=[90, 150]), protocol="henan")
    assert (rows["LPFS"]["CNSR"], rows["LPFS"]["AVAL"]) == (1, 151)
    rows = derived(henan(arm="systemic", events=[local(150)], seen=[90, 150]), protocol="henan")
    assert (rows["LPFS"]["CNSR"], rows["LPFS"]["EVNTDESC"]) == (0, "local_progression")


def test_only_one_cause_of_death_is_the_event_of_cancer_specific_survival():
    for cause, cnsr in (("breast_cancer", 0), ("other", 2)):
        rows = derived(henan(events=[death(300, cause)]), protocol="henan")
        assert (rows["BCSS"]["CNSR"], rows["BCSS"]["EVNTDESC"]) == (cnsr, f"death:{cause}")


def test_entry_is_delayed_to_allocation_where_the_origin_precedes_it():
    rows = derived(henan(events=[death(300)]), protocol="henan")
    assert (rows["OS"]["STARTDT"], rows["OS"]["ENTRY"], rows["OS"]["AVAL"]) == (on(-220), 220, 521)
    assert (rows["PFS"]["ENTRY"], rows["PFS"]["AVAL"]) == (0, 301)


def test_a_participant_without_origin_stays_in_the_table():
    state = henan(events=[death(300)])
    values = {name: value for name, value in state.values.items() if name != "diagnosis_date"}
    rows = derived(replace(state, values=values), protocol="henan")
    assert (rows["OS"]["AVAL"], rows["OS"]["CNSDTDSC"]) == (None, "origin not recorded")
    assert rows["BCSS"]["AVAL"] == 301


def test_two_missed_visits_before_a_progression_censor_at_the_assessment_before_them():
    state = henan(events=[distant(360)], seen=[90, 360], missed=[180, 270])
    rows = derived(state, protocol="henan")
    assert (rows["PFS"]["AVAL"], rows["PFS"]["CNSR"]) == (361, 0)
    assert (rows["PFSMV"]["AVAL"], rows["PFSMV"]["CNSR"]) == (91, 1)
    assert "two missed visits" in rows["PFSMV"]["CNSDTDSC"]


def test_one_missed_visit_or_two_that_are_apart_change_nothing():
    once = derived(henan(events=[distant(270)], seen=[90, 270], missed=[180]), protocol="henan")
    assert (once["PFSMV"]["AVAL"], once["PFSMV"]["CNSR"]) == (271, 0)
    apart = derived(henan(events=[distant(360)], seen=[180, 360], missed=[90, 270]), protocol="henan")
    assert (apart["PFSMV"]["AVAL"], apart["PFSMV"]["CNSR"]) == (361, 0)


def test_missed_visits_before_a_death_count_too():
    rows = derived(henan(events=[death(300)], seen=[90], missed=[180, 270]), protocol="henan")
    assert (rows["PFS"]["CNSR"], rows["PFSMV"]["CNSR"], rows["PFSMV"]["AVAL"]) == (0, 1, 91)


def test_a_new_therapy_before_progression_censors_at_the_assessment_before_it():
    therapy = happened("new_therapy", 200, kind="therapy")
    rows = derived(henan(events=[therapy, distant(270)], seen=[90, 180, 270]), protocol="henan")
    assert (rows["PFS"]["AVAL"], rows["PFS"]["CNSR"]) == (271, 0)
    assert (rows["PFSNT"]["AVAL"], rows["PFSNT"]["CNSR"]) == (181, 1)


def test_a_new_therapy_on_the_day_of_progression_or_later_changes_nothing():
    for days in (270, 280):
        therapy = happened("new_therapy", days, kind="therapy")
        rows = derived(henan(events=[therapy, distant(270)], seen=[90, 270]), protocol="henan")
        assert (rows["PFSNT"]["AVAL"], rows["PFSNT"]["CNSR"]) == (271, 0)


def test_a_new_therapy_censors_whoever_did_not_progress_as_well():
    therapy = happened("new_therapy", 100, kind="therapy")
    rows = derived(henan(events=[therapy], seen=[90, 180, 270], alive=1000), protocol="henan")
    assert (rows["PFS"]["AVAL"], rows["PFSNT"]["AVAL"]) == (271, 91)


def test_a_count_has_a_row_an_event_and_ends_with_death():
    events = [happened("axillary_dissection", d, kind="procedure") for d in (10, 50)]
    table = make_adtte(trial(), {"00001": participant(events=[*events, death(300)])}, CUT)
    rows = table.filter(table["PARAMCD"] == "NALND").sort("ASEQ")
    assert rows["ASEQ"].to_list() == [1, 2, 3]
    assert rows["AVAL"].to_list() == [11, 51, 301]
    assert rows["CNSR"].to_list() == [0, 0, 2]
    assert rows["SRCSEQ"].to_list() == [110, 150, 400]


def test_a_count_without_death_ends_with_censoring():
    table = make_adtte(trial(), {"00001": participant(alive=1000)}, CUT)
    rows = table.filter(table["PARAMCD"] == "NALND")
    assert (rows["AVAL"].to_list(), rows["CNSR"].to_list()) == ([1001], [1])


def changhai(assigned, **more):
    return participant(
        arm="4", allocation="assignment", values={"diagnosis_date": on(-95)}, registered=-91, assigned=assigned, **more
    )


def test_the_first_class_that_is_not_the_reference_is_the_arm_and_its_day_the_switch():
    rows = derived(changhai([(0, "4"), (91, "3"), (182, "1")], events=[death(300)]), protocol="changhai")
    assert (rows["OS"]["TRTP"], rows["OS"]["SWITCHDY"], rows["OS"]["AVAL"]) == ("3", 95 + 91, 396)
    rows = derived(changhai([(0, "4")], events=[death(300)]), protocol="changhai")
    assert (rows["OS"]["TRTP"], rows["OS"]["SWITCHDY"]) == ("4", None)


def test_a_class_reached_after_the_cut_off_is_not_known_yet():
    state = changhai([(0, "4"), (91, "3")], alive=400)
    rows = derived(state, protocol="changhai", cut=on(50))
    assert (rows["OS"]["TRTP"], rows["OS"]["SWITCHDY"]) == ("4", None)


def test_who_has_no_class_yet_counts_in_the_reference_class():
    state = replace(changhai([(0, "4")], events=[death(-10)]), assignments=(), steps={"registration": on(-91)})
    rows = derived(state, protocol="changhai")
    assert (rows["OS"]["TRTP"], rows["OS"]["ITTFL"], rows["OS"]["ENRLFL"]) == ("4", "N", "Y")


def test_every_time_to_event_sensitivity_and_count_has_its_parameter():
    # one PARAMCD each; the endpoints are those of the shipped protocols
    assert list(parameters(trial()))[:4] == ["OS", "LRFS", "LRFSMV", "MSPF"]
    assert "NALND" in parameters(trial())
    assert list(parameters(trial("henan"))) == ["OS", "PFS", "PFSMV", "PFSNT", "LPFS", "DPFS", "BCSS"]


def test_two_endpoints_of_one_name_are_refused():
    endpoints = trial().endpoints
    double = endpoints | {"again": endpoints["os"]}
    with pytest.raises(DataError, match="PARAMCD OS"):
        parameters(trial().model_copy(update={"endpoints": double}))


def test_a_death_before_the_origin_keeps_a_row_without_a_time_that_says_so():
    state = henan(events=[death(-230)])
    rows = derived(state, protocol="henan")
    assert (rows["OS"]["AVAL"], rows["OS"]["CNSR"]) == (None, None)
    assert rows["OS"]["CNSDTDSC"] == "death:breast_cancer before the origin"


def test_an_origin_after_the_cut_off_keeps_a_row_without_a_time():
    state = henan(alive=100)
    state = replace(state, values={**state.values, "diagnosis_date": on(50)})
    row = derived(state, protocol="henan", cut=on(20))["OS"]
    assert (row["AVAL"], row["CNSR"], row["CNSDTDSC"]) == (None, None, "origin after the data cut-off")


def test_who_has_no_time_is_named_with_the_reason():
    dead = henan(number="00002", events=[death(-230)])
    table = make_adtte(trial("henan"), {"00001": henan(events=[death(100)]), "00002": dead}, CUT)
    analysis = next(item for item in trial("henan").analyses if item.endpoint == "os")
    with pytest.raises(DataError, match=r"before the origin\) for henan-00002"):
        sample_of(trial("henan"), table, "OS", analysis)


def test_visits_missed_before_the_participant_is_at_risk_do_not_count():
    # diagnosed on day -220 and allocated on day 0: an assessment before allocation is not one of the endpoint's
    seen = Observed(henan(missed=[20, 40]), on(-220), on(0), CUT, (on(-50), on(60)))
    rule = trial("henan").endpoints["pfs"].sensitivity[0]
    found = under(rule, seen, Outcome(on(60), 0))
    assert (found.on, found.cnsr) == (on(0), 1)
    seen = replace(seen, state=henan(missed=[-100, 20]))
    assert under(rule, seen, Outcome(on(60), 0)).cnsr == 0


def test_where_arms_follow_a_class_entry_is_the_first_registration():
    row = derived(changhai([(0, "4")], events=[death(300)]), protocol="changhai")["OS"]
    assert (row["STARTDT"], row["ENTRY"]) == (on(-95), 4)
    late = changhai([(0, "4")], events=[death(300)])
    late = replace(late, values={**late.values, "diagnosis_date": on(-80)})
    assert derived(late, protocol="changhai")["OS"]["ENTRY"] == 0
