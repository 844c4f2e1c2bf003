"""Carries out the slash-commands of one comment and answers them.

What makes a command safe, in the order in which it is looked at:

1. **Quota.** A person gives at most ``COMMANDS_PER_HOUR``; beyond it one notice, then silence, and
   neither costs GitHub a call.
2. **The text stands.** The comment is read again; a line that was changed since it was written, or
   that no longer commands, is not done.
3. **The commit stands.** The webhook does not tell a pull request's head. So the first thing that is
   read is the pull request, and its head is kept as the one that the person meant, if it can not have
   moved since the comment: GitHub says that nothing happened to the pull request since, or we had
   seen this very head there before the comment. Else, and when the head is another one right before
   something is changed, the command is refused and says why. (GitHub tells whole seconds: a push
   within the second of the comment is taken for one before it.)
4. **The right.** The role of the comment's author is asked of GitHub for every command, when it runs;
   what can not be known is no right.

What was done is kept by comment and line before the answer is posted, so that a crash, a second
delivery or a redelivery repeats nothing. When the work that a command set going has ended, its result
takes the place of the line's answer (``tell``), in the same comment.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from bot.config.cascade import LayerKind, Origin
from bot.config.organisation import Exempting
from bot.engine.command_lines import Command, Line, find, split
from bot.engine.commands import Call, Reply, allowed, unknown
from bot.engine.context import Context
from bot.engine.custom import as_above, with_custom
from bot.engine.governing import (
    Governing,
    governing_policy,
    kept_governing,
    kept_policy,
    policy_above,
)
from bot.engine.publish import health_issue, unmute_health_issue
from bot.engine.scanning import Target, target
from bot.engine.wishes import WISH_EFFECT, kept_wish, wish_of
from bot.model.errors import (
    Gone,
    LeaseLost,
    Malformed,
    PermissionMissing,
    PlumblineError,
    UserError,
)
from bot.model.facts import PullRequest
from bot.model.people import Comment, Role
from bot.model.reports import PublishedIssue
from bot.ports import (
    COMMAND_EFFECT,
    RESULT_EFFECT,
    RepoReader,
    RepoWriter,
    StoredEffect,
    StoredExemption,
    StoredVerdict,
)
from bot.report.fragments import SENTENCE
from bot.report.inert import prose
from bot.report.replies import Answered, changed_since, marker_of, render_reply, who
from bot.spec import CheckSpec, CommandSpec

logger = logging.getLogger(__name__)

COMMANDS_PER_HOUR = 20
"""Commands that one person may give in an hour to the repositories of one installation."""

PULL_EFFECT = "pull"
"""Kind of the effects that say which head of a pull request was seen since when, by its number."""

SEEN = "eyes"
"""The reaction that says: this was read."""

_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})", re.ASCII)
_REQUEST = re.compile(r"comment:(\d{1,20}):(\d{1,9})", re.ASCII)

_MOVED = (
    "Nothing was done: commits may have come to this pull request since the comment was written. Please "
    "look at the newest one and write the command again."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The commands of a comment as the webhook told them.

    Args:
        number: of the issue or pull request.
        author_id: who wrote the comment.
        pull_request: whether it stands under a pull request.
        lines: (line number, digest of its text), at most five.
        more: how many further lines commanded and are left alone.
    """

    installation_id: int
    repository_id: int
    number: int
    comment_id: int
    author_id: int
    pull_request: bool
    lines: tuple[tuple[int, str], ...]
    more: int = 0


@dataclass(slots=True)
class State:
    """What is known of the commands of one comment; kept in SQL under its id.

    Args:
        reply: id of our answer; 0 for none yet.
        granted: how many of its lines the quota lets through; None before it was asked.
        head: the commit that the commands mean; "" when there is none or it may have moved.
        looked: the head was looked at.
        answers: line number -> answer.
        issue: number of the issue or pull request.
        texts: line number -> what was written there, as far as it still stands.
        notes: sentences of ours for the end of the answer.
    """

    issue: int
    reply: int = 0
    digest: str = ""
    granted: int | None = None
    head: str = ""
    looked: bool = False
    answers: dict[int, str] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    done: bool = False


def run_commands(context: Context, asked: Asked) -> None:
    """Do what a comment asks for, and answer it; see the module for what is looked at first."""
    runtime = context.runtime
    repository_id, comment_id = asked.repository_id, asked.comment_id
    state = _known(context, repository_id, comment_id) or State(asked.number)
    if state.done:
        _refresh(context, asked.installation_id, repository_id, comment_id, state)
        return
    if not _grant(context, asked, state):
        return
    with (
        runtime.github.reader(asked.installation_id, asked.repository_id) as reader,
        runtime.github.writer(asked.installation_id, asked.repository_id, context.guard) as writer,
    ):
        at = target(runtime, asked.installation_id, asked.repository_id, reader)
        pull = reader.pull_request(asked.number) if asked.pull_request else None
        try:
            comment = writer.comment(asked.comment_id)
        except Gone:
            runtime.metrics.count("commands_total", command="none", outcome="deleted")
            return
        if (comment.number, comment.author_id) != (asked.number, asked.author_id) or comment.bot:
            logger.warning("a comment is not what its delivery said", extra={"comment": comment.id})
            return
        if not state.looked:
            state.head = _seen_head(context, at, pull, comment.created_at) if pull else ""
            state.looked = True
            _keep(context, repository_id, comment_id, state)
        with _harmless("react", asked):
            writer.react(comment.id, SEEN)
        session = Session(context, at, reader, writer, asked, comment, pull, state)
        for number, digest in asked.lines[: state.granted]:
            if number not in state.answers:
                state.answers[number] = session.answer(number, digest)
                _keep(context, repository_id, comment_id, state)
        _post(context, writer, asked, comment, state)
    _refresh(context, asked.installation_id, repository_id, comment_id, state)


# Who may ask how often


def _grant(context: Context, asked: Asked, state: State) -> bool:
    """Take the quota for each line; False when nothing is to be done and nothing to be said."""
    if state.granted is not None:
        return True
    ledger = context.runtime.ledger
    hour = int(ledger.now().timestamp()) // 3600
    whose = f"{asked.installation_id}-{asked.author_id}"
    state.granted = sum(_take_slot(context, f"command-{whose}", hour) for _ in asked.lines)
    if state.granted:
        return True
    first = ledger.take_occurrence(f"command-notice-{whose}", hour, lifetime_s=7200)
    context.runtime.metrics.count("commands_total", command="none", outcome="over quota")
    return first


def _take_slot(context: Context, name: str, hour: int) -> bool:
    take = context.runtime.ledger.take_occurrence
    slots = range(hour * COMMANDS_PER_HOUR, (hour + 1) * COMMANDS_PER_HOUR)
    return any(take(name, slot, lifetime_s=7200) for slot in slots)


# Which commit is meant


def _seen_head(context: Context, at: Target, pull: PullRequest, asked_at: datetime) -> str:
    """The head, if it was the head when the comment was written; else "".

    Args:
        asked_at: when the comment was written, in whole seconds like all of GitHub's times.
    """
    if pull.updated_at <= asked_at:
        return pull.head_sha
    known = context.runtime.store.effect(at.repository.id, PULL_EFFECT, str(pull.number))
    if known is None or known.digest != pull.head_sha:
        return ""
    return pull.head_sha if datetime.fromisoformat(known.note["since"]) <= asked_at else ""


def remember_head(context: Context, repository_id: int, pull: PullRequest, new: Sequence[str]) -> None:
    """Keep since when a head is known to stand, and which checks it makes worse."""
    store = context.runtime.store
    known = store.effect(repository_id, PULL_EFFECT, str(pull.number))
    same = known is not None and known.digest == pull.head_sha
    since = known.note["since"] if known and same else pull.updated_at.isoformat()
    effect = StoredEffect(pull.number, pull.head_sha, {"since": since, "new": list(new)})
    if effect != known:
        store.save_effect(repository_id, PULL_EFFECT, str(pull.number), effect)


# One command


@dataclass(frozen=True, slots=True)
class Session:
    """The commands of one comment, while they are carried out."""

    context: Context
    at: Target
    reader: RepoReader
    writer: RepoWriter
    asked: Asked
    comment: Comment
    pull: PullRequest | None
    state: State

    def answer(self, number: int, digest: str) -> str:
        """Do the command of one line; returns what to say, as Markdown."""
        name, outcome = "none", "changed"
        line = next((line for line in self.lines if line.number == number and line.digest == digest), None)
        if line is None:
            text = changed_since(self.comment.updated_at)
        else:
            name, outcome, text = self._carry_out(line)
        self.context.runtime.metrics.count("commands_total", command=name, outcome=outcome)
        return text

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines that command now."""
        return find(self.comment.body)

    def _carry_out(self, line: Line) -> tuple[str, str, str]:
        """(name of the command, outcome, answer)."""
        commands = self.context.runtime.registry.commands
        try:
            command = split(line.text)
        except UserError as error:
            return "none", "refused", _sentence(error)
        spec = commands.get(command.name)
        if spec is None:
            text = _sentence(UserError(unknown("command", command.name, commands)))
            return "unknown", "refused", f"{text} `/plumbline help` says more."
        role, refusal = self._refusal(spec)
        if refusal:
            self._audit(spec, "refused", {})
            return spec.name, "refused", refusal
        try:
            reply = spec.function(self._call(line, command, role))
        except UserError as error:
            return spec.name, "refused", _sentence(error)
        except PlumblineError:
            raise
        except Exception:
            # A faulty command must not take the others of the comment with it.
            logger.exception("a command failed", extra={"command": spec.name, "source": spec.module})
            return spec.name, "failed", "This failed inside of Plumbline; its log says why."
        if spec.changes and self._moved():
            self._audit(spec, "moved", {})
            return spec.name, "refused", _MOVED
        self._do(spec, reply)
        return spec.name, "done", reply.text

    def _refusal(self, spec: CommandSpec) -> tuple[Role, str]:
        """The author's role, and why they may not give this command now; empty when they may."""
        try:
            role = self.reader.permission(self.comment.author, self.comment.author_id)
        except (PermissionMissing, Malformed) as error:
            logger.warning("a role can not be read", extra={"why": str(error)})
            return Role.NONE, (
                "Nothing was done: GitHub did not tell which role you have here, and without it none counts."
            )
        is_author = bool(self.pull and self.pull.author == self.comment.author)
        if allowed(spec, role, is_author=is_author):
            return role, ""
        have = f"you have the role {role.label}" if role > Role.NONE else "you have no role here"
        return role, f"Nothing was done: `{spec.name}` is for {who(spec)}; {have}."

    def _moved(self) -> bool:
        """The pull request's head is not (surely) the one that the person meant."""
        if self.pull is None:
            return False
        return not self.state.head or self.reader.pull_request(self.pull.number).head_sha != self.state.head

    def _call(self, line: Line, command: Command, role: Role) -> Call:
        runtime = self.context.runtime
        policy = kept_policy(runtime.registry, runtime.store, self.at.repository.id)
        return Call(
            registry=with_custom(runtime.registry, policy),
            repository=self.at.repository,
            installation_id=self.at.installation_id,
            number=self.asked.number,
            words=command.words,
            options=command.options,
            look=Looking(self.context, self.at, self.reader, self.writer, self.comment),
            now=runtime.clock.now(),
            role=role,
            publish=runtime.settings.publish,
            head_sha=(self.state.head or self.pull.head_sha) if self.pull else None,
            actor_id=self.comment.author_id,
            comment_id=self.comment.id,
            request=_request(self.comment.id, line.number),
            asked_at=self.comment.created_at,
        )

    def _do(self, spec: CommandSpec, reply: Reply) -> None:
        """Change what the reply says; each part may be done twice."""
        runtime, repository_id = self.context.runtime, self.at.repository.id
        if spec.changes:
            self.context.guard.check()
        if reply.exempt:
            runtime.store.save_exemption(repository_id, reply.exempt)
        if reply.wish:
            runtime.store.save_effect(repository_id, WISH_EFFECT, reply.wish.check, kept_wish(reply.wish))
        if reply.ratchet:
            runtime.store.ratchet(repository_id, reply.ratchet, self.comment.author_id)
        if reply.stop is not None:
            self._switch(reply.stop)
        if reply.unmute:
            unmute_health_issue(self.context, self.writer, repository_id)
        if spec.changes:
            given = reply.exempt or reply.wish
            detail = {"check": given.check, "until": str(given.until)} if given else {}
            if reply.exempt and reply.exempt.actor_id != self.comment.author_id:
                detail |= {"owner": str(reply.exempt.actor_id)}
            if reply.ratchet:
                detail = {"checks": " ".join(reply.ratchet)}
            self._audit(spec, "asked" if reply.wish else "done", detail)
        if reply.work:
            runtime.submit(reply.work)

    def _switch(self, stop: bool) -> None:
        store, installation = self.context.runtime.store, self.at.installation_id
        if stop:
            store.stop(installation, str(self.comment.author_id))
        else:
            store.resume(installation)

    def _audit(self, spec: CommandSpec, outcome: str, detail: Mapping[str, str]) -> None:
        if spec.changes:
            said = {
                "repository": self.at.repository.id,
                "number": self.asked.number,
                "comment": self.comment.id,
                "head": self.state.head,
                "outcome": outcome,
                **detail,
            }
            actor = str(self.comment.author_id)
            self.context.runtime.store.audit(self.at.installation_id, actor, f"command.{spec.name}", said)


@dataclass(frozen=True, slots=True)
class Looking:
    """``Look`` through the ports."""

    context: Context
    at: Target
    reader: RepoReader
    writer: RepoWriter
    comment: Comment

    def verdicts(self) -> Mapping[str, StoredVerdict]:
        """See ``Look``."""
        return self.context.runtime.store.verdicts(self.at.repository.id)

    def exempt_until(self) -> Mapping[str, date]:
        """See ``Look``."""
        runtime = self.context.runtime
        policy = kept_policy(runtime.registry, runtime.store, self.at.repository.id)
        today = runtime.clock.now().date()
        checks = with_custom(runtime.registry, policy).checks
        found = ((check, policy.exemption(check, today)) for check in checks)
        return {check: exemption.until for check, exemption in found if exemption}

    def governing(self) -> Governing:
        """See ``Look``."""
        runtime, repository = self.context.runtime, self.at.repository
        if repository.empty:
            raise UserError("this repository is empty, so there is no policy file: the defaults are in force")
        commit = self.reader.head(repository.default_branch)
        return governing_policy(runtime.registry, runtime.store, self.reader, repository.id, commit)

    def owner_shown(self) -> bool:
        """See ``Look``."""
        if not self.at.repository.public:
            return True
        store = self.context.runtime.store
        kept = store.organisation(self.at.installation_id)
        holder = store.repository(kept.repository_id) if kept else None
        return holder is not None and holder[1].public

    def exempting(self, check: CheckSpec) -> Exempting:
        """See ``Look``."""
        runtime = self.context.runtime
        kept = kept_governing(runtime.registry, runtime.store, self.at.repository.id)
        # What the repository's own file says of the severity does not decide who may exempt.
        above = policy_above(runtime.registry, kept, self.at.repository.id)
        check = as_above(check, above)
        severity = above.of(check).severity
        return kept.organisation.exempting(check.severity if severity is None else severity)

    def lock(self, check: CheckSpec) -> Origin | None:
        """See ``Look``."""
        runtime = self.context.runtime
        kept = kept_governing(runtime.registry, runtime.store, self.at.repository.id)
        return kept.effective.lock_of(f"exemptions.{check.name}", LayerKind.COMMAND)

    def wish(self, check: CheckSpec) -> StoredExemption | None:
        """See ``Look``."""
        kept = self.context.runtime.store.effect(self.at.repository.id, WISH_EFFECT, check.name)
        return wish_of(check.name, kept) if kept else None

    def wishes(self) -> tuple[StoredExemption, ...]:
        """See ``Look``."""
        number = self.at.repository.id
        kept = self.context.runtime.store.effects_of([number], WISH_EFFECT).get(number, {})
        return tuple(wish_of(check, effect) for check, effect in kept.items())

    def health_issue(self) -> PublishedIssue | None:
        """See ``Look``."""
        return health_issue(self.context, self.writer, self.at.repository.id)

    def roll_up(self) -> int | None:
        """See ``Look``."""
        kept = self.context.runtime.store.effect(self.at.repository.id, "issue", "roll-up")
        return kept.number if kept else None

    def owns(self) -> bool:
        """See ``Look``."""
        runtime, installation_id = self.context.runtime, self.at.installation_id
        account = runtime.github.owner(installation_id, self.at.repository.owner, fresh=True)
        if not account.organisation:
            known = runtime.store.installation(installation_id)
            return known is not None and known.account_id == self.comment.author_id
        if not _LOGIN.fullmatch(self.comment.author):
            return False
        try:
            answer = account.rest(f"/memberships/{self.comment.author}", permission="members: read")
            if answer is None:
                return False
            role, state = answer["role"].text(), answer["state"].text()
            same = answer["user"]["id"].number() == self.comment.author_id
        except (PermissionMissing, Malformed) as error:
            logger.warning("a membership can not be read", extra={"why": str(error)})
            raise UserError(
                "nothing was done: GitHub did not tell who owns the organisation (the App needs `members: "
                "read`); whoever runs Plumbline can do it with `plumbline stop`"
            ) from error
        return same and (role, state) == ("admin", "active")

    def stopped(self) -> bool:
        """See ``Look``."""
        return self.context.runtime.store.stopped(self.at.installation_id)


def _sentence(error: UserError) -> str:
    """What is wrong, as a sentence that may hold untrusted words."""
    text = str(error)
    end = "" if text.endswith(("?", ".", "!")) else "."
    return f"{prose(text[:1].upper() + text[1:], limit=SENTENCE)}{end}"


# The answer


def _post(context: Context, writer: RepoWriter, asked: Asked, comment: Comment, state: State) -> None:
    """Bring our one answer to this comment to what is known; it is looked for before it is made."""
    state.texts = {line.number: line.text for line in find(comment.body) if line.number in state.answers}
    state.notes = tuple(_notes(context, asked, state))
    body, digest = _rendered(context, asked.repository_id, asked.comment_id, state)
    if not state.reply:
        wanted = ("reply", str(asked.comment_id))
        ours = writer.our_comments(asked.number, since=comment.created_at)
        state.reply = next((c.id for c in ours if marker_of(c.body) == wanted), 0)
    if not state.reply:
        state.reply = writer.create_comment(asked.number, body)
        context.runtime.metrics.count("effects_total", kind="comment")
    elif digest != state.digest:
        writer.update_comment(state.reply, body)
    state.digest, state.done = digest, True
    _keep(context, asked.repository_id, asked.comment_id, state)


def _rendered(context: Context, repository_id: int, comment_id: int, state: State) -> tuple[str, str]:
    """The answer as it shall be now, and its digest."""
    answers = []
    for number, text in sorted(state.answers.items()):
        result = context.runtime.store.effect(repository_id, RESULT_EFFECT, _request(comment_id, number))
        said = str(result.note["text"]) if result else text
        answers.append(Answered(state.texts.get(number) or f"line {number}", said))
    body = render_reply(comment_id, answers, state.notes)
    return body, hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def tell(context: Context, installation_id: int, repository_id: int, request: str, text: str) -> None:
    """Let the answer to a command say what came out of it.

    Kept before it is shown: whoever comes second, this or the answer itself, sees what the other
    kept and shows both. So the order in which they end does not matter, nor does a second time.

    Args:
        request: as the command's ``Call`` had it; any other is nobody's command and is left alone.
        text: Markdown.

    Raises:
        Gone: the repository is.
    """
    command = _REQUEST.fullmatch(request)
    if command is None:
        return
    store = context.runtime.store
    store.save_effect(repository_id, RESULT_EFFECT, request, StoredEffect(0, "", {"text": text}))
    comment_id = int(command[1])
    state = _known(context, repository_id, comment_id)
    if state is not None and state.done:
        _refresh(context, installation_id, repository_id, comment_id, state)


def _refresh(
    context: Context, installation_id: int, repository_id: int, comment_id: int, state: State
) -> None:
    """Edit a posted answer until it says what is known; costs GitHub nothing when it does so already."""
    # Another may keep a result while this one writes; each result is kept but once.
    for _ in range(len(state.answers) + 1):
        body, digest = _rendered(context, repository_id, comment_id, state)
        if digest == state.digest:
            return
        with context.runtime.github.writer(installation_id, repository_id, context.guard) as writer:
            try:
                writer.update_comment(state.reply, body)
            except Gone:
                # Somebody deleted the answer, and did not ask for another one.
                logger.info("an answer is gone", extra={"comment": comment_id})
        state.digest = digest
        _keep(context, repository_id, comment_id, state)


def _request(comment_id: int, line: int) -> str:
    """Names one command in all that follows from it."""
    return f"comment:{comment_id}:{line}"


def _notes(context: Context, asked: Asked, state: State) -> Iterator[str]:
    asked_for = len(asked.lines)
    granted = state.granted or 0
    if granted < asked_for:
        now = context.runtime.ledger.now()
        again = datetime.fromtimestamp((int(now.timestamp()) // 3600 + 1) * 3600, UTC)
        what = "This was not done" if not granted else f"{asked_for - granted} more were not done"
        yield (
            f"{what}: one person may give {COMMANDS_PER_HOUR} commands an hour. From {again:%H:%M} UTC on "
            "you can write them again; until then further ones are left unanswered."
        )
    if asked.more:
        yield (
            f"Only the first {asked_for} commands of a comment are done; {asked.more:,} more were left alone."
        )


# What is kept


def _known(context: Context, repository_id: int, comment_id: int) -> State | None:
    kept = context.runtime.store.effect(repository_id, COMMAND_EFFECT, str(comment_id))
    if kept is None:
        return None
    note = kept.note
    return State(
        issue=note.get("issue", 0),
        reply=kept.number,
        digest=kept.digest,
        granted=note["granted"],
        head=note["head"],
        looked=note["looked"],
        answers={int(number): text for number, text in note["answers"].items()},
        texts={int(number): text for number, text in note.get("texts", {}).items()},
        notes=tuple(note.get("notes", ())),
        done=note["done"],
    )


def _keep(context: Context, repository_id: int, comment_id: int, state: State) -> None:
    note = {
        # For whoever links to the answer; GitHub leads from an issue's address to a pull request's.
        "issue": state.issue,
        "granted": state.granted,
        "head": state.head,
        "looked": state.looked,
        "answers": {str(number): text for number, text in state.answers.items()},
        "texts": {str(number): text for number, text in state.texts.items()},
        "notes": list(state.notes),
        "done": state.done,
    }
    effect = StoredEffect(state.reply, state.digest, note)
    context.runtime.store.save_effect(repository_id, COMMAND_EFFECT, str(comment_id), effect)


@contextmanager
def _harmless(what: str, asked: Asked) -> Iterator[None]:
    """Go on when something fails that only passes the time."""
    try:
        yield
    except LeaseLost:
        raise
    except PlumblineError as error:
        logger.info("could not %s", what, extra={"comment": asked.comment_id, "why": str(error)})
