"""What rendered reports tell, part by part, as rows of plain text: ``tests.truth.reports`` has the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tests.integration.truth.pages import Block, Element, Item, Row, Section, found, read_html, read_markdown

Facts = dict[str, list[Row]]

_SCORE = (
    r"Health(?: (\d+) of 100 \(([A-F])\)|: not judged), coverage (\d+) %\."
    r"(?: ([\d,]+) exempted checks? counts? neither way\.)?"
)
_WHY = {
    "For want of a permission:": "permission",
    "Because a limit was reached; it is tried again by itself:": "limit",
    "Because of a fault, tried again with the next scan; a faulty file waits for its author:": "fault",
}
_MOVED = re.compile(r"([+−]\d+) (by [a-z ,]*?)(?=, [+−]|\.(?:\s|$))")
_MORE = re.compile(r"… and ([\d,]+) more")


def titled(sections: Sequence[Section], title: str) -> Section:
    """The section of that name; an empty one when there is none."""
    return next((s for s in sections if s.title.text == title), Section(Block("heading")))


def table(section: Section, first: str) -> list[Row]:
    """Rows of the table whose heading begins so; its heading left out, "more" behind where rows are."""
    for at, block in enumerate(section.blocks):
        if block.kind == "table" and block.rows[0][0] == first:
            after = section.blocks[at + 1].text if at + 1 < len(section.blocks) else ""
            more = re.fullmatch(r"… and ([\d,]+) more\.", after)
            return [*block.rows[1:], *([("more", more[1])] if more else [])]
    return []


def _score(text: str) -> list[Row]:
    return [(row[0] or "not judged", *row[1:]) for row in found(_SCORE, text)]


# The organisation


def roll_up(page: str) -> Facts:
    """The page in the private repository."""
    sections = read_markdown(page)
    top = "\n".join(block.text for block in sections[0].blocks)
    fix = titled(sections, "The one fix that would help most")
    unread = titled(sections, "What could not be judged")
    exempt = titled(sections, "Exemptions")
    heat = titled(sections, "Scores by group and category").tables()
    itself = titled(sections, "The organisation itself")
    return {
        "score": _score(top),
        "headline": found(r"([\d,]+) repositor(?:y|ies) judged; ([\d,]+) findings?(?:: ([^.]*))?\.", top),
        "trend": found(r"Trend: (\S+) ([^.]*)\.", top),
        "best": found(
            r"([\w-]+) fails in ([\d,]+) repositor(?:y|ies); mended in all of them it would raise the score "
            r"from (\d+) to (\d+)\. Fix: (.*)",
            fix.text(),
        ),
        "fixes": table(fix, "Check"),
        "regressions": _regressions(titled(sections, "Worst regressions of the last 7 days")),
        "groups": list(heat[0]) if heat else [],
        "organisation": [
            *found(r"(\d+) of (\d+) checks? pass\.", itself.text()),
            *(_itself(item) for item in itself.items()),
        ],
        "teams": table(titled(sections, "Findings by owning team"), "Team"),
        "help": found(
            r"help most is (.*?): granted to the App it would answer ([\d,]+) questions? in ([\d,]+) "
            r"repositor(?:y|ies) and raise the coverage from (\d+) % to (\d+) %\.",
            unread.text(),
        ),
        "reasons": table(unread, "Because of"),
        "permissions": table(unread, "Permission that is not granted"),
        "exemptions": found(r"([\d,]+) exemptions? in force\.", exempt.text()),
        "ending": table(exempt, "Last day"),
        "lowest": table(titled(sections, "Repositories with the lowest scores"), "Repository"),
    }


def _regressions(section: Section) -> list[Row]:
    rows: list[Row] = []
    for item in section.items():
        more = _MORE.match(item.text)
        if more:
            rows.append(("more", more[1]))
        else:
            rows += found(r"^(\S+): ([\w-]+) \((\w+)\) since ([\d-]+)(?:, by pull request \d+)?$", item.text)
    return rows


def pull_requests(page: str) -> list[Row]:
    """(repository, check, pull request) of the regressions that name one."""
    section = titled(read_markdown(page), "Worst regressions of the last 7 days")
    pattern = r"^(\S+): ([\w-]+) \(.*, by pull request (\d+)$"
    return [row for item in section.items() for row in found(pattern, item.text)]


def _itself(item: Item) -> Row:
    row = found(r"^([\w-]+) \((\w+)\): ([\w-]+)", item.text)[0]
    help_ = found(r"Granting the App (.*?) would help\.$", item.text)
    return *row, help_[0][0] if help_ else ""


# One repository


def health_issue(body: str) -> Facts:
    """The issue in the repository."""
    sections = read_markdown(body)
    top = "\n".join(block.text for block in sections[0].blocks)
    everything = "\n".join(block.text for section in sections for block in section.blocks)
    return {
        "score": _score(top),
        "moved": [(points, why) for points, why in _MOVED.findall(top)],
        "changed": _changed(titled(sections, "What changed").items()),
        "categories": [
            row
            for line in found(r"By category: (.*)\.", top)
            for part in line[0].split(", ")
            for row in found(r"^(\w+) (\d+) \((\w)\)$", part)
        ],
        "headline": _issue_headline(top),
        "where": [(s.title.text,) for s in sections if s.title.text.startswith("Findings")],
        "in order": _in_order(everything),
        **_parts(sections),
    }


def _issue_headline(top: str) -> list[Row]:
    well = found(r"All is well: (\d+) checks? in order", top)
    if well:
        return [("0", "", *well[0], *well[0], "0")]
    pattern = (
        r"(?:(\d+) findings?(?:, the worst is (\w+)| \((\w+)\))|No findings)\. (\d+) of (\d+) checks pass"
    )
    return [
        (number or "0", many or one, passing, judged, unread[0][0] if unread else "0")
        for number, many, one, passing, judged in found(pattern, top)
        for unread in [found(r"; (\d+) could not be judged\.", top)]
    ]


def _in_order(text: str) -> list[Row]:
    rows = found(r"In order: (.*)\.(?:\n|$)", text)
    if not rows:
        return []
    names, _, more = rows[0][0].partition(" and ")
    listed = names.split(", ")
    beyond = int(more.partition(" ")[0]) if more else 0
    return [(str(len(listed) + beyond), *listed)]


def check_run(title: str, conclusion: str, summary: str, text: str) -> Facts:
    """The check run on the head of the default branch."""
    said, sections = read_markdown(summary), read_markdown(text)
    top = "\n".join(block.text for block in said[0].blocks)
    decided = titled(sections, "How it was decided")
    return {
        "title": [(title,)],
        "conclusion": [(conclusion,)],
        "score": _score(top),
        "moved": [(points, why) for points, why in _MOVED.findall(top)],
        "changed": _changed(said[0].items()),
        "headline": found(
            r"(\d+) of (\d+) checks pass(?:; (\d+) do(?:es)? not apply)?(?:; (\d+) could not be judged)?\.",
            top,
        ),
        "all": sorted(
            row
            for item in decided.items()
            for entry in item.below
            for row in found(r"^\S ([\w-]+) · ([\w-]+) \((\w+)\)", entry.text)
        ),
        **_parts(sections),
    }


def _changed(items: Iterable[Item]) -> list[Row]:
    rows = (row for item in items for row in found(r"^([A-Z][\w ]*): ([\w-]+) \((\w+)\)", item.text))
    return sorted(row for row in rows if row[0] in ("New", "Newly visible", "Fixed"))


def _parts(sections: Sequence[Section]) -> Facts:
    return {
        "findings": sorted(_findings(sections)),
        "unread": sorted(_unread(titled(sections, "Could not be judged"))),
        "exempted": _exempted(titled(sections, "Exempted by policy")),
        "expired": _exempted(titled(sections, "Exemptions that have expired")),
    }


def _findings(sections: Sequence[Section]) -> list[Row]:
    """(check, severity); those that follow from another one stand in a list with it."""
    rows: list[Row] = []
    for section in sections:
        if section.title.level != 4:
            continue
        rows.append((section.title.codes[0], found(r"^(\w+)", section.blocks[0].text)[0][0]))
        for before, block in zip(section.blocks, section.blocks[1:], strict=False):
            if before.text.startswith("These follow from it"):
                rows += [found(r"^([\w-]+) \((\w+)", item.text)[0] for item in block.items]
    return rows


def _unread(section: Section) -> list[Row]:
    rows: list[Row] = []
    for before, block in zip(section.blocks, section.blocks[1:], strict=False):
        if block.kind == "list" and before.text in _WHY:
            for item in block.items:
                permission = found(r"Granting the App (.*?) would answer it\.", item.text)
                names = item.text.partition(": ")[0].split(", ")
                rows += [(name, _WHY[before.text], permission[0][0] if permission else "") for name in names]
    return rows


def _exempted(section: Section) -> list[Row]:
    lists = [block for block in section.blocks if block.kind == "list"][:1]
    return sorted(found(r"^([\w-]+): (.*)$", item.text)[0] for block in lists for item in block.items)


# HTML


def _under(page: Element, id_: str) -> Element:
    """The section whose heading has this id; an empty one when there is none."""
    for section in page.all("section"):
        if section.attributes.get("aria-labelledby") == id_:
            return section
    return Element("section", {})


def _rows(section: Element, at: int = 0) -> list[Row]:
    tables = section.all("table")
    return tables[at].rows() if at < len(tables) else []


def _more(section: Element) -> list[Row]:
    return [
        ("more", row[0])
        for p in section.all("p", class_="muted")
        for row in found(r"^… and ([\d,]+) more", p.text)
    ]


def _html_score(section: Element) -> list[Row]:
    score = section.one("p", class_="score")
    letters = score.all("span", class_="grade")
    number = found(r"^(\d+) of 100", score.text)
    coverage = found(r"Coverage (\d+) %", section.text)
    return [
        (
            number[0][0] if number else "not judged",
            letters[0].text if letters else "",
            coverage[0][0] if coverage else "None",
        )
    ]


def organisation_page(document: str) -> Facts:
    """The page that ``plumbline report --format html`` writes."""
    page = read_html(document)
    score, following = _under(page, "score"), _under(page, "next")
    unread, exempt = _under(page, "unknown"), _under(page, "exemptions")
    steps = "\n".join(item.text for item in following.all("li"))
    charts = {figure.one("figcaption").text: figure.one("desc").text for figure in page.all("figure")}
    return {
        "score": _html_score(score),
        "headline": found(r"([\d,]+) findings?(?:: (.*))?$", score.all("p")[-1].text),
        "judged": found(r"([\d,]+) repositor(?:y|ies) judged", page.one("header").text),
        "critical": found(
            r"Mend what is critical: ([\d,]+) findings? in ([\d,]+) repositor(?:y|ies), the most in (\S+);",
            steps,
        ),
        "best": found(
            r"Mend what helps most: ([\w-]+) fails in ([\d,]+) repositor(?:y|ies); mended everywhere it "
            r"raises the score from (\d+) to (\d+)\. ?(.*)",
            steps,
        ),
        "help": found(
            r"granting (.*?) answers ([\d,]+) questions? in ([\d,]+) repositor(?:y|ies) and raises the "
            r"coverage from (\d+) % to (\d+) %\.",
            steps,
        ),
        "groups": _rows(_under(page, "heat")),
        "regressions": [row[:4] for row in _rows(_under(page, "regressions"))[1:]]
        + _more(_under(page, "regressions")),
        "fixes": _rows(_under(page, "fixes"))[1:] + _more(_under(page, "fixes")),
        "itself": [(row[0], row[1], row[2], row[4]) for row in _rows(_under(page, "itself"))[1:]],
        "teams": _rows(_under(page, "teams"))[1:] + _more(_under(page, "teams")),
        "reasons": _rows(unread)[1:],
        "permissions": _rows(unread, 1)[1:],
        "exemptions": found(r"([\d,]+) exemptions? in force", exempt.text),
        "ending": _rows(exempt)[1:] + _more(exempt),
        "repositories": _rows(_under(page, "repositories"))[1:] + _more(_under(page, "repositories")),
        "chart of categories": [(part,) for part in charts["Score by category"].split(", ")],
        "chart of scores": [(part,) for part in charts["Repositories by score"].split(", ")],
    }


def repository_page(document: str) -> Facts:
    """The page that ``plumbline check --format html`` writes."""
    page = read_html(document)
    following, exempt = _under(page, "next"), _under(page, "exemptions")
    by_category = next((t for t in page.all("table") if t.all("caption")), Element("table", {}))
    every = _under(page, "checks").all("table")[-1]
    capped = found(r"([A-F] at best while .*? fails\.)", _under(page, "score").text)
    lists = {heading.text: entries for heading, entries in _lists(exempt)}
    return {
        "score": _html_score(_under(page, "score")),
        "capped": capped,
        "numbers": [_navigation(page.one("nav").text)],
        "findings": sorted(_articles(page)),
        "unread": sorted(_html_unread(_under(page, "unknown"))),
        "exempted": lists.get("In force", []),
        "expired": lists.get("Expired: these checks speak again", []),
        "steps": [_step(item)[:2] for item in following.all("li")],
        "gains": [_step(item)[::2] for item in following.all("li")],
        "by severity": re.findall(r"(critical|high|medium|low|info) (\d+)", following.all("p")[0].text),
        "categories": by_category.rows()[1:],
        "all": [(row[0].split()[-1], row[1], row[2]) for row in every.rows()[1:]],
    }


def _navigation(text: str) -> Row:
    """How many findings, unknowns and checks the page says that it has."""
    words = ("Findings", "Not judged", "All checks")
    rows = [found(rf"{word} \((\d+)\)", text) for word in words]
    return tuple(row[0][0] if row else "0" for row in rows)


def _articles(page: Element) -> list[Row]:
    rows: list[Row] = []
    for article in page.all("article", class_="finding"):
        rows.append((article.one("h3").one("code").text, article.one("span", class_="severity").text))
        for item in article.all("li"):
            if item.attributes.get("id", "").startswith("finding-"):
                rows.append((item.one("code").text, item.one("span", class_="severity").text))
    return rows


def _html_unread(section: Element) -> list[Row]:
    whys = [h3.text for h3 in section.all("h3") if h3.text in _WHY]
    return [
        (row[0], _WHY[why], "" if row[2] == "–" else row[2])
        for why, one in zip(whys, section.all("table"), strict=True)
        for row in one.rows()[1:]
    ]


def _lists(section: Element) -> list[tuple[Element, list[Row]]]:
    return [
        (heading, sorted(found(r"^([\w-]+): (.*)$", item.text)[0] for item in entries.all("li")))
        for heading, entries in zip(section.all("h3"), section.all("ul"), strict=True)
    ]


def _step(item: Element) -> Row:
    gain = [span.text for span in item.all("span", class_="muted")]
    return item.one("code").text, item.one("span", class_="severity").text, gain[0] if gain else ""
