// What scrolls sideways can be scrolled by keyboard; paper loses nothing; buttons say their state.
(() => {
  const SCROLLERS = ".bd-article :is(pre, div.math, p, li, dd, figure, div.cell_output, div.output, "
    + ".graph, .pst-scrollable-table-container, .readings-table)";

  function scrolls(element) {
    const overflow = getComputedStyle(element).overflowX;
    return (overflow === "auto" || overflow === "scroll")
      && element.scrollWidth > element.clientWidth; // a pixel counts, as it does for axe
  }

  function kind(element) {
    if (element.matches(".math")) return "Formula";
    if (element.matches("pre")) return "Code";
    return element.querySelector("table") ? "Table" : element.querySelector("img") ? "Figure" : "Text";
  }

  // A stop of the tab key only where there is something to scroll to.
  function openScrollers() {
    for (const element of document.querySelectorAll(SCROLLERS)) {
      const wide = scrolls(element);
      if (wide === element.hasAttribute("data-scrolls")) continue;
      if (wide) {
        element.setAttribute("data-scrolls", "");
        element.tabIndex = 0;
        if (!element.matches("p, li, dd")) {
          element.setAttribute("role", "group");
          element.setAttribute("aria-label", `${kind(element)}, scrolls sideways`);
        }
      } else {
        for (const name of ["data-scrolls", "tabindex", "role", "aria-label"]) element.removeAttribute(name);
      }
    }
  }

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(openScrollers, 150);
  };
  window.addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    openScrollers();
  });
  window.addEventListener("resize", soon);
  document.addEventListener("toggle", soon, true);
  document.addEventListener("runtheory:drawn", soon);
  document.fonts.addEventListener("loadingdone", soon); // letters that come late are wider or less

  // Paper: every fold is open, and a formula wider than the sheet is set smaller.
  const SHEET = 640; // pixels between the margins of A4 and of US letter
  const folded = new Set();
  window.addEventListener("beforeprint", () => {
    for (const element of document.querySelectorAll(".bd-article details:not([open])")) {
      folded.add(element);
      element.open = true;
    }
    for (const image of document.querySelectorAll("img[loading=lazy]")) image.loading = "eager";
    for (const formula of document.querySelectorAll(".bd-article :is(div.math, span.math) > mjx-container")) {
      const inner = formula.querySelector("mjx-math");
      const width = inner ? inner.getBoundingClientRect().width : 0;
      if (width > SHEET) formula.style.fontSize = `${Math.floor((100 * SHEET) / width)}%`;
    }
  });
  window.addEventListener("afterprint", () => {
    for (const element of folded) element.open = false;
    folded.clear();
    for (const formula of document.querySelectorAll("mjx-container[style*=font-size]")) formula.style.fontSize = "";
  });

  // Where the package of a downloaded notebook lies depends on where the site is read.
  document.addEventListener("DOMContentLoaded", () => {
    for (const code of document.querySelectorAll("[data-install]"))
      code.textContent = `%pip install "runtheory[labs] @ ${new URL(code.dataset.install, document.baseURI)}"`;
  });

  // The button of the colours says which are on.
  const tell = () => {
    for (const button of document.querySelectorAll(".theme-switch-button"))
      button.setAttribute("aria-label", `Colours: ${document.documentElement.dataset.mode}`);
  };
  document.addEventListener("DOMContentLoaded", tell);
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-mode"] });
})();
