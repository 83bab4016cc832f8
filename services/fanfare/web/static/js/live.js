// The live board: fragments by server-sent events, at most one reorder in five seconds, none while somebody reads a row.

import { parsed } from "./fragments.js";

const REORDER_MS = 5000;
const SILENT_MS = 25000; // the site says every ten seconds that it is still there
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;

const board = document.getElementById("board");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const points = matchMedia("(hover: hover)"); // where fingers tap, :hover stays on the row that was tapped last
let stream = null;
let retrying = 0;
let tries = 0;
let heardLast = performance.now();
let after = ""; // the last event's id: what came since is all that has to be sent again
let waiting = null; // a board that is not shown yet
let newest = null;
let lastReorder = -REORDER_MS;
let showing = 0;

const order = (root) => [...root.querySelectorAll("[data-option]")].map((row) => row.dataset.option).join();
const counted = (root) => Date.parse(root.querySelector("[data-counted]")?.dataset.counted ?? "") || 0;
const isRead = () => (board.contains(document.activeElement) && document.activeElement.closest("li, .scroll")) || (points.matches && board.querySelector("li:hover") !== null);

function listen() {
  if (stream || document.hidden || !board) return;
  clearTimeout(retrying);
  const address = new URL(board.dataset.stream, location.href);
  if (after) address.searchParams.set("after", after);
  stream = new EventSource(address);
  heardLast = performance.now();
  stream.addEventListener("board", (event) => { heard(event); waiting = newest = parsed(event.data).body; show(); });
  stream.addEventListener("tape", (event) => { heard(event); tape(event.data); });
  stream.addEventListener("page", (event) => { heard(event); reload(event.data); });
  stream.addEventListener("beat", (event) => { heard(event); beat(event.data); });
  stream.onerror = again; // not left to the browser: all would come back in the same second
}

function stop() {
  clearTimeout(retrying);
  stream?.close();
  stream = null;
}

function again() {
  stop();
  const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** tries++);
  retrying = setTimeout(listen, wait / 2 + Math.random() * wait / 2);
  say();
}

function heard(event) {
  heardLast = performance.now();
  tries = 0;
  after = event.lastEventId || after;
  say();
}

function say() {
  if (stream && performance.now() - heardLast > SILENT_MS) { again(); return; }
  const place = board?.querySelector("[data-live]");
  if (!place) return;
  const old = Math.floor((performance.now() - heardLast) / 1000);
  const { moves, reaching, paused } = board.dataset;
  const said = stream?.readyState === EventSource.OPEN ? moves : old < 5 ? reaching : paused.replace("{seconds}", old);
  if (place.textContent !== said) place.textContent = said;
}

// The figures are as they were, and have been looked up again.
function beat(data) {
  const place = board.querySelector("[data-as-of]");
  const [at, words] = data.split(" ");
  if (!place || waiting || !words) return;
  place.dateTime = at;
  place.textContent = words;
}

function show() {
  clearTimeout(showing);
  if (waiting === null) return;
  const next = waiting;
  const reorders = order(next) !== order(board);
  const wait = lastReorder + REORDER_MS - performance.now();
  if (reorders && (isRead() || wait > 0)) { showing = setTimeout(show, Math.max(500, Math.min(wait, REORDER_MS))); return; }
  waiting = null;
  if (!reorders) { numbers(next); return; }
  lastReorder = performance.now();
  if (!document.startViewTransition || still.matches || !board.querySelector("[data-option]")) { swap(next); return; }
  name();
  const moved = document.startViewTransition(() => { swap(next); name(); });
  moved.ready.catch(() => {}); // a newer one may overtake it
  moved.finished.finally(unname);
}

function take(old, fresh) {
  if (old && fresh && !old.isEqualNode(fresh)) old.replaceChildren(...fresh.cloneNode(true).childNodes);
}

// Same order: only figures and bars change, so that focus, selection and open tables stay and bars can ease.
function numbers(next) {
  const rows = new Map([...next.querySelectorAll("[data-option]")].map((row) => [row.dataset.option, row]));
  for (const row of board.querySelectorAll("[data-option]")) {
    const fresh = rows.get(row.dataset.option);
    take(row.querySelector(".n"), fresh.querySelector(".n"));
    take(row.querySelector(".rank"), fresh.querySelector(".rank"));
    row.querySelector("rect").setAttribute("width", fresh.querySelector("rect").getAttribute("width"));
  }
  for (const part of ["#board-news", "#board-news + p", "details tbody", "details caption"]) take(board.querySelector(part), next.querySelector(part));
  say();
}

function swap(next) {
  const open = board.querySelector("details[data-keep]")?.open;
  const before = ranks();
  board.hidden = false;
  board.replaceChildren(...next.cloneNode(true).childNodes);
  if (open) board.querySelector("details[data-keep]").open = true;
  for (const [option, rank] of ranks()) tell(option, (before.get(option) ?? rank) - rank);
  say();
}

const ranks = () => new Map([...board.querySelectorAll("[data-option]")].map((row) => [row.dataset.option, Number(row.querySelector(".rank").textContent)]));

// Who sees no movement reads it.
function tell(option, gained) {
  if (!gained) return;
  const { up, down } = board.dataset;
  const words = Object.assign(document.createElement("small"), { textContent: (gained > 0 ? up : down).replace("{change}", Math.abs(gained)) });
  board.querySelector(`[data-option="${CSS.escape(option)}"] .n`).append(words);
}

function name() { for (const row of board.querySelectorAll("[data-option]")) row.style.viewTransitionName = `o-${CSS.escape(row.dataset.option)}`; }
function unname() { for (const row of board.querySelectorAll("[data-option]")) row.style.viewTransitionName = ""; }

function tape(html) {
  const list = document.getElementById("tape");
  if (!list || list.parentElement.matches(":hover, :focus-within")) return;
  list.replaceChildren(...parsed(`<ol>${html}</ol>`).querySelector("ol").childNodes);
}

// A round opened or closed: the whole page is another one. Its main part is fetched and set in place, however often that takes.
async function reload(state) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  const fresh = answer?.ok ? parsed(await answer.text()) : null;
  const inner = fresh?.getElementById("board");
  if (!inner || new URL(inner.dataset.stream, location.href).searchParams.get("state") !== state) {
    setTimeout(() => { if (!document.hidden) reload(state); }, FIRST_RETRY_MS + Math.random() * FIRST_RETRY_MS);
    return;
  }
  if (new URL(board.dataset.stream, location.href).searchParams.get("state") === state) return;
  const put = () => {
    document.title = fresh.title;
    board.replaceChildren(...inner.childNodes);
    board.hidden = inner.hidden;
    board.dataset.stream = inner.dataset.stream;
    inner.replaceWith(board); // the same element as ever: what listens to it goes on
    const main = document.querySelector("main");
    main.replaceChildren(...fresh.querySelector("main").childNodes);
    main.dispatchEvent(new CustomEvent("fanfare:swapped", { bubbles: true }));
    waiting = newest && counted(newest) > counted(board) ? newest : null; // it may have come while the page was on its way
    say();
    show();
  };
  if (document.startViewTransition && !still.matches) document.startViewTransition(put).ready.catch(() => {}); else put();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-read-out]")) return;
  const rows = [...board.querySelectorAll("[data-option]")];
  const said = rows.map((row) => `${row.querySelector(".rank").textContent}, ${row.querySelector(".name").textContent}, ${row.querySelector(".n").firstChild.textContent.trim()}`);
  document.querySelector("[data-read-out-here]").textContent = `${document.getElementById("board-news").textContent}. ${said.join("; ")}`;
});

// A hidden tab holds no connection; neither does a page that the browser keeps for its way back.
document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else { tries = 0; listen(); } });
window.addEventListener("pagehide", stop);
window.addEventListener("pageshow", listen);
window.addEventListener("offline", () => { stop(); say(); });
window.addEventListener("online", () => { tries = 0; listen(); });
if (board) {
  setInterval(say, 1000);
  listen();
}
