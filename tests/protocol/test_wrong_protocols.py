"""Every way to get a protocol wrong that we thought of: one error, at its line, with what is wrong and how to mend it.

Each case is the shipped trial's text with one passage replaced by another. The line expected is the first that differs,
or so many after it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from equipoise.errors import ProtocolError, RuleError
from equipoise.protocol import loads

# a protocol of the tests' own, so that the shipped ones can change
TEXT = (Path(__file__).parents[1] / "data" / "protocol" / "exemplar.yaml").read_text(encoding="utf-8")
RANDOMISE = TEXT[TEXT.index("  - randomise:\n") : TEXT.index("  - treat: {label: Allocated treatment")]


class Wrong(NamedTuple):
    name: str
    old: str
    new: str
    what: str
    mend: str
    line: int
    kind: type[ProtocolError]


def wrong(
    name: str,
    old: str,
    new: str,
    what: str,
    mend: str,
    *,
    line: int = 0,
    kind: type[ProtocolError] = ProtocolError,
) -> Any:
    return pytest.param(Wrong(name, old, new, what, mend, line, kind), id=name.replace(" ", "-"))


# a case reads best as a paragraph
# fmt: off
WRONG = [
    wrong("an unknown key", "{label: Written informed consent, type: boolean}",
          "{label: Written informed consent, type: boolean, colour: red}",
          "variables.informed_consent.colour: unknown key 'colour'", "take it out"),
    wrong("a misspelt key", "{label: Written informed consent, type: boolean}",
          "{lable: Written informed consent, type: boolean}", "variables.informed_consent.lable: unknown key 'lable'",
          "did you mean 'label'?"),
    wrong("a missing key", "{label: Written informed consent, type: boolean}", "{type: boolean}",
          "variables.informed_consent: the key 'label' is missing", "add 'label:'"),
    wrong("an unknown word", "{label: Written informed consent, type: boolean}",
          "{label: Written informed consent, type: bolean}",
          "variables.informed_consent.type: should be 'integer', 'decimal', 'boolean', 'choice', 'date' or 'text'",
          "did you mean 'boolean'?"),
    wrong("a number for a word", "{label: Written informed consent, type: boolean}",
          "{label: Written informed consent, type: 3}", "'choice', 'date' or 'text', and is the number 3",
          "write 'integer', 'decimal', 'boolean', 'choice', 'date' or 'text'"),
    wrong("a text for keys", "{label: Written informed consent, type: boolean}", "just words",
          "variables.informed_consent: should be keys with values, and is the text 'just words'", "write 'key: value'"),
    wrong("nothing for keys", "{label: Written informed consent, type: boolean}", "",
          "variables.informed_consent: should be keys with values, and is empty", "write 'key: value'"),
    wrong("a list for keys", "{label: Written informed consent, type: boolean}", "[label, type]",
          "variables.informed_consent: should be keys with values, and is a list", "write 'key: value'"),
    wrong("one limit of a range", "range: [18, 110]", "range: [18]",
          "variables.age.range: 2 items are needed, and there are 1", "add the others"),
    wrong("three limits of a range", "range: [18, 110]", "range: [18, 60, 110]",
          "variables.age.range: 2 items are wanted, and there are 3", "take the others out"),
    wrong("a word in a range", "range: [18, 110]", "range: [18, many]",
          "variables.age.range.1: should be a number, and is the text 'many'", "write a number"),
    wrong("a range that is no list", "range: [18, 110]", "range: 18",
          "variables.age.range: should be a list, and is the number 18", "write [ ] around it"),
    wrong("a range upside down", "range: [18, 110]", "range: [110, 18]",
          "variables.age: the range ends below its start", "swap the two"),
    wrong("an infinite range", "range: [18, 110]", "range: [18, 1e999]",
          "variables.age.range.1: should be a finite number, and is the number inf", "write a finite number"),
    wrong("a range to .inf", "range: [18, 110]", "range: [18, .inf]",
          "variables.age.range.1: should be a number, and is the text '.inf'", "write a number"),
    wrong("a range to nan", "range: [18, 110]", "range: [18, nan]",
          "variables.age.range.1: should be a finite number, and is the text 'nan'", "write a finite number"),
    wrong("a huge range", "range: [18, 110]", "range: [18, 99999999999999999999]",
          "variables.age: a range reaches to less than 1,000,000,000,000", "give a smaller one"),
    wrong("a choice twice", "values: [M0, M1]", "values: [M1, M1]",
          "variables.m_stage.values: a choice stands twice in values", "keep one of them"),
    wrong("choices that are numbers", "values: [M0, M1]", "values: [1, 2]",
          "variables.m_stage.values: a value of a choice is a text", "put it in quotes"),
    wrong("choices in lists", "values: [M0, M1]", "values: [[M0], M1]",
          "variables.m_stage.values: a value of a choice is a text", "put it in quotes"),
    wrong("no choices", "values: [M0, M1]", "values: []", "variables.m_stage: a choice needs at least one value",
          "add it"),
    wrong("one word for choices", "values: [M0, M1]", "values: M0",
          "variables.m_stage.values: the values of a choice are a list, or texts with their labels",
          "write [one, other]"),
    wrong("a label that is a number", "values: [M0, M1]", "values: {M0: 1, M1: none}",
          "variables.m_stage.values.M0: should be a text, and is the number 1", "put it in quotes"),
    wrong("a capital in a name", "  age: {label: Age at registration", "  Age: {label: Age at registration",
          "variables.Age: the text 'Age' has the wrong form", "write up to 40 of a-z, 0-9 and _, a letter first"),
    wrong("a Cyrillic letter in a name", "  age: {label: Age at registration", "  аge: {label: Age at registration",
          "variables.аge: the text 'аge' holds 'а' (U+0430 CYRILLIC SMALL LETTER A)",
          "write up to 40 of a-z, 0-9 and _, a letter first"),
    wrong("a variable named case", "  age: {label: Age at registration", "  case: {label: Age at registration",
          "variables.case: 'case' is a word of SQL, which rules cannot name", "take another name"),
    wrong("a variable named select", "  age: {label: Age at registration", "  select: {label: Age at registration",
          "variables.select: 'select' is a word of SQL, which rules cannot name", "take another name"),
    wrong("a variable named null", "  age: {label: Age at registration", "  null: {label: Age at registration",
          "variables.null: 'null' is a word of SQL, which rules cannot name", "take another name"),
    wrong("a variable named interval", "  age: {label: Age at registration", "  interval: {label: Age at registration",
          "variables.interval: 'interval' is a word of SQL, which rules cannot name", "take another name"),
    wrong("a variable of the pathway declared again", "  age: {label: Age at registration",
          "  arm: {label: Age at registration", "variables.arm: 'arm' is declared by the pathway already",
          "take another name"),
    wrong("a date that does not exist", "start: 2011-05-05\n  completion", "start: 2011-02-30\n  completion",
          "registry.start: should be a date, and is the text '2011-02-30'", "write a date that exists, as 2020-02-29"),
    wrong("a number for a date", "start: 2011-05-05\n  completion", "start: 20110505\n  completion",
          "registry.start: should be a date, and is the number 20110505", "write a date that exists, as 2020-02-29"),
    wrong("a word for a date", "start: 2011-05-05\n  completion", "start: yesterday\n  completion",
          "registry.start: should be a date, and is the text 'yesterday'", "write a date that exists, as 2020-02-29"),
    wrong("a list for a number or text", "enrolment: 410", "enrolment: [410]",
          "registry.enrolment: should be a whole number or a text, and is a list", "write a whole number or a text"),
    wrong("a fraction of a participant", "enrolled: 570", "enrolled: 5.5",
          "registry.enrolled: should be a whole number, and is the number 5.5", "write a whole number"),
    wrong("a number in quotes", "enrolled: 570", "enrolled: '570'",
          "registry.enrolled: should be a whole number, and is the text '570'", "take the quotes away"),
    wrong("a number beyond all sense", "enrolled: 570", "enrolled: 99999999999999999999999999",
          "registry.enrolled: should be a whole number, and is the number 1e+26", "write a whole number"),
    wrong("negative months", "months: 3, text", "months: -3, text",
          "pathway.1.treat.months: should be above 0, and is the number -3", "write a number above 0"),
    wrong("no months", "months: 3, text", "months: 0, text",
          "pathway.1.treat.months: should be above 0, and is the number 0", "write a number above 0"),
    wrong("true months", "months: 3, text", "months: true, text",
          "pathway.1.treat.months: should be a number, and is true", "write a number"),
    wrong("infinite months", "months: 3, text", "months: 1e999, text",
          "pathway.1.treat.months: should be a finite number, and is the number inf", "write a finite number"),
    wrong("an unknown step", "  - treat: {label: Primary", "  - tret: {label: Primary",
          "pathway.1: the step 'tret' is not known", "did you mean 'treat'?"),
    wrong("two keys in one step", "  - treat: {label: Primary", "  - register: {id: again}\n    treat: {label: Primary",
          "pathway.1: a step is one key with its settings, and this has 2", "start each step with '- '"),
    wrong("a step that is a text", "  - treat: {label: Primary", "  - treat\n  - treat: {label: Primary",
          "pathway.1: should be keys with values, and is the text 'treat'", "write 'key: value'"),
    wrong("a step that is empty", "  - treat: {label: Primary", "  -\n  - treat: {label: Primary",
          "pathway.1: should be keys with values, and is empty", "write 'key: value'"),
    wrong("a step that is a list", "  - treat: {label: Primary", "  - []\n  - treat: {label: Primary",
          "pathway.1: should be keys with values, and is a list", "write 'key: value'"),
    wrong("a step without settings", "  - treat: {label: Primary", "  - treat:\n  - treat: {label: Primary",
          "pathway.1.treat: should be keys with values, and is empty", "write 'key: value'"),
    wrong("a probability above 1", "de_novo: {probability: 0.99}", "de_novo: {probability: 1.99}",
          "assumptions.variables.de_novo.probability: should be at most 1, and is the number 1.99",
          "write a number at most 1"),
    wrong("a probability below 0", "de_novo: {probability: 0.99}", "de_novo: {probability: -0.1}",
          "assumptions.variables.de_novo.probability: should be at least 0, and is the number -0.1",
          "write a number at least 0"),
    wrong("two distributions", "de_novo: {probability: 0.99}", "de_novo: {probability: 0.9, constant: true}",
          "assumptions.variables.de_novo: a distribution is exactly one of constant, probability, choice, normal",
          "give exactly one of them"),
    wrong("probabilities that do not add up", "{positive: 0.72, negative: 0.28}", "{positive: 0.72, negative: 0.38}",
          "assumptions.variables.er: the probabilities of a choice sum to 1.1, not to 1", "make them sum to 1"),
    wrong("a distribution over an unknown value", "{positive: 0.72, negative: 0.28}", "{positive: 0.72, negativ: 0.28}",
          "assumptions.variables.er.choice.negativ: the value 'negativ' is not defined", "did you mean 'negative'?"),
    wrong("days that end before they start", "between: [-45, -7]", "between: [-7, -45]",
          "assumptions.variables.diagnosis_date.days.between: the days end (-45) before they start (-7)",
          "swap the two"),
    wrong("a probability that is neither number nor by arm", "probability: 0.4}\n", "probability: many}\n",
          "assumptions.consequences.0.probability: should be a number or keys with values, and is the text 'many'",
          "write a number or keys with values"),
    wrong("a probability of an arm above 1", "probability: 0.4}\n", "probability: {A: 2}}\n",
          "assumptions.consequences.0.probability.A: should be at most 1, and is the number 2",
          "write a number at most 1"),
    wrong("accrual that ends first", "end: 2018-05-31", "end: 2010-05-31",
          "assumptions.accrual: accrual ends before it starts", "correct one of the two"),
    wrong("growth in percent", "progression_increase: 0.10", "progression_increase: 10",
          "pathway.2.assess.progression_increase: should be below 1, and is the number 10", "write a number below 1"),
    wrong("an unknown method", "method: minimisation", "method: minimization",
          "allocation.main.method: the text 'minimization' is not known here", "did you mean 'minimisation'?"),
    wrong("a missing method", "    method: minimisation\n", "", "allocation.main: the key 'method' is missing",
          "add 'method:'", line=-1),
    wrong("a fraction over 0", "probability: 4/5", "probability: 4/0",
          "allocation.main.probability: not a number or fraction", "write 0.8 or 4/5"),
    wrong("a fraction of a huge exponent", "probability: 4/5", "probability: 1e99999999",
          "allocation.main.probability: not a number or fraction", "write 0.8 or 4/5"),
    wrong("a preferred probability below the ratio", "probability: 4/5", "probability: 1/4",
          "allocation.main.probability: the preferred arm's probability 1/4 is below its share by the ratio",
          "use 0.5 to 1"),
    wrong("an arm in the ratio that is not defined", "ratio: {A: 1, B: 1}", "ratio: {A: 1, B: 1, C: 1}",
          "allocation.main.ratio.C: arm 'C' is not defined", "declare it under arms"),
    wrong("an arm that is not in the ratio", "ratio: {A: 1, B: 1}", "ratio: {A: 1}",
          "allocation.main.ratio: arm 'B' is not in the ratio", "add it, or take the arm out"),
    wrong("a ratio of 0", "ratio: {A: 1, B: 1}", "ratio: {A: 1, B: 0}",
          "allocation.main.ratio.B: should be at least 1, and is the number 0", "write a number at least 1"),
    wrong("a ratio with a colon", "ratio: {A: 1, B: 1}", "ratio: 1:1",
          "allocation.main.ratio: should be keys with values, and is the text '1:1'", "write 'key: value'"),
    wrong("a factor without values", "    factors: [{variable: site},", "    factors: [{variable: age},",
          "allocation.main.factors.0.variable: 'age' has no fixed set of values to balance",
          "use a choice, or derive one"),
    wrong("a factor twice", "    factors: [{variable: site},", "    factors: [{variable: subtype},",
          "allocation.main.factors.2: factor 'subtype' stands twice", "keep one, with its weight"),
    wrong("a factor that is a text", "    factors: [{variable: site},", "    factors: [site,",
          "allocation.main.factors.0: should be keys with values, and is the text 'site'", "write 'key: value'"),
    wrong("a factor without weight", "    factors: [{variable: site},", "    factors: [{variable: site, weight: 0},",
          "allocation.main.factors.0.weight: a weight is above 0", "raise it, or take the factor out"),
    wrong("an analysis of no endpoint", "  - {endpoint: margins}", "  - {endpoint: marginss}",
          "analyses.6.endpoint: endpoint 'marginss' is not defined", "did you mean 'margins'?"),
    wrong("strata that are neither word nor list", "  - {endpoint: margins}",
          "  - {endpoint: margins, strata: allocatoin}",
          "analyses.6.strata: should be 'allocation' or 'none' or a list, and is the text 'allocatoin'",
          "did you mean 'allocation'?"),
    wrong("a stratum of the wrong form", "  - {endpoint: margins}", "  - {endpoint: margins, strata: [Bad Name]}",
          "analyses.6.strata.0: the text 'Bad Name' has the wrong form",
          "write up to 40 of a-z, 0-9 and _, a letter first"),
    wrong("three sides", "  - {endpoint: margins}", "  - {endpoint: margins, sides: 3}",
          "analyses.6.sides: should be 1 or 2, and is the number 3", "write 1 or 2"),
    wrong("a level in percent", "  - {endpoint: margins}", "  - {endpoint: margins, conf_level: 95}",
          "analyses.6.conf_level: should be below 1, and is the number 95", "write a number below 1"),
    wrong("a subgroup of a number", "  - {endpoint: margins}", "  - {endpoint: margins, subgroups: [age]}",
          "analyses.6.subgroups.0: 'age' is of type integer, which cannot be used here", "derive a choice from it"),
    wrong("an unknown kind of endpoint", "    kind: proportion\n    label: Local ulcer",
          "    kind: proporton\n    label: Local ulcer",
          "endpoints.local_ulcer.kind: the text 'proporton' is not known here", "did you mean 'proportion'?"),
    wrong("a kind that is a list", "    kind: proportion\n    label: Local ulcer",
          "    kind: [proportion]\n    label: Local ulcer", "endpoints.local_ulcer.kind: a list is not known here",
          "use one of 'time-to-event', 'milestone', 'count', 'proportion', 'score'"),
    wrong("a kind that is missing", "    kind: count\n", "", "endpoints.dissections.terminal: unknown key 'terminal'",
          "it belongs elsewhere; take it out, or say the kind:", line=+4),
    wrong("an event that is never recorded", "events: [death]\n", "events: [deth]\n",
          "endpoints.os.events.0: the event 'deth' is never recorded", "did you mean 'death'?"),
    wrong("a cause that is never recorded", "events: [death]\n", "events: ['death:old_age']\n",
          "endpoints.os.events.0: the event 'death:old_age' is never recorded", "did you mean 'death:other'?"),
    wrong("no events", "events: [death]\n", "events: []\n",
          "endpoints.os: a time-to-event endpoint needs events, or events_by_arm, and not both",
          "give exactly one of them", line=-5),
    wrong("an event of the wrong form", "events: [death]\n", "events: ['Death!']\n",
          "endpoints.os.events.0: the text 'Death!' has the wrong form",
          "write an event, as death, or one cause of it, as death:cancer"),
    wrong("events that are a text", "events: [death]\n", "events: death\n",
          "endpoints.os.events: should be a list, and is the text 'death'", "write [ ] around it"),
    wrong("an origin that is neither step nor date", "origin: randomisation", "origin: randomization",
          "endpoints.os.origin: the origin 'randomization' is neither a step nor a date variable",
          "name the step, or declare the date"),
    wrong("an event and a competing event at once", "competing: [death]", "competing: [distant_progression]",
          "endpoints.dmfs.competing: 'distant_progression' is an event and a competing event at once", "keep one"),
    wrong("a parameter code twice", "param: LRFS", "param: OS", "endpoints.lrfs.param: 'OS' is also that of os",
          "give each its own"),
    wrong("a criterion with a small letter", "  - id: I1\n", "  - id: i1\n",
          "eligibility.0.id: the text 'i1' has the wrong form", "write up to 8 of A-Z and 0-9, a letter first"),
    wrong("an id twice", "  - id: I1\n", "  - id: I2\n", "eligibility.1: the id 'I2' stands twice", "give each its own",
          line=+6),
    wrong("a criterion at an unknown step", "    at: registration\n", "    at: registraton\n",
          "eligibility.0.at: the step 'registraton' is not defined", "did you mean 'registration'?"),
    wrong("a criterion that nothing judges", "    rule: histology_invasive\n", "",
          "eligibility.1: criterion I2 needs a rule, a judgement, or both", "add it", line=-4),
    wrong("an unknown form", "forms: [visit]", "forms: [vist]",
          "pathway.5.follow_up.forms.0: form 'vist' is not defined", "did you mean 'visit'?"),
    wrong("a form at an unknown step", "surgery: {label: Surgery,", "surgery: {label: Surgery, at: surgry,",
          "forms.surgery.at: the step 'surgry' is not defined", "declare it under pathway"),
    wrong("a derived variable on a form", "    variables: [informed_consent,",
          "    variables: [subtype, informed_consent,",
          "forms.screening.variables.0: 'subtype' is derived, so nobody fills it in", "take it out of the form"),
    wrong("an unknown list", "list: main", "list: man", "pathway.3.randomise.list: list 'man' is not defined",
          "did you mean 'main'?"),
    wrong("an unknown intervention", "  A: {label: Systemic therapy alone, reference: true, interventions: [systemic]",
          "  A: {label: Systemic therapy alone, reference: true, interventions: [sistemic]",
          "arms.A.interventions.0: intervention 'sistemic' is not defined", "did you mean 'systemic'?"),
    wrong("two references", "  B: {label: Primary", "  B: {reference: true, label: Primary",
          "arms: more than one arm is the reference", "mark one of them", line=-2),
    wrong("no reference",
          "  A: {label: Systemic therapy alone, reference: true,", "  A: {label: Systemic therapy alone,",
          "arms: no arm is the reference, so it is open which way round an effect is", "reference: true", line=-1),
    wrong("a design on a secondary endpoint", "  primary: os\n", "  primary: lrfs\n",
          "design.primary: the design rests on 'lrfs', whose role is secondary", "give that endpoint role: primary"),
    wrong("a hazard ratio of the reference", "      hazard_ratio: {B: 0.163}", "      hazard_ratio: {A: 2, B: 0.163}",
          "arm 'A' is the reference, whose hazard ratio is 1", "give the ratio of the other arm"),
    wrong("a milestone before the start", "    milestones: [12, 24]\n", "    milestones: [-12, 24]\n",
          "analyses.2.milestones.0: ", ""),
    wrong("admission by a form of the treatment",
          "    rule: age >= 20", "    rule: \"age >= 20 AND resection_margin = 'free'\"",
          "'resection_margin' is never recorded before 'registration'", "put it on a form"),
    wrong("a space in an arm's name", "  A: {label: Systemic", "  \"A B\": {label: Systemic",
          "arms.A B: the text 'A B' has the wrong form", "write up to 20 letters, digits and _"),
    wrong("a version that is a number", "  - number: \"1\"", "  - number: 1",
          "versions.0.number: should be a text, and is the number 1", "put it in quotes"),
    wrong("no compartments", "compartments: [primary, metastatic]", "compartments: []",
          "response.compartments: 0 items are too few", "give 1 or more"),
    wrong("a compartment of a taken name", "compartments: [primary, metastatic]", "compartments: [primary, date]",
          "response.compartments.1: 'date' is taken already", "take another name"),
    wrong("an estimate that is a word", "reported:\n  - {endpoint: os, measure: hazard ratio,",
          "reported:\n  - {endpoint: os, measure: hazard ratio, std_error: big,",
          "reported.0.std_error: should be a number, and is the text 'big'", "write a number"),
    wrong("an estimate with an unknown key", "reported:\n  - {endpoint: os, measure: hazard ratio,",
          "reported:\n  - {endpoint: os, measure: hazard ratio, colour: red,",
          "reported.0.colour: unknown key 'colour'", "take it out"),
    wrong("an interval without its level", "conf_low: 0.69, conf_high: 1.07, conf_level: 0.9, p_value: 0.13,\n",
          "conf_low: 0.69, conf_high: 1.07, p_value: 0.13,\n",
          "reported.0: os hazard ratio: an interval needs its conf_level", "add it"),
    wrong("counts that are words", "n_by_arm: {A: 205, B: 202}", "n_by_arm: {A: many, B: 202}",
          "reported.0.n_by_arm.A: should be a whole number, and is the text 'many'", "write a whole number"),
    wrong("an estimate that is a number", "reported:\n  - {endpoint: os, measure: hazard ratio,",
          "reported:\n  - 5\n  - {endpoint: os, measure: hazard ratio,",
          "reported.0: should be keys with values, and is the number 5", "write 'key: value'"),
    wrong("a printed number that is a list", "printed: 570", "printed: [570]",
          "claims.0.printed: should be a number or a text, and is a list", "write a number or a text"),
    wrong("a rule that is true", "    rule: histology_invasive\n", "    rule: true\n",
          "eligibility.1.rule: should be a text, and is true", "put it in quotes"),
    wrong("an id that is empty", "id: jcog1017\n", "id:\n", "id: should be a text, and is empty", "write a text"),
    wrong("an id that is missing", "id: jcog1017\n", "", "the key 'id' is missing", "add 'id:'"),
    wrong("a pathway that never allocates", RANDOMISE, "  - register: {id: randomisation}\n",
          "pathway: the pathway never allocates an arm", "add a randomise or an assign step", line=-8),
    wrong("a value that admits and is never recorded", ", de_novo, histology_invasive,", ", histology_invasive,",
          "eligibility.0.rule: 'de_novo' is never recorded before 'registration', so nobody can pass it",
          "put it on a form, or move the step that gives it before", line=+12),
    wrong("a response that is assessed too late", "      when: \"induction_response IN ('CR', 'PR', 'SD')\"",
          "      when: \"late_response IN ('CR', 'PR', 'SD')\"",
          "pathway.3.randomise.when: variable 'late_response' is not declared", "declare it under variables",
          kind=RuleError),
    wrong("an undeclared variable", "    rule: age >= 20\n", "    rule: aeg >= 20\n",
          "eligibility.4.rule: variable 'aeg' is not declared", "did you mean 'age'?", kind=RuleError),
    wrong("a value without quotes", "    rule: age >= 20\n", "    rule: er = positive\n",
          "eligibility.4.rule: variable 'positive' is not declared", "as a text it stands in quotes: 'positive'",
          kind=RuleError),
    wrong("a misspelt choice", "    rule: age >= 20\n", "    rule: er = 'positve'\n",
          "eligibility.4.rule: 'positve' is not a value of 'er'", "did you mean 'positive'?", kind=RuleError),
    wrong("a misspelt choice in a list", "    rule: age >= 20\n", "    rule: er IN ('positive', 'negatve')\n",
          "eligibility.4.rule: 'negatve' is not a value of 'er'", "did you mean 'negative'?", kind=RuleError),
    wrong("text against a number", "    rule: age >= 20\n", "    rule: age >= 'twenty'\n",
          "eligibility.4.rule: a number cannot be compared with a text", "write the number without quotes",
          kind=RuleError),
    wrong("a qualified name", "    rule: age >= 20\n", "    rule: patients.age >= 20\n",
          "eligibility.4.rule: 'patients.age' is not a plain variable name", "write the variable's name alone",
          kind=RuleError),
    wrong("a subquery", "    rule: age >= 20\n", "    rule: age > (SELECT 20)\n",
          "eligibility.4.rule: a subquery: SELECT is not part of the rule language",
          "name variables; in cohort rules use count(*) FILTER (WHERE ...)", kind=RuleError),
    wrong("a function not on the list", "    rule: age >= 20\n", "    rule: abs(age) > 20\n",
          "eligibility.4.rule: the function 'abs' is not part of the rule language",
          "there are date_diff, greatest and least, and in cohort rules count and sum", kind=RuleError),
    wrong("a rule over 2,000 characters", "    rule: age >= 20\n", "    rule: age > 1" + " OR age > 1" * 250 + "\n",
          "eligibility.4.rule: the rule has 2,757 characters", "keep it to 2,000, or derive a variable",
          kind=RuleError),
    wrong("a rule nested deeper than 50", "    rule: age >= 20\n",
          "    rule: " + "(" * 51 + "de_novo" + ")" * 51 + "\n",
          "eligibility.4.rule: the rule is nested deeper than 50", "derive a variable for a part of it",
          kind=RuleError),
    wrong("5,000 open brackets in a rule", "    rule: age >= 20\n", "    rule: " + "(" * 5000 + "\n",
          "eligibility.4.rule: the rule has 5,000 characters", "keep it to 2,000, or derive a variable",
          kind=RuleError),
    wrong("1,500 open brackets in a rule", "    rule: age >= 20\n", "    rule: " + "(" * 1500 + "\n",
          "eligibility.4.rule: the rule is nested deeper than 50", "derive a variable for a part of it",
          kind=RuleError),
    wrong("a constant rule", "    rule: age >= 20\n", "    rule: \"1 = 1\"\n",
          "eligibility.4.rule: the rule names no variable, so it is always true", "name what it rests on"),
    wrong("a rule that is never decided", "    rule: age >= 20\n", "    rule: \"1 / 0 = 1\"\n",
          "eligibility.4.rule: the rule names no variable, so it is never decided", "name what it rests on"),
    wrong("an empty rule", "    rule: age >= 20\n", "    rule: ' '\n", "eligibility.4.rule: the rule is empty",
          "write a condition, or take the key out", kind=RuleError),
    wrong("a comment in a rule", "    rule: age >= 20\n", "    rule: age > 20 -- adults\n",
          "eligibility.4.rule: the rule holds a comment", "put it under note:", kind=RuleError),
    wrong("a semicolon in a rule", "    rule: age >= 20\n", "    rule: age > 20; age < 30\n",
          "eligibility.4.rule: the rule holds a ';', and a rule is one expression", "take it out", kind=RuleError),
    wrong("a cast", "    rule: age >= 20\n", "    rule: 'age::text = \"x\"'\n",
          "eligibility.4.rule: the rule holds a cast (::)", "take it out; variables have their types", kind=RuleError),
    wrong("IS NULL", "    rule: age >= 20\n", "    rule: age IS NULL\n",
          "eligibility.4.rule: IS is not part of the rule language",
          "a value that is not recorded makes a rule unknown by itself; for an answer 'unknown', use a choice",
          kind=RuleError),
    wrong("a homoglyph", "    rule: age >= 20\n", "    rule: аge > 20\n",
          "eligibility.4.rule: the rule holds 'а' (U+0430 CYRILLIC SMALL LETTER A), which it has no use for",
          "names are written in a-z, 0-9 and _", kind=RuleError),
    wrong("a chained comparison", "    rule: age >= 20\n", "    rule: 18 < age < 70\n",
          "eligibility.4.rule: true or false cannot be compared with a number",
          "a condition stands alone; write a < b AND b < c for a < b < c", kind=RuleError),
    wrong("an order of choices", "    rule: age >= 20\n", "    rule: er > 'negative'\n",
          "eligibility.4.rule: a choice has no order, so neither '>' nor BETWEEN fits", "compare it by =, <> or IN",
          kind=RuleError),
    wrong("a date that does not exist in a rule", "    rule: age >= 20\n",
          "    rule: diagnosis_date > DATE '2020-02-30'\n", "eligibility.4.rule: '2020-02-30' is not a date",
          "write DATE 'YYYY-MM-DD'", kind=RuleError),
    wrong("count outside cohort rules", "    rule: age >= 20\n", "    rule: count(*) > 20\n",
          "eligibility.4.rule: count is for cohort rules", "move it under cohort_rules", kind=RuleError),
    wrong("a derived variable of itself",
          "derived: \"CASE WHEN metastatic_organs = 1 THEN 'single' ELSE 'multiple' END\"", "derived: organs_involved",
          "variables.organs_involved.derived: a variable is derived from itself: organs_involved -> organs_involved",
          "break the circle", kind=RuleError),
    wrong("a derived value that is not among the choices", "THEN 'single' ELSE 'multiple'",
          "THEN 'singel' ELSE 'multiple'",
          "variables.organs_involved.derived: it can give 'singel', which is not among its values", "add it to values"),
    wrong("a derived variable of another type",
          "derived: \"CASE WHEN metastatic_organs = 1 THEN 'single' ELSE 'multiple' END\"",
          "derived: metastatic_organs",
          "variables.organs_involved.derived: this should be of type choice, and is a number",
          "change the expression, or the type", kind=RuleError),]
# fmt: on


def first_difference(before: str, after: str) -> int:
    pairs = zip(before.split("\n"), after.split("\n"), strict=False)
    return next(line for line, (a, b) in enumerate(pairs, start=1) if a != b)


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_protocol_is_refused_in_one_line(case: Wrong) -> None:
    assert case.old in TEXT, "the shipped trial was changed: choose another passage"
    text = TEXT.replace(case.old, case.new, 1)
    with pytest.raises(ProtocolError) as refused:
        loads(text, file="trial.yaml")
    error, message = refused.value, str(refused.value)
    assert type(error) is case.kind
    assert message.startswith(f"trial.yaml:{first_difference(TEXT, text) + case.line}: ")
    assert case.what in message
    assert message.endswith(f"; {error.mend}")
    assert case.mend in error.mend
    assert message.isprintable()
    assert len(message) <= 340
    assert not re.search(r"sqlglot|pydantic|<class|tuple\[|dict\[|list\[", message)


def test_the_first_mistake_by_line_is_the_one_that_is_told() -> None:
    text = TEXT.replace("sides: 1\n", "sides: 7\n").replace("enrolled: 570", "enrolled: many")
    with pytest.raises(ProtocolError, match=r"registry\.enrolled: should be a whole number"):
        loads(text)


def test_the_names_of_steps_in_messages_are_those_of_the_file() -> None:
    """Labels of the longest length go into the variables that the pathway declares."""
    text = TEXT.replace("label: Second registration and randomisation", f"label: {'x' * 300}")
    assert len(loads(text).dictionary["randomisation_date"].label) == 300


class Grown(NamedTuple):
    """A section that grows beyond what a trial needs, and the words of the refusal."""

    old: str
    new: str
    words: str


VARIABLES = "  resection_margin: {label"
GROWN = [
    Grown(
        VARIABLES,
        "".join(f"  v{i}: {{label: v, type: boolean, derived: v{i + 1} AND v{i + 1}}}\n" for i in range(40))
        + "  v40: {label: v, type: boolean}\n"
        + VARIABLES,
        "becomes too large once its derived variables are written out",
    ),
    Grown(
        VARIABLES,
        "".join(f"  v{i}: {{label: v, type: boolean, derived: v{(i + 1) % 3}}}\n" for i in range(3)) + VARIABLES,
        "a variable is derived from itself: v1 -> v2 -> v0 -> v1",
    ),
    Grown(
        "withdrawal:\n",
        "".join(
            f"  - {{id: X{i}, kind: inclusion, at: registration, label: x, rule: {' OR '.join(['age < 30'] * 150)}}}\n"
            for i in range(40)
        )
        + "withdrawal:\n",
        "the rules up to here are too large together",
    ),
    Grown(
        "forms:\n", "".join(f"  v{i}: {{label: v, type: date}}\n" for i in range(4000)) + "forms:\n", "10,000 values"
    ),
    Grown(
        "[primary, metastatic]",
        "[" + ", ".join(f"part{i}" for i in range(300)) + "]",
        "20 items are wanted, and there are 300",
    ),
]


@pytest.mark.parametrize("case", GROWN, ids=lambda case: case.words.replace(" ", "-"))
def test_a_section_that_grows_beyond_any_trial_is_refused_before_it_is_computed(case: Grown) -> None:
    with pytest.raises(ProtocolError, match=re.escape(case.words)):
        loads(TEXT.replace(case.old, case.new, 1))
