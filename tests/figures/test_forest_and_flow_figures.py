"""Forest plot, interval and participant flow."""

import pytest
from checks import assert_sound, texts

import made_up
from equipoise.analysis.results import Flow, FlowArm, FlowStep
from equipoise.errors import DataError
from equipoise.estimates import Estimate
from equipoise.figures import flow, forest, interval
from equipoise.figures.scene import Shape, Text
from equipoise.protocol.model.variables import Variable


def ratio(value=0.8, low=0.6, high=1.1, **changes):
    fields = {
        "endpoint": "os",
        "measure": "hazard ratio",
        "unit": "ratio",
        "value": value,
        "std_error": 0.15,
        "conf_low": low,
        "conf_high": high,
        "conf_level": 0.9,
        "null_value": 1,
        "arm": "B",
        "reference": "A",
        "n_by_arm": {"A": 205, "B": 202},
        "events_by_arm": {"A": 113, "B": 108},
    }
    return Estimate(**(fields | changes))


def subgroups(p=0.04):
    shared = {"p_value": p, "p_method": "interaction likelihood ratio", "sides": 2}
    return [
        ratio(),
        ratio(0.5, 0.3, 0.9, subgroup={"menopause": "pre"}, **shared),
        ratio(1.2, 0.8, 1.9, subgroup={"menopause": "post"}, **shared),
    ]


MENOPAUSE = {"menopause": Variable(label="Menopausal status", type="choice", values={"pre": "Before", "post": "After"})}


@pytest.mark.parametrize("narrow", [False, True])
def test_a_forest_is_sound_in_both_widths(narrow):
    assert_sound(forest(subgroups(), variables=MENOPAUSE, narrow=narrow))
    long = Variable(
        label="A variable with a label that goes on " * 4, type="choice", values={"pre": "y" * 80, "post": "no"}
    )
    assert_sound(forest(subgroups(), title="A title " * 30, variables={"menopause": long}, narrow=narrow))


def test_a_forest_shows_labels_numbers_direction_and_the_interaction_once():
    shown = texts(forest(subgroups(), variables=MENOPAUSE))
    for text in (
        "All participants",
        "Menopausal status",
        "Before",
        "After",
        "0.50 (0.30–0.90)",
        "108/202",
        "113/205",
        "HR (90\u00a0% CI)".replace(" CI", "\u00a0CI"),
        "←\u00a0Favours B",
        "Favours A\u00a0→",
    ):
        assert text in shown
    assert shown.count("0.040") == 1


def test_the_words_for_the_directions_can_be_given():
    shown = texts(forest([ratio()], favours=("Fewer with surgery", "More with surgery")))
    assert "←\u00a0Fewer with surgery" in shown


def test_levels_that_differ_stand_in_every_row():
    shown = texts(forest([ratio(), ratio(conf_level=0.95, subgroup={"sex": "f"})]))
    assert "0.80 (90\u00a0%\u00a0CI\u00a00.60–1.10)" in shown
    assert "0.80 (95\u00a0%\u00a0CI\u00a00.60–1.10)" in shown


def test_an_interval_beyond_the_axis_and_a_missing_value_are_drawn():
    wide = ratio(0.9, 0.001, 400.0, subgroup={"sex": "f"})
    none = ratio(None, None, None, note="no events", subgroup={"sex": "m"})
    figure = forest([ratio(), wide, none])
    assert_sound(figure)
    assert "no events" in texts(figure)
    heads = [mark for mark in figure.marks if isinstance(mark, Shape) and mark.fill and len(mark.paths[0]) == 3]
    assert len(heads) == 2


def test_weights_show_in_the_squares():
    figure = forest([ratio(), ratio(std_error=0.1, subgroup={"sex": "f"}), ratio(std_error=0.2, subgroup={"sex": "m"})])
    sides = [
        mark.paths[0][1][0] - mark.paths[0][0][0]
        for mark in figure.marks
        if isinstance(mark, Shape)
        and mark.fill == "#1b2430"
        and len(mark.paths[0]) == 4
        and mark.closed
        and mark.paths[0][0][1] == mark.paths[0][1][1]
    ]
    assert sides[0] == pytest.approx(2 * sides[1])  # area goes with 1/SE², so the side goes with 1/SE


def test_a_forest_of_nothing_or_of_two_comparisons_is_refused():
    with pytest.raises(DataError, match="no ratio"):
        forest([])
    with pytest.raises(DataError, match="several"):
        forest([ratio(), ratio(arm="C")])


def test_an_interval_is_drawn_against_no_effect_and_needs_a_value():
    figure = interval(ratio(), favours=("favours B", "favours A"))
    assert_sound(figure)
    assert "0.80 (90" in figure.description
    assert_sound(interval(ratio(-0.05, -0.1, 0.02, unit="probability", null_value=0)))
    with pytest.raises(DataError, match="nothing to draw"):
        interval(ratio(None, None, None, note="no events"))


def flow_of(arms, steps):
    return Flow(
        500,
        tuple(
            FlowStep(
                f"s{i}",
                f"Step {i} with a label of some length",
                500 - 40 * i,
                460 - 40 * i,
                {"I1: a reason that takes more than one line of the box": 30, "Died before": 10},
            )
            for i in range(steps)
        ),
        tuple(
            FlowArm(
                f"arm_{i}",
                "Surgery of the primary tumour after systemic therapy",
                90,
                {"Surgery": 88},
                {"Consent withdrawn": 2, "Lost to follow-up": 3},
                40,
                45,
                90,
            )
            for i in range(arms)
        ),
    )


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("arms", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_flow_of_any_shape_is_sound_and_its_boxes_do_not_overlap(arms, steps, narrow):
    figure = flow(flow_of(arms, steps), narrow=narrow)
    assert_sound(figure)
    boxes = [mark.paths[0] for mark in figure.marks if isinstance(mark, Shape) and mark.fill and mark.stroke]
    assert len(boxes) == 1 + 2 * steps + (arms if arms > (2 if narrow else 4) else 3 * arms)
    rectangles = [(p[0][0], p[0][1], p[2][0], p[2][1]) for p in boxes]
    for i, a in enumerate(rectangles):
        for b in rectangles[i + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for mark in figure.marks:
        if isinstance(mark, Text) and mark.text != "Participant flow":
            assert any(x0 <= mark.x <= x1 and y0 <= mark.y <= y1 for x0, y0, x1, y1 in rectangles), mark


def test_every_number_of_the_flow_is_drawn_and_described():
    results = made_up.jcog1017()
    figure = flow(results.flow, allocation="Randomised")
    for text in ("578", "570", "407", "163", "130", "33", "205", "202", "113", "108", "Randomised to A"):
        assert text in texts(figure)
        assert text in figure.description or text == "163"
    assert "570 of 578 passed" in figure.description


def test_nobody_lost_at_a_step_leaves_out_its_side_box():
    step = FlowStep("registration", "Registration", 10, 10)
    assert "Did not pass" not in texts(flow(Flow(10, (step,), ())))


def test_screenings_are_drawn_where_somebody_was_screened_again():
    step = FlowStep("registration", "Registration", 10, 10)
    figure = flow(Flow(10, (step,), (), rescreened=2))
    assert {"Screenings", "12"} <= set(texts(figure))
    assert "10 screened in 12 screenings." in figure.description
    assert "Screenings" not in texts(flow(Flow(10, (step,), ())))


def test_reasons_lose_the_stop_that_a_list_ends_them_with():
    steps = (FlowStep("registration", "Registration", 10, 7, {"I1 Operable;": 2, "I2 ECOG-PS 0-2.": 1}),)
    figure = flow(Flow(10, steps, ()))
    shown = [mark.text for mark in figure.marks if isinstance(mark, Text)]
    assert "I1 Operable" in shown
    assert "I2 ECOG-PS 0-2" in shown
    assert "I1 Operable\u00a02, I2 ECOG-PS 0-2\u00a01" in figure.description


def test_who_is_analysed_without_an_arm_is_said() -> None:
    arms = (FlowArm("1", "Responders", 6, analysed=6), FlowArm("2", "Others", 176, analysed=193))
    drawn = flow(Flow(200, (FlowStep("assignment", "Assignment", 200, 182),), arms)).svg()
    assert "never assigned" in drawn
    assert ">17<" in drawn


def test_arms_given_by_hand_are_drawn_and_described_where_there_are_any() -> None:
    arms = (FlowArm("A", "Drug", 6, by_hand=2), FlowArm("B", "Surgery", 5))
    figure = flow(Flow(12, (FlowStep("randomisation", "Randomisation", 12, 11),), arms))
    assert texts(figure).count("of them by hand") == 1
    assert "6, 2 of them by hand" in figure.description
