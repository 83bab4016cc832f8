// The form of an idea: how many characters are left, and a draft on this device until what was written is in the record.

const HOLDS = ["title", "text", "tags"];
const form = document.querySelector("form[data-draft]");
const key = form && `fanfare draft ${form.dataset.draft}`;

// Some browsers refuse to keep anything; then there is no draft, and everything else works.
function kept(act) {
  try { return act(localStorage); } catch { return null; }
}

function say(text) {
  const place = form.querySelector("[data-kept]");
  if (place && place.textContent !== text) place.textContent = text;
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
  say("What you wrote before was still on this device. It is back in the form.");
}

function count(field) {
  const left = field.maxLength - field.value.length;
  const place = field.parentElement.querySelector("[data-left-over]");
  place.textContent = `${left.toLocaleString("en-GB")} ${left === 1 ? "character" : "characters"} left.`;
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
    waiting = setTimeout(() => { if (write()) say("Kept on this device."); }, 500);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(waiting);
    const keeps = write();
    if (navigator.onLine) return;
    event.preventDefault();
    say(keeps ? "You are offline. What you wrote is kept on this device; press again when you are back." : "You are offline. Press again when you are back.");
  }, { capture: true });
}

// An idea's own page after it was written: what was taken is not a draft any more.
const drafted = document.querySelector("[data-drafted]")?.dataset.drafted;
if (drafted) {
  kept((store) => {
    for (const name of Object.keys(store)) if (name.startsWith(`fanfare draft ${drafted} `)) store.removeItem(name);
  });
}
