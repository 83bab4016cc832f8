// What journeys ask of a page from within: does anything stick out, is anything cut off, is every control seen and reached.

const shown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
const named = (element) => `${element.tagName.toLowerCase()}${element.name ? `[name=${element.name}]` : ""}.${[...element.classList].join(".")} “${element.textContent.trim().slice(0, 40)}”`;
const styled = (css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
};
const ACCENTS = { a: "á", e: "ë", i: "ï", o: "ö", u: "ü", c: "ç", n: "ñ", y: "ÿ", A: "Å", E: "É", I: "Í", O: "Ø", U: "Ü", C: "Ç", N: "Ñ" };
const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";

let shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });

window.probes = {
  // Of a role's page that looks like another's, one is enough: what it is made of, without its words.
  outline: () => [...document.body.querySelectorAll("*")].map((each) => each.tagName + each.className.toString() + (each.getAttribute("role") ?? "")).join(" "),

  shift: () => shift,

  // Everything that is wider than the window, or than the box that it stands in; what scrolls by itself may be.
  tooWide: () => {
    const root = document.documentElement;
    const wrong = [];
    if (root.scrollWidth > root.clientWidth) {
      const sticking = [...document.body.querySelectorAll("*")].filter((each) => {
        const box = each.getBoundingClientRect();
        return shown(each) && box.width && (box.right > root.clientWidth + 1 || box.left < -1) && !each.closest(".scroll, .tape, .mast ul, .vh, svg");
      });
      wrong.push(`the page is ${root.scrollWidth} px wide: ${sticking.slice(0, 3).map(named).join(", ")}`);
    }
    for (const each of document.body.querySelectorAll("*")) {
      const words = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!words || each.clientWidth === 0 || each.scrollWidth <= each.clientWidth + 1 || !shown(each)) continue;
      if (each.closest(".vh, .scroll, select, textarea, svg, .skip") || ["auto", "scroll"].includes(getComputedStyle(each).overflowX)) continue;
      wrong.push(`cut off or sticking out by ${each.scrollWidth - each.clientWidth} px: ${named(each)}`);
    }
    return wrong.slice(0, 5);
  },

  // WCAG 2.2, success criterion 1.4.12
  spaceText: () => styled("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"),

  lengthen: () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const said = text.data.trim();
      if (!/[a-z]{2}/i.test(said) || text.parentElement.closest("script, style, textarea, svg, .code")) continue;
      const accented = said.replace(/[aeioucnyAEIOUCN]/g, (letter) => ACCENTS[letter] ?? letter);
      const more = said.split(/\s+/).filter((_, place) => place % 3 === 0).map((word) => word.replace(/[aeiou]/g, "ü").slice(0, 12)).join(" ");
      text.data = text.data.replace(said, `${accented} ${more.slice(0, Math.ceil(said.length * 0.4))}`);
    }
  },

  turn: () => {
    document.documentElement.dir = "rtl";
    const mark = document.querySelector(".mast .mark")?.getBoundingClientRect();
    return mark && innerWidth - mark.right > mark.left ? ["the mark stays at the left"] : [];
  },

  moving: () => document.getAnimations().filter((each) => each.playState === "running" && each.effect.getComputedTiming().activeDuration > 10).map((each) => named(each.effect.target)),

  // With colours of the device's own choosing, backgrounds are gone: what a button or a bar is made of has to be drawn otherwise.
  withoutEdge: () => {
    const ground = getComputedStyle(document.body).backgroundColor;
    const plain = [...document.querySelectorAll(".btn, .ticket, .paper, .note")].filter((each) => !parseFloat(getComputedStyle(each).borderBlockStartWidth));
    const bars = [...document.querySelectorAll(".bar rect, .chart rect")].filter((each) => [getComputedStyle(each).fill, getComputedStyle(each).stroke].every((paint) => ["none", ground].includes(paint)));
    return [...plain, ...bars].filter(shown).map(named);
  },

  // What Tab has to reach: of radio buttons of one name, one.
  controls: () => {
    const groups = new Set();
    return [...document.querySelectorAll(CONTROLS)].filter((each) => {
      if (!shown(each) || each.matches(":disabled") || each.tabIndex < 0 || each.closest("[inert]")) return false;
      if (each.type !== "radio") return true;
      const group = each.form?.id + each.name;
      return !groups.has(group) && groups.add(group);
    }).map((each, place) => { each.dataset.probe = place; return named(each); });
  },

  // Where the focus is, and whether it is seen there.
  focused: () => {
    const on = document.activeElement;
    if (!on || on === document.body) return null;
    const style = getComputedStyle(on), ring = parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none";
    const box = on.getBoundingClientRect();
    const probe = on.type === "radio" ? document.querySelector(`input[type=radio][name="${on.name}"][data-probe]`)?.dataset.probe : on.dataset.probe;
    return { probe: probe ?? "", wrong: !ring ? `no focus ring on ${named(on)}` : box.bottom < 0 || box.top > innerHeight ? `the focus is out of sight on ${named(on)}` : "" };
  },
};
