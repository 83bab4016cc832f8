// Every page: clocks that run, copying, printing, one press per form, focus on what went wrong. All of it works without.

const MINUTE = 60, HOUR = 3600, DAY = 86400;
const language = document.documentElement.lang;
const past = new Intl.RelativeTimeFormat(language), present = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

function span(seconds) {
  const found = [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"]].find(([size]) => seconds >= 2 * size) || [1, "second"];
  return [Math.floor(seconds / found[0]), found[1]];
}

function left(seconds) {
  if (seconds <= 0) return present.format(0, "second");
  if (seconds < 600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const [count, unit] = span(seconds);
  const unitDisplay = unit === "minute" ? "short" : "long";
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay }).format(count);
}

function ago(seconds) {
  const [count, unit] = span(seconds);
  return past.format(-count, unit);
}

// The device's clock may be wrong: the page says when it was made, and only the time since then is ours.
const made = Date.parse(document.documentElement.dataset.now || "") || Date.now();
const started = performance.now();
const now = () => made + performance.now() - started;

function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-left]")) {
    const said = left(Math.max(0, Math.floor((Date.parse(time.dateTime) - now()) / 1000)));
    if (time.textContent !== said) time.textContent = said;
  }
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = Math.max(0, Math.floor((now() - Date.parse(time.dateTime)) / 1000));
    if (seconds < 2) continue; // it says so, in words that only the server has
    const said = ago(seconds);
    if (time.textContent !== said) time.textContent = said;
  }
}
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
tick();

// A moment that must not be missed is said in the site's zone; beside it, where that is another hour, in the reader's own.
function here(place) {
  const at = new Date(place.dataset.here);
  const said = (timeZone) => new Intl.DateTimeFormat(language, { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(at).replace(",", "");
  const [own, theirs] = [said(undefined), said(place.dataset.zone)];
  place.hidden = own === theirs;
  place.textContent = ` ${place.dataset.says.replace("…", own)}`;
}

function reveal(root) {
  for (const place of root.querySelectorAll("[data-here]")) here(place);
  for (const button of root.querySelectorAll("[data-copy], [data-print], [data-read-out], [data-begin]")) button.hidden = false;
  root.querySelector("[data-errors]")?.focus();
}
reveal(document);
document.addEventListener("fanfare:swapped", (event) => reveal(event.target));

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard?.writeText(copy.dataset.copy);
    copy.dataset.label ??= copy.textContent;
    copy.textContent = copy.dataset.copied;
    setTimeout(() => { copy.textContent = copy.dataset.label; }, 2000);
  }
  if (event.target.closest("[data-print]")) window.print();
  if (event.target.closest("form:is([action='/sign-out'], [action='/me/erase']) button")) forget();
  if (event.target.closest(".btn[aria-disabled=true]")) event.preventDefault();
});

// What a ballot paper or a form kept on this device is gone with her who wrote it.
function forget() {
  try { for (const name of Object.keys(localStorage)) if (/^fanfare[- ](?:ballot|draft) /.test(name)) localStorage.removeItem(name); } catch { /* nothing is kept */ }
}

const labels = new WeakMap();

// One press: the button keeps its width, says what is happening, and a second press does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.busy === "yes") { event.preventDefault(); return; }
  const button = event.submitter;
  if (!button || !form.dataset.guard || event.defaultPrevented) return;
  form.dataset.busy = "yes";
  button.style.width = `${button.offsetWidth}px`;
  labels.set(button, [...button.childNodes]);
  button.textContent = form.dataset.guard;
  button.setAttribute("aria-busy", "true");
});

// A page that comes back from the history is not busy any more.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-busy]")) free(form);
});

function free(form) {
  delete form.dataset.busy;
  for (const button of form.querySelectorAll("[aria-busy]")) {
    button.replaceChildren(...(labels.get(button) ?? [])); // not as text: the policy lets no text become markup
    button.removeAttribute("aria-busy");
    button.style.width = "";
  }
}
document.addEventListener("fanfare:free", (event) => free(event.target));

// Whoever did something by script says so: `document.dispatchEvent(new CustomEvent("fanfare:toast", { detail: "Hidden." }))`.
document.addEventListener("fanfare:toast", (event) => {
  const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: event.detail });
  document.querySelector("[data-toasts]")?.append(toast);
  setTimeout(() => toast.remove(), 6000);
});
