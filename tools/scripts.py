"""JavaScript that asks a page what a reader would see; run in the browser by tools.inspection."""

from runtheory.explore import MIME

EXPLORABLE = ".runtheory-explorable"

THEME = """
localStorage.setItem("mode", "%(theme)s");
localStorage.setItem("theme", "%(theme)s");
"""

# A script that waits for what never comes would hold the browser for ever.
WITHIN = """const within = (promise, what) => Promise.race([promise, new Promise((_, refuse) =>
    setTimeout(() => refuse(new Error("waited too long for " + what)), 90_000))]);"""

MATHJAX_DONE = f"""async () => {{
  {WITHIN}
  if (!document.querySelector(".math")) return;
  for (let wait = 0; wait < 200 && !window.MathJax?.startup?.promise; wait++)
    await new Promise(done => setTimeout(done, 50));
  await within(window.MathJax?.startup?.promise, "formulas");
}}"""

# Stored figures with sliders that no script has drawn.
STORED_WITHOUT_FIGURE = f"""() => document.querySelectorAll(
    'script[type="{MIME}"]').length
  > document.querySelectorAll(".runtheory-explorable:has(.panels svg, .frame img)").length"""

# From top to bottom, as a reader does: what waits for its place in the window comes. The theme
# scrolls smoothly: on a busy machine a page would still be moving under the eyes of the next check.
READ_THROUGH = f"""async () => {{
  {WITHIN}
  const frame = () => within(
    new Promise(done => requestAnimationFrame(() => setTimeout(done, 10))), "the next frame");
  for (let y = 0; y < document.documentElement.scrollHeight; y += window.innerHeight / 2) {{
    window.scrollTo({{ top: y, behavior: "instant" }});
    await frame();
  }}
  // A picture that was passed before the browser asked for it is gone back to, as a reader would.
  for (const image of [...document.images].filter(image => image.getClientRects().length)) {{
    if (image.complete) continue;
    image.scrollIntoView({{ behavior: "instant" }});
    image.loading = "eager";
    await within(new Promise(done => {{
      image.addEventListener("load", done);
      image.addEventListener("error", done);
    }}), "the image " + image.alt);
  }}
  window.scrollTo({{ top: 0, behavior: "instant" }});
}}"""

RAW_MATH = r"""() => {
  const found = [];
  const skip = "pre, code, script, style, noscript, mjx-container, textarea, template";
  const raw = /\\\(|\\\[|\\begin\{|\$\$|\$[^\s$][^$]*\$|\\[a-zA-Z]+\{/;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest(skip) && raw.test(node.data))
      found.push(node.data.trim().slice(0, 80));
  for (const block of document.querySelectorAll(".math"))
    if (!block.querySelector("mjx-container")) found.push(block.textContent.trim().slice(0, 80));
  for (const error of document.querySelectorAll("mjx-merror, [data-mjx-error]"))
    found.push(error.getAttribute("data-mjx-error") || error.textContent.slice(0, 80));
  return found;
}"""

BROKEN_IMAGES = """() => {
  const faults = [];
  for (const image of document.querySelectorAll("main img, body > img, article img")) {
    const name = (image.getAttribute("src") || "").slice(0, 60);
    if (image.getClientRects().length && image.complete && image.naturalWidth === 0)
      faults.push("broken image: " + name);
  }
  return [...new Set(faults)];
}"""

TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const faults = [];
  const page = document.scrollingElement.scrollWidth;
  if (page > width + 1) faults.push(`the page is ${page} px wide`);
  const boxed = element => {
    for (let box = element; box && box !== document.body; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== "visible" && box.tagName !== "MAIN"
          && box.getBoundingClientRect().right <= width + 1) return true;
    return false;
  };
  for (const element of document.querySelectorAll("article *, body > *")) {
    const area = element.getBoundingClientRect();
    if (area.width && area.height && area.right > width + 1 && area.left < width
        && !element.closest("noscript, .bd-sidebar, .sr-only, .visually-hidden, mjx-assistive-mml")
        && getComputedStyle(element).visibility !== "hidden"
        && getComputedStyle(element).position !== "fixed" && !boxed(element))
      faults.push(`<${element.tagName.toLowerCase()} class="${element.getAttribute("class")}">`
        + ` ends at ${Math.round(area.right)} px: ${element.textContent.trim().slice(0, 40)}`);
  }
  return faults.slice(0, 5);
}"""

# What is cut: wider than its box, which neither scrolls nor lies in one that does.
CUT_OFF = """() => {
  const faults = [];
  const scrolls = element => {
    for (let box = element; box && !box.matches("article"); box = box.parentElement)
      if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return true;
    return false;
  };
  const kinds = "article :is(span.math, div.math, pre, td, th, figure)";
  for (const element of document.querySelectorAll(kinds)) {
    if (!element.getClientRects().length) continue;
    const formula = element.querySelector(":scope > mjx-container > mjx-math");
    let box = element;
    if (element.matches("span.math"))
      while (getComputedStyle(box).display.startsWith("inline")) box = box.parentElement;
    const wide = formula
      ? formula.getBoundingClientRect().width > box.clientWidth + 1
      : element.scrollWidth > element.clientWidth + 1;
    const hidden = getComputedStyle(element).overflowX === "hidden";
    if (wide && (hidden || !scrolls(element)))
      faults.push(`<${element.tagName.toLowerCase()}> is cut off:`
        + ` ${element.textContent.trim().slice(0, 40)}`);
  }
  return faults.slice(0, 5);
}"""

# Code whose ends a laptop's window does not show.
WIDE_CODE = """() => [...document.querySelectorAll("div.cell_input pre")]
  .filter(box => box.getClientRects().length && box.scrollWidth > box.clientWidth + 1)
  .map(box => box.textContent.split("\\n").sort((a, b) => b.length - a.length)[0])
  .map(line => `code wider than its box: ${line.slice(0, 100)}`)
  .slice(0, 5)"""

# What scrolls sideways is a stop of the tab key, and no formula that fits is.
STOPS = """() => {
  const faults = [];
  for (const element of document.querySelectorAll("article *")) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
      && element.scrollWidth > element.clientWidth + 1 && element.getClientRects().length;
    const inside = "a, button, input, [tabindex='0']";
    if (scrolls && element.tabIndex < 0 && !element.querySelector(inside))
      faults.push(`scrolls, but not by keyboard: <${element.tagName.toLowerCase()}>`
        + ` ${element.textContent.trim().slice(0, 40)}`);
    if (element.matches("mjx-container") && element.tabIndex >= 0)
      faults.push("a formula is a stop of the tab key: " + element.textContent.slice(0, 40));
  }
  return faults.slice(0, 5);
}"""

# What a figure shows: its frame, or the marks of its panels; no axis, and no word beside it.
SHOWN_PICTURE = """figure => {
  const shown = document.querySelectorAll(".runtheory-explorable")[figure];
  const images = [...shown.querySelectorAll("img")].filter(one => one.getClientRects().length);
  const marks = [...shown.querySelectorAll("svg g.data")].map(one => one.innerHTML);
  return [...images.map(image => image.src), ...marks].join(" ");
}"""

PICTURE_CHANGED = f"([figure, before]) => ({SHOWN_PICTURE})(figure) !== before"
