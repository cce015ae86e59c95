"""Survival and incidence curves."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from checks import assert_sound, texts

import made_up
from equipoise.analysis.results import Curve
from equipoise.errors import DataError
from equipoise.figures import kaplan_meier, sparkline
from equipoise.figures.palette import ARM_STYLES
from equipoise.figures.scene import Shape, Text


def small(**changes):
    """Survival 0.75 from month 6 and 0.375 from month 12 on; one participant censored at month 9, one at 24."""
    fields = {
        "endpoint": "os",
        "kind": "survival",
        "arm": "A",
        "label": "Control",
        "time": np.array([6.0, 12.0]),
        "value": np.array([0.75, 0.375]),
        "conf_low": np.array([0.4, np.nan]),
        "conf_high": np.array([0.95, np.nan]),
        "conf_level": 0.9,
        "censored": np.array([9.0, 24.0]),
        "risk_times": np.array([0.0, 12.0, 24.0]),
        "at_risk": np.array([4, 2, 1]),
    }
    return Curve(**(fields | changes))


@pytest.fixture(scope="module")
def results():
    return made_up.jcog1017()


def of(results, endpoint):
    return [curve for curve in results.curves if curve.endpoint == endpoint]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_figure_is_sound_in_both_widths(results, narrow):
    assert_sound(kaplan_meier(of(results, "os"), title="Overall survival", estimates=results.estimates, narrow=narrow))
    curves, _ = made_up.four_arms()
    assert_sound(kaplan_meier(curves, title="Overall survival of all four classes " * 3, narrow=narrow))
    assert_sound(kaplan_meier([small(arm="A" * 20, label="x" * 300)], narrow=narrow))


def test_the_curve_steps_where_the_estimate_does():
    figure = kaplan_meier([small()], show_title=False)
    step = next(mark for mark in figure.marks if isinstance(mark, Shape) and mark.width == 2)
    path = step.paths[0]
    left, right = path[0][0], path[-1][0]
    top = path[0][1]
    middle = next(mark for mark in figure.marks if isinstance(mark, Text) and mark.text == "0" and mark.anchor == "end")
    bottom = middle.y - 4
    times = [(x - left) / (right - left) * 24 for x, _ in path]
    shares = [1 - (y - top) / (bottom - top) for _, y in path]
    assert times == pytest.approx([0, 6, 6, 12, 12, 24], abs=0.01)
    assert shares == pytest.approx([1, 1, 0.75, 0.75, 0.375, 0.375], abs=0.001)


def test_a_censoring_tick_stands_on_the_curve():
    figure = kaplan_meier([small()])
    ticks = next(mark for mark in figure.marks if isinstance(mark, Shape) and mark.width == 0.9)
    curve = next(mark for mark in figure.marks if isinstance(mark, Shape) and mark.width == 2)
    heights = [(path[0][1] + path[1][1]) / 2 for path in ticks.paths]
    assert len(heights) == 2
    assert heights[0] == pytest.approx(curve.paths[0][2][1])  # month 9 lies on 0.75
    assert heights[1] == pytest.approx(curve.paths[0][-1][1])


def test_numbers_at_risk_stand_under_their_ticks():
    figure = kaplan_meier([small(at_risk=np.array([44, 22, 11]))])
    marks = [mark for mark in figure.marks if isinstance(mark, Text)]
    for tick, number in (("0", "44"), ("12", "22"), ("24", "11")):
        at = next(mark.x for mark in marks if mark.text == number)
        assert any(mark.x == at and mark.text == tick for mark in marks)


def test_the_description_gives_the_main_numbers(results):
    median = next(item for item in results.of("lrfs", "median") if item.arm == "B")
    figure = kaplan_meier(of(results, "lrfs"), title="LRFS", estimates=results.estimates, origin="randomisation")
    assert "months since randomisation" in figure.description
    assert "95\u00a0% confidence bands" in figure.description
    assert f"median {median.value:.1f}\u00a0months" in figure.description


def test_a_median_that_is_not_reached_is_said_so():
    rows = made_up.by_arm([small(value=np.array([0.9, 0.8]))], 0.9)
    figure = kaplan_meier([small()], estimates=[item for item in rows if item.measure == "median"])
    assert any("median not reached" in text for text in texts(figure))


def test_incidence_rises_from_nought_on_an_axis_that_fits():
    low = small(
        kind="incidence",
        value=np.array([0.05, 0.12]),
        conf_low=np.array([0.01, 0.05]),
        conf_high=np.array([0.1, 0.25]),
        cause="relapse",
    )
    figure = kaplan_meier([low])
    assert_sound(figure)
    assert "30" in texts(figure)  # the highest limit is 25 %
    assert "100" not in texts(figure)
    assert any(text.startswith("Cumulative incidence") for text in texts(figure))


def test_an_arm_nobody_is_in_does_not_stop_the_figure():
    none = np.array([])
    empty = small(
        arm="B",
        time=none,
        value=none,
        conf_low=none,
        conf_high=none,
        censored=none,
        risk_times=none,
        at_risk=np.array([], dtype=np.int64),
    )
    assert_sound(kaplan_meier([small(), empty]))
    assert_sound(kaplan_meier([empty]))


def test_what_cannot_stand_in_one_figure_is_refused():
    with pytest.raises(DataError, match="no curves"):
        kaplan_meier([])
    with pytest.raises(DataError, match="2 endpoints"):
        kaplan_meier([small(), small(endpoint="pfs", arm="B")])
    with pytest.raises(DataError, match="two curves of one arm"):
        kaplan_meier([small(), small()])


def test_markup_and_dollars_in_labels_are_text():
    figure = kaplan_meier([small(label="<script>alert(1)</script> $x_1$ & 手术")], title='"><img>')
    assert_sound(figure)
    assert "<script" not in figure.svg()
    assert "<img" not in figure.svg()
    assert "$x_1$" in figure.svg()


def test_the_same_figure_gives_the_same_bytes_in_every_thread(results):
    curves = of(results, "os")
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: kaplan_meier(curves, estimates=results.estimates).svg(), range(8)))
    assert len(found) == 1
    assert found != {kaplan_meier(of(results, "lrfs"), estimates=results.estimates).svg()}


def test_two_figures_have_ids_of_their_own(results):
    a, b = (kaplan_meier(of(results, name)).svg() for name in ("os", "lrfs"))
    assert a.split("aria-labelledby=")[1].split('"')[1] != b.split("aria-labelledby=")[1].split('"')[1]


def test_a_journal_gets_pdf_and_png_without_pyplot(results, tmp_path):
    figure = kaplan_meier(of(results, "os"), title="Overall survival $", estimates=results.estimates)
    for name, start in (("km.pdf", b"%PDF"), ("km.png", b"\x89PNG"), ("km.svg", b"<svg")):
        figure.save(tmp_path / name, dpi=60)
        assert (tmp_path / name).read_bytes().startswith(start)
    assert "matplotlib.pyplot" not in sys.modules


def test_arms_differ_in_line_style_and_their_colours_can_be_read_on_white():
    def luminance(color):
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert len({style.dash for style in ARM_STYLES}) == len(ARM_STYLES)
    for style in ARM_STYLES:
        assert 1.05 / (luminance(style.color) + 0.05) >= 4.5  # WCAG 2.2, contrast (minimum)


def test_a_sparkline_is_sound_and_small(results):
    figure = sparkline(of(results, "os"), title="Overall survival")
    assert_sound(figure)
    assert len(figure.svg()) < 12_000


def test_an_arm_keeps_its_place_whatever_the_order_of_estimates(results):
    curves = of(results, "os")
    reverse = kaplan_meier(curves, estimates=tuple(reversed(results.estimates)))
    assert set(texts(reverse)) == set(texts(kaplan_meier(curves, estimates=results.estimates)))
    swapped = kaplan_meier([replace(curve) for curve in reversed(curves)])
    assert texts(swapped).index("B") < texts(swapped).index("A")


def test_a_warning_stands_in_the_picture_and_in_its_description(results):
    figure = kaplan_meier(of(results, "os"), title="OS", warning="biased: so it is", narrow=True)
    assert "Biased: so it is" in texts(figure)
    assert "Biased: so it is." in figure.description
    assert "Biased: so it is." in sparkline(of(results, "os"), warning="biased: so it is").description


def test_a_long_label_of_the_axis_is_broken_into_lines_that_fit(results):
    figure = kaplan_meier(
        of(results, "os"), value_label="Cumulative incidence of " + "progression or " * 9, narrow=True
    )
    assert_sound(figure)
    assert sum("progression" in text for text in texts(figure)) > 1
