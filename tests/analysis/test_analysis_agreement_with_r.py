"""Estimates of a small fixed ADTTE against R: survival 3.x and cmprsk.

Numbers are those of R on tests/data/analysis/small.csv, read as

    library(survival); d <- read.csv("small.csv"); d$arm <- factor(d$arm, c("A", "B")); m <- d$time / 30.4375
    d$e <- d$cause == 1

and the call that made each stands beside it.
"""

from __future__ import annotations

import polars as pl
import pytest
from analysis_states import small_adtte, trial

from equipoise.analysis import Datasets, analyse
from equipoise.analysis.others import wilson
from equipoise.protocol.model.endpoints import Milestone

EXACT = {"rel": 1e-9}


def results(protocol, adtte, **analysis):
    """Results of one analysis of OS, with some of its settings changed."""
    os = next(item for item in protocol.analyses if item.endpoint == "os")
    changed = protocol.model_copy(update={"analyses": (os.model_copy(update=analysis),)})
    return analyse(changed, Datasets(adtte), source="trial data")


@pytest.fixture(scope="module")
def os():
    return results(trial(), small_adtte(), milestones=(24,)).estimates


def one(estimates, measure, **wanted):
    found = [e for e in estimates if e.measure == measure and all(getattr(e, k) == v for k, v in wanted.items())]
    assert len(found) == 1
    return found[0]


def test_the_hazard_ratio_is_that_of_coxph_at_the_protocol_s_level(os):
    # summary(coxph(Surv(time, e) ~ arm, d), conf.int = .9)
    found = one(os, "hazard ratio", subgroup={})
    assert found.value == pytest.approx(0.9592955659279, **EXACT)
    assert (found.conf_low, found.conf_high) == pytest.approx((0.6196928218993, 1.4850066844224), **EXACT)
    assert found.std_error == pytest.approx(0.2656621329360, **EXACT)
    assert (found.conf_level, found.sides, found.ties) == (0.9, 1, "efron")
    assert (found.n_by_arm, found.events_by_arm) == ({"A": 45, "B": 45}, {"A": 30, "B": 30})


def test_the_one_sided_p_is_that_of_survdiff_towards_benefit(os):
    # s <- survdiff(Surv(time, e) ~ arm, d); pnorm((s$obs - s$exp)[2] / sqrt(s$var[2, 2]))
    found = one(os, "hazard ratio", subgroup={})
    assert found.p_value == pytest.approx(0.442511884787, **EXACT)
    assert found.p_method == "log-rank"


def test_with_the_arms_exchanged_the_one_sided_p_is_above_one_half():
    estimates = results(trial(), small_adtte(arms=("B", "A"))).estimates
    found = one(estimates, "hazard ratio", subgroup={})
    assert found.value == pytest.approx(1 / 0.9592955659279, **EXACT)
    assert found.p_value == pytest.approx(1 - 0.442511884787, **EXACT)


def test_without_a_test_the_p_is_wald_s_and_two_sided_p_doubles_the_smaller_tail():
    # summary(coxph(Surv(time, e) ~ arm, d))$coef
    found = one(results(trial(), small_adtte(), test="none", sides=2).estimates, "hazard ratio", subgroup={})
    assert found.p_value == pytest.approx(0.8756984769530, **EXACT)
    assert (found.p_method, found.sides) == ("Wald", 2)


def test_medians_and_milestones_are_those_of_survfit(os):
    # f <- survfit(Surv(m, e) ~ arm, d, conf.type = "log-log", conf.int = .9); quantile(f, .5); summary(f, times = 24)
    a, b = (one(os, "median", arm=arm) for arm in "AB")
    assert (a.value, a.conf_low, a.conf_high) == pytest.approx((19.0554414784, 15.7700205339, 39.0965092402), **EXACT)
    assert (b.value, b.conf_low, b.conf_high) == pytest.approx((28.2546201232, 25.6262833676, 31.5400410678), **EXACT)
    at = one(os, "survival", arm="A")
    assert (at.at, at.value, at.std_error) == pytest.approx((24, 0.423835759318, 0.0789375463194), **EXACT)
    assert (at.conf_low, at.conf_high) == pytest.approx((0.293303584688, 0.548392001102), **EXACT)


def test_the_interaction_is_the_likelihood_ratio_of_the_models(os):
    # for v: anova(coxph(Surv(time, e) ~ arm + v, d), coxph(Surv(time, e) ~ arm * v, d))
    for name, level, p in (
        ("menopausal_status", "pre", 0.244981561520739),
        ("organs_involved", "single", 0.158523817285769),
        ("subtype", "her2", 0.877480371348198),
    ):
        found = one(os, "hazard ratio", subgroup={name: level})
        assert found.p_value == pytest.approx(p, rel=1e-7)
        assert (found.p_method, found.sides) == ("interaction likelihood ratio", 2)


def test_a_subgroup_s_hazard_ratio_is_that_of_its_participants(os):
    # summary(coxph(Surv(time, e) ~ arm, d[d$organs == "single", ]), conf.int = .9)$conf.int
    found = one(os, "hazard ratio", subgroup={"organs_involved": "single"})
    assert found.value == pytest.approx(1.51717095427, **EXACT)
    assert (found.conf_low, found.conf_high) == pytest.approx((0.772388990691, 2.9801145954), **EXACT)


def test_both_median_follow_ups_are_named_and_those_of_r(os):
    # quantile(survfit(Surv(m, !e) ~ 1, d, conf.type = "log-log", conf.int = .9), .5); median(m)
    reverse = one(os, "median follow-up", method="reverse Kaplan-Meier")
    expected = (38.1108829569, 31.8685831622, 47.3100616016)
    assert (reverse.value, reverse.conf_low, reverse.conf_high) == pytest.approx(expected, **EXACT)
    observed = one(os, "median follow-up", method="median observed time of all participants")
    assert observed.value == pytest.approx(19.0554414784, **EXACT)
    assert observed.conf_low is None


def test_competing_events_give_incidences_and_a_cause_specific_ratio():
    # library(cmprsk); x <- timepoints(cuminc(m, d$cause, d$arm), 24); x$est; sqrt(x$var)
    protocol = trial()
    dmfs = next(item for item in protocol.analyses if item.endpoint == "dmfs")
    table = small_adtte("MSPF", competing=True)
    changed = protocol.model_copy(update={"analyses": (dmfs.model_copy(update={"milestones": (24,)}),)})
    estimates = analyse(changed, Datasets(table), source="trial data").estimates
    for arm, value, error in (("A", 0.533333333333, 0.0758007861615), ("B", 0.311111111111, 0.0700049709315)):
        found = one(estimates, "cumulative incidence", arm=arm)
        assert (found.value, found.std_error) == pytest.approx((value, error), **EXACT)
        assert found.method == "aalen-johansen"
    ratio = one(estimates, "hazard ratio")
    assert ratio.value == pytest.approx(0.9592955659279, **EXACT)
    assert ratio.method == "cox, cause-specific"


HENAN = {"arms": ("systemic", "surgery"), "strata": True}


@pytest.fixture(scope="module")
def henan_os():
    return results(trial("henan"), small_adtte(delayed=True, **HENAN)).estimates


def test_delayed_entry_and_strata_as_randomised_give_the_ratio_of_coxph(henan_os):
    # summary(coxph(Surv(entry, time, e) ~ arm + strata(organs, subtype), d))
    found = one(henan_os, "hazard ratio", method="cox", subgroup={})
    assert found.value == pytest.approx(0.845772800119, **EXACT)
    assert (found.conf_low, found.conf_high) == pytest.approx((0.466107455054, 1.534692529938), **EXACT)
    assert found.strata == ("organs_involved", "subtype")
    assert found.note == "delayed entry at allocation"


def test_the_stratified_log_rank_counts_only_who_has_entered(henan_os):
    # sums over strata and event times of O, E and the hypergeometric variance; at risk: entry < t <= time
    # give z of -0.547535329387, and p is both its tails
    found = one(henan_os, "hazard ratio", method="cox", subgroup={})
    assert found.p_value == pytest.approx(0.584011005450, **EXACT)
    assert found.p_method == "log-rank, stratified by organs_involved, subtype"


def test_the_analysis_as_written_stands_beside_it_and_is_marked_biased(henan_os):
    # summary(coxph(Surv(time, e) ~ arm + strata(organs, subtype), d))
    found = one(henan_os, "hazard ratio", method="cox, as written")
    assert found.value == pytest.approx(0.842632588691, **EXACT)
    assert found.role == "biased"
    assert found.note.startswith("biased")


def test_the_interaction_with_a_stratifier_leaves_its_own_effect_to_the_strata(henan_os):
    # anova(coxph(Surv(entry, time, e) ~ arm + strata(organs, subtype), d),
    #       coxph(Surv(entry, time, e) ~ arm + arm:organs + strata(organs, subtype), d)): 4.39656 on 1 df
    found = one(henan_os, "hazard ratio", subgroup={"organs_involved": "single"})
    assert found.p_value == pytest.approx(0.0360114209684, rel=1e-7)


def test_with_delayed_entry_follow_up_starts_at_allocation(henan_os):
    found = one(henan_os, "median follow-up", method="median observed time of all participants")
    table = small_adtte(delayed=True)
    assert found.value == pytest.approx(((table["AVAL"] - table["ENTRY"]) / 30.4375).median(), **EXACT)
    assert found.origin == "randomisation"


def test_covariates_adjust_the_model():
    # summary(coxph(Surv(time, e) ~ arm + organs + subtype, d))$conf.int
    adjusted = results(trial(), small_adtte(), covariates=("organs_involved", "subtype"), conf_level=0.95).estimates
    found = one(adjusted, "hazard ratio", subgroup={})
    assert found.value == pytest.approx(0.948970319759, **EXACT)
    assert (found.conf_low, found.conf_high) == pytest.approx((0.530342925216, 1.698042200558), **EXACT)
    assert found.adjusted_for == ("organs_involved", "subtype")


def test_the_difference_at_a_milestone_has_greenwood_s_error():
    # k <- summary(survfit(Surv(m, e) ~ arm, d), times = 24); diff(k$surv); sqrt(sum(k$std.err^2))
    protocol = trial("tehran")
    analysis = next(item for item in protocol.analyses if item.endpoint == "survival_2y")
    changed = protocol.model_copy(update={"analyses": (analysis,)})
    table = small_adtte(arms=("B", "A"))  # in Tehran arm B is the reference
    found = one(analyse(changed, Datasets(table), source="trial data").estimates, "survival difference")
    assert (found.value, found.std_error) == pytest.approx((0.2486565357673, 0.1070878696890), **EXACT)
    assert found.p_value == pytest.approx(0.0202336886871, **EXACT)
    assert (found.arm, found.reference, found.at, found.null_value) == ("A", "B", 24, 0)


def test_a_one_sided_p_of_a_difference_looks_towards_higher_survival():
    protocol = trial("tehran")
    analysis = next(item for item in protocol.analyses if item.endpoint == "survival_2y")
    changed = protocol.model_copy(update={"analyses": (analysis.model_copy(update={"sides": 1}),)})
    better = one(analyse(changed, Datasets(small_adtte(arms=("B", "A"))), source="").estimates, "survival difference")
    worse = one(analyse(changed, Datasets(small_adtte(arms=("A", "B"))), source="").estimates, "survival difference")
    assert better.p_value == pytest.approx(0.0202336886871 / 2, **EXACT)
    assert worse.p_value == pytest.approx(1 - 0.0202336886871 / 2, **EXACT)


@pytest.mark.parametrize(
    ("hits", "n", "level", "low", "high"),
    # prop.test(hits, n, conf.level = level, correct = FALSE)$conf.int
    [
        (3, 10, 0.95, 0.107791267406, 0.603221852539),
        (0, 7, 0.95, 0.0, 0.354330435067),
        (12, 12, 0.90, 0.816018805253, 1.0),
        (47, 203, 0.95, 0.178813663179, 0.294212679695),
    ],
)
def test_wilson_s_interval_is_that_of_prop_test(hits, n, level, low, high):
    assert wilson(hits, n, level) == pytest.approx((low, high), rel=1e-9, abs=1e-12)


def test_only_the_rows_of_the_population_count():
    table = small_adtte().with_columns(
        ITTFL=pl.when(pl.int_range(pl.len()) < 60).then(pl.lit("Y")).otherwise(pl.lit("N"))
    )
    found = one(results(trial(), table).estimates, "hazard ratio", subgroup={})
    assert sum(found.n_by_arm.values()) == 60
    assert found.population == "itt"


def test_the_difference_at_a_milestone_with_competing_events_is_that_of_the_incidences():
    # library(cmprsk); x <- timepoints(cuminc(m, d$cause, d$arm), 24): 0.533333 (0.0758008) and 0.311111 (0.0700050),
    # as above; their difference, with sqrt(sum(x$var))
    protocol = trial()
    endpoint = protocol.endpoints["dmfs"]
    share = Milestone(kind="milestone", label="Free of distant progression", of="dmfs", at_months=24)
    assert endpoint.competing
    dmfs = next(item for item in protocol.analyses if item.endpoint == "dmfs")
    changed = protocol.model_copy(
        update={
            "endpoints": protocol.endpoints | {"dmfs_2y": share},
            "analyses": (dmfs.model_copy(update={"endpoint": "dmfs_2y"}),),
        }
    )
    estimates = analyse(changed, Datasets(small_adtte("MSPF", competing=True)), source="trial data").estimates
    found = one(estimates, "event-free proportion difference")
    assert found.value == pytest.approx(0.533333333333 - 0.311111111111, rel=1e-9)
    assert found.std_error == pytest.approx((0.0758007861615**2 + 0.0700049709315**2) ** 0.5, rel=1e-9)
    assert (found.arm, found.reference, found.null_value) == ("B", "A", 0)
