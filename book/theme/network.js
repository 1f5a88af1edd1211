// A button that loads two networks into the page, what runs them, and the figure that asks them.
// Until it is pressed nothing comes, and a stored picture and a table stand in the figure's place.
// All that comes are scripts of the book, which a page from a file may load as well.
(() => {
  const FILES = ["figure.js", "stored.js", "ort.wasm-core.min.js", "ort-wasm-simd.js", "networks.js"];
  const HERE = document.currentScript.src;
  const { make } = globalThis.runtheoryFigures;
  let opened;

  const script = file => new Promise((done, refuse) => {
    const failed = () => refuse(new Error(`${file} did not come`));
    const tag = make("script", { src: new URL(`network/${file}`, HERE), onload: done, onerror: failed });
    document.head.append(tag);
  });

  async function unpacked(text) {
    const packed = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // Return a function that takes the bytes of an image and gives, for each network, its probabilities.
  async function open() {
    for (const file of FILES) await script(file);
    const { ort, runtheoryNetwork: { runtime, networks } } = globalThis;
    const program = new Blob([await unpacked(runtime)], { type: "application/wasm" });
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = { "ort-wasm-simd.wasm": URL.createObjectURL(program) };
    const session = await ort.InferenceSession.create(await unpacked(networks), { executionProviders: ["wasm"] });
    return async (pixels, side) => {
      const inputs = Float32Array.from(pixels, value => value / 255);
      const { evidence } = await session.run({ pixels: new ort.Tensor("float32", inputs, [1, 1, side, side]) });
      const [, arms, classes] = evidence.dims;
      return Array.from({ length: arms }, (_, at) => [...evidence.data.slice(at * classes, (at + 1) * classes)]);
    };
  }

  function offer(box) {
    const said = make("p", { className: "visually-hidden" });
    said.setAttribute("aria-live", "polite");
    const load = make("button", { type: "button" }, `Load the two networks (${box.dataset.size})`);
    const status = make("p", { className: "loading" }, load);
    box.querySelector(".caption").after(status, said);
    load.addEventListener("click", async () => {
      said.textContent = "Loading the two networks.";
      try {
        const ask = await (opened ??= open());
        await globalThis.runtheoryNetwork.figure(box, ask, said);
        status.replaceChildren("The networks are loaded, and asked anew at each move.");
        said.textContent = status.textContent;
      } catch (error) {
        opened = undefined;
        said.textContent = `The networks cannot run here: ${error.message}`;
        status.replaceChildren(load, ` ${said.textContent}`);
      }
    });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".runtheory-network").forEach(offer));
})();
