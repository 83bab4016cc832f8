// The one place where our own scripts turn text into markup. The pages' policy (Trusted Types) refuses it everywhere else.

const policy = globalThis.trustedTypes?.createPolicy("fanfare", { createHTML: (text) => text });

// What may run or lead elsewhere has no place in what is set into a page.
const UNWANTED = "script, iframe, object, embed, base, meta[http-equiv]";

// Returns an answer of this site as a document of its own: nothing in it runs or loads before its parts are moved into the page.
export function parsed(text) {
  const found = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
  for (const each of found.querySelectorAll(UNWANTED)) each.remove();
  return found;
}
