// The queue by keyboard. Every key presses what is on the page, so all of it works without; and the keys can be turned off.

const KEPT = "fanfare-moderation-keys";
const page = document.querySelector("[data-shortcuts]");
const box = document.querySelector("#shortcuts");
const TYPED = "textarea, select, [contenteditable], input:not([type='radio'], [type='checkbox'])";

function kept() {
  try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; }
}

function show() {
  page.querySelector("[data-keys]").hidden = false;
  for (const each of page.querySelectorAll("[data-shown]")) each.hidden = !box.checked;
}

box.checked = kept();
box.addEventListener("change", () => {
  try { localStorage.setItem(KEPT, box.checked ? "on" : "off"); } catch { /* nothing is kept */ }
  show();
});
show();

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.(TYPED);
  if (event.key === "Escape" && typing && page.contains(typing)) { typing.blur(); return; }
  if (!box.checked || typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  const rule = /^[1-9]$/.test(event.key) ? page.querySelectorAll("[data-case] input[name='rule']")[Number(event.key) - 1] : null;
  const found = rule ?? page.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!found) return;
  event.preventDefault();
  if (rule) rule.checked = true;
  if (found.matches("input")) found.focus(); else found.click();
});
