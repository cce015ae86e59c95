"""What registries hold of a trial, and the versions of its protocol."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from equipoise.protocol.model.base import Element, Label, Sourced, Text


class Version(Sourced):
    """One version of the protocol; the last one is in force."""

    number: str = Field(pattern=r"^[0-9A-Za-z.-]{1,20}$")
    on: date | None = Field(default=None, alias="date")
    summary: Text


class SeeAlso(Element):
    """Another trial that the document points to."""

    id: str
    title: Text
    status: str | None = None
    phase: str | None = None


class Registry(Sourced):
    """The registry's fields, as printed."""

    status: str | None = None
    phase: str | None = None
    study_type: str | None = None
    sponsor: str | None = None
    collaborators: tuple[str, ...] = ()
    official_title: Text | None = None
    summary: Text | None = None
    description: Text | None = None
    conditions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    purpose: str | None = None
    allocation: str | None = None
    intervention_model: str | None = None
    masking: str | None = None
    sex: str | None = None
    minimum_age: str | None = None
    maximum_age: str | None = None
    healthy_volunteers: str | None = None
    enrolment: int | str | None = Field(default=None, description="The target, as printed.")
    enrolled: int | None = None
    start: date | None = None
    primary_completion: date | None = None
    completion: date | None = None
    first_posted: date | None = None
    last_update: date | None = None
    last_verified: date | None = None
    duration_months: int | None = None
    locations: tuple[Label, ...] = ()
    contacts: tuple[Label, ...] = ()
    publications: tuple[Text, ...] = ()
    other_ids: tuple[str, ...] = ()
    see_also: tuple[SeeAlso, ...] = ()
    page: Text | None = Field(default=None, description="Furniture of the page it was read from.")
