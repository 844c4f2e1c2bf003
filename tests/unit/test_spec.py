"""The decorators: what they keep of a function, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model.events import Event, Lane
from bot.model.people import Role
from bot.model.verdicts import Audience, Severity, Verdict, passed
from bot.spec import SPEC_ATTRIBUTE, Doc, Payload, Section, check, command, fact, job, on, parse_doc


class Options(Section):
    """Options of a check."""

    limit: int = 3


class Scan(Payload):
    """What to scan."""

    repository_id: int

    @property
    def key(self) -> str:
        """Identity."""
        return f"scan:{self.repository_id}"


def spec_of(function: Any) -> Any:
    """The spec that a decorator left."""
    return getattr(function, SPEC_ATTRIBUTE)


def test_check_keeps_what_was_declared() -> None:
    """Needs are parameters but config, in order; the function itself stays callable."""

    @check(
        "branch-drift", family="alignment", severity=Severity.LOW, config=Options, rule_version=2, number=49
    )
    def drift(drifts: int, config: Options, now: int) -> Verdict:
        """No branch lags.

        Why: merging later is harder.
        """
        return passed(f"{drifts} {config.limit} {now}")

    spec = spec_of(drift)

    assert (spec.name, spec.family, spec.severity, spec.audience) == (
        "branch-drift",
        "alignment",
        Severity.LOW,
        Audience.PUBLIC,
    )
    assert spec.needs == ("drifts", "now")
    assert (spec.config, spec.rule_version, spec.number, spec.module) == (Options, 2, 49, __name__)
    assert spec.doc == Doc("No branch lags.", why="merging later is harder.")
    assert drift(1, Options(), 2).summary == "1 3 2"


@pytest.mark.parametrize(
    "name", ["", "Licence", "li_cence", "-a", "a-", "a--b", "1a", "a b", "a\n", "licence\n", "é", "a.b"]
)
def test_names_are_kebab_case(name: str) -> None:
    """They become keys of policy files, file names and URLs."""
    with pytest.raises(ValueError, match="must be kebab-case"):
        check(name, family="f", severity=Severity.LOW)(passed)
    with pytest.raises(ValueError, match="must be kebab-case"):
        job(name, payload=type("Own", (Scan,), {}))(passed)


def test_check_without_options_may_not_ask_for_them() -> None:
    """It would fail at every run instead of at import."""

    def wants(config: Options) -> Verdict:
        return passed(str(config))

    with pytest.raises(ValueError, match="'wants' asks for config but declares none"):
        check("wants", family="f", severity=Severity.LOW)(wants)


class Needy(Section):
    """Has an option without a default."""

    limit: int


class Reserved(Section):
    """Has an option that every check has."""

    severity: str = "x"


@pytest.mark.parametrize(
    ("config", "says"), [(Needy, "'limit'.*needs a default"), (Reserved, "'severity'.*every")]
)
def test_options_policy_could_not_fill_are_refused(config: type[Section], says: str) -> None:
    """Every option has a default and a name of its own."""
    with pytest.raises(ValueError, match=says):
        check("a", family="f", severity=Severity.LOW, config=config)


def test_options_are_closed_and_frozen() -> None:
    """Typing errors show, and no check changes policy."""
    with pytest.raises(ValueError, match="Extra inputs"):
        Options.model_validate({"limti": 1})
    with pytest.raises(ValueError, match="frozen"):
        Options().limit = 4  # type: ignore[misc]


def test_fact_keeps_its_parameters() -> None:
    """All of them are needs, config too: facts have no options."""

    @fact("drifts", permission="contents: read", cost="one call")
    def read(reader: object, commit: str) -> int:
        return 1

    spec = spec_of(read)

    assert (spec.name, spec.needs, spec.file_fed) == ("drifts", ("reader", "commit"), False)
    assert (spec.permission, spec.cost, spec.module) == ("contents: read", "one call", __name__)


@pytest.mark.parametrize("name", ["", "a-b", "1a", "a b"])
def test_fact_names_are_parameter_names(name: str) -> None:
    """Checks ask for them by parameter."""
    with pytest.raises(ValueError, match="must be an identifier"):
        fact(name, permission="", cost="")(passed)


def test_handler_is_named_after_its_function() -> None:
    """Kebab-case for logs and pages; no actions means all."""

    @on("push")
    def check_pushed_commit(event: Event) -> list[Payload]:
        return []

    @on("issues", actions=["edited"], lane=Lane.INTERACTIVE)
    def edited(event: Event) -> list[Payload]:
        return []

    assert spec_of(check_pushed_commit).name == "check-pushed-commit"
    assert (spec_of(check_pushed_commit).actions, spec_of(check_pushed_commit).lane) == ((), Lane.EVENT)
    assert (spec_of(edited).actions, spec_of(edited).lane) == (("edited",), Lane.INTERACTIVE)


def test_payload_belongs_to_one_job() -> None:
    """A second job would silently take over the first one's work."""

    class Own(Scan):
        """A payload of this test."""

    @job("scan", payload=Own, timeout_s=10, every_s=60, lane=Lane.SWEEP)
    def scan(payload: Own, context: object) -> None:
        """Scan."""

    spec = spec_of(scan)

    assert Own.job == "scan"
    assert Scan.job == ""
    assert (spec.timeout_s, spec.every_s, spec.lane) == (10, 60, Lane.SWEEP)
    job("scan", payload=Own)(scan)
    with pytest.raises(ValueError, match="Own is the payload of 'scan' already"):
        job("rescan", payload=Own)(scan)

    class Narrower(Own):
        """A subclass is another payload."""

    job("rescan", payload=Narrower)(scan)

    assert (Own.job, Narrower.job) == ("scan", "rescan")


def test_payload_must_say_its_key() -> None:
    """Two works without a key of their own would be merged."""
    with pytest.raises(NotImplementedError):
        _ = Payload().key
    with pytest.raises(ValueError, match="Extra inputs"):
        Scan.model_validate({"repository_id": 1, "os.system": "x"})


@pytest.mark.parametrize(
    ("text", "doc"),
    [
        pytest.param("", Doc(""), id="nothing"),
        pytest.param("Title.", Doc("Title."), id="title"),
        pytest.param(
            "Title that\n    wraps.\n\n    Why: w", Doc("Title that wraps.", "w"), id="title that wraps"
        ),
        pytest.param("T.\n\nMore about it.\n\nWhy: w", Doc("T.", "w"), id="other paragraphs are skipped"),
        pytest.param(
            "T.\nWhy: a\n  b\nFix: c: d\nSource: https://x.test/y",
            Doc("T.", "a b", "c: d", "https://x.test/y"),
        ),
        pytest.param("T.\n\nWhy: a\n\nb", Doc("T.", "a"), id="a blank line ends a part"),
        pytest.param("T.\n\nwhy: a\nWHY: b", Doc("T."), id="case counts"),
        pytest.param("T.\n\nFix: a\nFix: b", Doc("T.", fix="b"), id="the last one counts"),
    ],
)
def test_docstring_becomes_title_why_fix_source(text: str, doc: Doc) -> None:
    """As reports show them, each on one line."""
    assert parse_doc(text) == doc


def test_command_keeps_who_may_give_it_and_how() -> None:
    """The first sentence of the docstring is its help."""

    @command(
        "re-run",
        who=Role.TRIAGE,
        usage="/plumbline re-run [check]",
        examples=["/plumbline re-run a"],
        or_author=True,
        changes=True,
    )
    def rerun(call: object) -> object:
        """Run again."""
        return call

    spec = spec_of(rerun)

    assert (spec.name, spec.who, spec.or_author, spec.changes) == ("re-run", Role.TRIAGE, True, True)
    assert (spec.usage, spec.examples) == ("/plumbline re-run [check]", ("/plumbline re-run a",))
    assert (spec.doc.title, spec.module, spec.function) == ("Run again.", __name__, rerun)


@pytest.mark.parametrize("line", ["/plumbline", "/plumbline other", "re-run", ""])
def test_a_command_is_used_by_its_name(line: str) -> None:
    """Help that shows another command helps nobody."""
    with pytest.raises(ValueError, match="must begin with '/plumbline re-run'"):
        command("re-run", who=Role.READ, usage=line)
    with pytest.raises(ValueError, match="must begin with '/plumbline re-run'"):
        command("re-run", who=Role.READ, usage="/plumbline re-run", examples=[line])
