"""Scanning: everything is found once, and what can not work is refused at start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bot import registry
from bot.model.errors import SettingsError
from bot.model.events import Event, Lane
from bot.registry import Registry, load
from bot.spec import Submission

Write = Callable[[dict[str, str]], str]

HEADER = """
from bot.model.events import Lane
from bot.model.verdicts import Severity, passed
from bot.model.people import Role
from bot.spec import Payload, check, command, fact, job, on
"""
CHECK = (
    HEADER
    + "@check('{0}', family='f', severity=Severity.LOW)\ndef c({1}):\n    '''T.'''\n    return passed('')\n"
)
FACT = HEADER + "@fact('{0}', permission='', cost='')\ndef f({1}):\n    '''F.'''\n    return 1\n"
HANDLER = HEADER + "@on('{0}', actions={1}, lane=Lane.{2})\ndef {3}(event):\n    '''H.'''\n    return []\n"
JOB = (
    HEADER
    + """
class P(Payload):
    number: int = 0

    @property
    def key(self):
        return f'{0}:{{self.number}}'

@job('{0}', payload=P, lane=Lane.SWEEP)
def j(payload, context):
    '''J.'''
"""
)

COMMAND = (
    HEADER
    + "@command('{0}', who=Role.READ, usage='/plumbline {0}')\ndef c(call):\n    '''C.'''\n    return None\n"
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes an importable package of that content; forgets it afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    made: list[str] = []

    def write(files: dict[str, str]) -> str:
        name = f"plugin_{tmp_path.name}_{len(made)}".replace("-", "_")
        made.append(name)
        root = tmp_path / name
        for path, text in {"__init__.py": "", **files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            for folder in file.parents[: len(Path(path).parts)]:
                (folder / "__init__.py").touch()
            file.write_text(text, encoding="utf-8")
        return name

    yield write
    for name in [n for n in sys.modules if n.partition(".")[0] in made]:
        del sys.modules[name]


def found(*packages: str) -> Registry:
    """What these packages hold, without installed plug-ins."""
    return load(packages, plugins=False)


def test_finds_plug_ins_in_modules_and_sub_packages(package: Write) -> None:
    """Sorted by name, whatever the files are called; imports of a neighbour do not count twice."""
    name = package(
        {
            "__init__.py": FACT.format("root_fact", "reader"),
            "z.py": CHECK.format("b-check", "root_fact, now"),
            "deep/er/a.py": CHECK.format("a-check", "root_fact"),
            "events.py": HANDLER.format("push", "()", "EVENT", "pushed") + "again = pushed\n",
        }
    )
    (Path(sys.path[0]) / name / "y.py").write_text(
        f"from {name}.events import pushed\nfrom {name}.z import c\n"
    )

    registry = found(name)

    assert list(registry.checks) == ["a-check", "b-check"]
    assert list(registry.facts) == ["root_fact"]
    assert [h.name for h in registry.handlers] == ["pushed"]


def test_a_package_named_twice_counts_once(package: Write) -> None:
    """An installed plug-in may lie inside what is scanned anyway."""
    name = package({"a.py": HANDLER.format("push", "()", "EVENT", "h") + JOB.format("j")})

    registry = found(name, f"{name}.a", name)

    assert len(registry.handlers) == 1
    assert list(registry.jobs) == ["j"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(CHECK.format("same", ""), "the check 'same'", id="check"),
        pytest.param(FACT.format("same", ""), "the fact 'same'", id="fact"),
        pytest.param(JOB.format("same"), "the job 'same'", id="job"),
        pytest.param(COMMAND.format("same"), "the command 'same'", id="command"),
        pytest.param(
            HANDLER.format("push", "()", "EVENT", "same"), "the handler 'same' of 'push'", id="handler"
        ),
    ],
)
def test_two_of_one_name_are_refused(package: Write, text: str, says: str) -> None:
    """Both places are named."""
    name = package({"a.py": text, "b.py": text})

    with pytest.raises(SettingsError, match=says) as caught:
        found(name)

    assert f"{name}.a and {name}.b; rename one" in str(caught.value)


def test_handlers_of_one_name_serve_different_events(package: Write) -> None:
    """The event tells them apart."""
    name = package({f"{e}.py": HANDLER.format(e, "()", "EVENT", "changed") for e in ("push", "create")})

    assert [h.event for h in found(name).handlers] == ["create", "push"]


@pytest.mark.parametrize("text", [CHECK.format("a", "tpyo"), FACT.format("a", "reader, tpyo")])
def test_a_fact_that_nobody_offers_is_refused(package: Write, text: str) -> None:
    """A typing error in a parameter's name shows at start."""
    name = package({"a.py": text})

    with pytest.raises(
        SettingsError, match=rf"{name}\.a: 'a' asks for the fact 'tpyo', which nothing offers"
    ):
        found(name)


def test_facts_in_a_circle_are_refused(package: Write) -> None:
    """Reading them would never end."""
    name = package({f"{a}.py": FACT.format(a, b) for a, b in [("x", "y"), ("y", "z"), ("z", "x")]})

    with pytest.raises(SettingsError, match=r"in a circle: \w <- \w <- \w <- \w$"):
        found(name)


LED = HEADER + (
    "@check('{0}', family='f', severity=Severity.LOW, follows='{1}')\n"
    "def c():\n    '''T.'''\n    return passed('')\n"
)


@pytest.mark.parametrize("leader", ["nobody", "b"])
def test_a_check_that_follows_a_lost_leader_is_refused(package: Write, leader: str) -> None:
    """Its finding would be told nowhere, or at the end of a chain."""
    name = package(
        {"a.py": LED.format("a", leader), "b.py": LED.format("b", "c"), "c.py": LED.format("c", "")}
    )

    with pytest.raises(SettingsError, match=f"'a' follows '{leader}', which is no check of the same scope"):
        found(name)


def test_the_registry_is_read_only(package: Write) -> None:
    """No plug-in changes it later."""
    registry = found(package({"a.py": CHECK.format("a", "")}))

    for mapping in (registry.checks, registry.facts, registry.jobs, registry.commands, registry.lanes):
        with pytest.raises(TypeError):
            mapping["x"] = None  # type: ignore[index]


def test_events_find_their_handlers_and_lane(package: Write) -> None:
    """By event and action; the most urgent handler decides the lane."""
    name = package(
        {
            "a.py": HANDLER.format("issues", "['edited']", "EVENT", "edited"),
            "b.py": HANDLER.format("issues", "()", "SWEEP", "all_actions"),
            "c.py": HANDLER.format("issues", "['closed', 'edited']", "INTERACTIVE", "closed"),
            "d.py": HANDLER.format("push", "()", "SWEEP", "pushed"),
        }
    )
    registry = found(name)

    def names(event: str, action: str) -> list[str]:
        return [h.name for h in registry.handlers_for(Event(event, action, "h:g", {}))]

    assert names("issues", "edited") == ["all-actions", "closed", "edited"]
    assert names("issues", "pinned") == ["all-actions"]
    assert names("push", "") == ["pushed"]
    assert names("star", "created") == []
    assert registry.lanes == {"issues": Lane.INTERACTIVE, "push": Lane.SWEEP}


def test_payload_becomes_work(package: Write) -> None:
    """The job's lane, unless who submits says otherwise."""
    name = package({"a.py": JOB.format("scan")})
    registry = found(name)
    payload = sys.modules[f"{name}.a"].P(number=3, installation_id=7)

    work = registry.work(payload)

    assert (work.job, work.key, work.lane, work.installation_id) == ("scan", "scan:3", Lane.SWEEP, 7)
    assert work.payload == {"installation_id": 7, "number": 3}
    assert registry.work(payload, Lane.EVENT).lane is Lane.EVENT
    assert registry.work(Submission(payload)).lane is Lane.INTERACTIVE
    assert registry.work(Submission(payload, Lane.EVENT), Lane.SWEEP).lane is Lane.EVENT


def entry_points(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Pretend that a package announces itself."""
    entry = EntryPoint("mine", value, registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == entry.group else [])


def test_installed_packages_are_scanned_too(package: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Announced by an entry point; ``package:name`` means the package."""
    name = package({"a.py": CHECK.format("theirs", "")})
    entry_points(monkeypatch, f"{name}:anything")

    assert list(load([]).checks) == ["theirs"]
    assert list(load([], plugins=False).checks) == []


@pytest.mark.parametrize("text", ["import nothing_of_that_name", "from bot.spec import nothing_of_that_name"])
def test_an_installed_package_that_does_not_import_is_named(
    package: Write, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """The operator learns which one to mend, not only which module was missing."""
    name = package({"a.py": text})
    entry_points(monkeypatch, name)

    with pytest.raises(
        SettingsError, match=rf"the plug-in 'mine' \({name}\) can not be imported: .*nothing_of_that"
    ):
        load([])


def test_our_own_package_that_does_not_import_is_our_fault(package: Write) -> None:
    """It is not dressed up as a setting."""
    with pytest.raises(ModuleNotFoundError):
        found(package({"a.py": "import nothing_of_that_name"}))


def test_loads_what_is_shipped() -> None:
    """Nothing shipped clashes, and every check says why, how to fix it and after which source."""
    shipped = load(plugins=False)

    assert shipped.checks
    for spec in shipped.checks.values():
        assert spec.doc.title.endswith("."), spec.name
        assert spec.doc.why, spec.name
        assert spec.doc.fix, spec.name
        assert spec.doc.source.startswith("https://"), spec.name
