// The search page: sections, statements, terms and functions that hold the words asked for.
// A wrong letter is forgiven. The list of passages is fetched when somebody asks.
(() => {
  const LIST = new URL("search_list.js", document.currentScript.src);
  const COMMON = new Set("a an and are as at be by do does for from in is it of on or that the to vs what when which with".split(" "));
  const SHOWN = 25, OF_A_PAGE = 3;
  const WEIGHT = { title: 4, page: 1.6, hidden: 0.35, symbol: 1.5 };
  let passages, counts; // counts: in how many passages a word stands

  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[’']s\b/g, "");
  const wordsOf = (text) => plain(text).match(/[a-z0-9_]+(?:\.[0-9]+)?|[\u03b1-\u03c9]/g) ?? [];

  // American spelling as British, plurals and endings away: both sides are treated alike.
  function stem(word) {
    if (word.length < 4 || /[_0-9]/.test(word)) return word;
    word = word.replace(/iz(?=e|ing|ation)/, "is").replace(/ies$/, "y").replace(/([^s])s$/, "$1").replace(/sse$/, "ss");
    const short = word.replace(/(?:ations?|ators?|ing|ed|ly|or|e)$/, "");
    word = short.length >= 3 ? short : word;
    return word.replace(/([b-df-hj-np-rtv-z])\1$/, "$1");
  }

  const parts = (word) => (word.includes("_") ? [word, ...word.split("_").filter(Boolean).map(stem)] : [stem(word)]);
  function bag(text) {
    const found = new Map();
    for (const word of wordsOf(text)) for (const one of parts(word)) found.set(one, (found.get(one) ?? 0) + 1);
    return found;
  }

  function take(rows) {
    counts = new Map();
    passages = rows.map(([address, page, title, text, hidden, weight, also]) => {
      const made = { address, page, title, text, weight, bags: { title: bag(`${title} ${also}`), page: bag(page), text: bag(text), hidden: bag(hidden) } };
      made.length = wordsOf(text).length;
      made.pairs = ` ${wordsOf(`${title} . ${page} . ${text}`).map(stem).join(" ")} `;
      for (const word of new Set(Object.values(made.bags).flatMap((one) => [...one.keys()])))
        counts.set(word, (counts.get(word) ?? 0) + 1);
      return made;
    });
    const asked = new URLSearchParams(location.search).get("q");
    if (asked) show(asked);
  }

  // How many letters differ, where two that changed places are one; stops at `most`.
  function distance(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let before = [], row = Array.from({ length: b.length + 1 }, (_, place) => place);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1] ? 0 : 1;
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + same);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
      }
      [before, row] = [row, next];
    }
    return row[b.length];
  }

  // The words of the book that stand for a word asked for, each with how well it does.
  function standIns(word) {
    if (counts.has(word)) return new Map([[word, 1]]);
    const most = word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
    const near = new Map();
    for (const known of counts.keys()) {
      if (word.length > 3 && known.startsWith(word)) near.set(known, 0.7);
      else if (most && distance(word, known, most) <= most) near.set(known, 0.6);
    }
    return near;
  }

  function termsOf(query) {
    const asked = wordsOf(query).filter((word) => !COMMON.has(word));
    const stems = (asked.length ? asked : wordsOf(query)).map((word) => (word.includes("_") ? word : stem(word)));
    return [...new Set(stems)].map((word) => ({ word, near: standIns(word) }));
  }

  function scoreOf(passage, terms) {
    let score = 0, met = 0;
    for (const { near } of terms) {
      let best = 0;
      for (const [word, fit] of near) {
        const { title, page, text, hidden } = passage.bags;
        const often = text.get(word) ?? 0;
        const value = (title.has(word) ? WEIGHT.title / Math.sqrt(1 + 0.15 * title.size) : 0)
          + (page.has(word) ? WEIGHT.page : 0)
          + (hidden.has(word) ? WEIGHT[word.includes("_") ? "symbol" : "hidden"] : 0)
          + (1.8 * often) / (often + 0.6 + passage.length / 160);
        best = Math.max(best, fit * value * Math.log(1 + passages.length / counts.get(word)));
      }
      score += best;
      met += best > 0;
    }
    if (!met) return 0;
    const words = terms.map(({ near }) => [...near.keys()][0]);
    for (let place = 1; place < words.length; place++)
      if (passage.pairs.includes(` ${words[place - 1]} ${words[place]} `)) score *= 1.25;
    return score * passage.weight * (met / terms.length) ** 2;
  }

  function find(query) {
    const terms = termsOf(query);
    const scored = passages.map((passage) => ({ passage, score: scoreOf(passage, terms) }));
    const ranked = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
    const ofPage = new Map();
    const hits = ranked.filter(({ passage }) => {
      const page = passage.address.split("#")[0];
      ofPage.set(page, (ofPage.get(page) ?? 0) + 1);
      return ofPage.get(page) <= OF_A_PAGE;
    });
    return { terms, hits: hits.slice(0, SHOWN).map(({ passage }) => passage) };
  }

  // A piece of the text where most of the words asked for stand, these marked.
  function snippet(text, terms) {
    const wanted = new Set(terms.flatMap(({ near }) => [...near.keys()]));
    const words = text.split(/\s+/).filter(Boolean);
    const hit = words.map((word) => wordsOf(word).some((one) => parts(one).some((stemmed) => wanted.has(stemmed))));
    const LONG = 34;
    let start = 0, most = -1;
    for (let place = 0; place < Math.max(1, words.length - LONG / 2); place++) {
      const here = hit.slice(place, place + LONG).filter(Boolean).length;
      if (here > most) [start, most] = [place, here];
    }
    start = Math.max(0, start - 3);
    const line = document.createElement("p");
    if (start) line.append("… ");
    words.slice(start, start + LONG).forEach((word, place) => {
      const shown = hit[start + place] ? Object.assign(document.createElement("mark"), { textContent: word }) : word;
      line.append(shown, " ");
    });
    if (start + LONG < words.length) line.append("…");
    return line;
  }

  function item(passage, terms) {
    const made = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: passage.address, textContent: passage.title });
    made.append(link);
    if (passage.page !== passage.title)
      made.append(Object.assign(document.createElement("span"), { className: "search-page", textContent: passage.page }));
    if (passage.text) made.append(snippet(passage.text, terms));
    return made;
  }

  function told(query, { terms, hits }) {
    if (!hits.length) return `Nothing holds “${query}”. Try fewer or other words.`;
    const guessed = terms.filter(({ word, near }) => near.size && !near.has(word));
    const other = guessed.map(({ near }) => [...near.keys()].slice(0, 3).join(", ")).join("; ");
    return `${hits.length}${hits.length === SHOWN ? " and more" : ""} passages` + (other ? `; not found as typed, so also words like: ${other}` : "");
  }

  function show(query) {
    const found = find(query);
    const place = document.getElementById("search-results");
    const list = Object.assign(document.createElement("ol"), { className: "search-hits" });
    list.append(...found.hits.map((passage) => item(passage, found.terms)));
    const count = Object.assign(document.createElement("p"), { className: "search-count", textContent: told(query, found) });
    count.setAttribute("role", "status");
    place.replaceChildren(count, list);
    document.documentElement.dataset.searched = query;
  }

  function load() {
    if (passages) return;
    const script = Object.assign(document.createElement("script"), { src: LIST.href });
    document.head.append(script);
  }

  window.runtheorySearch = { take, show, addresses: () => passages.map(({ address }) => address) };
  const asked = new URLSearchParams(location.search).get("q");
  for (const input of document.querySelectorAll("form.bd-search input")) input.value = asked ?? "";
  if (asked) load();
})();
