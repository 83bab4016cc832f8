// The ballot paper: what it reads as you mark it, and casting that survives a lost line. Without this the form posts as it is.
//
// What is marked is kept on this device until it is cast, the round closes or its voter signs out. The paper's number and key are
// kept with it, so that what is sent again, even days and restarts later, is the same ballot and is in the record once.

import { parsed } from "./fragments.js";

const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 60000;
const TIMEOUT_MS = 20000;
const PREFIX = "fanfare-ballot ";

let tries = 0;
let retrying = 0;

const form = () => document.querySelector("form[data-ballot]");
const boxes = (paper) => [...paper.querySelectorAll("input[name=option]")];
const marked = (paper) => boxes(paper).filter((input) => input.checked);
const place = (paper) => `${PREFIX}${paper.dataset.round} ${paper.dataset.voter}`;

function stored(name) {
  try { return JSON.parse(localStorage.getItem(name) ?? "null"); } catch { return null; }
}

function store(name, kept) {
  try { if (kept) localStorage.setItem(name, JSON.stringify(kept)); else localStorage.removeItem(name); } catch { /* a browser that keeps nothing */ }
}

function keep(paper, cast) {
  const { paper: number, key } = paper.elements;
  store(place(paper), { marks: marked(paper).map((input) => input.value), paper: number.value, key: key.value, until: paper.dataset.until, cast });
}

function read(paper) {
  const reads = paper.querySelector("[data-reads]");
  const titles = marked(paper).map((input) => input.dataset.title);
  const list = document.createElement(titles.length ? "ul" : "p");
  list.className = titles.length ? "ranks" : "quiet";
  if (!titles.length) list.textContent = reads.dataset.nothing;
  for (const title of titles) list.append(Object.assign(document.createElement("li"), { textContent: title }));
  reads.replaceChildren(list);
  const most = Number(paper.dataset.most || 0);
  if (most && titles.length > most) {
    const said = reads.dataset.tooMany.replace("{count}", titles.length - most);
    reads.append(Object.assign(document.createElement("p"), { className: "is bad", textContent: said }));
  }
}

function say(paper, name) {
  for (const each of ["offline", "restored", "sending"]) paper.querySelector(`[data-${each}]`).hidden = each !== name;
}

// What an earlier visit left: marks are put back; a ballot that was cast and may not have arrived is handed in, with its own key.
function restore(paper) {
  const left = stored(place(paper));
  if (!left) return;
  const fits = left.cast || left.paper === paper.elements.paper.value;
  if (!fits) { store(place(paper), null); return; }
  for (const input of boxes(paper)) input.checked = left.marks.includes(input.value);
  if (!left.cast) { say(paper, "restored"); return; }
  paper.elements.paper.value = left.paper;
  paper.elements.key.value = left.key;
  say(paper, "sending");
  submit(paper);
}

function begin() {
  const printed = Date.parse(document.documentElement.dataset.now); // the device's clock may be wrong
  const paper = form();
  for (const name of kept()) {
    if (Date.parse(stored(name)?.until ?? "") < printed) store(name, null);
  }
  if (!paper) return;
  if (!paper.querySelector("[data-errors]") && !document.querySelector("main [data-errors]")) restore(paper);
  read(paper);
}

function kept() {
  try { return Object.keys(localStorage).filter((each) => each.startsWith(PREFIX)); } catch { return []; }
}

const submit = (paper) => paper.requestSubmit(paper.querySelector("[data-cast]"));

async function cast(paper) {
  clearTimeout(retrying);
  keep(paper, true);
  let answer = null;
  try {
    const body = new URLSearchParams(new FormData(paper));
    answer = await fetch(paper.action, { method: "POST", body, headers: { accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.status >= 500 || answer.status === 429) throw new Error(`answered ${answer.status}`);
  } catch {
    unreached(paper);
    return;
  }
  tries = 0;
  if (answer.redirected) { arrived(paper, answer.url); return; }
  const answered = parsed(await answer.text()).querySelector("main");
  if (!answered) { unreached(paper); return; } // something between us and the record answered in its place
  store(place(paper), null); // what she marked stands in the answer
  const main = document.querySelector("main");
  main.replaceChildren(...answered.childNodes);
  main.dispatchEvent(new CustomEvent("fanfare:swapped", { bubbles: true }));
  if (form()) read(form());
  scrollTo(0, 0);
}

function arrived(paper, address) {
  if (!new URL(address).pathname.endsWith("/receipt")) { location.href = address; return; } // to sign in; it is cast on the way back
  store(place(paper), null);
  paper.querySelector(".stub").classList.add("torn");
  setTimeout(() => { location.href = address; }, 240);
}

function unreached(paper) {
  say(paper, "offline");
  paper.dispatchEvent(new CustomEvent("fanfare:free", { bubbles: true }));
  const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** tries++);
  if (navigator.onLine) retrying = setTimeout(again, wait / 2 + Math.random() * wait / 2);
}

function again() {
  const paper = form();
  if (paper && paper.dataset.busy !== "yes" && stored(place(paper))?.cast) submit(paper);
}

document.addEventListener("change", (event) => {
  const paper = event.target.closest("form[data-ballot]");
  if (!paper) return;
  clearTimeout(retrying);
  keep(paper, false);
  say(paper, "");
  read(paper);
});
document.addEventListener("submit", (event) => {
  const paper = event.target.closest("form[data-ballot]");
  if (!paper || event.defaultPrevented) return;
  // page.js has marked it busy in its own listener, which was registered first.
  event.preventDefault();
  cast(paper);
});
addEventListener("online", () => { tries = 0; again(); });
begin();
