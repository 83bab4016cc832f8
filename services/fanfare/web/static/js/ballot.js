// The ballot paper: what it reads as you mark it; casting that survives a lost line. Without this the form posts as it is.

const RETRY_MS = 5000;

const form = () => document.querySelector("form[data-ballot]");
const marked = (paper) => [...paper.querySelectorAll("input[name=option]:checked")];

function read(paper) {
  const place = paper.querySelector("[data-reads]");
  const titles = marked(paper).map((input) => input.dataset.title);
  const list = document.createElement(titles.length ? "ul" : "p");
  list.className = titles.length ? "ranks" : "quiet";
  if (!titles.length) list.textContent = paper.dataset.ballot === "approval" ? "Nothing ticked yet." : "Nothing chosen yet.";
  for (const title of titles) list.append(Object.assign(document.createElement("li"), { textContent: title }));
  place.replaceChildren(list);
  const most = Number(paper.dataset.most || 0);
  if (most && titles.length > most) {
    const over = Object.assign(document.createElement("p"), { className: "is bad", textContent: `${titles.length - most} too many: the paper takes ${most}.` });
    place.append(over);
  }
}

document.addEventListener("change", (event) => {
  const paper = event.target.closest("form[data-ballot]");
  if (paper) read(paper);
});
if (form()) read(form());

// The key makes it safe to send the same ballot again: it is in the record once.
async function cast(paper) {
  let answer = null;
  try {
    answer = await fetch(paper.action, { method: "POST", body: new URLSearchParams(new FormData(paper)), headers: { accept: "text/html" } });
  } catch {
    unreached(paper);
    return;
  }
  paper.querySelector("[data-offline]").hidden = true;
  if (answer.redirected) {
    paper.querySelector(".stub").classList.add("torn");
    setTimeout(() => { location.href = answer.url; }, 240);
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = document.querySelector("main");
  const answered = fresh.querySelector("main");
  if (!answered) { unreached(paper); return; } // something between us and the record answered in its place
  main.replaceChildren(...answered.childNodes);
  main.dispatchEvent(new CustomEvent("fanfare:swapped", { bubbles: true }));
  if (form()) read(form());
  scrollTo(0, 0);
}

function unreached(paper) {
  paper.querySelector("[data-offline]").hidden = false;
  paper.dispatchEvent(new CustomEvent("fanfare:free", { bubbles: true }));
  again(paper);
}

function again(paper) {
  const once = () => {
    clearTimeout(timer);
    removeEventListener("online", once);
    if (paper.isConnected && paper.dataset.busy !== "yes") paper.requestSubmit(paper.querySelector("[data-cast]"));
  };
  addEventListener("online", once);
  const timer = navigator.onLine ? setTimeout(once, RETRY_MS) : 0;
}

document.addEventListener("submit", (event) => {
  const paper = event.target.closest("form[data-ballot]");
  if (!paper || event.defaultPrevented) return;
  // page.js has marked it busy in its own listener, which was registered first.
  event.preventDefault();
  cast(paper);
});
