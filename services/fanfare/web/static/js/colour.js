// A colour that is being chosen is shown at once, in light and in dark, with what is done to it. Without this, a button shows it.

const field = document.getElementById("colour");
const said = document.querySelector("[data-colour-remarks]");
let asked;

async function show(colour) {
  const code = colour.replace("#", "").toLowerCase();
  if (!/^[0-9a-f]{6}$/.test(code)) return;
  if (!document.querySelector(`link[href="/brand.css?c=${code}"]`)) {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = `/brand.css?c=${code}`;
    document.head.append(sheet);
    await new Promise((done) => { sheet.onload = sheet.onerror = done; });
  }
  for (const sample of document.querySelectorAll("[data-colour-sample]")) sample.dataset.brand = code;
  if (!said) return;
  const answer = await fetch(`/brand.txt?c=${code}`);
  if (!answer.ok || code !== asked) return;
  said.replaceChildren(...(await answer.text()).trim().split("\n").map((sentence) => {
    const line = document.createElement("li");
    line.textContent = sentence;
    return line;
  }));
}

let waiting;
field?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    asked = field.value.replace("#", "").toLowerCase();
    show(field.value);
  }, 120);
});
document.querySelector("[data-colour-show]")?.setAttribute("hidden", "");
