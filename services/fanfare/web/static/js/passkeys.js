// Passkeys: the browser's own dialogue, and its answer in an ordinary form. Without this the link by mail signs in.

const { browserSupportsWebAuthn, browserSupportsWebAuthnAutofill, startAuthentication, startRegistration } = window.SimpleWebAuthnBrowser;
const AGAIN_MS = 240_000; // a challenge lives for five minutes

async function asked(form) {
  const answer = await fetch(form.dataset.options, { method: "POST", headers: { accept: "application/json" } });
  const optionsJSON = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(optionsJSON.code), { said: optionsJSON.detail });
  return optionsJSON;
}

function say(form, error) {
  const name = error?.cause?.name ?? error?.name;
  const known = { NotAllowedError: form.dataset.cancelled, InvalidStateError: form.dataset.known }[name];
  form.querySelector("[data-said]").textContent = error?.said ?? known ?? form.dataset.failed;
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}

async function press(form) {
  const button = form.querySelector("button");
  button.setAttribute("aria-busy", "true");
  form.querySelector("[data-said]").textContent = "";
  try {
    const begin = form.dataset.passkey === "create" ? startRegistration : startAuthentication;
    send(form, await begin({ optionsJSON: await asked(form) }));
  } catch (error) {
    button.removeAttribute("aria-busy");
    say(form, error);
  }
}

// While the field for the address has focus, browsers that can offer the passkeys they know below it.
async function offer(form) {
  const again = setTimeout(() => offer(form), AGAIN_MS);
  try {
    send(form, await startAuthentication({ optionsJSON: await asked(form), useBrowserAutofill: true }));
  } catch { /* the button was pressed, or this browser would rather not: the field and the button are still there */ }
  finally { if (form.elements.credential.value) clearTimeout(again); }
}

// Before page.js, which would call the form busy before there is something to send.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-passkey]");
  if (!form || form.elements.credential.value) return;
  event.preventDefault();
  event.stopPropagation();
  press(form);
}, true);

if (browserSupportsWebAuthn()) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    if (form.dataset.passkey === "get" && await browserSupportsWebAuthnAutofill()) offer(form);
  }
}

// A page that comes back from the history asks anew.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) form.elements.credential.value = "";
});
