// Quizzes: an answer is looked up in the key behind the questions, and kept in this browser alone.
(() => {
  const KEPT = "runtheory-quiz";

  // "1/6", "0,25", "16.7 %", "−3e-4"; NaN for anything else. A per cent is `part` of the unit.
  function number(text, part) {
    const plain = text.replace(/[−–]/g, "-").replaceAll(",", ".").replace(/\s+/g, "");
    const [, above, below, percent] = /^([^/%]+)(?:\/([^/%]+))?(%?)$/.exec(plain) ?? [];
    if (above === undefined) return NaN;
    return Number(above) / (below === undefined ? 1 : Number(below)) / (percent ? part : 1);
  }

  const near = (value, wanted, tolerance) => Math.abs(value - wanted) <= tolerance * Math.abs(wanted);

  class Question {
    constructor(field, key) {
      Object.assign(this, { field, lines: [...key.querySelectorAll(":scope > ul > li")], right: false });
      this.said = field.querySelector(".quiz-answer");
      this.controls = [...field.querySelectorAll(".quiz-option :is(input, select)")];
      this.wanted = field.dataset.right.split(" ");
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: "Check" });
      button.setAttribute("aria-label", `Check the answer to ${field.querySelector("legend").firstChild.data}`);
      button.addEventListener("click", () => this.check());
      field.insertBefore(button, this.said);
      field.addEventListener("keydown", event => {
        if (event.key === "Enter" && event.target.matches("input")) this.check();
      });
    }

    // What stands in the controls, as one text; "" where nothing does.
    get given() {
      const { kind } = this.field.dataset;
      if (kind === "number") return this.controls[0].value.trim();
      if (kind === "order") {
        const places = this.controls.map(control => Number(control.value));
        if (places.some(place => !place)) return "";
        return places.join(" ");
      }
      return this.controls.filter(control => control.checked).map(control => control.value).join(" ");
    }

    set given(text) {
      const { kind } = this.field.dataset;
      const parts = text.split(" ");
      this.controls.forEach((control, at) => {
        if (kind === "number") control.value = text;
        else if (kind === "order") control.value = parts[at] ?? "";
        else control.checked = text !== "" && parts.includes(control.value);
      });
    }

    check() {
      const answers = { choice: "chosen", several: "chosen", order: "ordered", number: "computed" };
      const given = this.given;
      if (given === "") return this.say("Give an answer first.", []);
      const [right, words, lines] = this[answers[this.field.dataset.kind]](given);
      this.right = right;
      this.field.dataset.state = right ? "right" : "wrong";
      this.say(words, lines);
      this.field.dispatchEvent(new CustomEvent("runtheory:answered", { bubbles: true }));
    }

    chosen(given) {
      const letters = given.split(" ");
      const wrong = this.controls.map(({ value }) => letters.includes(value) !== this.wanted.includes(value));
      const right = !wrong.some(Boolean);
      if (this.field.dataset.kind === "choice") {
        return [right, right ? "Right." : "Not this one.", this.lines.filter((_, at) => this.controls[at].checked)];
      }
      return [right, right ? "Right." : "Look again at:", right ? this.lines : this.lines.filter((_, at) => wrong[at])];
    }

    ordered(given) {
      const order = this.wanted.map(letter => this.controls.findIndex(({ dataset }) => dataset.option === letter));
      const places = given.split(" ").map(Number);
      const met = order.filter((at, place) => places[at] === place + 1).length;
      const right = met === order.length;
      return [right, right ? "Right." : `${met} of ${order.length} have their place.`, right ? this.lines : []];
    }

    computed(given) {
      const { tolerance, slips, percent } = this.field.dataset;
      const whole = /^\D?[1-9]\d{0,2}(,\d{3})+(\.|\D*$)/.test(given) ? given.replaceAll(",", "") : given; // "1,500"
      const values = [given, whole].map(text => number(text, Number(percent)));
      if (values.every(Number.isNaN)) return [false, "This is no number: write 0.25, 1/4 or 25 %.", []];
      const met = wanted => values.some(value => near(value, Number(wanted), Number(tolerance)));
      if (met(this.wanted[0])) return [true, "Right.", [this.lines[0]]];
      const slip = slips.split(" ").findIndex(one => one && met(one));
      return [false, "Not this number.", slip < 0 ? [] : [this.lines[slip + 1]]];
    }

    // The key's own words, without the letter or number that they begin with there.
    async say(words, lines) {
      await window.MathJax?.startup?.promise;
      const told = lines.flatMap(line => {
        const copy = line.cloneNode(true);
        for (const element of copy.querySelectorAll("[id]")) element.removeAttribute("id");
        return [" ", ...(copy.querySelector("p") ?? copy).childNodes];
      });
      this.said.replaceChildren(words, ...told);
    }

    clear() {
      this.given = "";
      this.right = false;
      delete this.field.dataset.state;
      this.said.replaceChildren();
    }
  }

  function kept(slug) {
    try {
      return JSON.parse(localStorage.getItem(`${KEPT}/${slug}`)) ?? {};
    } catch {
      return {}; // a browser that keeps nothing, or something else under the name
    }
  }

  function keep(slug, answers) {
    try {
      localStorage.setItem(`${KEPT}/${slug}`, JSON.stringify(answers));
    } catch { /* answers last as long as the page */ }
  }

  function open(quiz) {
    const { quiz: slug } = quiz.dataset;
    const keys = quiz.querySelectorAll(":scope > .quiz-key > ol > li");
    const questions = [...quiz.querySelectorAll(":scope > fieldset")].map((field, at) => new Question(field, keys[at]));
    const tally = quiz.querySelector(".quiz-tally");
    const again = document.createElement("button");
    Object.assign(again, { type: "button", textContent: "Start again" });
    tally.after(again);
    const count = () => {
      const met = questions.filter(({ right }) => right).length;
      tally.textContent = `${met} of ${questions.length} right. Your answers stay in this browser.`;
    };
    const save = () => keep(slug, Object.fromEntries(questions.map(one => [one.field.id, one.given])));
    quiz.addEventListener("change", save);
    quiz.addEventListener("runtheory:answered", () => { save(); count(); });
    again.addEventListener("click", () => {
      for (const one of questions) one.clear();
      save();
      count();
      questions[0].field.scrollIntoView();
      questions[0].controls[0].focus();
    });
    const answers = kept(slug);
    for (const one of questions) {
      const before = answers[one.field.id]; // what is typed already stays
      if (typeof before === "string" && one.given === "") one.given = before;
    }
    tally.hidden = false;
    count();
  }

  for (const quiz of document.querySelectorAll(".quiz")) open(quiz);
})();
