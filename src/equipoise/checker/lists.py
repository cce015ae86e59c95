"""Which of the source's lists a criterion stands in: reasons to leave are no reasons to keep somebody out."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.checker.document import collapsed, exclusions, inclusions
from equipoise.checker.finding import Finding, note, warning
from equipoise.checker.places import listed
from equipoise.protocol import Protocol


def withdrawal_among_exclusions(protocol: Protocol) -> Iterator[Finding]:
    """Withdrawal rules whose words the source prints under exclusion criteria."""
    section = exclusions(protocol)
    found = [
        i
        for i, rule in enumerate(protocol.withdrawal)
        if rule.quotes and all(collapsed(q) in section for q in rule.quotes)
    ]
    if found:
        names = listed([protocol.withdrawal[i].id for i in found])
        what = (
            f"the source prints {len(found)} reason{'s' if len(found) > 1 else ''} to withdraw ({names}) among the"
            " exclusion criteria, where they would bar entry for what can only happen later"
        )
        mend = "keep them as withdrawal rules, and ask what each ends: treatment, follow-up, use of the data"
        yield warning(protocol, ("withdrawal", found[0]), "withdrawal-in-exclusions", what, mend)


def withdrawal_that_also_excludes(protocol: Protocol) -> Iterator[Finding]:
    """The same words as an exclusion and as a reason to withdraw."""
    excluded = {collapsed(q): c.id for c in protocol.eligibility if c.kind == "exclusion" for q in c.quotes}
    for i, rule in enumerate(protocol.withdrawal):
        for quote in rule.quotes:
            if other := excluded.get(collapsed(quote)):
                what = f"'{quote}' is printed once and serves as exclusion {other} and as withdrawal rule {rule.id}"
                mend = "ask whether it keeps from entering, ends participation, or both"
                yield note(protocol, ("withdrawal", i), "exclusion-and-withdrawal", what, mend)


def cohort_rules_among_inclusions(protocol: Protocol) -> Iterator[Finding]:
    """Rules about all participants whose words the source prints among the criteria for one."""
    section = inclusions(protocol)
    for i, rule in enumerate(protocol.cohort_rules):
        if rule.quotes and all(collapsed(quote) in section for quote in rule.quotes):
            what = (
                f"{rule.id} is printed among the inclusion criteria and speaks of all participants together,"
                " so no patient can meet or fail it"
            )
            mend = "keep it as a cohort rule, and ask who watches it and what follows when it fails"
            yield warning(protocol, ("cohort_rules", i), "cohort-rule-in-criteria", what, mend)
