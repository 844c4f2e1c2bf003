// Brings parts of the page up to date: those marked data-live, found again by their id.
"use strict";
(() => {
  const PERIOD = 2000;
  const busy = (part) => part.contains(document.activeElement) && document.activeElement !== document.body
    && document.activeElement.matches("input, textarea, select");
  const seen = new Map();
  for (const part of document.querySelectorAll("[data-live]")) seen.set(part.id, part.innerHTML);
  if (!seen.size) return;

  async function refresh() {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      if (!other || other.innerHTML === seen.get(part.id) || busy(part)) continue;
      const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("value") : null;
      seen.set(part.id, other.innerHTML);
      part.replaceChildren(...other.childNodes);
      part.className = other.className;
      if (focused) part.querySelector(`[value="${CSS.escape(focused)}"]`)?.focus();
    }
  }
  const again = () => setTimeout(() => refresh().catch(() => {}).finally(again), PERIOD);
  again();
})();
