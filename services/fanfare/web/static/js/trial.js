// The trial of a rule: its part of the page is fetched again each second while it goes on, and set in place; the form stays.

import { parsed } from "./fragments.js";

const EVERY_MS = 1000;
const TIMEOUT_MS = 10000;
const TRIAL = "/host/recognition/rule/trial";

const here = () => document.getElementById("trial");

async function again() {
  try {
    const answer = await fetch(TRIAL, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const next = answer.ok && parsed(await answer.text()).getElementById("trial");
    if (!next) throw new Error(`answered ${answer.status}`);
    here().replaceWith(next);
    if (!("going" in next.dataset)) next.querySelector("[data-errors]")?.focus();
  } catch {
    const line = here().querySelector("[data-silent]");
    if (line) line.textContent = line.dataset.silent;
  }
  if ("going" in here().dataset) setTimeout(again, EVERY_MS); // one after the other: a slow site is not asked twice at once
}

setTimeout(again, EVERY_MS);
