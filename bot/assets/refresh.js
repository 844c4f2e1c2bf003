// Brings parts of the page up to date: those marked data-live, found again by their id. Only what
// differs is changed, so that focus, open menus and what is being typed or pressed stay.
"use strict";
(() => {
  const PERIOD = 2000;
  if (!document.querySelector("[data-live]")) return;

  function become(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
      old.replaceWith(document.importNode(fresh, true));
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open")) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const before = [...old.childNodes];
    const after = [...fresh.childNodes];
    before.slice(after.length).forEach((node) => node.remove());
    after.forEach((node, at) => {
      if (at < before.length) become(before[at], node);
      else old.append(document.importNode(node, true));
    });
  }

  async function refresh() {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      if (other) become(part, other);
    }
  }
  // A server that is away is asked again; nothing is lost meanwhile.
  const again = () => setTimeout(() => refresh().catch(() => {}).finally(again), PERIOD);
  again();
})();
