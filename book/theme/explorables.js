// Figures with sliders, from what a notebook stores of them (runtheory.explore), without a kernel.
// The sliders are the browser's own. Curves are drawn here as SVG from a grid of numbers; between
// the places of a smooth slider they are interpolated. Frames are pictures, one for each place.
(() => {
  const KIND = "application/vnd.runtheory.explorable+json";
  const SVG = "http://www.w3.org/2000/svg";
  const MOVES = 40; // steps of a smooth slider, about
  const QUIET = 400; // milliseconds without a move before the change is said
  const LINE = 12; // the size of letters in a figure, in pixels
  let made = 0;

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function draw(tag, attributes, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // As runtheory.explore.settings.number writes it: three digits, or all of a larger whole.
  function number(value) {
    const size = Math.abs(value);
    if (size === 0) return "0";
    if (size < 1e-3 || size >= 1e6) return value.toExponential(2).replace("e+", "e");
    const places = Math.max(0, 2 - Math.floor(Math.log10(size) + 1e-12));
    const text = value.toFixed(places);
    return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  }

  // ---- Sliders -------------------------------------------------------------------------------

  function control(told, moved) {
    const id = `slider-${++made}`;
    const most = told.labels.length - 1;
    const parts = told.values ? Math.max(2, Math.round(MOVES / most)) : 1;
    const shown = make("output", { htmlFor: id });
    const slider = make("input", {
      id, type: "range", min: 0, max: most * parts, step: 1, value: told.start * parts,
    });
    const place = () => Number(slider.value) / parts;
    const text = () => {
      const [at, share] = [Math.floor(place()), place() % 1];
      if (!share) return told.labels[at];
      const [low, high] = told.values.slice(at, at + 2);
      return number(told.log ? low * (high / low) ** share : low + share * (high - low));
    };
    const tell = () => {
      shown.textContent = text();
      slider.setAttribute("aria-valuetext", text());
    };
    tell();
    slider.addEventListener("input", () => { tell(); moved(`${told.name}: ${text()}`); });
    const label = make("label", { htmlFor: id }, told.name);
    return { place, text, name: told.name, row: make("div", { className: "control" }, label, slider, shown) };
  }

  // The settings of the grid around the sliders' places, each with its weight; they sum to one.
  function around(told, places) {
    let found = [[0, 1]];
    told.controls.forEach(({ labels }, which) => {
      const at = Math.floor(places[which]), share = places[which] - at;
      found = found.flatMap(([index, weight]) => [
        [index * labels.length + at, weight * (1 - share)],
        ...(share ? [[index * labels.length + at + 1, weight * share]] : []),
      ]);
    });
    return found;
  }

  // A text of numbers; a missing one is "-".
  const numbers = text => text.split(" ").map(one => one === "-" ? null : Number(one));

  function unpack({ rows, at }) {
    return { rows: rows.map(numbers), at: at && numbers(at) };
  }

  const rowAt = ({ rows, at }, index) => rows[at ? at[index] : rows.length === 1 ? 0 : index];

  // One row of numbers between the settings: the mean along the axis, logarithmic or not.
  function between(column, settings, log) {
    const rows = settings.map(([index]) => rowAt(column, index));
    if (settings.length === 1) return rows[0];
    const forth = log ? Math.log : value => value, back = log ? Math.exp : value => value;
    return rows[0].map((_, k) =>
      back(settings.reduce((sum, [, weight], j) => sum + weight * forth(rows[j][k]), 0)));
  }

  // ---- Axes ----------------------------------------------------------------------------------

  const raised = power => String(power).replace(/./g, sign => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);

  function tickLabel(value, log) {
    const power = Math.log10(Math.abs(value));
    const far = value && (power < -3 || power > 4);
    if (log && far && Math.abs(power - Math.round(power)) < 1e-9) return `10${raised(Math.round(power))}`;
    return number(value).replace("-", "−");
  }

  function logTicks(low, high, room) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    const every = Math.max(1, Math.ceil((last - first + 1) / room));
    const found = [];
    for (let power = first - 1; power <= last; power++)
      for (const digit of last - first < 2 ? [1, 2, 5] : [1])
        if (digit > 1 || (power - first) % every === 0) found.push(digit * 10 ** power);
    return found.filter(value => value >= low * 0.999 && value <= high * 1.001);
  }

  function ticks(axis, room) {
    const [low, high] = axis.limits;
    if (axis.names) return axis.names.map((name, at) => [at, name]);
    if (axis.ticks) return axis.ticks.map(value => [value, tickLabel(value)]);
    if (axis.log) return logTicks(low, high, room).map(value => [value, tickLabel(value, true)]);
    const rough = (high - low) / room, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough * 0.999);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
    return found.map(value => [value, tickLabel(Number(value.toPrecision(12)))]);
  }

  // A function from values to pixels.
  function scale({ limits, log }, from, to) {
    const forth = log ? value => Math.log(Math.max(value, Number.MIN_VALUE)) : value => value;
    const [low, high] = limits.map(forth);
    const pixel = value => from + (to - from) * (forth(value) - low) / (high - low);
    return value => Math.min(1e5, Math.max(-1e5, pixel(value)));
  }

  const widest = texts => Math.max(0, ...texts.flatMap(text => text.split("\n")).map(text => text.length)) * 0.56 * LINE;

  function words(text, x, y, attributes = {}) {
    const lines = text.split("\n").map((line, at) => {
      const part = draw("tspan", { x, dy: at ? LINE * 1.2 : 0 });
      part.textContent = line;
      return part;
    });
    return draw("text", { x, y, ...attributes }, ...lines);
  }

  function frame(panel, width) {
    const heat = panel.marks.some(mark => mark.kind === "heat");
    const high = Math.min(330, Math.max(210, 0.62 * width));
    const upright = ticks(panel.y, Math.max(2, Math.round(high / 55)));
    const left = Math.min(0.45 * width, 34 + widest(upright.map(([, text]) => text)));
    const found = ticks(panel.x, Math.max(2, Math.round((width - left) / 64)));
    const crowded = panel.x.names && widest(panel.x.names) > (width - left) / panel.x.names.length;
    const level = found.map(([value, text], at) => [value, crowded && at % 2 ? `\n${text}` : text]);
    const under = Math.max(...level.map(([, text]) => text.split("\n").length));
    const beyond = Math.max(12, widest(level.slice(-1).map(([, text]) => text)) / 2);
    const box = { left, right: width - beyond, top: panel.title ? 26 : 10, bottom: high - 32 - under * LINE * 1.2 };
    if (panel.equal || heat) {
      const side = Math.min(box.right - box.left, 300);
      box.right = box.left + side;
      box.bottom = box.top + side;
    }
    const height = box.bottom + 32 + under * LINE * 1.2;
    const x = scale(panel.x, box.left, box.right);
    const y = heat ? scale(panel.y, box.top, box.bottom) : scale(panel.y, box.bottom, box.top);
    return { box, width, height, x, y, upright, level };
  }

  function axes(panel, { box, x, y, upright, level }) {
    const middle = (box.top + box.bottom) / 2;
    const grid = [
      ...level.map(([value]) => `M${x(value).toFixed(1)},${box.top}V${box.bottom}`),
      ...upright.map(([value]) => `M${box.left},${y(value).toFixed(1)}H${box.right}`),
    ];
    return draw("g", { class: "axes" },
      ...(panel.marks.some(mark => mark.kind === "heat") ? [] : [draw("path", { class: "grid", d: grid.join("") })]),
      draw("path", { class: "edge", d: `M${box.left},${box.top}V${box.bottom}H${box.right}` }),
      ...level.map(([value, text]) => words(text, x(value), box.bottom + 16, { "text-anchor": "middle" })),
      ...upright.map(([value, text]) => words(text, box.left - 6,
        y(value) + 4 - (text.split("\n").length - 1) * 0.6 * LINE, { "text-anchor": "end" })),
      words(panel.x.label, (box.left + box.right) / 2,
        box.bottom + 10 + LINE * 1.2 * (1 + Math.max(...level.map(([, text]) => text.split("\n").length))),
        { "text-anchor": "middle", class: "label" }),
      words(panel.y.label, 12, middle, { "text-anchor": "middle", class: "label", transform: `rotate(-90 12 ${middle})` }),
      ...(panel.title ? [words(panel.title, (box.left + box.right) / 2, 14, { "text-anchor": "middle", class: "title" })] : []));
  }

  // ---- Marks ---------------------------------------------------------------------------------

  const SHAPES = [ // circle, square, triangle, diamond, triangle, plus, cross; half a size of one
    "M-1,0A1,1 0 1 1 1,0A1,1 0 1 1 -1,0Z", "M-.9,-.9H.9V.9H-.9Z", "M0,-1.1L1,.8H-1Z", "M0,-1.3L1.1,0L0,1.3L-1.1,0Z",
    "M0,1.1L1,-.8H-1Z", "M-.4,-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z", "M-1,-.5L-.5,-1L0,-.5L.5,-1L1,-.5L.5,0L1,.5L.5,1L0,.5L-.5,1L-1,.5L-.5,0Z",
    "M-1,0A1,1 0 1 1 1,0A1,1 0 1 1 -1,0Z",
  ];
  const look = mark => `mark ${mark.kind} ${mark.style ?? ""} ${mark.hollow ? "hollow" : ""} series-${mark.colour % 8}`;
  const path = points => points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(2)},${y.toFixed(2)}`).join("");

  function shape(mark, x, y, size = 4) {
    return draw("path", { class: look(mark), d: SHAPES[mark.colour % 8],
      transform: `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${size})` });
  }

  function stairs(points) {
    return points.flatMap(([x, y], at) => at ? [[x, points[at - 1][1]], [x, y]] : [[x, y]]);
  }

  function bars(mark, points, { x, y }) {
    const wide = Math.abs(mark.flat ? y(0.7) - y(0) : x(0.7) - x(0)) / 2;
    const zero = mark.flat ? x(0) : y(0);
    return points.map(([px, py]) => draw("path", { class: look(mark), d: mark.flat
      ? `M${zero.toFixed(2)},${(py - wide).toFixed(2)}H${px.toFixed(2)}v${(2 * wide).toFixed(2)}H${zero.toFixed(2)}Z`
      : `M${(px - wide).toFixed(2)},${zero.toFixed(2)}V${py.toFixed(2)}h${(2 * wide).toFixed(2)}V${zero.toFixed(2)}Z` }));
  }

  // Blue below the middle, red above it, the lighter the nearer.
  function warmth(share) {
    const end = share < 0.5 ? [33, 102, 172] : [178, 24, 43], far = Math.min(1, Math.abs(2 * share - 1));
    return `rgb(${end.map(part => Math.round(247 + far * (part - 247))).join(" ")})`;
  }

  function heat(mark, values, { x, y }) {
    const [low, high] = mark.limits;
    return values.flatMap((value, at) => {
      if (value === null) return [];
      const [row, column] = [Math.floor(at / mark.columns), at % mark.columns];
      const [left, top] = [x(column - 0.5), y(row - 0.5)], wide = x(1) - x(0), tall = y(1) - y(0);
      const share = (value - low) / (high - low);
      const cell = draw("rect", { x: left, y: top, width: wide, height: tall, fill: warmth(share), class: "cell" });
      const text = number(Number(value.toPrecision(2))).replace("-", "−");
      return [cell, words(text, left + wide / 2, top + tall / 2 + 4, {
        "text-anchor": "middle", class: Math.abs(share - 0.5) > 0.3 ? "on-dark" : "on-light" })];
    });
  }

  function drawn(mark, panel, place, settings) {
    const at = (name, axis) => mark[name] ? between(mark[name], settings, axis?.log) : [];
    if (mark.kind === "heat") return heat(mark, at("z"), place);
    const xs = at("x", panel.x).map(place.x), ys = at("y", panel.y).map(place.y);
    if (mark.kind === "rule") {
      const { left, right, top, bottom } = place.box;
      const d = xs.length ? `M${xs[0].toFixed(2)},${top}V${bottom}` : `M${left},${ys[0].toFixed(2)}H${right}`;
      return [draw("path", { class: look(mark), d })];
    }
    const points = xs.map((x, k) => [x, ys[k]]);
    if (mark.kind === "points") return points.map(([x, y]) => shape(mark, x, y, points.length > 60 ? 2.5 : 4.5));
    if (mark.kind === "bars") return bars(mark, points, place);
    return [draw("path", { class: look(mark), d: path(mark.kind === "step" ? stairs(points) : points) })];
  }

  function drawPanel(panel, width, settings) {
    const place = frame(panel, width), { box } = place, id = `inside-${++made}`;
    const inside = draw("g", { class: "data", "clip-path": `url(#${id})` },
      ...panel.marks.flatMap(mark => drawn(mark, panel, place, settings)));
    const clip = draw("clipPath", { id }, draw("rect", {
      x: box.left - 5, y: box.top - 5, width: box.right - box.left + 10, height: box.bottom - box.top + 10 }));
    return draw("svg", { width, height: place.height, viewBox: `0 0 ${width} ${place.height}`, "aria-hidden": true },
      draw("defs", {}, clip), axes(panel, place), inside);
  }

  function sign(mark) {
    const size = { width: 28, height: 14, viewBox: "0 0 28 14", "aria-hidden": true };
    if (mark.kind === "points") return draw("svg", size, shape(mark, 14, 7));
    if (mark.kind === "bars") return draw("svg", size, draw("path", { class: look(mark), d: "M8,1H20V13H8Z" }));
    return draw("svg", size, draw("path", { class: look(mark), d: "M1,7H27" }));
  }

  function legend({ marks }) {
    const named = mark => mark.kind === "heat"
      ? make("li", {}, `${mark.name}: blue ${number(mark.limits[0])}, red ${number(mark.limits[1])}`)
      : make("li", {}, sign(mark), mark.name);
    return make("ul", { className: "legend" }, ...marks.map(named));
  }

  // ---- Figures -------------------------------------------------------------------------------

  function curves(told) {
    const panels = told.panels.map(panel => {
      for (const mark of panel.marks)
        for (const axis of ["x", "y", "z"]) if (mark[axis]) mark[axis] = unpack(mark[axis]);
      const canvas = make("div", { className: "canvas" });
      const many = panel.marks.length > 1 || panel.marks[0].kind === "heat";
      return { panel, canvas, box: make("div", { className: "panel" }, canvas, ...(many ? [legend(panel)] : [])) };
    });
    const body = make("div", { className: "panels" }, ...panels.map(({ box }) => box));
    let settings = [[0, 1]];
    const paint = () => {
      for (const { panel, canvas } of panels)
        if (canvas.clientWidth) canvas.replaceChildren(drawPanel(panel, canvas.clientWidth, settings));
    };
    new ResizeObserver(paint).observe(body);
    const readings = told.readings.map(({ name, values }) => ({ name, values: numbers(values).map(one => [one]) }));
    const show = places => {
      settings = around(told, places);
      paint();
      return readings.map(({ name, values }) => ({ name, value: between({ rows: values }, settings)[0] }));
    };
    return { body, show };
  }

  function stills(told) {
    const image = make("img");
    const show = places => {
      const index = around(told, places)[0][0];
      const picture = told.pictures[index]; // its bytes, or where it lies
      image.src = picture.includes(".") ? picture : `data:image/png;base64,${picture}`;
      image.alt = told.texts[index];
      return [];
    };
    return { body: make("div", { className: "frame" }, image), show };
  }

  // "variance 3.6, down 0.7": how each reading differs from when it was last said.
  function change({ name, value }, before, about) {
    const step = value - before, size = number(Math.abs(step));
    const moved = Math.abs(step) < 1e-9 * Math.abs(value) || size === "0" ? "unchanged" : `${step > 0 ? "up" : "down"} ${size}`;
    return `${name} ${about}${number(value)}, ${moved}`;
  }

  function explorable(told) {
    const { body, show } = told.kind === "frames" ? stills(told) : curves(told);
    const said = make("p", { className: "visually-hidden" });
    said.setAttribute("aria-live", "polite");
    const read = make("p", { className: "readings" });
    let timer, readings, last, about;
    const update = () => {
      const places = controls.map(one => one.place());
      about = places.some(place => place % 1) ? "about " : ""; // between places of the grid
      readings = show(places);
      read.textContent = readings.map(({ name, value }) => `${name}: ${about}${number(value)}`).join(" · ");
      const where = controls.map(one => `${one.name}: ${one.text()}`).join(", ");
      const values = readings.map(({ name, value }) => `${name} ${about}${number(value)}`);
      if (told.kind === "curves") body.setAttribute("aria-label", [`${told.title}. ${where}`, ...values].join("; "));
    };
    const moved = where => {
      update();
      clearTimeout(timer);
      timer = setTimeout(() => {
        const parts = readings.map((one, at) => change(one, last[at].value, about));
        said.textContent = [where, ...(parts.length ? parts : [body.querySelector("img").alt])].join("; ");
        last = readings;
      }, QUIET);
    };
    const controls = told.controls.map(one => control(one, moved));
    if (told.kind === "curves") body.setAttribute("role", "img");
    update();
    last = readings;
    const caption = told.kind === "curves" ? [make("p", { className: "caption" }, told.title)] : [];
    return [...caption, ...controls.map(one => one.row), body, ...(readings.length ? [read] : []), said];
  }

  globalThis.runtheoryFigures = { make, draw, control, drawPanel, legend, QUIET }; // for networks

  document.addEventListener("DOMContentLoaded", () => {
    for (const stored of document.querySelectorAll(`script[type="${KIND}"]`))
      stored.after(...explorable(JSON.parse(stored.textContent)));
  });
})();
