// The form of an idea: how many characters are left, and a draft on this device until what was written is in the record.

const HOLDS = ["title", "text", "tags"];
const form = document.querySelector("form[data-draft]");
const key = form && `fanfare draft ${form.dataset.draft}`;

// Some browsers refuse to keep anything; then there is no draft, and everything else works.
function kept(act) {
  try { return act(localStorage); } catch { return null; }
}

function say(name) {
  const place = form.querySelector("[data-kept]");
  if (place && place.textContent !== place.dataset[name]) place.textContent = place.dataset[name];
}

function write() {
  const words = Object.fromEntries(HOLDS.map((name) => [name, form.elements[name]?.value ?? ""]));
  if (!HOLDS.some((name) => words[name])) return kept((store) => store.removeItem(key));
  return kept((store) => { store.setItem(key, JSON.stringify(words)); return true; });
}

function restore() {
  const words = kept((store) => JSON.parse(store.getItem(key) ?? "null"));
  if (!words) return;
  const fresh = HOLDS.every((name) => (form.elements[name]?.value ?? "") === (form.elements[name]?.defaultValue ?? ""));
  const changed = HOLDS.filter((name) => words[name] && words[name] !== form.elements[name]?.value);
  if (!fresh || !changed.length || form.querySelector("[data-errors]") || form.elements["seen-similar"]) return;
  for (const name of changed) form.elements[name].value = words[name];
  say("restored");
}

// The page gives its sentence for each of these numbers; one that the language counts alike has the same form.
const FORMS_FOR = [0, 1, 2, 3, 11, 100];

function leftOver(count) {
  const language = document.documentElement.lang;
  const rules = new Intl.PluralRules(language);
  const forms = form.dataset.left.split("|");
  const alike = FORMS_FOR.findIndex((each) => rules.select(each) === rules.select(count));
  return forms.at(alike).replace("{count}", count.toLocaleString(language));
}

function count(field) {
  const left = field.maxLength - field.value.length;
  const place = field.parentElement.querySelector("[data-left-over]");
  place.textContent = leftOver(left);
  // Read out only near the end, or it would talk all the time.
  place.setAttribute("aria-live", left <= field.maxLength / 10 ? "polite" : "off");
}

if (form) {
  restore();
  for (const field of [form.elements.title, form.elements.text]) {
    count(field);
    field.addEventListener("input", () => count(field));
  }
  let waiting;
  form.addEventListener("input", (event) => {
    if (!HOLDS.includes(event.target.name)) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (write()) say("kept"); }, 500);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(waiting);
    const keeps = write();
    if (navigator.onLine) return;
    event.preventDefault();
    say(keeps ? "offlineKept" : "offline");
  }, { capture: true });
}

// An idea's own page after it was written: what was taken is not a draft any more.
const drafted = document.querySelector("[data-drafted]")?.dataset.drafted;
if (drafted) {
  kept((store) => {
    for (const name of Object.keys(store)) if (name.startsWith(`fanfare draft ${drafted} `)) store.removeItem(name);
  });
}
