"""Markdown of strangers becomes what GitHub shows, and never anything else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.simulator.pages.markdown import render, tick


def known(text: str) -> str | None:
    return {"@ada": "/ada", "#7": "/acme/rocket/issues/7"}.get(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("**a** ~~b~~", "<strong>a</strong> <s>b</s>", id="emphasis"),
        pytest.param("|a|\n|-:|\n|1|", '<td align="right">1</td>', id="table"),
        pytest.param("@ada and #7", '<a href="/ada"', id="mention"),
        pytest.param("see #7.", '<a href="/acme/rocket/issues/7"', id="reference"),
        pytest.param("https://example.org/x", '<a href="https://example.org/x"', id="bare address"),
        pytest.param(
            "<details><summary>s</summary>t</details>",
            "<details><summary>s</summary>t</details>",
            id="details",
        ),
        pytest.param("![chart](http://e.example/c.png)", ">image: chart</a>", id="an image is a link"),
    ],
)
def test_shows(text: str, expected: str) -> None:
    assert expected in render(text, link=known)


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        pytest.param("<script>alert(1)</script>", "alert", id="script"),
        pytest.param("<img src=x onerror=alert(1)>", "<img", id="image element"),
        pytest.param("[x](javascript:alert(1))", "<a", id="script address"),
        pytest.param("<a href='javascript:alert(1)'>x</a>", "javascript", id="script address in HTML"),
        pytest.param("<p class='flash' style='color:red' id='main'>x</p>", "flash", id="classes"),
        pytest.param("<form action=/x><button>y</button></form>", "<form", id="form"),
        pytest.param("<!-- hidden -->", "hidden", id="comment"),
        pytest.param("`@ada`", "<a", id="mention in code"),
        pytest.param("mail@ada and x#7 and @adamant", "<a", id="parts of words"),
        pytest.param("@nobody #99", "<a", id="unknown"),
        pytest.param("\ue000abc:0\ue001", "box", id="a forged box"),
    ],
)
def test_does_not_show(text: str, absent: str) -> None:
    assert absent not in render(text, link=known)


def test_a_link_is_not_linked_again() -> None:
    assert render("[@ada](https://e.example)", link=known).count("<a") == 1


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("docs/a.md", "/acme/rocket/blob/main/docs/a.md"),
        ("./a.md", "/acme/rocket/blob/main/a.md"),
        ("/a.md", "/a.md"),
        ("#part", "#part"),
        ("https://e.example/", "https://e.example/"),
        ("mailto:a@e.example", "mailto:a@e.example"),
    ],
)
def test_relative_links_start_from_the_base(href: str, expected: str) -> None:
    assert f'href="{expected}"' in render(f"[x]({href})", base="/acme/rocket/blob/main")


@pytest.mark.parametrize(("breaks", "expected"), [(True, "a<br>\nb"), (False, "a\nb")])
def test_new_lines_stay_in_what_people_write_to_each_other(breaks: bool, expected: str) -> None:
    """As on github.com; a file may be wrapped anywhere."""
    assert expected in render("a\nb", breaks=breaks)


def test_boxes_are_drawn_in_order() -> None:
    seen: list[tuple[int, bool]] = []

    def box(number: int, ticked: bool) -> Markup:
        seen.append((number, ticked))
        return Markup("<i>box</i>")

    text = "- [ ] a\n- [x] `b`\n  1. [X] c\n- no [ ] box\n\n```\n- [ ] code\n```\n"
    assert render(text, box=box).count("<i>box</i>") == 3
    assert seen == [(0, False), (1, True), (2, True)]


def test_ticking_turns_one_box_over_and_nothing_else() -> None:
    text = "<!-- marker -->\n- [ ] a [ ] b\n\n```\n- [ ] code\n```\n* [x] c\n"
    assert tick(text, 0) == text.replace("- [ ] a", "- [x] a")
    assert tick(text, 1) == text.replace("* [x] c", "* [ ] c")
    assert tick(tick(text, 1), 1) == text
    with pytest.raises(LookupError):
        tick(text, 2)


@given(st.text(alphabet=st.sampled_from("<>\"'`*_[]()!-# x1@\n|&;:/=ascript"), max_size=120))
def test_nothing_gets_through(text: str) -> None:
    html = render(text, link=known)
    tags = set(re.findall(r"<([a-z0-9]+)", html))
    assert not tags & {"script", "img", "iframe", "form", "style", "input", "button", "svg", "link", "meta"}
    assert not re.search(r"<[^>]*\s(on\w+|style|class(?!=\"box\"))=", html)
