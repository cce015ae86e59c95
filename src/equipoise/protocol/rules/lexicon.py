"""The words and signs that a rule may be written in, checked before anything parses it.

What SQL has and rules do not is refused here by name, so that a message can say what to write instead.
"""

from __future__ import annotations

import re

from equipoise.errors import RuleError
from equipoise.protocol.rules.language import MAX_CHARACTERS, MAX_DEPTH
from equipoise.protocol.wording import character_name, clipped, did_you_mean

MAX_NUMBER = 38
"""Characters of a number."""

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<qualified>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)+)"
    r"|(?P<prefixed>[A-Za-z_]\w*(?='))"
    r"|(?P<called>[A-Za-z_]\w*)(?=\s*\()"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?P<glued>[A-Za-z_]\w*(?:[-+][0-9]+)?)?)"
    r"|(?P<refused>--|/\*|::|\|\||->|;|\"|`|\.|\*\*|//|<=>|==)"
    r"|(?P<sign><=|>=|<>|!=|[-+*/=<>(),])",
    re.ASCII,
)
_SIGNS = {
    "--": ("a comment", "put it under note:"),
    "/*": ("a comment", "put it under note:"),
    ";": ("a ';', and a rule is one expression", "take it out"),
    "::": ("a cast (::)", "take it out; variables have their types"),
    '"': ("a double quote", "write names plain, and texts in single quotes"),
    "`": ("a backquote", "write names plain, and texts in single quotes"),
    "'": ("a quote that is never closed", "close it; write a quote within a text twice"),
    ".": ("a '.' that belongs to no number", "write names alone"),
    "||": ("texts joined by ||", "compare with whole texts"),
    "->": ("an arrow", "calculate with + - * /"),
    "**": ("a power (**)", "multiply"),
    "//": ("a whole division (//)", "divide with / and compare"),
    "<=>": ("a <=>", "write ="),
    "==": ("a ==", "write ="),
}
_LOOKALIKES = {
    "‘": "'",
    "’": "'",
    "“": "'",
    "”": "'",
    "≤": "<=",
    "≥": ">=",
    "≠": "<>",
    "−": "-",
    "–": "-",
    "×": "*",
    "÷": "/",
    "·": "*",
}
_FUNCTIONS = ("date_diff", "greatest", "least", "count", "sum")
_KEYWORDS = ("AND", "OR", "NOT", "IN", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "FILTER", "WHERE")
_BEFORE_BRACKET = frozenset((*_KEYWORDS, *(name.upper() for name in _FUNCTIONS)))
_NULL = "a value that is not recorded makes a rule unknown by itself; for an answer 'unknown', use a choice"
_WHOLE = "compare with whole texts by = or IN"
_ONE_ROW = "name variables; in cohort rules use count(*) FILTER (WHERE ...)"
_ALIKE = {
    ("IS", "ISNULL", "NOTNULL", "NULL", "COALESCE", "IFNULL", "NVL", "NULLIF"): ("", _NULL),
    ("LIKE", "ILIKE", "SIMILAR", "GLOB", "REGEXP", "RLIKE", "ESCAPE", "COLLATE"): ("", _WHOLE),
    ("SELECT", "FROM", "EXISTS", "WITH", "UNION", "VALUES", "ANY", "ALL", "SOME"): ("a subquery: ", _ONE_ROW),
    ("OVER", "PARTITION", "WINDOW", "WITHIN", "QUALIFY"): ("a window function: ", _ONE_ROW),
    ("DISTINCT",): ("", _ONE_ROW),
    ("CAST", "TRY_CAST"): ("", "take it out; variables have their types"),
    ("SYMMETRIC",): ("", "write the lower limit first"),
}
_WORDS = {word: answer for words, answer in _ALIKE.items() for word in words}


def check_words(text: str) -> None:
    """Refuse a rule that is too long or nested too deep, or that holds a word or sign of another language.

    Raises:
        RuleError: it says what to write instead.
    """
    if len(text) > MAX_CHARACTERS:
        raise RuleError(
            f"the rule has {len(text):,} characters", mend=f"keep it to {MAX_CHARACTERS:,}, or derive a variable"
        )
    at = open_now = prefixes = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _unknown_sign(text[at])
        at = found.end()
        if found["space"]:
            continue
        sign = found.group().upper()
        _refuse_token(found, sign)
        open_now += (sign in ("(", "CASE")) - (sign in (")", "END"))
        if open_now < 0:
            raise RuleError(f"the rule closes with '{sign}' what was never opened", mend="take it out")
        prefixes = prefixes + 1 if sign in ("NOT", "-", "+") else 0
        if open_now + prefixes > MAX_DEPTH:
            raise too_deep()
    if open_now:
        raise RuleError("the rule opens a bracket or a CASE that is never closed", mend="close it with ) or END")


def is_refused(word: str) -> bool:
    """Whether a word is one of the language's own, or of SQL and not of rules."""
    return word.upper() in _WORDS or word.upper() in (*_KEYWORDS, "TRUE", "FALSE", "INTERVAL", "AS")


def too_deep() -> RuleError:
    """The error of a rule that is nested too deep."""
    return RuleError(f"the rule is nested deeper than {MAX_DEPTH}", mend="derive a variable for a part of it")


def _refuse_token(found: re.Match[str], sign: str) -> None:
    if found["refused"]:
        what, mend = _SIGNS[found["refused"]]
        raise RuleError(f"the rule holds {what}", mend=mend)
    if found["qualified"]:
        raise RuleError(
            f"'{clipped(found.group())}' is not a plain variable name", mend="write the variable's name alone"
        )
    if found["prefixed"] and sign != "DATE":
        raise RuleError(f"the word {clipped(found.group())} runs into a text", mend="put a space before the quote")
    if sign in _WORDS:
        what, mend = _WORDS[sign]
        raise RuleError(f"{what}{sign} is not part of the rule language", mend=mend)
    if found["called"] and sign not in _BEFORE_BRACKET:
        name = clipped(found.group())
        otherwise = "there are date_diff, greatest and least, and in cohort rules count and sum"
        raise RuleError(
            f"the function '{name}' is not part of the rule language",
            mend=did_you_mean(name.lower(), _FUNCTIONS, otherwise),
        )
    if found["number"] and (found["glued"] or len(sign) > MAX_NUMBER):
        raise RuleError(
            f"'{clipped(found.group())}' is not a plain number",
            mend=f"write it in digits, up to {MAX_NUMBER}, and a point",
        )


def _unknown_sign(character: str) -> RuleError:
    if character in _SIGNS:
        what, mend = _SIGNS[character]
        return RuleError(f"the rule holds {what}", mend=mend)
    if character in _LOOKALIKES:
        return RuleError(f"the rule holds {character_name(character)}", mend=f"write {_LOOKALIKES[character]}")
    mend = "names are written in a-z, 0-9 and _" if character.isalnum() else "take it out"
    return RuleError(f"the rule holds {character_name(character)}, which it has no use for", mend=mend)
