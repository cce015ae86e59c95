"""Judge criteria: pass, fail or unknown, and the values that decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.conduct.values import shown
from equipoise.errors import LedgerError
from equipoise.protocol import Protocol
from equipoise.protocol.model.criteria import Criterion
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import Rule, Values, Verdict, compile_rule
from equipoise.protocol.rules.span import Span


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """How one criterion was judged.

    Attributes:
        criterion: its id, or the id of the step for the step's own condition.
        kind: `inclusion` or `exclusion`.
        title: its text.
        verdict: `pass`, `fail` or `unknown`.
        decided_by: the values that decided; for an unknown one, what is missing.
    """

    criterion: str
    kind: str
    title: str
    verdict: Verdict
    decided_by: Mapping[str, Any]

    def __str__(self) -> str:
        """For people: `I2 fail: Age 18 to 70 (age = 75)`."""
        values = ", ".join(f"{name} = {shown(value)}" for name, value in self.decided_by.items())
        return f"{self.criterion} {self.verdict}: {self.title}" + (f" ({values})" if values else "")


class Criteria:
    """The compiled criteria of a protocol, made once; of an amended trial, those of every version, each by itself.

    Args:
        protocol: one version of the protocol.
        others: the trial's other versions.

    Raises:
        LedgerError: two texts have the same version.
    """

    def __init__(self, protocol: Protocol, others: Iterable[Protocol] = ()) -> None:
        self.protocol = protocol
        self._rules: dict[str, Rule] = {}
        self.versions: dict[str, Criteria] = {protocol.version: self}
        for other in others:
            known = self.versions.get(other.version)
            if known is not None and known.protocol.digest != other.digest:
                raise LedgerError(f"two texts are version '{other.version}' of the protocol", mend="give one of them")
            if known is None:
                self.versions[other.version] = one = Criteria(other)
                one.versions = self.versions

    def of(self, version: str) -> Criteria:
        """The criteria of a version of the protocol.

        Raises:
            LedgerError: its text is not among those given.
        """
        found = self.versions.get(version)
        if found is None:
            known = ", ".join(self.versions)
            what = f"version '{version[:100]}' of the protocol is not at hand (there is {known})"
            raise LedgerError(what, mend="give the text of every version that the trial was run by")
        return found

    def also(self, protocol: Protocol) -> Criteria:
        """These criteria, with one more version beside them."""
        return Criteria(self.protocol, (*(item.protocol for item in self.versions.values()), protocol))

    @property
    def dictionary(self) -> Mapping[str, Variable]:
        """The variables of every version: a variable keeps its type from one to the next."""
        return {name: item for one in self.versions.values() for name, item in one.protocol.dictionary.items()}

    def rule(self, text: str, *, cohort: bool = False) -> Rule:
        """A rule of the protocol, compiled."""
        key = f"{cohort}{text}"
        if key not in self._rules:
            self._rules[key] = compile_rule(text, self.protocol.dictionary, cohort=cohort)
        return self._rules[key]

    def derive(self, name: str, values: Values) -> Any:
        """The value of a variable: recorded, or derived from recorded ones."""
        variable = self.protocol.dictionary[name]
        if variable.derived is None:
            return values.get(name)
        key = f"derived {name}"
        if key not in self._rules:
            gives = variable.type if variable.type != "text" else "choice"
            self._rules[key] = compile_rule(variable.derived, self.protocol.dictionary, gives=gives)
        found = self._rules[key].judge(values).value
        return None if isinstance(found, Span) else found  # of a date that is not wholly known

    def entry_variables(self, step: str, *, when: str | None = None) -> frozenset[str]:
        """The variables that the criteria of a step and its own condition rest on."""
        rules = [item.rule for item in self.protocol.criteria_at(step) if item.rule is not None]
        rules += [] if when is None else [when]
        judged = [item.judgement_variable for item in self.protocol.criteria_at(step) if item.judgement is not None]
        return frozenset(judged).union(*(self.rule(text).variables for text in rules))

    def judge_step(self, step: str, values: Values, *, when: str | None = None) -> tuple[CriterionResult, ...]:
        """Every criterion of a step, and the step's own condition `when` if it has one."""
        results = [self.judge(criterion, values) for criterion in self.protocol.criteria_at(step)]
        if when is not None:
            judged = self.rule(when).judge(values)
            verdict: Verdict = "unknown" if judged.value is None else "pass" if judged.value else "fail"
            decided = {name: values.get(name) for name in sorted(judged.decided_by)}
            results.append(CriterionResult(step, "condition", when, verdict, decided))
        return tuple(results)

    def judge(self, criterion: Criterion, values: Values) -> CriterionResult:
        """One criterion. A rule and a judgement together are joined by AND for inclusion, by OR for exclusion."""
        parts: list[tuple[Any, frozenset[str]]] = []
        if criterion.rule is not None:
            judged = self.rule(criterion.rule).judge(values)
            parts.append((judged.value, judged.decided_by))
        if criterion.judgement is not None:
            name = criterion.judgement_variable
            parts.append((values.get(name), frozenset([name])))
        inclusion = criterion.kind == "inclusion"
        for wanted in (not inclusion, None, inclusion):
            decisive = [names for value, names in parts if value is wanted]
            if decisive:
                break
        else:
            raise AssertionError(f"criterion {criterion.id}: a part is neither true, false nor unknown")
        holds = wanted
        verdict: Verdict = "unknown" if holds is None else "pass" if holds is inclusion else "fail"
        decided = {name: values.get(name) for name in sorted(frozenset().union(*decisive))}
        return CriterionResult(criterion.id, criterion.kind, criterion.title, verdict, decided)
