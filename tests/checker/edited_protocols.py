"""Shipped protocols with small edits, and the findings in them."""

from __future__ import annotations

from functools import cache

from equipoise import trials
from equipoise.checker import Finding, findings
from equipoise.protocol import Protocol, loads


@cache
def text_of(trial: str) -> str:
    return trials.protocol_path(trial).read_text(encoding="utf-8")


@cache
def edited(trial: str, *changes: tuple[str, str]) -> Protocol:
    """A shipped protocol in which each first text, which stands in it once, is replaced by the second."""
    text = text_of(trial)
    for old, new in changes:
        assert text.count(old) == 1, f"'{old}' stands {text.count(old)} times in {trial}.yaml"
        text = text.replace(old, new)
    return loads(text, file=f"{trial}.yaml")


@cache
def found_in(trial: str, *changes: tuple[str, str]) -> tuple[Finding, ...]:
    return findings(edited(trial, *changes))


def of(name: str, found: tuple[Finding, ...]) -> list[Finding]:
    return [item for item in found if item.id == name]
