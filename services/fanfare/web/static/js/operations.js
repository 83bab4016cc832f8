// The operator's page: fetched again every five seconds while somebody looks at it, and set in place unless she is busy in it.

import { parsed } from "./fragments.js";

const EVERY_MS = 5000;
const TIMEOUT_MS = 10000;

const here = () => document.getElementById("operations");
const isBusy = () => here().contains(document.activeElement) || !getSelection().isCollapsed;

async function again() {
  if (!document.hidden && !isBusy()) {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
      const fresh = parsed(await answer.text());
      const next = answer.ok && fresh.getElementById("operations");
      if (!next) throw new Error(`answered ${answer.status}`);
      if (!isBusy()) {
        here().replaceWith(next);
        document.title = fresh.title;
      }
    } catch {
      here().querySelector("[data-live]").textContent = here().dataset.silent;
    }
  }
  setTimeout(again, EVERY_MS); // one after the other: a slow site is not asked twice at once
}

setTimeout(again, EVERY_MS);
