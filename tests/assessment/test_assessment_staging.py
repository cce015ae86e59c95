"""TNM of breast cancer: the categories, and the anatomic stage group.

The table of groups, row by row, is that of the AJCC Cancer Staging Manual, 8th edition, breast, "AJCC anatomic stage
groups" (chapter 48, 2017; the same groups stand in the 7th edition and in UICC TNM, 8th edition).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.assessment import (
    M_CATEGORIES,
    N_CATEGORIES,
    PREFIXES,
    STAGE_GROUPS,
    T_CATEGORIES,
    Tnm,
    group_problem,
    stage_group,
    tnm_problems,
)

TABLE = {
    "0": ["Tis N0"],
    "IA": ["T1 N0", "T1mi N0", "T1c N0(i+)"],
    "IB": ["T0 N1mi", "T1 N1mi", "T1mi N1mi"],
    "IIA": ["T0 N1", "T1 N1", "T1b N1c", "T2 N0"],
    "IIB": ["T2 N1", "T3 N0", "T2 N1mi"],
    "IIIA": ["T0 N2", "T1 N2", "T2 N2", "T3 N1", "T3 N2", "T1a N2b", "T3 N1mi"],
    "IIIB": ["T4 N0", "T4 N1", "T4 N2", "T4d N0", "T4b N1mi", "T4a N2a"],
    "IIIC": ["T0 N3", "T1 N3a", "T2 N3b", "T3 N3c", "T4 N3", "TX N3"],
}


@pytest.mark.parametrize(("text", "group"), [(text, group) for group, rows in TABLE.items() for text in rows])
def test_the_groups_are_those_of_the_table(text: str, group: str) -> None:
    t, n = text.split()
    tnm = Tnm("p", t, n, "M0")
    assert tnm_problems(tnm) == ()
    assert stage_group(tnm)[0] == group
    assert stage_group(Tnm("p", t, n, "M1"))[0] == "IV"  # any T, any N, M1


@pytest.mark.parametrize("text", ["T0 N0", "Tis N1", "TX N0", "T1 NX", "T4 NX", "TX N2"])
def test_what_the_table_does_not_name_has_no_group(text: str) -> None:
    t, n = text.split()
    assert stage_group(Tnm("c", t, n, "M0"))[0] is None


def test_metastases_before_systemic_therapy_leave_the_stage_at_iv() -> None:
    after = Tnm("yc", "T1", "N0", "M0")
    assert stage_group(after) == ("IA", "T1 N0 M0 is IA")
    assert stage_group(after, metastases_before=True)[0] == "IV"
    assert stage_group(Tnm("r", "T1", "N0", "M0"), metastases_before=True)[0] == "IA"
    none = stage_group(Tnm("yp", "T0", "N0", "M0"))
    assert none == (None, "no tumour is left after therapy, and such a response has no stage group")


@pytest.mark.parametrize(
    ("tnm", "what"),
    [
        (Tnm("x", "T1", "N0", "M0"), "'x' is no prefix of a staging (one of c, p, yc, yp, r)"),
        (Tnm("c", "T5", "N0", "M0"), "'T5' is no category of the primary tumour"),
        (Tnm("c", "T1", "N4", "M0"), "'N4' is no category of the regional nodes"),
        (Tnm("c", "T1", "N0", "MX"), "'MX' is no category of metastases (one of M0, M0(i+), M1)"),
        (Tnm("c", "T1", "N1a", "M0"), "N1a is found by pathology only; with the prefix c give N1"),
        (Tnm("yc", "T1", "N0(i+)", "M0"), "N0(i+) is found by pathology only; with the prefix yc give N0"),
    ],
)
def test_categories_that_cannot_be_are_named(tnm: Tnm, what: str) -> None:
    assert what in "; ".join(tnm_problems(tnm))


def test_a_recorded_stage_must_be_the_one_of_its_categories_or_coarser() -> None:
    tnm = Tnm("c", "T2", "N1", "M0")
    assert group_problem("IIB", tnm) is None
    assert group_problem("II", tnm) is None
    assert group_problem("I", tnm) is not None
    said = group_problem("IIIB", Tnm("c", "T4b", "N2a", "M1"))
    assert said == "stage IIIB is recorded for cT4bN2aM1, and M1 is stage IV; correct the stage, or the category"
    assert "the table has no group" in str(group_problem("IA", Tnm("c", "TX", "N0", "M0")))


@given(
    prefix=st.sampled_from(PREFIXES),
    t=st.sampled_from(T_CATEGORIES),
    n=st.sampled_from(N_CATEGORIES),
    m=st.sampled_from(M_CATEGORIES),
)
def test_m1_and_only_m1_is_stage_iv_and_a_higher_category_is_never_a_lower_stage(
    prefix: str, t: str, n: str, m: str
) -> None:
    group, why = stage_group(Tnm(prefix, t, n, m))
    assert (group == "IV") == (m == "M1")
    assert why
    assert group is None or group in STAGE_GROUPS
    main = [f"N{i}" for i in range(4)]
    if m == "M0" and n[:2] in main[:-1] and t[:2] in ("T1", "T2", "T3", "T4"):
        higher = stage_group(Tnm(prefix, t, main[main.index(n[:2]) + 1], m))[0]
        assert group is not None
        assert higher is not None
        assert STAGE_GROUPS.index(higher) >= STAGE_GROUPS.index(group)
