"""The small trial where persons are told apart."""

from __future__ import annotations

from small_trial import TEXT

from equipoise.protocol import loads

PERSONS = (
    TEXT.replace("\nforms:\n", "\nidentity: [family_name, given_name, birth_date, hospital_number]\nforms:\n")
    .replace(
        "  age_group:\n",
        "  given_name: {label: Given name, type: text, identifying: true}\n"
        "  birth_date: {label: Date of birth, type: date, identifying: true}\n"
        "  hospital_number: {label: Hospital number, type: text, identifying: true}\n"
        "  telephone: {label: Telephone, type: text, identifying: true}\n"
        "  age_group:\n",
    )
    .replace(
        "\ninterventions:\n",
        "\n  - {id: W5, label: Forget me, by: participant, effect: {treatment: stops, follow_up: stops, data: erased}}"
        "\ninterventions:\n",
    )
)
PROTOCOL = loads(PERSONS, file="persons.yaml")
ONE, TWO = "1" * 64, "2" * 64
"""Pseudonyms of two persons."""
