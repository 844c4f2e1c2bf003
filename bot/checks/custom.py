"""How checks judge that policy defines: from their rules and what facts answered to a verdict. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.model.attributes import Properties
from bot.model.custom_checks import (
    SETTINGS,
    FileRule,
    FileSeen,
    FilesSeen,
    Kind,
    Must,
    PropertyRule,
    Rule,
    SettingRule,
    TemplateRule,
    TemplateSeen,
    WorkflowRule,
    WorkflowsSeen,
    digest,
)
from bot.model.facts import Repository
from bot.model.verdicts import (
    Evidence,
    Place,
    Reason,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
    unknown,
)

SHOWN = 60
"""Characters of a value in a sentence."""

_NOT_ASKED = "it was defined after the repository was read; it is judged with the next look"


def needs_of(rule: Rule) -> tuple[str, ...]:
    """The facts that judging by a rule needs."""
    match rule:
        case FileRule():
            return ("custom_files", "repository")
        case TemplateRule():
            return ("custom_templates", "repository")
        case WorkflowRule():
            return ("custom_workflows", "repository")
        case SettingRule():
            return (SETTINGS[rule.name].fact,)
        case PropertyRule():
            return ("custom_properties",)


def judge_rule(rule: Rule, **facts: Any) -> Verdict:
    """Judge by a rule.

    Args:
        facts: those of ``needs_of``, by name.
    """
    repository: Repository | None = facts.pop("repository", None)
    match rule:
        case SettingRule():
            return _judge_setting(rule, repository if repository is not None else next(iter(facts.values())))
        case PropertyRule():
            return _judge_property(rule, facts["custom_properties"])
    if repository is not None and repository.empty:
        return not_applicable("the repository has no commit yet")
    (answers,) = facts.values()
    answer = answers.get(digest(rule))
    if answer is None:
        return unknown(_NOT_ASKED, Reason.FAULT)
    judges: Mapping[type, Callable[..., Verdict]] = {
        FileRule: _judge_files,
        TemplateRule: _judge_template,
        WorkflowRule: _judge_workflows,
    }
    return judges[type(rule)](rule, answer)


# Files


def _judge_files(rule: FileRule, seen: FilesSeen) -> Verdict:
    named = _paths(rule.paths)
    if rule.must is Must.NOT_EXIST:
        if seen.files:
            here = [
                Evidence("it should not be there", Place(path=f.path), key=f"file:{f.path}")
                for f in seen.files
            ]
            return failed(f"{_paths(f.path for f in seen.files)} should not be there", *here)
        return passed(f"there is no {named}")
    if not seen.files:
        return failed(
            f"there is no {named}",
            *(Evidence(f"{path} is missing", key=f"file:{path}") for path in rule.paths),
        )
    if rule.must is Must.EXIST:
        return passed(f"{_paths(f.path for f in seen.files)} is there")
    return _judge_texts(rule, seen)


def _judge_texts(rule: FileRule, seen: FilesSeen) -> Verdict:
    good = [f for f in seen.files if not (f.missing or f.unwanted or f.unread)]
    bad = [f for f in seen.files if f.missing or f.unwanted]
    unread = [f for f in seen.files if f.unread]
    if rule.any_of and good:
        return passed(f"{good[0].path} is as it should be")
    if bad and not (rule.any_of and (unread or seen.more)):
        evidence = [e for f in bad for e in _evidence(f)]
        which = f"{bad[0].path} is" if len(bad) == 1 else f"{len(bad)} files are"
        return failed(f"{which} not as policy wants it", *evidence)
    if unread:
        return unknown(f"{unread[0].path} could not be looked into: {unread[0].unread}", Reason.LIMIT)
    if seen.more:
        return unknown(f"more files fit {_paths(rule.paths)} than are looked into", Reason.LIMIT)
    return passed(f"{_paths(f.path for f in good)} is as it should be")


def _evidence(seen: FileSeen) -> Iterable[Evidence]:
    for text in seen.missing:
        yield Evidence(
            f"{seen.path} lacks {_quoted(text)}", Place(path=seen.path), key=f"missing:{seen.path}:{text}"
        )
    for text, line in seen.unwanted:
        yield Evidence(
            f"{seen.path} holds {_quoted(text)}",
            Place(path=seen.path, line=line),
            key=f"unwanted:{seen.path}:{text}",
        )


def _judge_template(rule: TemplateRule, seen: TemplateSeen) -> Verdict:
    if not seen.template:
        return unknown(
            f"the owner's .github repository has no {rule.template}: put it there, or correct the "
            "check in the policy",
            Reason.FAULT,
        )
    if not seen.oid:
        return failed(f"{rule.path} is missing", Evidence(f"{rule.path} is missing", key=f"file:{rule.path}"))
    if not seen.plain or seen.oid != seen.template:
        text = f"it differs from {rule.template} of the owner" if seen.plain else "it is no plain file"
        return failed(
            f"{rule.path} is not the owner's {rule.template}",
            Evidence(text, Place(path=rule.path), key=f"file:{rule.path}"),
        )
    return passed(f"{rule.path} is the owner's {rule.template}")


# Workflows


def _judge_workflows(rule: WorkflowRule, seen: WorkflowsSeen) -> Verdict:
    wanted = _wanted(rule)
    among = f" on {' or '.join(rule.on)}" if rule.on else ""
    having = [f for f in seen.files if f.line]
    lacking = [f for f in seen.files if not f.line and not f.unread]
    unread = [f for f in seen.files if f.unread]
    if rule.every and lacking:
        return failed(
            f"{counted(len(lacking), 'workflow')}{among} {'lacks' if len(lacking) == 1 else 'lack'} {wanted}",
            *(Evidence(f"it has no {wanted}", Place(path=f.path), key=f"workflow:{f.path}") for f in lacking),
        )
    if having and not rule.every:
        return passed(f"{having[0].path} has {wanted}")
    if unread:
        return unknown(f"{unread[0].path} could not be read: {unread[0].unread}", Reason.LIMIT)
    if seen.more:
        return unknown("there are more workflows than are read", Reason.LIMIT)
    if not rule.every:
        return failed(f"no workflow{among} has {wanted}", Evidence(f"there is no {wanted}", key="workflow"))
    if not having:
        return not_applicable(f"there is no workflow{among}")
    return passed(f"{counted(len(having), 'workflow')}{among} with {wanted}")


def _wanted(rule: WorkflowRule) -> str:
    if rule.run:
        return f"step that runs {_quoted(rule.run)}"
    return f"step with {rule.uses}{f'@v{rule.version}' if rule.version else ''}"


# Settings and properties


def _judge_setting(rule: SettingRule, fact: Any) -> Verdict:
    setting = SETTINGS[rule.name]
    if isinstance(fact, Repository) and not fact.id and rule.name != "default_branch":
        return unknown("a clone does not tell it", Reason.PERMISSION)
    value = fact[setting.field] if isinstance(fact, Mapping) else getattr(fact, setting.field)
    if setting.kind is Kind.TEXTS:
        values = {str(v).casefold() for v in value}
        lacking = [str(w) for w in rule.wanted if str(w).casefold() not in values]
        beyond = [str(w) for w in rule.unwanted if str(w).casefold() in values]
        if lacking or beyond:
            said = [f"{rule.name} lack {_list(lacking)}"] if lacking else []
            said += [f"{rule.name} should not have {_list(beyond)}"] if beyond else []
            return _setting_failed(rule.name, " and ".join(said))
        return _filled(rule.name, rule.filled, bool(value)) or passed(
            f"{rule.name}: {_list(value) or 'none'}"
        )
    shown = _shown(value)
    if rule.wanted and _folded(value) not in {_folded(w) for w in rule.wanted}:
        return _setting_failed(rule.name, f"{rule.name} is {shown} and should be {_list(rule.wanted, 'or')}")
    if rule.unwanted and _folded(value) in {_folded(w) for w in rule.unwanted}:
        return _setting_failed(rule.name, f"{rule.name} is {shown}, which it should not be")
    return _filled(rule.name, rule.filled, bool(str(value).strip())) or passed(f"{rule.name} is {shown}")


def _judge_property(rule: PropertyRule, properties: Properties) -> Verdict:
    name = f"custom property {rule.name}"
    folded = rule.name.casefold()
    values = next((v for known, v in properties.items() if known.casefold() == folded), ())
    if rule.wanted and not {v.casefold() for v in values} & {w.casefold() for w in rule.wanted}:
        said = f"is {_list(values)}" if values else "has no value"
        return _setting_failed(name, f"the {name} {said} and should be {_list(rule.wanted, 'or')}")
    return _filled(name, rule.filled, bool(values)) or passed(
        f"the {name} is {_list(values)}" if values else f"the {name} has no value"
    )


def _filled(name: str, wanted: bool | None, filled: bool) -> Verdict | None:
    if wanted is None or wanted is filled:
        return None
    return _setting_failed(name, f"{name} is not set" if wanted else f"{name} should not be set")


def _setting_failed(name: str, said: str) -> Verdict:
    return failed(said, Evidence(said, Place(setting=name), key=f"setting:{name}"))


def _folded(value: str | bool) -> str | bool:
    return value if isinstance(value, bool) else str(value).casefold()


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(str(value)) if value else "empty"


def _list(values: Iterable[object], last: str = "and") -> str:
    said = [_shown(v) for v in list(values)[:10]]
    return f" {last} ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


def _paths(paths: Iterable[str]) -> str:
    listed = list(paths)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + more


def _quoted(text: str) -> str:
    return f"`{text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'}`"
