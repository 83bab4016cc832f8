// The live board: fragments by server-sent events, at most one reorder in five seconds, none while somebody reads a row.

const REORDER_MS = 5000;
const RETRY_MS = 3000;
const STALE_MS = 20000;

const board = document.getElementById("board");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let stream = null;
let waiting = null;
let lastReorder = -REORDER_MS;
let lastHeard = 0;
let timer = 0;

const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const order = (root) => [...root.querySelectorAll("[data-option]")].map((row) => row.dataset.option).join();
const isRead = () => board.contains(document.activeElement) && document.activeElement.closest("li, .scroll") || board.querySelector("li:hover") !== null;

function listen() {
  if (stream || document.hidden || !board) return;
  stream = new EventSource(board.dataset.stream);
  stream.addEventListener("board", (event) => { heard(); waiting = event.data; show(); });
  stream.addEventListener("tape", (event) => { heard(); tape(event.data); });
  stream.addEventListener("page", () => { heard(); reload(); });
  stream.onerror = () => {
    // The browser tries again by itself, except where the answer was an error: then it gives up, and we do not.
    if (stream && stream.readyState === EventSource.CLOSED) { stop(); setTimeout(listen, RETRY_MS); }
    say();
  };
}

function stop() { stream?.close(); stream = null; }

function heard() { lastHeard = performance.now(); say(); }

function say() {
  const place = board.querySelector("[data-live]");
  if (!place) return;
  const quiet = performance.now() - lastHeard;
  const stale = !stream || stream.readyState !== EventSource.OPEN && quiet > STALE_MS;
  const said = stale ? "no newer numbers reach us now" : "it moves by itself";
  if (place.textContent !== said) place.textContent = said;
}

function show() {
  clearTimeout(timer);
  if (waiting === null) return;
  const next = parse(waiting).body;
  const reorders = order(next) !== order(board);
  const wait = lastReorder + REORDER_MS - performance.now();
  if (reorders && (isRead() || wait > 0)) { timer = setTimeout(show, Math.max(500, Math.min(wait, REORDER_MS))); return; }
  if (!reorders && isRead()) { numbers(next); waiting = null; return; }
  waiting = null;
  if (!reorders) { numbers(next); return; }
  lastReorder = performance.now();
  if (!document.startViewTransition || still.matches) { swap(next); return; }
  name(board);
  const moved = document.startViewTransition(() => { swap(next); name(board); });
  moved.ready.catch(() => {}); // a newer one may overtake it
  moved.finished.finally(() => unname(board));
}

// Same order: only figures and bars change, so that focus, selection and open tables stay and bars can ease.
function numbers(next) {
  const rows = new Map([...next.querySelectorAll("[data-option]")].map((row) => [row.dataset.option, row]));
  for (const row of board.querySelectorAll("[data-option]")) {
    const fresh = rows.get(row.dataset.option);
    row.querySelector(".n").innerHTML = fresh.querySelector(".n").innerHTML;
    row.querySelector(".rank").textContent = fresh.querySelector(".rank").textContent;
    row.querySelector("rect").setAttribute("width", fresh.querySelector("rect").getAttribute("width"));
  }
  for (const part of ["#board-news", "#board-news + p", "details tbody", "details caption"]) {
    const [old, fresh] = [board.querySelector(part), next.querySelector(part)];
    if (old && fresh && old.innerHTML !== fresh.innerHTML) old.innerHTML = fresh.innerHTML;
  }
  say();
}

function swap(next) {
  const open = board.querySelector("details[data-keep]")?.open;
  board.hidden = false;
  board.replaceChildren(...next.childNodes);
  if (open) board.querySelector("details[data-keep]").open = true;
  say();
}

function name(root) { for (const row of root.querySelectorAll("[data-option]")) row.style.viewTransitionName = `o-${CSS.escape(row.dataset.option)}`; }
function unname(root) { for (const row of root.querySelectorAll("[data-option]")) row.style.viewTransitionName = ""; }

function tape(html) {
  const list = document.getElementById("tape");
  if (!list || list.parentElement.matches(":hover, :focus-within")) return;
  list.replaceChildren(...parse(`<ol>${html}</ol>`).querySelector("ol").childNodes);
}

// A round opened or closed: the whole page is another one. Its main part is fetched and set in place.
async function reload() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = parse(await answer.text()).querySelector("main");
  const put = () => {
    const main = document.querySelector("main");
    main.replaceChildren(...fresh.childNodes);
    const inner = document.getElementById("board");
    if (inner && inner !== board) {
      board.replaceChildren(...inner.childNodes);
      board.hidden = inner.hidden;
      board.dataset.stream = inner.dataset.stream;
      inner.replaceWith(board);
    }
    main.dispatchEvent(new CustomEvent("fanfare:swapped", { bubbles: true }));
  };
  waiting = null;
  if (document.startViewTransition && !still.matches) document.startViewTransition(put).ready.catch(() => {}); else put();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-read-out]")) return;
  const rows = [...board.querySelectorAll("[data-option]")];
  const said = rows.map((row) => `${row.querySelector(".rank").textContent}, ${row.querySelector(".name").textContent}, ${row.querySelector(".n").firstChild.textContent.trim()}`);
  document.querySelector("[data-read-out-here]").textContent = `${document.getElementById("board-news").textContent}. ${said.join("; ")}`;
});

document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else listen(); });
window.addEventListener("pagehide", stop);
window.addEventListener("pageshow", listen);
setInterval(say, REORDER_MS);
listen();
