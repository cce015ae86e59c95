"""TNM categories of breast cancer and the anatomic stage group that follows from them.

Source: AJCC Cancer Staging Manual, 8th edition (2017, breast chapter as updated January 2018), chapter 48: the
definitions of T, N and M and the table of anatomic stage groups. What is here are the categories and the table as
facts; the definitions are the AJCC's and are not copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Prefix = Literal["c", "p", "yc", "yp", "r"]
PREFIXES: tuple[Prefix, ...] = get_args(Prefix)
"""Clinical, pathological, clinical and pathological after therapy, at recurrence."""

T_CATEGORIES = (
    "TX", "T0", "Tis", "T1", "T1mi", "T1a", "T1b", "T1c", "T2", "T3", "T4", "T4a", "T4b", "T4c", "T4d",
)  # fmt: skip  # short items of one kind share a line
N_CATEGORIES = (
    "NX", "N0", "N0(i+)", "N0(mol+)", "N1", "N1mi", "N1a", "N1b", "N1c", "N2", "N2a", "N2b", "N3", "N3a", "N3b", "N3c",
)  # fmt: skip  # short items of one kind share a line
M_CATEGORIES = ("M0", "M0(i+)", "M1")
"""There is no MX: without a sign of metastases it is M0, told clinically whatever the prefix of T and N is."""
STAGE_GROUPS = ("0", "IA", "IB", "IIA", "IIB", "IIIA", "IIIB", "IIIC", "IV")

_BY_PATHOLOGY_ONLY = frozenset({"N0(i+)", "N0(mol+)", "N1a", "N1b", "N1c"})

_GROUPS: dict[tuple[str, str], str] = {
    ("Tis", "N0"): "0",
    ("T1", "N0"): "IA",
    ("T0", "N1mi"): "IB", ("T1", "N1mi"): "IB",
    ("T0", "N1"): "IIA", ("T1", "N1"): "IIA", ("T2", "N0"): "IIA",
    ("T2", "N1"): "IIB", ("T3", "N0"): "IIB",
    ("T0", "N2"): "IIIA", ("T1", "N2"): "IIIA", ("T2", "N2"): "IIIA", ("T3", "N1"): "IIIA", ("T3", "N2"): "IIIA",
    ("T4", "N0"): "IIIB", ("T4", "N1"): "IIIB", ("T4", "N2"): "IIIB",
}  # fmt: skip  # short items of one kind share a line
"""Without metastases; N3 is IIIC whatever T is. Micrometastases count apart in T0 and T1, as N1 in T2 to T4."""


@dataclass(frozen=True, slots=True)
class Tnm:
    """One staging.

    Attributes:
        prefix: how it was found.
        t: category of the primary tumour. n: of the regional nodes. m: of metastases.
    """

    prefix: str
    t: str
    n: str
    m: str

    def __str__(self) -> str:
        """As it is written: `ypT1cN1aM0`."""
        return f"{self.prefix}{self.t}{self.n}{self.m}"

    @property
    def after_therapy(self) -> bool:
        """Whether it was found after systemic therapy."""
        return self.prefix in ("yc", "yp")


def tnm_problems(tnm: Tnm) -> tuple[str, ...]:
    """What is wrong with the categories, a sentence each; empty if nothing is."""
    problems = [
        f"'{value}' is no {what} (one of {', '.join(known)})"
        for what, value, known in (
            ("prefix of a staging", tnm.prefix, PREFIXES),
            ("category of the primary tumour", tnm.t, T_CATEGORIES),
            ("category of the regional nodes", tnm.n, N_CATEGORIES),
            ("category of metastases", tnm.m, M_CATEGORIES),
        )
        if value not in known
    ]
    if not problems and tnm.n in _BY_PATHOLOGY_ONLY and tnm.prefix in ("c", "yc"):
        problems.append(f"{tnm.n} is found by pathology only; with the prefix {tnm.prefix} give {_clinical(tnm.n)}")
    return tuple(problems)


def _clinical(n: str) -> str:
    return "N0" if n.startswith("N0") else "N1"


def stage_group(tnm: Tnm, *, metastases_before: bool = False) -> tuple[str | None, str]:
    """The anatomic stage group, and why.

    Args:
        tnm: categories in which `tnm_problems` finds nothing.
        metastases_before: whether metastases were known before systemic therapy; then the stage after therapy stays IV
            whatever is found.

    Returns:
        The group, None where the table gives none.
    """
    if tnm.m == "M1":
        return "IV", "M1 is stage IV"
    if metastases_before and tnm.after_therapy:
        return "IV", "metastases before systemic therapy: the stage stays IV"
    t = tnm.t if tnm.t in ("TX", "Tis") else tnm.t[:2]
    n = "N1mi" if tnm.n == "N1mi" and t in ("T0", "T1") else tnm.n[:2]
    if n == "N3":
        return "IIIC", "N3 without metastases is IIIC"
    if tnm.after_therapy and t == "T0" and tnm.n in ("N0", "N0(mol+)"):
        return None, "no tumour is left after therapy, and such a response has no stage group"
    group = _GROUPS.get((t, n))
    return group, f"{t} {n} M0 is {group}" if group else f"the table has no group for {t} {n} M0"


def group_problem(recorded: str, tnm: Tnm, *, metastases_before: bool = False) -> str | None:
    """Why a recorded stage is not that of its categories; None if it is, or if it is coarser (`III` for IIIA)."""
    group, why = stage_group(tnm, metastases_before=metastases_before)
    if recorded == group or (group is not None and group.rstrip("ABC") == recorded):
        return None
    if group is None:
        return f"stage {recorded} is recorded for {tnm}, and {why}; leave the stage out, or correct a category"
    return f"stage {recorded} is recorded for {tnm}, and {why}; correct the stage, or the category"
