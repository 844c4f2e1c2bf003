"""Which lines of a comment command, and how they are split."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.command_lines import LONGEST_COMMENT, LONGEST_LINE, Command, Line, find, split
from bot.model.errors import UserError

DISGUISES = {
    "a quotation": "> /plumbline recheck",
    "the line behind a quotation, which still belongs to it": "> said\n/plumbline recheck",
    "a quotation within a list": "- > said\n/plumbline recheck",
    "a fence of backticks": "```\n/plumbline recheck\n```",
    "a fence of tildes": "~~~\n/plumbline recheck\n~~~",
    "a fence that is never closed": "```\n/plumbline recheck",
    "a fence that a shorter one does not close": "````\n```\n/plumbline recheck\n````",
    "a fence that an indented one does not close": "```\n    ```\n/plumbline recheck\n```",
    "a fence in a list, then one below": "- ```\n  a\n  ```\ntext\n```\n/plumbline recheck\n```",
    "indented by four": "    /plumbline recheck",
    "indented by a tab": "\t/plumbline recheck",
    "indented by one": " /plumbline recheck",
    "in the middle of a line": "please /plumbline recheck",
    "a code span": "`/plumbline recheck`",
    "a code span over lines": "`a\n/plumbline recheck\nb`",
    "an HTML comment": "<!--\n/plumbline recheck\n-->",
    "an HTML comment that is never closed": "<!-- a\n\n/plumbline recheck",
    "an HTML comment within a line": "text <!--\n/plumbline recheck\n-->",
    "a title of a link": '[a](b "\n/plumbline recheck\n")',
    "a title of a reference": "[a]: b '\n/plumbline recheck\n'",
    "a table": "| a |\n| - |\n/plumbline recheck",
    "emphasis": "**a\n/plumbline recheck\nb**",
    "raw HTML: a quotation": "<blockquote>\n\n/plumbline recheck\n\n</blockquote>",
    "raw HTML: an end within an attribute": '<pre title="</pre>">\n\n/plumbline recheck\n',
    "raw HTML: a block that is folded away": "<details>\n\n/plumbline recheck",
    "raw HTML: within a line": "a <code>\n/plumbline recheck",
    "another slash": "∕plumbline recheck",
    "a Cyrillic letter": "/рlumbline recheck",
    "full width": "／plumbline recheck",
    "capitals": "/Plumbline recheck",
    "a zero-width space": "/plum\u200bbline recheck",
    "a no-break space": "/plumbline\u00a0recheck",
    "a longer word": "/plumbline-recheck",
    "a line separator that is none to Markdown": "a\u2028/plumbline recheck",
    "a form feed": "a\f/plumbline recheck",
}


@pytest.mark.fault
@pytest.mark.parametrize("body", DISGUISES.values(), ids=DISGUISES)
def test_kf4_disguises_command_nothing(body: str) -> None:
    """What is shown as a quotation, as code or not at all, and what only looks like our name."""
    assert find(body) == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("/plumbline recheck", [1], id="alone"),
        pytest.param("/plumbline", [1], id="without a command"),
        pytest.param("/plumbline\trecheck", [1], id="a tab"),
        pytest.param("Hello\n/plumbline recheck\nThanks", [2], id="within a paragraph"),
        pytest.param("Hello\r\n\r\n/plumbline recheck\r\n/plumbline health\r\n", [3, 4], id="CRLF"),
        pytest.param("Hello\r/plumbline recheck", [2], id="CR alone"),
        pytest.param("> said\n\n/plumbline recheck", [3], id="behind a quotation"),
        pytest.param("```\n/plumbline no\n```\n/plumbline recheck", [4], id="behind a fence"),
        pytest.param("> ```\n> a\n/plumbline recheck", [3], id="behind a quoted fence, which ends with it"),
        pytest.param("<!-- a -->\n/plumbline recheck", [2], id="behind an HTML comment"),
        pytest.param("a <kbd>x</kbd>\n\n/plumbline recheck", [3], id="behind HTML that was closed"),
        pytest.param("<br>\n\n/plumbline recheck", [3], id="behind HTML that needs no end"),
        pytest.param("- a\n- b\n/plumbline recheck", [3], id="right behind a list"),
        pytest.param("/plumbline recheck\n-- \nJoe", [1], id="above a signature, which makes it a heading"),
        pytest.param("/plumbline recheck\n===", [1], id="above another underline"),
        pytest.param("command0n0x\n/plumbline recheck", [2], id="beside our own mark"),
    ],
)
def test_finds_lines_of_plain_text(body: str, expected: list[int]) -> None:
    """By their number in the source, whatever ends the lines."""
    assert [line.number for line in find(body)] == expected


def test_a_long_comment_commands_nothing() -> None:
    """The limit itself is read; one character more is not."""
    command = "/plumbline help\n"
    assert len(find(command + "x" * (LONGEST_COMMENT - len(command)))) == 1
    assert find(command + "x" * (LONGEST_COMMENT - len(command) + 1)) == ()


def test_the_digest_names_the_text_without_the_blanks_behind_it() -> None:
    """An editor that strips blanks changes nothing."""
    (line,), (same,) = find("/plumbline help  \nx"), find("/plumbline help\nx")
    (other,) = find("/plumbline health")

    assert line == Line(1, "/plumbline help")
    assert line.digest == same.digest != other.digest


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="/plumbine \n\r`>~<!-[](|*_#\t\"'=", max_size=80))
def test_whatever_is_found_stands_at_the_start_of_that_line(noise: str) -> None:
    """Any mixture of what Markdown gives a meaning to."""
    body = f"{noise}\n/plumbline help\n{noise}"
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line in find(body):
        assert lines[line.number - 1].rstrip() == line.text
        assert line.text.startswith("/plumbline")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("/plumbline", Command("help"), id="nothing asks for help"),
        pytest.param("/plumbline  Health  a\tb ", Command("health", ("a", "b")), id="words"),
        pytest.param("/plumbline explain `licence`", Command("explain", ("licence",)), id="backticks"),
        pytest.param(
            '/plumbline exempt a reason="it\'s = so" until=2026-01-01',
            Command("exempt", ("a",), {"reason": "it's = so", "until": "2026-01-01"}),
            id="options",
        ),
        pytest.param("/plumbline x reason=“a b”", Command("x", (), {"reason": "a b"}), id="curly marks"),
        pytest.param("/plumbline x reason=", Command("x", (), {"reason": ""}), id="an empty option"),
        pytest.param('/plumbline x "a b"c', Command("x", ("a b", "c")), id="a quoted word"),
        pytest.param("/plumbline x A=b", Command("x", ("A=b",)), id="not the name of an option"),
    ],
)
def test_splits_words_and_options(text: str, expected: Command) -> None:
    """Blanks part, quotation marks join."""
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('/plumbline exempt a reason="b', "behind `reason=` is not closed", id="open mark"),
        pytest.param('/plumbline health "b', "in the command is not closed", id="open mark at a word"),
        pytest.param("/plumbline x a=1 a=2", "`a=` stands there twice", id="twice"),
        pytest.param("/plumbline " + "x" * LONGEST_LINE, f"may have {LONGEST_LINE}", id="too long"),
        pytest.param("/plumbline" + " x" * 101, "may have 100", id="too many words"),
    ],
)
def test_says_what_can_not_be_split(text: str, message: str) -> None:
    """With what to mend."""
    with pytest.raises(UserError, match=message):
        split(text)
