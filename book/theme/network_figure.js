// The figure of two networks, once they are there: an image with a box of another, and the
// probabilities that each network gives it. Sliders, axes and marks are those of explorables.js.
(() => {
  const SIDE = 28; // pixels of an image
  const MARGIN = 6; // around it, where a box sticks out
  const { make, draw, control, drawPanel, legend, QUIET } = globalThis.runtheoryFigures;
  const shared = globalThis.runtheoryNetwork ??= {};
  let made = 0;

  const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

  // ---- The mixed image -----------------------------------------------------------------------

  // The box's edges in pixels, of its centre and side; what sticks out of the image is cut off.
  function edges({ left, top, side }) {
    const cut = value => Math.min(SIDE, Math.max(0, value));
    return [top - side / 2, top + side / 2, left - side / 2, left + side / 2].map(cut);
  }

  function mix(images, state) {
    const [top, bottom, left, right] = edges(state), mixed = images[state.around].slice();
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++)
        mixed[row * SIDE + column] = images[state.inside][row * SIDE + column];
    return mixed;
  }

  // The label of each class: the share of pixels that its image holds.
  function labels(classes, state) {
    const [top, bottom, left, right] = edges(state), share = (bottom - top) * (right - left) / SIDE ** 2;
    const found = classes.map(() => 0);
    found[state.around] += 1 - share;
    found[state.inside] += share;
    return found;
  }

  function address(pixels) {
    const canvas = make("canvas", { width: SIDE, height: SIDE }), brush = canvas.getContext("2d");
    const shown = brush.createImageData(SIDE, SIDE);
    pixels.forEach((value, at) => shown.data.set([255 - value, 255 - value, 255 - value, 255], 4 * at));
    brush.putImageData(shown, 0, 0);
    return canvas.toDataURL();
  }

  function drawImage(pixels, { left, top, side }) {
    const whole = SIDE + 2 * MARGIN;
    return draw("svg", { viewBox: `${-MARGIN} ${-MARGIN} ${whole} ${whole}`, "aria-hidden": true }, draw("g", { class: "data" },
      draw("image", { href: address(pixels), width: SIDE, height: SIDE }),
      draw("rect", { class: "border", width: SIDE, height: SIDE }),
      draw("rect", { class: "box", x: left - side / 2, y: top - side / 2, width: side, height: side })));
  }

  // ---- Words, table, bars --------------------------------------------------------------------

  // "Bag 0.93, T-shirt/top 0.02, others 0.05"
  function told(values, classes, { around, inside }) {
    const named = [...new Set([around, inside])], rest = 1 - named.reduce((sum, at) => sum + values[at], 0);
    const parts = named.map(at => `${classes[at]} ${values[at].toFixed(2)}`);
    return [...parts, ...(rest > 0.005 ? [`others ${rest.toFixed(2)}`] : [])].join(", ");
  }

  function panel(title, colour, classes, label, values) {
    const places = { rows: [classes.map((_, at) => at)] }, named = classes.map((_, at) => at).filter(at => label[at] > 0);
    const marks = [
      { kind: "bars", name: "The network's probability", colour, flat: true, x: { rows: [values] }, y: places },
      { kind: "points", name: "The label, by pixels", colour: 6, x: { rows: [named.map(at => label[at])] }, y: { rows: [named] } },
    ];
    const x = { label: "Probability", limits: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] };
    return { title: title[0].toUpperCase() + title.slice(1), marks, x, y: { label: "", names: classes, limits: [classes.length - 0.5, -0.5] } };
  }

  function choice(name, classes, start, moved) {
    const id = `choice-${++made}`, options = classes.map((one, at) => make("option", { value: at }, one));
    const list = make("select", { id }, ...options);
    list.value = start;
    list.addEventListener("change", () => moved(`${name}: ${classes[list.value]}`));
    return { value: () => Number(list.value), row: make("div", { className: "control" }, make("label", { htmlFor: id }, name), list) };
  }

  function slider(name, start, step, moved) {
    const texts = Array.from({ length: SIDE / step + 1 }, (_, at) => String(at * step));
    const made = control({ name, labels: texts, start: start / step }, moved);
    const input = made.row.querySelector("input");
    const set = value => {
      input.value = Math.min(SIDE, Math.max(0, value)) / step;
      input.dispatchEvent(new Event("input"));
    };
    return { ...made, value: () => Number(made.text()), set };
  }

  // ---- The figure ----------------------------------------------------------------------------

  // Build the figure in the place of the stored picture; words go to `said`, numbers to the table.
  shared.figure = async (box, ask, said) => {
    const { classes, start, arms, ...stored } = shared.stored, images = stored.images.map(bytes);
    const table = box.querySelector("table"), read = make("p", { className: "readings" });
    const image = make("div", { className: "mixed" }), bars = arms.map(() => make("div", { className: "canvas" }));
    image.setAttribute("role", "img");
    const boxes = arms.map((name, at) => make("div", { className: "panel" }, bars[at], legend(panel(name, at, classes, [], []))));
    const body = make("div", { className: "panels" }, ...boxes);
    let busy = false, timer, shown = start, state = start;
    let evidence = await ask(mix(images, state), SIDE);

    const sentence = () => [
      `label: ${told(labels(classes, shown), classes, shown)}`,
      ...arms.map((name, at) => `${name}: ${told(evidence[at], classes, shown)}`),
    ];
    const paint = () => arms.forEach((name, at) => {
      const width = bars[at].clientWidth, label = labels(classes, shown);
      if (width) bars[at].replaceChildren(drawPanel(panel(name, at, classes, label, evidence[at]), width, [[0, 1]]));
    });
    const fill = () => table.querySelectorAll("tbody tr").forEach((row, at) => {
      const numbers = [labels(classes, shown), ...evidence].map(values => values[at].toFixed(4));
      numbers.forEach((text, column) => { row.cells[column + 1].textContent = text; });
    });
    const show = () => {
      image.replaceChildren(drawImage(mix(images, shown), shown));
      const pair = `${classes[shown.around]}, and in a box of ${shown.side} pixels ${classes[shown.inside]}`;
      image.setAttribute("aria-label", `The mixed image: ${pair}`);
      read.textContent = sentence().join(" · ");
      paint();
      fill();
    };
    // One question at a time; what moved meanwhile is asked next.
    const answer = async () => {
      if (busy) return;
      busy = true;
      while (shown !== state) {
        const asked = state;
        evidence = await ask(mix(images, asked), SIDE);
        shown = asked;
      }
      busy = false;
      show();
    };
    const moved = where => {
      state = { around: around.value(), inside: inside.value(), left: left.value(), top: top.value(), side: side.value() };
      answer();
      clearTimeout(timer);
      timer = setTimeout(() => { said.textContent = [where, ...sentence()].join("; "); }, QUIET);
    };
    const around = choice("image", classes, start.around, moved), inside = choice("image in the box", classes, start.inside, moved);
    const left = slider("centre of the box, from the left (pixels)", start.left, 1, moved);
    const top = slider("centre of the box, from the top (pixels)", start.top, 1, moved);
    const side = slider("side of the box (pixels)", start.side, 2, moved);
    const place = event => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(image.firstChild.getScreenCTM().inverse());
      left.set(Math.round(at.x));
      top.set(Math.round(at.y));
    };
    image.addEventListener("pointerdown", place);
    image.addEventListener("pointermove", event => { if (event.buttons & 1 && event.pointerType === "mouse") place(event); });

    const controls = [around, inside, left, top, side].map(one => one.row);
    box.querySelector("img").replaceWith(...controls, image, body, read);
    box.classList.add("runtheory-explorable");
    new ResizeObserver(paint).observe(body);
    show();
    left.row.querySelector("input").focus(); // the button, where the keyboard was, goes
  };
})();
