"""What the checks of webhooks have in common."""

from __future__ import annotations

from bot.model.security import Webhook, Webhooks
from bot.model.verdicts import Evidence, Outcome, Place, Reason, Severity, Verdict, counted, failed, passed


def judged(webhooks: Webhooks) -> Verdict:
    """Fails for every active webhook that is not signed, or whose way is not safe."""
    if not webhooks.listed:
        return passed("there are no active webhooks")
    evidence = [found for hook in webhooks.listed for found in _evidence(hook)]
    of = counted(len(webhooks.listed), "active webhook")
    if evidence:
        faulty = {found.key.partition("|")[0] for found in evidence}
        evidence.sort(key=lambda found: -(found.severity or Severity.HIGH))
        return failed(f"{len(faulty)} of {of} can be read or forged on the way", *evidence)
    if webhooks.more:
        return Verdict(Outcome.UNKNOWN, f"only the first {of} were listed", reason=Reason.LIMIT)
    return passed(f"{of}, all signed and encrypted")


def _evidence(hook: Webhook) -> list[Evidence]:
    place = Place(setting="Webhooks")
    name = f"the webhook to {hook.host or 'an address that can not be read'}"
    found = []
    if not hook.https:
        found.append(Evidence(f"{name} is not encrypted", place, key=f"{hook.id}|http"))
    elif not hook.verified:
        text = f"{name} takes any certificate"
        found.append(Evidence(text, place, key=f"{hook.id}|certificate"))
    if not hook.secret:
        text = f"{name} has no secret, so anyone can forge its deliveries"
        found.append(Evidence(text, place, key=f"{hook.id}|secret", severity=Severity.MEDIUM))
    return found
