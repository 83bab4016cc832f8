// "Check it in my browser": takes the receipt, checks it step by step (proof.js), and says of each step what came out.
// A saved copy has this script and its receipt in itself; what it says are the page's own words.

import { checked } from "./proof.js";

const TIMEOUT_MS = 20000;
const SHOWN_MS = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 160; // so that one sees one step after the other
const LOOKS = { holds: ["done", "check"], fails: ["failed", "alert"], waits: ["", "clock"], unable: ["", "alert"], busy: ["now", "clock"] };
const VERDICTS = [["fails", "bad", "alert"], ["unable", "warn", "alert"], ["waits", "info", "clock"], ["holds", "ok", "check"]];

const language = document.documentElement.lang;
const place = document.querySelector("[data-check]");
const button = place?.querySelector("[data-begin]");
const verdict = place?.querySelector("[data-verdict]");

const lines = [...(place?.querySelectorAll("[data-step]") ?? [])];
const asked = new Map(lines.map((line) => [line, line.querySelector("[data-said]").textContent]));

const icon = (name) => place.querySelector(`template[data-icon="${name}"]`).content.cloneNode(true);

const MOMENT = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };

function worded(value) {
  if (Array.isArray(value)) return new Intl.ListFormat(language).format(value);
  if (typeof value === "bigint" || typeof value === "number") return value.toLocaleString(language);
  return /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value).toLocaleString(language === "en" ? "en-GB" : language, MOMENT) : value;
}

const filled = (text, found) => text.replace(/\{(\w+)\}/g, (whole, name) => (found[name] === undefined ? whole : worded(found[name])));

// Without a state a step is as it was before anything was checked.
function show({ step, state, ...found }) {
  const line = lines.find((each) => each.dataset.step === step);
  const [look, drawn] = LOOKS[state] ?? ["", ""];
  line.className = look;
  line.querySelector(".dot").replaceChildren(drawn ? icon(drawn) : line.dataset.number);
  line.querySelector("[data-said]").textContent = state ? filled(line.dataset[state] ?? place.dataset[state] ?? "", found) : asked.get(line);
}

function conclude(name, kind, drawn, found = {}) {
  verdict.className = `note ${kind}`;
  verdict.querySelector("span").textContent = filled(verdict.dataset[name], found);
  verdict.querySelector("svg").replaceWith(icon(drawn));
  verdict.hidden = false;
}

// What is checked, and whose keys are taken for the site's: from the saved copy itself, or from the site.
async function taken() {
  const saved = document.getElementById("saved");
  if (saved) return JSON.parse(saved.textContent);
  const trusted = JSON.parse(place.dataset.trusted);
  const answer = await fetch(place.dataset.check, { headers: { accept: "application/json", prefer: "wait=5" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return { receipt: { ...(await answer.json()), ...trusted.mine }, trusted };
}

async function checkIt({ receipt, trusted }) {
  const came = [];
  for await (const found of checked(receipt, trusted)) {
    show({ ...found, state: "busy" });
    await new Promise((done) => setTimeout(done, SHOWN_MS));
    show(found);
    came.push(found);
  }
  const [name, kind, drawn] = VERDICTS.find(([state]) => came.some((each) => each.state === state));
  const first = came.find((each) => each.state === name);
  conclude(name, kind, drawn, { ...first, step: lines.find((each) => each.dataset.step === first.step).querySelector("h3").textContent });
}

async function check() {
  button.setAttribute("aria-disabled", "true");
  for (const line of lines) show({ step: line.dataset.step });
  conclude("taking", "info", "clock");
  place.querySelector(".steps").hidden = false;
  const both = await taken().catch(() => null); // no network, an answer that is no receipt, or a copy that was cut off
  if (both) await checkIt(both).catch((error) => { conclude("broken", "warn", "alert"); reportError(error); });
  else conclude("astray", "warn", "clock");
  button.removeAttribute("aria-disabled");
}

if (button) {
  button.hidden = false; // a page has done that already, before it was drawn
  button.addEventListener("click", () => { if (button.ariaDisabled !== "true") check(); });
  if (document.getElementById("saved")) check();
}
