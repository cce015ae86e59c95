"""What is not part of the language of rules is refused, with the words of each refusal; how deep a rule may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from rule_words import DICTIONARY, refusal

from equipoise.errors import RuleError
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import compile_rule

REFUSED = [
    # names
    ("x.age > 1", "'x.age' is not a plain variable name", "write the variable's name alone"),
    ("a . b . age > 1", "is not a plain variable name", "write the variable's name alone"),
    ("aeg > 1", "variable 'aeg' is not declared", "did you mean 'age'?"),
    ("AGE > 1", "variable 'AGE' is not declared", "did you mean 'age'?"),
    ("her2 = positive", "variable 'positive' is not declared", "as a text it stands in quotes: 'positive'"),
    ('"age" > 1', "a double quote", "texts in single quotes"),
    ("`age` > 1", "a backquote", "write names plain"),
    ("remark = 'x'", "'remark' is free text, which no rule can judge", "make it a choice"),
    ("аge > 1", "CYRILLIC SMALL LETTER A", "names are written in a-z"),
    ("age\u200b > 1", "U+200B ZERO WIDTH SPACE", "take it out"),
    ("age\u00a0> 1", "U+00A0 NO-BREAK SPACE", "take it out"),
    ("age > 1\x1b[31m", "U+001B", "take it out"),
    # signs
    ("age ≥ 1", "GREATER-THAN OR EQUAL TO", "write >="),
    ("her2 = ‘positive’", "LEFT SINGLE QUOTATION MARK", "write '"),
    ("age − 1 > 0", "MINUS SIGN", "write -"),
    ("age == 1", "a ==", "write ="),
    ("age <=> 1", "a <=>", "write ="),
    ("age ** 2 > 1", "a power (**)", "multiply"),
    ("age // 2 > 1", "a whole division (//)", "divide with /"),
    ("age % 2 = 0", "PERCENT SIGN", "take it out"),
    ("her2 || 'x' = 'y'", "texts joined by ||", "compare with whole texts"),
    ("age::text = 'x'", "a cast (::)", "variables have their types"),
    ("age[1] = 1", "LEFT SQUARE BRACKET", "take it out"),
    ("x -> age", "an arrow", "calculate"),
    ("$1 > age", "DOLLAR SIGN", "take it out"),
    ("? > age", "QUESTION MARK", "take it out"),
    ("age > 1;", "a ';', and a rule is one expression", "take it out"),
    ("age > 1; DROP TABLE x", "a ';'", "take it out"),
    ("age > 1 -- x", "a comment", "put it under note:"),
    ("age > /* x */ 1", "a comment", "put it under note:"),
    ("her2 = 'positive", "a quote that is never closed", "close it"),
    ("her2 = e'positive'", "the word e runs into a text", "put a space"),
    # numbers
    ("age > 1e5", "'1e5' is not a plain number", "write it in digits"),
    ("age > 1e999999999", "is not a plain number", "write it in digits"),
    ("age > 1_000", "'1_000' is not a plain number", "write it in digits"),
    ("age > 0x1F", "'0x1F' is not a plain number", "write it in digits"),
    ("age > " + "9" * 50, "is not a plain number", "up to 38"),
    ("n * n * n * n > 1", "can need 48 digits, and 38 can be computed exactly", "give its variables a range"),
    # words of SQL
    ("age IS NULL", "IS is not part of the rule language", "makes a rule unknown by itself"),
    ("age = NULL", "NULL is not part of the rule language", "makes a rule unknown by itself"),
    ("COALESCE(age, 0) > 1", "COALESCE is not part of the rule language", "for an answer 'unknown', use a choice"),
    ("her2 LIKE 'p%'", "LIKE is not part of the rule language", "compare with whole texts"),
    ("her2 SIMILAR TO 'p%'", "SIMILAR is not part of the rule language", "compare with whole texts"),
    ("age > (SELECT 1)", "a subquery: SELECT", "name variables"),
    ("EXISTS (SELECT 1)", "a subquery: EXISTS", "name variables"),
    ("age IN (SELECT 1)", "a subquery: SELECT", "name variables"),
    ("age > ANY (1)", "a subquery: ANY", "name variables"),
    ("sum(age) OVER () > 1", "a window function: OVER", "count(*) FILTER"),
    ("CAST(age AS text) = 'x'", "CAST is not part of the rule language", "variables have their types"),
    ("age BETWEEN SYMMETRIC 2 AND 1", "SYMMETRIC", "write the lower limit first"),
    ("CASE age WHEN 1 THEN p ELSE q END", "CASE x WHEN is not part", "write CASE WHEN x ="),
    ("CASE WHEN p THEN 1 END > 0", "a CASE needs an ELSE", "say what holds"),
    # functions
    ("abs(age) > 1", "the function 'abs' is not part of the rule language", "there are date_diff, greatest and least"),
    ("random() > 0.5", "the function 'random'", "there are"),
    ("now() > start", "the function 'now'", "there are"),
    ("current_date > start", "'CURRENT_DATE' is not part of the rule language", "use AND OR NOT"),
    ("read_csv('x')", "the function 'read_csv'", "there are"),
    ("IF(p, 1, 2) > 1", "the function 'IF'", "there are"),
    ("greatst(age, 1) > 1", "the function 'greatst'", "did you mean 'greatest'?"),
    ("greatest(age) > 1", "compare two values or more", "add the other value"),
    ("greatest(her2, grade) = 'low'", "greatest compares numbers, or dates", "use CASE"),
    ("date_diff('month', start, stop) > 1", "date_diff counts days", "add an INTERVAL to a date"),
    ("date_diff('day', start, 3) > 1", "date_diff takes two dates, not a number", "name two date variables"),
    ("count(*) > 1", "count is for cohort rules", "move it under cohort_rules"),
    # types
    ("age > 'x'", "a number cannot be compared with a text", "without quotes"),
    ("her2 = 1", "a choice cannot be compared with a number", "like with like"),
    ("her2 = 'positve'", "'positve' is not a value of 'her2'", "did you mean 'positive'?"),
    ("her2 = 'x'", "'x' is not a value of 'her2'", "its values are 'negative', 'positive'"),
    ("her2 IN ('positive', 'x')", "'x' is not a value of 'her2'", "its values are"),
    ("her2 IN (1)", "a choice cannot be compared with a number", "like with like"),
    ("age IN ('1')", "a number cannot be compared with a text", "without quotes"),
    ("age IN (n)", "IN takes a list of literals", "compare with each variable"),
    ("her2 = grade", "'her2' and 'grade' have no value in common", "check the values of both"),
    ("her2 > 'negative'", "a choice has no order", "compare it by =, <> or IN"),
    ("her2 BETWEEN 'a' AND 'b'", "a choice has no order", "compare it by"),
    ("p > q", "true or false has no order", "compare it by"),
    ("1 < age < 5", "true or false cannot be compared with a number", "write a < b AND b < c"),
    ("p = 1", "true or false cannot be compared with a number", "a condition stands alone"),
    ("start > '2020-01-01'", "a date cannot be compared with a text", "write a date as DATE 'YYYY-MM-DD'"),
    ("start > 1", "a date cannot be compared with a number", "use date_diff"),
    ("age", "this should be a condition, and is a number", "compare it with something"),
    ("age + 1", "this should be a condition, and is a number", "compare it with something"),
    ("NOT age", "a condition is true or false, and this is a number", "compare it with something"),
    ("p AND age", "a condition is true or false, and this is a number", "compare it with something"),
    ("age + p > 1", "a calculation needs numbers, and this is true or false", "calculate with numbers"),
    ("start - stop > 1", "a calculation needs numbers, and this is a date", "use date_diff"),
    ("CASE WHEN p THEN 1 ELSE 'x' END = 1", "the branches differ in type: a number and a text", "the same type"),
    # dates
    ("start > DATE '2020-02-30'", "'2020-02-30' is not a date", "write DATE 'YYYY-MM-DD'"),
    ("start > DATE '20200101'", "'20200101' is not a date", "write DATE 'YYYY-MM-DD'"),
    ("start > DATE '9999-12-31'", "is out of reach", "stay within 1800 to 2500"),
    ("start > TIMESTAMP '2020-01-01'", "a typed literal other than a date", "write DATE"),
    ("start + INTERVAL 3 HOUR > stop", "is not an interval of this language", "with a whole number"),
    ("start + INTERVAL 1.5 DAY > stop", "is not an interval of this language", "with a whole number"),
    ("start + INTERVAL 300 YEAR > stop", "an interval of over 200 years", "use a shorter one"),
    ("INTERVAL 3 DAY + start > stop", "an INTERVAL stands after a date", "write date + INTERVAL"),
    ("age + INTERVAL 3 DAY > stop", "an INTERVAL is added to a date, not to a number", "name a date variable"),
    # shape
    ("", "the rule is empty", "write a condition"),
    ("  ", "the rule is empty", "write a condition"),
    ("age >", "not an expression", "check its operators"),
    ("age > 1 AND", "not an expression", "check its operators"),
    ("age 1", "not an expression", "check its operators"),
    ("age > 18 years", "'years' is a word too many", "check its operators"),
    ("age > 1 LIMIT 1", "'LIMIT' is out of place", "check its operators"),
    ("DROP TABLE x", "not an expression", "check its operators"),
    ("(age > 1", "opens a bracket or a CASE that is never closed", "close it"),
    ("age > 1)", "closes with ')' what was never opened", "take it out"),
    ("p) OR (q", "closes with ')' what was never opened", "take it out"),
    ("p, q", "is not part of the rule language", "use AND OR NOT"),
    ("age IN ()", "is not part of the rule language", "use AND OR NOT"),
    ("(" * 51 + "p" + ")" * 51, "nested deeper than 50", "derive a variable"),
    ("NOT " * 51 + "p", "nested deeper than 50", "derive a variable"),
    ("- " * 51 + "age > 1", "nested deeper than 50", "derive a variable"),
    ("(" * 1999, "nested deeper than 50", "derive a variable"),
    ("CASE WHEN " * 51 + "p", "nested deeper than 50", "derive a variable"),
    ("age > " + "+ ".join(["1 "] * 60), "nested deeper than 50", "derive a variable"),
    ("p OR " * 500 + "p", "the rule has 2,501 characters", "keep it to 2,000"),
]


@pytest.mark.parametrize(("text", "what", "mend"), REFUSED, ids=lambda text: text[:30] if text else "empty")
def test_what_is_not_part_of_the_language_is_refused_by_name(text: str, what: str, mend: str) -> None:
    error = refusal(text)
    assert what in error.message
    assert mend in error.mend


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("age > 1", "a cohort rule cannot ask for the 'age' of one participant"),
        ("count(*) > age", "a cohort rule cannot ask for the 'age' of one participant"),
        ("count(age) > 1", "count counts rows"),
        ("count(DISTINCT age) > 1", "DISTINCT is not part"),
        ("sum(her2) > 1", "a calculation needs numbers, and this is a choice"),
        ("sum(age / uln) > 1", "a quotient cannot be summed exactly"),
        ("sum(sum(age)) > 1", "sum cannot stand inside another count or sum"),
        ("count(*) FILTER (WHERE count(*) > 1) > 1", "count cannot stand inside another count or sum"),
        ("count(*) FILTER (WHERE age) > 1", "a condition is true or false"),
        ("count(*) FILTER (WHERE her2 = 'x') > 1", "'x' is not a value of 'her2'"),
        ("avg(age) > 1", "the function 'avg'"),
        ("count(*)", "this should be a condition"),
    ],
)
def test_a_cohort_rule_counts_rows_and_sums_numbers(text: str, what: str) -> None:
    assert what in refusal(text, cohort=True).message


def test_the_longest_and_the_deepest_rule_are_admitted() -> None:
    text = "p OR " * 399 + "p"
    assert len(text.ljust(2_000)) == 2_000
    assert compile_rule(text.ljust(2_000), DICTIONARY).judge({"p": True}).value is True
    assert compile_rule("(" * 50 + "p" + ")" * 50, DICTIONARY).judge({"p": True}).value is True


def called_at_depth(calls: int, function: Callable[[], Any]) -> Any:
    return function() if calls == 0 else called_at_depth(calls - 1, function)


DEEP = [
    "(" * 50 + "p" + ")" * 50,
    "NOT " * 48 + "p",
    "NOT (p AND " * 24 + "p" + ")" * 24,
    "CASE WHEN p THEN " * 24 + "p" + " ELSE p END" * 24,
    "start" + " + INTERVAL 1 DAY" * 45 + " > start",
]


@pytest.mark.parametrize("text", DEEP, ids=lambda text: text[:12])
def test_how_deep_a_rule_may_be_does_not_depend_on_who_calls(text: str) -> None:
    """Python admits 1,000 nested calls, and the parser takes some twenty a bracket."""

    def everything() -> Any:
        rule = compile_rule(text, DICTIONARY)
        row = {"p": True, "start": date(2020, 1, 1)}
        return rule.sql("duckdb"), rule.sql("postgres"), rule.judge(row).value

    assert called_at_depth(400, everything) == everything()


def test_derived_variables_count_towards_the_depth() -> None:
    dictionary = DICTIONARY | {"deep": Variable(label="deep", type="boolean", derived="NOT " * 30 + "p")}
    with pytest.raises(RuleError, match="nested deeper than 50"):
        compile_rule("NOT " * 30 + "deep", dictionary)
