// Filters the rows of a page's tables by words and by what their classes say; its tag names them.
// Without it the tables stay as they are.
(function () {
  "use strict";
  const told = document.currentScript.dataset;
  const rows = Array.from(document.querySelectorAll("tr." + told.rows));
  if (!rows.length) return;
  const tables = Array.from(new Set(rows.map((row) => row.closest("table"))));
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const texts = rows.map((row) => plain(row.textContent));
  const values = (prefix) => {
    const names = new Map();
    for (const row of rows) {
      const found = Array.from(row.classList).find((name) => name.startsWith(prefix));
      names.set(found, (names.get(found) || 0) + 1);
    }
    return names;
  };
  const named = (look, prefix) => look.slice(prefix.length).replace(/-/g, " ");

  const form = document.createElement("form");
  form.className = "atlas-filter";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", told.name);
  const add = (label, control) => {
    const whole = document.createElement("label");
    whole.append(label + " ", control);
    form.append(whole);
    return control;
  };
  const words = add("Words", document.createElement("input"));
  words.type = "search";
  words.placeholder = told.words;
  const menu = (label, prefix) => {
    const select = add(label, document.createElement("select"));
    select.append(new Option("all", ""));
    for (const [look, count] of values(prefix)) {
      select.append(new Option(named(look, prefix) + " (" + count + ")", look));
    }
    return select;
  };
  const menus = told.menus.split(" ").map((name) =>
    menu(name[0].toUpperCase() + name.slice(1), name + "-"));
  const status = document.createElement("output");
  status.setAttribute("aria-live", "polite");
  form.append(status);

  const show = () => {
    const asked = plain(words.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      const fits = asked.every((word) => texts[index].includes(word)) &&
        menus.every((menu) => !menu.value || row.classList.contains(menu.value));
      row.hidden = !fits;
      shown += fits;
    });
    // A table without rows goes, and its heading with it where nothing else is below that.
    for (const table of tables) {
      const empty = Array.from(table.tBodies[0].rows).every((row) => row.hidden);
      (table.closest(".pst-scrollable-table-container") || table).hidden = empty;
    }
    for (const part of document.querySelectorAll("section.rows-of"))
      part.hidden = Array.from(part.querySelectorAll("tbody tr")).every((row) => row.hidden);
    status.textContent = shown + " of " + rows.length + " " + told.what;
  };
  // A link to a row that the filter hides shows it again.
  const reveal = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.hidden) {
      form.reset();
      show();
      row.scrollIntoView();
    }
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", reveal);
  const first = document.querySelector("section.rows-of") || tables[0];
  (first.closest(".pst-scrollable-table-container") || first).before(form);
  show();
  reveal();
})();
