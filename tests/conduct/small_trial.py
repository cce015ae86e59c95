"""A small trial for tests of conduct, and a clerk who fills in what every command says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from equipoise.allocation import commitment
from equipoise.conduct import Accepted, Decision, Desk, ParticipantState, Refused, commands
from equipoise.protocol import Protocol, loads

TEXT = """\
id: small
title: A small trial of everything that conduct knows
versions: [{number: "1", summary: The first.}]
variables:
  age: {label: Age, type: integer, unit: year, range: [0, 120]}
  sex: {label: Sex, type: choice, values: [female, male]}
  her2: {label: HER2, type: choice, values: [positive, negative]}
  targeted: {label: Targeted therapy, type: boolean}
  creatinine: {label: Creatinine, type: decimal, decimals: 1, unit: umol/L, range: [0, 3000]}
  creatinine_uln: {label: Its upper limit, type: decimal, decimals: 1, unit: umol/L, range: [1, 500]}
  diagnosis_date: {label: Date of diagnosis, type: date}
  remark: {label: Remark, type: text}
  family_name: {label: Family name, type: text, identifying: true}
  age_group:
    {label: Age, type: choice, values: [young, old], derived: "CASE WHEN age >= 65 THEN 'old' ELSE 'young' END"}
  pain: {label: Pain, type: integer, range: [0, 10]}
forms:
  screening:
    label: Screening
    variables: [age, sex, her2, targeted, creatinine, creatinine_uln, diagnosis_date, remark, family_name]
  visit: {label: Visit, variables: [pain], repeats: true}
eligibility:
  - id: I1
    kind: inclusion
    at: registration
    label: Woman of 18 to 70
    rule: "age BETWEEN 18 AND 70 AND sex = 'female'"
  - {id: I2, kind: inclusion, at: registration, label: Operable, judgement: surgeon}
  - {id: I3, kind: inclusion, at: registration, label: Kidneys work, rule: creatinine <= 1.5 * creatinine_uln}
  - {id: E1, kind: exclusion, at: registration, label: Not fit, rule: age > 69, judgement: investigator}
  - id: I4
    kind: inclusion
    at: randomisation
    label: Within a year
    rule: randomisation_date <= diagnosis_date + INTERVAL 1 YEAR
cohort_rules:
  - id: C1
    label: Four fifths of HER2-positive participants get targeted therapy
    rule: count(*) FILTER (WHERE her2 = 'positive' AND targeted) >= 0.8 * count(*) FILTER (WHERE her2 = 'positive')
    of: randomisation
    from: 3
  - {id: C2, label: Somebody is old, rule: count(*) FILTER (WHERE age_group = 'old') >= 1, of: registration, from: 2}
withdrawal:
  - {id: W1, label: Consent withdrawn, by: participant, effect: {treatment: stops, follow_up: stops, data: kept}}
  - {id: W2, label: Toxicity, by: investigator, effect: {treatment: stops, follow_up: continues, data: kept}}
  - {id: W3, label: No more data, by: participant, effect: {treatment: stops, follow_up: continues, data: no-more}}
  - {id: W4, label: Moved, by: participant, effect: {treatment: continues, follow_up: continues, data: kept}}
interventions:
  drug: {label: Drug, kind: drug}
  surgery: {label: Surgery, kind: procedure}
arms:
  A: {label: Drug alone, interventions: [drug], reference: true}
  B: {label: Surgery and drug, interventions: [drug, surgery]}
response: {compartments: [primary, metastatic]}
pathway:
  - register: {id: registration}
  - treat: {interventions: [drug], months: 3}
  - assess: {name: induction}
  - randomise: {list: main, when: "induction_response IN ('CR', 'PR', 'SD')"}
  - crossover: {arms: [A], intervention: surgery, event: late_surgery}
  - follow_up: {every_months: 3, forms: [visit]}
allocation:
  main:
    method: minimisation
    ratio: {A: 1, B: 1}
    factors: [{variable: site}, {variable: her2}, {variable: age_group}]
events:
  death: {label: Death, kind: death, causes: [cancer, other]}
  late_surgery: {label: Surgery in arm A, kind: procedure}
  progression: {label: Progression, kind: progression, site: any}
  recurrence: {label: Recurrence after surgery, kind: progression, site: local, arms: [B]}
endpoints:
  os: {label: Overall survival, param: OS, origin: randomisation, events: [death]}
"""

SAFETY = (
    TEXT.replace(
        "  late_surgery: {label",
        "  wound: {label: Wound treated, kind: procedure}\n  late_surgery: {label",
    )
    .replace(
        "crossover: {arms: [A], intervention: surgery, event: late_surgery}",
        "crossover: {arms: [A], intervention: surgery, event: late_surgery, judged_by: surgeon, when: pain >= 5,\n"
        "      reasons: {local_progression: Local progression, wound_problems: Wound problems expected}}",
    )
    .replace(
        "  visit: {label: Visit,",
        "  quality: {label: Quality of life, questionnaire: qlq-c30, repeats: true}\n"
        "  operation: {label: Operation, variables: [axilla]}\n  visit: {label: Visit,",
    )
    .replace(
        "  pain: {label: Pain",
        "  axilla: {label: Axilla dissected, type: boolean}\n  pain: {label: Pain",
    )
    .replace(
        "\nresponse:",
        """
guidance:
  - id: drugs
    label: Choice of the drug
    rows:
      - {when: "her2 = 'positive'", advise: Targeted therapy, departs: NOT targeted}
      - {when: "arm = 'A' AND pain >= 7", advise: A stronger drug}
  - id: axilla
    label: The axilla
    departure: minor
    rows:
      - {when: age >= 50, advise: Dissect the axilla, departs: NOT axilla}
response:""",
    )
    + """\
  quality:
    {kind: score, label: Global health, variable: qlq_c30_ql2, higher_is: better, at_months: [3, 6]}
adverse_events:
  ctcae: "5.0"
  collected:
    - {from: registration, grades: [3, 5], until: randomisation, months: 12}
    - {from: registration, serious_only: true}
  terms_of_interest: [Wound dehiscence]
  related_to: [drug, surgery]
  expected_by: sponsor
  sae: {days: 1}
  susar: {}
  deaths_apart: [cancer]
"""
)
"""The small trial with adverse events, advice that can be departed from, a crossover with reasons, a questionnaire."""

BLOCKS = "main: {method: blocks, ratio: {A: 1, B: 1}, sizes: [2, 4], strata: [her2]}"
SIMPLE = "main: {method: simple, ratio: {A: 2, B: 1}}"
TWICE = TEXT.replace(
    "  - crossover:", "  - randomise: {id: maintenance, label: Maintenance, list: second}\n  - crossover:"
).replace("\nallocation:\n", f"\nallocation:\n  {BLOCKS.replace('main', 'second').replace('her2', 'targeted')}\n")
"""The small trial with a second randomisation, stratified by a truth value."""
MINIMISATION = TEXT[TEXT.index("main:\n") : TEXT.index("\nevents:")]

CLASSES = """\
id: classes
title: A small trial that allocates by class
versions: [{number: "1", summary: The first.}]
variables:
  fit: {label: Fit, type: boolean}
forms:
  screening: {label: Screening, variables: [fit]}
eligibility:
  - {id: I1, kind: inclusion, at: registration, label: Fit, rule: fit}
  - {id: I2, kind: inclusion, at: assignment, label: Agreed by the board, judgement: board}
cohort_rules:
  - {id: C1, label: Somebody is operated, rule: count(*) FILTER (WHERE arm = 'operated') >= 1, of: assignment}
interventions:
  drug: {label: Drug, kind: drug}
  surgery: {label: Surgery, kind: procedure}
arms:
  operated: {label: Operated, interventions: [surgery], reference: true}
  drugs: {label: Drugs, interventions: [drug]}
response: {compartments: [primary, metastatic]}
classifications:
  response_class:
    label: Class
    rows:
      - {value: a, label: Metastases gone, when: "evaluation_metastatic = 'CR'", proposes: Operate, arm: operated}
      - {value: d, label: Rest, when: "evaluation_metastatic IN ('PR', 'SD', 'PD')", proposes: Change drugs, arm: drugs}
pathway:
  - register: {id: registration}
  - repeat:
      every_months: 3
      times: 4
      steps:
        - assess: {name: evaluation}
        - classify: {by: response_class}
        - assign: {id: assignment, list: main}
  - follow_up: {every_months: 3}
allocation:
  main: {method: classified, classification: response_class}
events:
  death: {label: Death, kind: death}
endpoints:
  os: {label: Overall survival, param: OS, origin: registration, events: [death]}
"""

DAY = date(2024, 3, 1)
SEEDS = {"main": bytes(range(32))}
FORM: dict[str, Any] = {
    "age": 54,
    "sex": "female",
    "her2": "positive",
    "targeted": True,
    "creatinine": Decimal("88.5"),
    "creatinine_uln": Decimal(59),
    "diagnosis_date": date(2024, 2, 1),
}
"""Eligible, and creatinine is 1.5 times its limit to the digit."""


def small(allocation: str = MINIMISATION) -> Protocol:
    """The small trial, with another allocation list if that is given."""
    return loads(TEXT.replace(MINIMISATION, allocation), file="small.yaml")


@dataclass
class Clerk:
    """Submits commands to a desk; what a test does not say is filled in."""

    protocol: Protocol
    seeds: dict[str, bytes] = field(default_factory=lambda: dict(SEEDS))
    desk: Desk = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.desk = Desk(self.protocol, seeds=self.seeds)

    def command(self, kind: Any, participant: str | None = "P1", *, day: date = DAY, **settings: Any) -> Any:
        """One command; about a participant if its kind is."""
        self.count += 1
        if "participant" in kind.__dataclass_fields__:
            settings = {"participant": participant, "on": day, **settings}
        defaults = {"id": f"c{self.count}", "at": datetime.combine(day, time(9), UTC), "actor": "anna"}
        known = self.desk.participants.get(participant) if isinstance(participant, str) else None
        defaults |= {"role": "investigator", "site": "01" if known is None else known.site}
        return kind(**{**defaults, **settings})

    def __call__(self, kind: Any, participant: str | None = "P1", **settings: Any) -> Decision:
        """Submit one command."""
        return self.desk.submit(self.command(kind, participant, **settings))

    def accepted(self, kind: Any, participant: str | None = "P1", **settings: Any) -> Accepted:
        """Submit one command, which has to be accepted."""
        decision = self(kind, participant, **settings)
        assert isinstance(decision, Accepted), decision
        return decision

    def refused(self, kind: Any, participant: str | None = "P1", **settings: Any) -> str:
        """Submit one command, which has to be refused and to leave no entry; its reasons in one text."""
        entries = len(self.desk.journal)
        decision = self(kind, participant, **settings)
        assert isinstance(decision, Refused), decision
        assert len(self.desk.journal) == entries
        return "; ".join(decision.reasons)

    def state(self, participant: str = "P1") -> ParticipantState:
        """What is known of a participant."""
        return self.desk.participants[participant]

    def last(self) -> Any:
        """The newest entry."""
        return list(self.desk.journal)[-1]

    def open(self, **settings: Any) -> Decision:
        """Open the trial."""
        promised = {name: commitment(seed) for name, seed in self.seeds.items()}
        return self(commands.Open, **{"protocol_digest": self.protocol.digest, "commitments": promised, **settings})

    def screen(self, participant: str = "P1", *, site: str = "01", **values: Any) -> None:
        """Screen somebody who can be registered, but for `values`; one that is None is not recorded."""
        self.accepted(commands.Screen, participant, site=site)
        recorded = {name: value for name, value in {**FORM, **values}.items() if value is not None}
        self.accepted(commands.Record, participant, form="screening", values=recorded)
        self.accepted(commands.Judge, participant, role="surgeon", answers={"I2": True})
        self.accepted(commands.Judge, participant, role="investigator", answers={"E1": False})

    def register(self, participant: str = "P1", **options: Any) -> None:
        """Screen and register somebody."""
        self.screen(participant, **options)
        self.accepted(commands.Register, participant, step="registration")

    def assess(self, participant: str = "P1", response: str = "PR", **options: Any) -> Decision:
        """Record the response to induction."""
        responses = {"primary": response, "metastatic": response}
        return self.accepted(commands.Assess, participant, name="induction", responses=responses, **options)

    def allocate(self, participant: str = "P1", *, day: date = DAY, **options: Any) -> str:
        """Screen, register, assess and allocate somebody; the arm."""
        self.register(participant, **options)
        self.assess(participant)
        decision = self.accepted(commands.Allocate, participant, step="randomisation", day=day)
        assert decision.arm is not None
        return decision.arm

    def finish(self) -> None:
        """Reveal the seeds and close."""
        self.accepted(commands.Reveal, seeds={name: seed.hex() for name, seed in self.seeds.items()})
        self.accepted(commands.Close)


def after(days: int) -> date:
    """So many days after the first."""
    return DAY + timedelta(days=days)
