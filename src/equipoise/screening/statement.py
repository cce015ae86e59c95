"""The statements: one that counts records by pattern, and two that name records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.protocol.rules import Dialect, Rule
from equipoise.screening.attrition import FAIL, PER_NUMBER, UNKNOWN, numbers_needed
from equipoise.screening.dialect import literal, name, text_type
from equipoise.screening.question import Asked, Question
from equipoise.screening.reading import Reading

WRONG, RECORD, IDENTITY = "#wrong", "#record", "#id"
"""Names of columns of ours; no variable can be named so."""

LONGEST_SHOWN = 60
"""Characters of a wrong value that a message shows."""


@dataclass(frozen=True, slots=True)
class Statements:
    """Writes the statements of one question to one table.

    Attributes:
        question: what is asked.
        readings: how every variable is read.
        relation: SQL of the table.
        dialect: the engine's.
    """

    question: Question
    readings: Sequence[Reading]
    relation: str
    dialect: Dialect

    def patterns(self) -> str:
        """Records by pattern: the pattern's numbers, how many, 1 if a value is wrong, then the cohort rules."""
        numbers = [self._name(f"#{place}") for place in range(numbers_needed(len(self.question.ruled)))]
        packed = [f"{number} AS {column}" for number, column in zip(self._packed(), numbers, strict=True)]
        kept = [self._name(column) for column in (WRONG, *self.question.cohort_variables)]
        cohort = [part for rule in self.question.cohort for part in rule.expressions(self.dialect)]
        wrong = f"MAX(CAST({self._name(WRONG)} AS INTEGER))"
        return _select(
            [*numbers, "COUNT(*)", wrong, *cohort],
            f"({_select([*packed, *kept], f'({self._typed()}) AS typed')}) AS judged",
            f"GROUP BY {', '.join(numbers)}",
        )

    def extremes(self) -> str:
        """For every reading that the lowest and the highest value prove right, whether they do; null if it has none."""
        return _select([item.extremes for item in self.readings if item.extremes], self.relation)

    def wrong_values(self) -> str:
        """For every reading that can be wrong, how many records are."""
        return _select([f"COUNT(CASE WHEN {item.wrong} THEN 1 END)" for item in self.fallible], self.relation)

    def examples(self, item: Reading, most: int, *, record: str | None, identity: str | None) -> str:
        """The first wrong values of one reading: which record (its number, or its id, or null), and the value."""
        assert item.column is not None
        columns = [f"{record or 'NULL'} AS {self._name(RECORD)}", f"{identity or 'NULL'} AS {self._name(IDENTITY)}"]
        which = [self._name(column) for column in (RECORD, IDENTITY)]
        shown = f"LEFT(CAST({item.column.sql} AS {text_type(self.dialect)}), {LONGEST_SHOWN})"
        table = f"({_select([*columns, item.column.sql], self.relation)}) AS numbered"
        order = f" ORDER BY {which[0]}" if record else ""
        return _select([*which, shown], table, f"WHERE {item.wrong}{order} LIMIT {int(most)}")

    def records(self, *, record: str, identity: str | None) -> str:
        """Every record with its verdict and the reasons: record, id, verdict, first, failing, unknown."""
        ruled = self.question.ruled
        numbered = [f"{record} AS {self._name(RECORD)}", f"{identity or 'NULL'} AS {self._name(IDENTITY)}"]
        which = [self._name(RECORD), self._name(IDENTITY)]
        codes = [f"{self._code(item, rule)} AS {self._name(f'#{i}')}" for i, (item, rule) in enumerate(ruled)]
        judged = _select([*which, *codes], f"({self._typed(*numbered)}) AS typed")
        reasons = [f"{self._listed(FAIL)} AS failing", f'{self._listed(UNKNOWN)} AS "unknown"']
        listed = _select([*which, f"{self._first()} AS first", *reasons], f"({judged}) AS judged")
        undecided = "CASE WHEN \"unknown\" <> '' THEN 'undecided' ELSE 'eligible' END"
        verdict = f"CASE WHEN failing <> '' THEN 'ineligible' ELSE {undecided} END"
        identities = [f"{which[1]} AS id"] if identity else []
        return _select(
            [f"{which[0]} AS record", *identities, f"{verdict} AS verdict", "first", "failing", '"unknown"'],
            f"({listed}) AS listed",
        )

    @property
    def fallible(self) -> list[Reading]:
        """The readings that can be wrong."""
        return [item for item in self.readings if item.wrong]

    def _typed(self, *more: str) -> str:
        """Every variable as rules take it, and whether any value is wrong."""
        values = [f"{item.value} AS {self._name(item.variable)}" for item in self.readings]
        wrong = " OR ".join(item.wrong for item in self.fallible)
        flag = f"({wrong}) IS TRUE" if wrong else "FALSE"
        return _select([*values, f"{flag} AS {self._name(WRONG)}", *more], self.relation)

    def _packed(self) -> list[str]:
        """The numbers of a pattern."""
        codes = [self._code(item, rule) for item, rule in self.question.ruled]
        if not codes:
            return ["0"]
        chunks = [codes[at : at + PER_NUMBER] for at in range(0, len(codes), PER_NUMBER)]
        return [" + ".join(f"{code} * {4**place}" for place, code in enumerate(chunk)) for chunk in chunks]

    def _code(self, item: Asked, rule: Rule) -> str:
        """How a record stands on a criterion: 0 fail, 1 pass, 2 unknown."""
        holds = rule.sql(self.dialect)
        passes = f"NOT ({holds})" if item.kind == "exclusion" else holds
        return f"COALESCE(CAST(({passes}) AS INTEGER), {UNKNOWN})"

    def _listed(self, code: int) -> str:
        """The ids of the criteria that stand so, in a text."""
        cases = [
            f"CASE WHEN {self._name(f'#{i}')} = {code} THEN {literal(item.id, self.dialect)} END"
            for i, (item, _) in enumerate(self.question.ruled)
        ]
        return f"CONCAT_WS(', ', {', '.join(cases)})" if cases else "''"

    def _first(self) -> str:
        """The id of the first criterion that fails."""
        cases = [
            f"WHEN {self._name(f'#{i}')} = {FAIL} THEN {literal(item.id, self.dialect)}"
            for i, (item, _) in enumerate(self.question.ruled)
        ]
        return f"CASE {' '.join(cases)} END" if cases else "NULL"

    def _name(self, text: str) -> str:
        return name(text, self.dialect)


def _select(columns: Sequence[str], table: str, rest: str = "") -> str:
    """A statement out of parts that are written by the rules and quoted by `dialect`."""
    return " ".join(filter(None, ("SELECT", ", ".join(columns), "FROM", table, rest)))
