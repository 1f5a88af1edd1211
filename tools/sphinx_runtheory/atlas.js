// Filters the atlas by words, theme and state. Without it the table stays as it is.
(function () {
  "use strict";
  const table = document.querySelector("table.atlas");
  if (!table) return;
  const rows = Array.from(table.querySelectorAll("tr.atlas-row"));
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
  form.setAttribute("aria-label", "Filter the atlas");
  const add = (label, control) => {
    const whole = document.createElement("label");
    whole.append(label + " ", control);
    form.append(whole);
    return control;
  };
  const words = add("Words", document.createElement("input"));
  words.type = "search";
  words.placeholder = "title, author, idea";
  const menu = (label, prefix) => {
    const select = add(label, document.createElement("select"));
    select.append(new Option("all", ""));
    for (const [look, count] of values(prefix)) {
      select.append(new Option(named(look, prefix) + " (" + count + ")", look));
    }
    return select;
  };
  const theme = menu("Theme", "theme-");
  const state = menu("State", "state-");
  const status = document.createElement("output");
  status.setAttribute("aria-live", "polite");
  form.append(status);

  const show = () => {
    const asked = plain(words.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      const fits = asked.every((word) => texts[index].includes(word)) &&
        [theme, state].every((menu) => !menu.value || row.classList.contains(menu.value));
      row.hidden = !fits;
      shown += fits;
    });
    status.textContent = shown + " of " + rows.length + " papers";
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
  (table.closest(".pst-scrollable-table-container") || table).before(form);
  show();
})();
