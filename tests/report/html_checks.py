"""What holds for every page."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Elements with their attributes, the text, and what is wrong with the nesting."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.faults, self.words = [], [], [], []
        self.feed(html)
        self.close()
        self.faults += [f"{tag} is never closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} inside {self.open[-3:]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title", "desc"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def assert_sound(html):
    """Balanced, ids once, links that lead somewhere, figures with names, and nothing from anywhere else."""
    page = Page(html)
    assert page.faults == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(page.all("h1")) == 1
    for link in page.all("a"):
        if link["href"].startswith("#"):
            assert link["href"][1:] in ids
    for svg in page.all("svg"):
        assert svg["role"] == "img"
        assert all(name in ids for name in svg["aria-labelledby"].split())
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert all(part in ids for part in attributes.get(name, "").split())
    assert page.all("script") == []
    assert page.all("img") == []
    values = [value or "" for _, attributes in page.elements for name, value in attributes.items() if name != "xmlns"]
    assert not any("://" in value for value in values)
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    return page
