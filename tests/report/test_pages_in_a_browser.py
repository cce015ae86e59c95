"""The pages as a browser lays them out, on a telephone and on a desk."""

from dataclasses import replace

import pytest

import made_up
from equipoise.protocol import load
from equipoise.report import render_index, render_report

pytestmark = pytest.mark.browser

JCOG1017 = load("jcog1017")


def stretched(results):
    """The same results with labels and ids far longer than usual."""
    arms = tuple(
        replace(arm, label="Pneumonoultramicroscopicsilicovolcanoconiosis " * 4, left={"x" * 120: 4})
        for arm in results.flow.arms
    )
    return replace(results, flow=replace(results.flow, arms=arms), head="f" * 400)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    results = made_up.jcog1017()
    curves, flow = made_up.four_arms()
    changhai = load("changhai")
    four = replace(results, trial="changhai", curves=curves, flow=flow, estimates=())
    wide = JCOG1017.model_copy(update={"title": "A" * 200, "summary": "B" * 300})
    texts = {
        "report": render_report(JCOG1017, results, seed=1),
        "four": render_report(changhai, four, seed=1),
        "stretched": render_report(wide, stretched(results), seed="1" * 200),
        "index": render_index([(JCOG1017, results), (changhai, four), (wide, results)]),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def opened(chromium, pages, request):
    name, width = request.param
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.complaints, page.requests = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda sent: page.requests.append(sent.url))
    page.goto((pages / f"{name}.html").as_uri())
    yield page
    page.close()


ALL = [(name, width) for name in ("report", "four", "stretched", "index") for width in (360, 1280)]


@pytest.mark.parametrize("opened", ALL, indirect=True, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_no_page_scrolls_sideways_complains_or_asks_for_anything(opened):
    width = opened.viewport_size["width"]
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.complaints == []
    assert len(opened.requests) == 1


@pytest.mark.parametrize(
    ("opened", "shown"), [(("report", 360), "narrow"), (("report", 1280), "wide")], indirect=["opened"]
)
def test_each_figure_is_shown_once_in_the_layout_of_its_width(opened, shown):
    visible = opened.evaluate(
        "[...document.querySelectorAll('figure svg')].filter(s => s.getBoundingClientRect().width > 0)"
        ".map(s => s.getAttribute('aria-labelledby').split(' ')[0])"
    )
    assert visible
    assert all(name.endswith(f"-{shown}-title") for name in visible)


@pytest.mark.parametrize("opened", [("report", 360)], indirect=True)
def test_text_in_figures_stays_readable_on_a_telephone(opened):
    smallest = opened.evaluate(
        "Math.min(...[...document.querySelectorAll('figure .for-narrow text')].map(t =>"
        " parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width"
        " / t.ownerSVGElement.viewBox.baseVal.width))"
    )
    assert smallest >= 10


@pytest.mark.parametrize("opened", [("report", 1280)], indirect=True)
def test_figure_texts_do_not_overlap_as_the_browser_sets_them(opened):
    overlaps = opened.evaluate(
        """() => {
          const found = [];
          for (const svg of document.querySelectorAll('.for-wide svg')) {
            const boxes = [...svg.querySelectorAll('text')].map(t => [t.getBoundingClientRect(), t.textContent]);
            boxes.forEach(([a, s], i) => boxes.slice(i + 1).forEach(([b, t]) => {
              const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
              const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
              if (w > 1 && h > 5) found.push([s, t]);
            }));
          }
          return found;
        }"""
    )
    assert overlaps == []
