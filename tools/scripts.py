"""JavaScript that asks a page what a reader would see; run in the browser by tools.inspection."""

EXPLORABLE = ".runtheory-explorable"

THEME = """
localStorage.setItem("mode", "%(theme)s");
localStorage.setItem("theme", "%(theme)s");
"""

MATHJAX_DONE = """async () => {
  if (!document.querySelector(".math")) return;
  for (let wait = 0; wait < 200 && !window.MathJax?.startup?.promise; wait++)
    await new Promise(done => setTimeout(done, 50));
  await window.MathJax?.startup?.promise;
}"""

# As many drawn widgets as stored views, so that a silent widget manager is noticed.
WIDGETS_DRAWN = """() => {
  const views = document.querySelectorAll(
    'script[type="application/vnd.jupyter.widget-view+json"]').length;
  const drawn = [...document.querySelectorAll(".widget-subarea")]
    .filter(area => area.querySelector(".jupyter-widgets")).length;
  return drawn >= views;
}"""

VISIBLE_FIRST_HEADINGS = """() => [...document.querySelectorAll("h1")]
  .filter(heading => heading.getClientRects().length > 0).length"""

RAW_MATH = r"""() => {
  const found = [];
  const skip = "pre, code, script, style, noscript, mjx-container, textarea, template";
  const raw = /\\\(|\\\[|\\begin\{|\$\$|\$[^\s$][^$]*\$/;
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

BAD_IMAGES = """() => {
  const faults = [];
  for (const image of document.querySelectorAll("main img, body > img, article img")) {
    const name = (image.getAttribute("src") || "").slice(0, 60);
    if (!(image.getAttribute("alt") || "").trim()) faults.push("no text alternative: " + name);
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

FAINT_TEXT = """() => {
  const parse = colour => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const linear = value => (value /= 255) <= 0.03928 ? value / 12.92
    : Math.pow((value + 0.055) / 1.055, 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = element => {
    for (let box = element; box; box = box.parentElement) {
      const colour = parse(getComputedStyle(box).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const faults = [];
  const texts = "article p, article li, article td, article th, article h1, article h2, article h3,"
    + " article summary, .runtheory-claim, .runtheory-claim b, .verdict, .widget-label,"
    + " .widget-readout, .measured, body > p";
  for (const element of document.querySelectorAll(texts)) {
    if (!element.getClientRects().length || !element.textContent.trim()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(1)}: <${element.tagName.toLowerCase()}`
      + ` class="${element.className}"> ${element.textContent.trim().slice(0, 40)}`);
  }
  return faults.slice(0, 5);
}"""

SHOWN_PICTURE = """figure => {
  const images = document.querySelectorAll(".runtheory-explorable")[figure].querySelectorAll("img");
  return [...images].filter(image => image.getClientRects().length)
    .map(image => image.src).join(" ");
}"""

PICTURE_CHANGED = f"([figure, before]) => ({SHOWN_PICTURE})(figure) !== before"
