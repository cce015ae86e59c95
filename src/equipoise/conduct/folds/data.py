"""Fold what was recorded and what corrects it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from equipoise.conduct.folds.fold import Fold, alive, by_day
from equipoise.conduct.state import Assessment, Assignment, FormRecord, ParticipantState
from equipoise.conduct.values import Recorded, from_json
from equipoise.errors import LedgerError
from equipoise.protocol.model.questionnaire import item_variables, score_variables, scored


def _form(fold: Fold) -> ParticipantState:
    dictionary = fold.criteria.protocol.dictionary
    values = {name: from_json(dictionary[name], value) for name, value in fold.data["values"].items()}
    questionnaire = fold.criteria.protocol.forms[fold.data["form"]].questionnaire
    if questionnaire is not None:
        values |= scored(questionnaire, values)
    record = FormRecord(fold.data["form"], fold.on, fold.data.get("visit"), values)
    later = {name for item in fold.state.forms if item.on > fold.on for name in item.values}
    newest = {name: value for name, value in values.items() if name not in later}
    return replace(fold.state, values={**fold.state.values, **newest}, forms=by_day(fold.state.forms, record))


def _judge(fold: Fold) -> ParticipantState:
    variables = {item.id: item.judgement_variable for item in fold.criteria.protocol.eligibility}
    answers = {variables[name]: answer for name, answer in fold.data["answers"].items()}
    if wrong := sorted(name for name, answer in answers.items() if not isinstance(answer, bool)):
        what = f"entry {fold.entry.seq} ('judge') answers {', '.join(wrong)} with neither true nor false"
        raise LedgerError(what, mend="the ledger was not written by this program, or was changed")
    return replace(fold.state, values={**fold.state.values, **answers})


def _assess(fold: Fold) -> ParticipantState:
    assessment = Assessment(
        fold.data["name"], fold.on, fold.data.get("visit"), dict(fold.data["responses"]), fold.data["overall"]
    )
    named: dict[str, Recorded] = {}
    name = fold.data["name"]
    newest = not any(item.name == name and item.on > fold.on for item in fold.state.assessments)
    if newest and f"{name}_response" in fold.criteria.protocol.dictionary:
        named = {f"{name}_{part}": value for part, value in fold.data["responses"].items()}
        named |= {f"{name}_response": fold.data["overall"], f"{name}_date": fold.on}
    return replace(
        fold.state,
        assessments=by_day(fold.state.assessments, assessment),
        values={**fold.state.values, **named},
        last_alive=alive(fold.state, fold.on),
    )


def _classify(fold: Fold) -> ParticipantState:
    found = Assignment(fold.data["by"], fold.data["value"], fold.on)
    later = any(item.step == found.step and item.on > fold.on for item in fold.state.classes)
    newest = {} if later else {found.step: found.arm}
    return replace(
        fold.state,
        classes=by_day(fold.state.classes, found),
        values={**fold.state.values, **newest},
    )


def _visit(fold: Fold) -> ParticipantState:
    return replace(fold.state, visits=(*fold.state.visits, fold.on), last_alive=alive(fold.state, fold.on))


def _missed(fold: Fold) -> ParticipantState:
    return replace(fold.state, missed=(*fold.state.missed, fold.on))


def _correct(fold: Fold) -> ParticipantState:
    """The new value, in the newest form that holds the variable too; the old one stays in the ledger."""
    name = fold.data["variable"]
    value = from_json(fold.criteria.protocol.dictionary[name], fold.data["new"])
    forms = list(fold.state.forms)
    newest = next((i for i in reversed(range(len(forms))) if name in forms[i].values), None)
    scores: Mapping[str, Recorded] = {}
    gone: set[str] = set()
    if newest is not None:
        form, held = forms[newest], {**forms[newest].values, name: value}
        questionnaire = fold.criteria.protocol.forms[form.form].questionnaire
        if questionnaire is not None and name in item_variables(questionnaire):
            scores = scored(questionnaire, held)
            gone = set(score_variables(questionnaire)) & held.keys() - scores.keys()
        kept = {key: item for key, item in {**held, **scores}.items() if key not in gone}
        forms[newest] = replace(form, values=kept)
    changed = {**fold.state.values, name: value, **scores}
    values: Mapping[str, Recorded] = {key: item for key, item in changed.items() if key not in gone}
    return replace(fold.state, values=values, forms=tuple(forms), corrections=fold.state.corrections + 1)


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "form": _form,
    "judge": _judge,
    "assess": _assess,
    "classify": _classify,
    "visit": _visit,
    "missed": _missed,
    "correct": _correct,
}
