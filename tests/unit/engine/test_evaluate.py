"""Facts are read once, unknowns travel, crashes stay where they are, and kept facts come back."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import Field

from bot.config.policy import CheckPolicy, Policy
from bot.engine.evaluate import collect, file_fed, freeze, judge, needed_facts, thaw
from bot.model.errors import (
    Gone,
    InstallationGone,
    LimitReached,
    Malformed,
    PermissionMissing,
    Unavailable,
)
from bot.model.facts import (
    Comparison,
    Drift,
    Drifts,
    EntryKind,
    LicenceFile,
    Repository,
    SecurityPolicy,
    TreeEntry,
    Visibility,
    WorkflowAudit,
    WorkflowFile,
    WorkflowFinding,
)
from bot.model.verdicts import Outcome, Reason, Severity, Unknown, Verdict, failed, passed
from bot.registry import Registry, load
from bot.spec import SPEC_ATTRIBUTE, CheckSpec, FactSpec, Section, check, fact

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
CALLS: Counter[str] = Counter()


@dataclass(frozen=True)
class Weather:
    """A fact of a plug-in, of a type that the project does not know."""

    degrees: float
    at: datetime


@fact("files", file_fed=True, permission="contents: read", cost="one call")
def files(reader: Any, commit: str) -> tuple[str, ...]:
    CALLS["files"] += 1
    return tuple(reader(commit))


@fact("readme", file_fed=True, permission="contents: read", cost="nothing")
def readme(files: tuple[str, ...]) -> bool:
    CALLS["readme"] += 1
    return "README" in files


@fact("settings", permission="administration: read", cost="one call")
def settings(reader: Any, branch: str) -> str:
    return f"{reader}:{branch}"


@fact("repository", permission="metadata: read", cost="one call")
def repository(reader: Any) -> Repository:
    return Repository(1, "acme/tool", "main")


@fact("weather", permission="none", cost="nothing")
def weather(now: datetime) -> Weather:
    return Weather(21.5, now)


@fact("guess", permission="none", cost="nothing")
def guess(files: tuple[str, ...] | Unknown) -> str:
    return files.detail if isinstance(files, Unknown) else f"{len(files)} files"


class Config(Section):
    wanted: int = Field(default=1)


@check("has-readme", family="community", severity=Severity.LOW, config=Config)
def has_readme(readme: bool, config: Config) -> Verdict:
    """There is a readme.

    Why: people read it.
    Fix: write one.
    Source: https://example.org/readme
    """
    return passed(f"wanted {config.wanted}") if readme else failed("none")


@check("few-files", family="community", severity=Severity.HIGH)
def few_files(files: tuple[str, ...], repository: Repository, now: datetime) -> Verdict:
    """There are few files."""
    return failed("too many") if len(files) > 3 else passed(f"{now:%Y}")


@check("sane-settings", family="protection", severity=Severity.CRITICAL)
def sane_settings(settings: str) -> Verdict:
    """The settings are sane."""
    return passed(settings)


@check("crashes", family="community", severity=Severity.MEDIUM)
def crashes(files: tuple[str, ...]) -> Verdict:
    """Never holds."""
    raise ZeroDivisionError("secret details")


@check("gives-nothing", family="community", severity=Severity.MEDIUM)
def gives_nothing(repository: Repository) -> Verdict:
    """Never holds."""
    return None  # type: ignore[return-value]


def spec(function: Callable[..., Any]) -> Any:
    return getattr(function, SPEC_ATTRIBUTE)


def registry(*functions: Callable[..., Any]) -> Registry:
    specs = [spec(f) for f in (files, readme, settings, repository, weather, guess, *functions)]
    return Registry(
        checks={s.name: s for s in specs if isinstance(s, CheckSpec)},
        facts={s.name: s for s in specs if isinstance(s, FactSpec)},
        handlers=(),
        jobs={},
    )


def read(*names: str, reader: Any = lambda commit: ["README", commit], tolerate: bool = False) -> Any:
    return collect(
        registry(),
        names,
        reader=reader,
        auditor=None,  # type: ignore[arg-type]
        licences=None,  # type: ignore[arg-type]
        commit="abc",
        branch="main",
        now=NOW,
        tolerate=tolerate,
    )


def raising(error: Exception) -> Callable[[str], None]:
    def reader(commit: str) -> None:
        raise error

    return reader


class TestCollect:
    def test_reads_what_is_needed_once(self) -> None:
        """Facts that others build on are read for them, and only once."""
        CALLS.clear()

        facts = read("readme", "files")

        assert facts == {"files": ("README", "abc"), "readme": True}
        assert CALLS == {"files": 1, "readme": 1}

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (PermissionMissing("no", permission="x: read"), Unknown(Reason.PERMISSION, "no", "x: read")),
            (Malformed("not\nJSON"), Unknown(Reason.FAULT, "not JSON")),
            (KeyError("hostile"), Unknown(Reason.FAULT, "reading files failed with KeyError")),
        ],
    )
    def test_what_can_not_be_read_is_unknown_and_stays_so(self, error: Exception, expected: Unknown) -> None:
        """A fact built on an unknown one is unknown for the same reason."""
        assert read("readme", reader=raising(error)) == {"files": expected, "readme": expected}

    def test_a_fact_may_say_that_it_copes_with_what_is_unknown(self) -> None:
        """Its parameter's annotation names ``Unknown``."""
        assert read("guess") == {"files": ("README", "abc"), "guess": "2 files"}
        assert read("guess", reader=raising(Malformed("not JSON")))["guess"] == "not JSON"

    def test_a_passing_fault_is_raised_until_it_is_tolerated(self) -> None:
        """The work is tried again first."""
        with pytest.raises(Unavailable):
            read("files", reader=raising(Unavailable("502")))

        facts = read("files", reader=raising(Unavailable("502")), tolerate=True)
        assert facts == {"files": Unknown(Reason.FAULT, "502")}

    @pytest.mark.parametrize(
        "error", [LimitReached("wait", until=NOW), Gone("deleted"), InstallationGone("uninstalled")]
    )
    def test_limits_and_departures_are_raised(self, error: Exception) -> None:
        """They concern the whole work, not one fact."""
        with pytest.raises(type(error)):
            read("files", reader=raising(error), tolerate=True)

    def test_a_faulty_fact_is_logged_whole(self, caplog: pytest.LogCaptureFixture) -> None:
        """The traceback goes to the log, and the other facts are read all the same."""
        facts = read("files", "settings", reader=raising(ValueError("deep inside")))

        assert not isinstance(facts["settings"], Unknown)
        assert "deep inside" in caplog.text


FACTS = {"files": ("a",), "readme": True, "settings": "ok", "repository": Repository(1, "a/b", "main")}


class TestJudge:
    def test_worst_first(self) -> None:
        """Fails, then errors, unknowns, passes; each by severity."""
        facts = {**FACTS, "files": tuple("abcd"), "settings": Unknown(Reason.PERMISSION, "no", "x: read")}

        judged = judge(registry(has_readme, few_files, sane_settings, crashes), Policy(), facts, NOW)

        assert [(j.check, j.outcome) for j in judged] == [
            ("few-files", Outcome.FAIL),
            ("crashes", Outcome.ERROR),
            ("sane-settings", Outcome.UNKNOWN),
            ("has-readme", Outcome.PASS),
        ]

    def test_an_unknown_fact_makes_the_verdict_unknown(self) -> None:
        """Reason and permission come through; the check is not called."""
        facts = {**FACTS, "files": Unknown(Reason.PERMISSION, "no", "contents: read")}

        (judged,) = judge(registry(crashes), Policy(), facts, NOW)

        assert judged.verdict == Verdict(
            Outcome.UNKNOWN, "no", reason=Reason.PERMISSION, permission="contents: read"
        )

    def test_a_fact_that_was_not_read_is_unknown(self) -> None:
        """Never an empty truth."""
        (judged,) = judge(registry(sane_settings), Policy(), {}, NOW)

        assert (judged.outcome, judged.verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)

    def test_a_crash_is_one_error_without_its_details(self, caplog: pytest.LogCaptureFixture) -> None:
        """The type is told, the text is not; the log has both."""
        judged = judge(registry(crashes, has_readme), Policy(), FACTS, NOW)

        assert [j.outcome for j in judged] == [Outcome.ERROR, Outcome.PASS]
        assert judged[0].verdict.summary == "the check crashed with ZeroDivisionError; see the log"
        assert "secret details" in caplog.text

    def test_no_verdict_is_an_error(self, caplog: pytest.LogCaptureFixture) -> None:
        """A check that returns something else is broken, not passing."""
        with caplog.at_level(logging.ERROR):
            (judged,) = judge(registry(gives_nothing), Policy(), FACTS, NOW)

        assert judged.verdict.summary == "the check gave NoneType in place of a verdict"

    def test_policy_decides_what_runs_and_how_it_weighs(self) -> None:
        """Disabled checks are left out; severity and options are those of policy."""
        policy = Policy(
            checks={
                "few-files": CheckPolicy(enabled=False),
                "has-readme": CheckPolicy(severity=Severity.INFO, options=Config(wanted=7)),
            }
        )

        (judged,) = judge(registry(has_readme, few_files), policy, FACTS, NOW)

        assert (judged.check, judged.severity, judged.verdict.summary) == (
            "has-readme",
            Severity.INFO,
            "wanted 7",
        )

    def test_the_docstring_comes_along(self) -> None:
        """Reports need nothing but the judgement."""
        (judged,) = judge(registry(has_readme), Policy(), FACTS, NOW)

        assert (judged.title, judged.why, judged.fix, judged.source) == (
            "There is a readme.",
            "people read it.",
            "write one.",
            "https://example.org/readme",
        )

    def test_on_pull_requests_only_file_fed_checks_run(self) -> None:
        """Repository and time do not count as settings, but alone they feed nothing."""
        known = registry(has_readme, few_files, sane_settings, gives_nothing)

        judged = judge(known, Policy(), FACTS, NOW, file_fed_only=True)

        assert [(j.check, j.file_fed) for j in judged] == [("few-files", True), ("has-readme", True)]
        assert [file_fed(known, known.checks[n]) for n in ("sane-settings", "gives-nothing")] == [
            False,
            False,
        ]

    def test_names_the_facts_that_are_needed(self) -> None:
        """Of enabled checks only, without what the engine gives itself."""
        known = registry(has_readme, few_files, sane_settings)
        policy = Policy(checks={"has-readme": CheckPolicy(enabled=False)})

        assert needed_facts(known, policy) == {"files", "repository", "settings"}
        assert needed_facts(known, policy, file_fed_only=True) == {"files", "repository"}


EVERYTHING: dict[str, object] = {
    "repository": Repository(7, "a/b", "main", Visibility.INTERNAL, pushed_at=NOW),
    "licence_files": (LicenceFile("LICENSE", "o" * 40, None),),
    "security_policy": SecurityPolicy("SECURITY.md", "o" * 40, 1, 2, 3, True),
    "workflow_audit": WorkflowAudit(
        (WorkflowFile("a.yml", "o" * 40, "binary"),),
        (WorkflowFinding("x", "a.yml", 1, 2, 3, Severity.HIGH, "high", "m", "f", "u", True),),
    ),
    "drifts": Drifts("main", (Drift("w", "main", Comparison("b", "h", 1, 2, None, None, NOW), 7),), 3, NOW),
}


class TestKeeping:
    def test_facts_of_the_project_come_back_as_they_were(self) -> None:
        """Through real JSON, types and all."""
        known = load(("bot.checks", "bot.facts"), plugins=False)

        kept = json.loads(json.dumps(freeze({**EVERYTHING, "drifts": Unknown(Reason.LIMIT, "later", None)})))

        assert thaw(known, kept) == {**EVERYTHING, "drifts": Unknown(Reason.LIMIT, "later", None)}
        assert thaw(known, freeze(EVERYTHING)) == EVERYTHING

    def test_a_plug_ins_own_types_come_back(self) -> None:
        """They are looked up in the module of the fact, never by a name in the data alone."""
        facts = {
            "weather": Weather(21.5, NOW),
            "files": ("a", None, 1, True),
            "settings": {"k": EntryKind.FILE},
        }

        assert thaw(registry(), json.loads(json.dumps(freeze(facts)))) == facts

    @pytest.mark.parametrize(
        "value",
        [
            {"": "Popen", "args": "id"},
            {"": "Weather", "degrees": 1},
            {"": "Severity", "is": 99},
            {"": "datetime", "at": "noon"},
            {"no": "kind"},
        ],
    )
    def test_what_has_another_shape_now_is_left_out(self, value: object) -> None:
        """It is read again; nothing is guessed and nothing else is built."""
        assert thaw(registry(), {"weather": value, "settings": "ok"}) == {"settings": "ok"}

    def test_a_fact_that_nobody_offers_any_more_is_left_out(self) -> None:
        """A plug-in was removed."""
        assert thaw(registry(), {"gone": 1}) == {}

    @pytest.mark.parametrize("value", [object(), {1: "a"}, {"a"}, TreeEntry])
    def test_what_can_not_be_kept_is_named(self, value: object) -> None:
        """A plug-in's author sees which fact it is."""
        with pytest.raises(TypeError, match="fact 'weather' can not be kept"):
            freeze({"weather": value})
