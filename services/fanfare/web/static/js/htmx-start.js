// Loaded after vendor/htmx.min.js, on pages that use it: its own door into Trusted Types, no code from attributes, our token.

function refuse() { throw new TypeError("Code from an attribute or an answer is not run here."); }
const policy = globalThis.trustedTypes?.createPolicy("fanfare-htmx", { createHTML: (text) => text, createScript: refuse })
  ?? { createHTML: (text) => text, createScript: refuse };

htmx.registerExtension("fanfare", { init: (api) => api.initSecurity(policy, refuse, refuse) });

// A form carries its token in a field; what is sent without one takes it from any form of the page.
document.addEventListener("htmx:config:request", (event) => {
  const request = event.detail.ctx.request;
  const token = document.querySelector("input[name=csrf]")?.value;
  if (token && !["GET", "HEAD"].includes(request.method.toUpperCase())) request.headers["X-CSRF-Token"] = token;
});
