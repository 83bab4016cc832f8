// One moment: finds the number that a form asks for and sends it. Without this, whoever waits a minute is let through too.
// The hashing is the browser's own and runs beside the page; source of the rules: altcha, challenges of version 2.

const AT_ONCE = 8;
const hex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g), (each) => parseInt(each, 16));

async function derived(parameters, counter) {
  const nonce = bytes(parameters.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const rule = { name: "PBKDF2", hash: "SHA-256", salt: bytes(parameters.salt), iterations: parameters.cost };
  return hex(new Uint8Array(await crypto.subtle.deriveBits(rule, key, parameters.keyLength * 8)));
}

async function solution(parameters) {
  for (let first = 0; ; first += AT_ONCE) {
    const tries = Array.from({ length: AT_ONCE }, (_, step) => derived(parameters, first + step));
    for (const [step, derivedKey] of (await Promise.all(tries)).entries()) {
      if (derivedKey.startsWith(parameters.keyPrefix)) return { counter: first + step, derivedKey };
    }
  }
}

const form = document.querySelector("form[data-effort]");

function waiting(is) {
  form.querySelector("[data-waiting]").hidden = is;
  form.querySelector("[data-solving]").hidden = !is;
}

if (form && window.crypto?.subtle) {
  waiting(true);
  try {
    const challenge = JSON.parse(form.dataset.effort);
    form.elements.work.value = btoa(JSON.stringify({ challenge, solution: await solution(challenge.parameters) }));
    form.submit();
  } catch {
    waiting(false);
  }
}
