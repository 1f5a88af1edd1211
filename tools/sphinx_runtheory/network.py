"""The figure that runs two networks in the page: its HTML, and the scripts it loads on a click.

The directive ``network`` shows what ``tools.network`` has stored: a picture and a table of the
first image. On the site ``book/theme/network.js`` puts a button beside them, which loads the
networks, what runs them and the figure itself (``book/theme/network_figure.js``).
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import os
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from runtheory import plot
from runtheory.explore.drawing import picture
from runtheory.explore.views import tag
from tools.notebooks import ROOT
from tools.sphinx_runtheory.explorables import FILES, table_node

MARK = "runtheory-network"
SCRIPT = "network.js"
FIGURE = ROOT / "book" / "theme" / "network_figure.js"
STORED = ROOT / "book" / "networks" / "cutmix"
RUNTIME = ROOT / "book" / "vendor" / "onnxruntime-web"
LOADER, PROGRAM = "ort.wasm-core.min.js", "ort-wasm-simd.wasm.gz"
NOTICES = ("onnxruntime.txt", "onnxruntime-notices.txt")
TITLE = "What two networks see in a mixed image"
ARMS = ("trained without mixing", "trained with CutMix")


@cache
def stored() -> dict[str, Any]:
    """Return what the figure knows before a network runs."""
    return json.loads((STORED / "figure.json").read_text(encoding="utf-8"))


def assets() -> dict[str, bytes]:
    """Return what a click loads, file by file: scripts all, for a page from a file reads no other.

    The runtime and the networks stand in them as text, packed; the page unpacks them.
    """
    program = (RUNTIME / PROGRAM).read_bytes()
    networks = gzip.compress((STORED / "networks.onnx").read_bytes(), mtime=0)
    told = {"arms": ARMS, **{name: stored()[name] for name in ("classes", "images", "start")}}
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return {
        "figure.js": FIGURE.read_bytes(),
        "stored.js": _script("stored", text),
        LOADER: (RUNTIME / LOADER).read_bytes(),
        "ort-wasm-simd.js": _script("runtime", _text(program)),
        "networks.js": _script("networks", _text(networks)),
    }


def write_assets(folder: Path) -> None:
    """Write what a click loads, and the licences of the runtime, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in assets().items():
        (folder / name).write_bytes(content)
    for name in NOTICES:
        shutil.copy2(ROOT / "LICENSES" / "site" / name, folder / name)


def size() -> str:
    """Return in words how many bytes a click loads."""
    return f"{sum(map(len, assets().values())) / 1e6:.1f} MB"


def labels() -> list[float]:
    """Return the label of each class for the first image: the shares of pixels."""
    told, start = stored(), stored()["start"]
    box = np.zeros((28, 28), dtype=bool)
    box[_edges(start["top"], start["side"]), _edges(start["left"], start["side"])] = True
    shares = np.zeros(len(told["classes"]))
    shares[start["around"]] += 1 - box.mean()
    shares[start["inside"]] += box.mean()
    return list(shares)


def rows() -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the table: each class with its label and its two probabilities."""
    columns = [labels(), *stored()["evidence"]]
    numbers = [[f"{value:.4f}" for value in values] for values in zip(*columns, strict=True)]
    body = [[name, *row] for name, row in zip(stored()["classes"], numbers, strict=True)]
    return ["class", "label, by pixels", *ARMS], body


def words() -> str:
    """Return in words what the picture shows."""
    told, start = stored(), stored()["start"]
    pair = (start["around"], start["inside"])
    columns = zip(("label", *ARMS), [labels(), *told["evidence"]], strict=True)
    names = [told["classes"][at] for at in pair]
    shown = [
        f"{name}: " + ", ".join(f"{told['classes'][at]} {values[at]:.2f}" for at in pair)
        for name, values in columns
    ]
    return "; ".join([f"{TITLE}. {names[0]}, and in a box {names[1]}", *shown])


def still() -> bytes:
    """Return a picture (PNG) of the first image and of the two answers to it."""
    from matplotlib.patches import Rectangle

    told, start = stored(), stored()["start"]
    names, places = told["classes"], range(len(told["classes"]))
    canvas, (image, *panels) = plot.figure(rows=3, width=4.5, height=2.4)
    image.imshow(_mixed(), cmap="gray_r", vmin=0, vmax=255)
    corner = (start["left"] - start["side"] / 2 - 0.5, start["top"] - start["side"] / 2 - 0.5)
    image.add_patch(Rectangle(corner, start["side"], start["side"], fill=False, color="#D55E00"))
    image.set(xticks=[], yticks=[])
    image.set_title(f"{names[start['around']]} and {names[start['inside']]}", fontsize=10)
    image.spines[["top", "right"]].set_visible(True)
    image.grid(False)
    named = [at for at in places if labels()[at] > 0]
    for at, (axes, values) in enumerate(zip(panels, told["evidence"], strict=True)):
        axes.barh(places, values, color=plot.COLOURS[at], label="the network's probability")
        shares = [labels()[at] for at in named]
        axes.plot(shares, named, "kX", markersize=5, label="the label, by pixels")
        axes.set_yticks(places, names, fontsize=8)
        axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
        plot.label(axes, x="probability", y="", title=ARMS[at])
    panels[1].legend(fontsize=7, frameon=False, loc="center right")
    return picture(canvas)


def fragment(image: str) -> str:
    """Return the figure as HTML; ``image`` is its picture, or where that lies."""
    told = html.escape(TITLE)
    shown = tag(image, words()).replace("<img ", '<img loading="lazy" ')
    return (
        f'<div class="{MARK}" role="group" aria-label="{told}" data-size="{size()}">'
        f'<p class="caption">{told}</p>'
        f"{shown}<details><summary>As a table: {told}</summary>"
        f'<div class="readings-table">{_html_table()}</div></details></div>'
    )


class Network(SphinxDirective):
    """Show the figure, and say which networks it runs."""

    def run(self) -> list[nodes.Node]:
        """Make nodes for the site or for paper; on the site, write what a click loads."""
        for path in (STORED / "figure.json", STORED / "networks.onnx"):
            self.env.note_dependency(str(path))
        builder = self.env.app.builder
        on_paper = builder.format == "latex" or builder.name == "epub"
        return [*(self._paper() if on_paper else self._on_site()), _origin()]

    def _on_site(self) -> list[nodes.Node]:
        out = Path(self.env.app.outdir)
        write_assets(out / "_static" / "network")
        (out / "_images").mkdir(parents=True, exist_ok=True)
        (out / "_images" / "two-networks.png").write_bytes(still())
        where = f"{'../' * self.env.docname.count('/')}_images/two-networks.png"
        return [nodes.raw("", fragment(where), format="html")]

    def _paper(self) -> list[nodes.Node]:
        file = Path(self.env.app.outdir).parent / "explorables" / "two-networks.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(still())
        beside = Path(self.env.doc2path(self.env.docname)).parent
        image = nodes.image(uri=Path(os.path.relpath(file, beside)).as_posix(), width="60%")
        image["alt"] = words()
        title = nodes.paragraph("", "", nodes.strong("", f"{TITLE}."))
        return [title, image, table_node(*rows())]


def _origin() -> nodes.Node:
    told = stored()
    one, other = (f"{share:.1%}" for share in told["accuracy"])
    text = (
        f"Two runs of one seed ({told['seed']}), {told['steps']:,} steps each, "
        f"{told['processor_seconds']:.0f} processor seconds together; of the test images they name "
        f"{one} ({ARMS[0]}) and {other} ({ARMS[1]}) right."
    )
    return nodes.paragraph("", text)


def _script(name: str, value: str) -> bytes:
    return f"(globalThis.runtheoryNetwork ??= {{}}).{name} = {value};\n".encode()


def _text(content: bytes) -> str:
    return f'"{base64.b64encode(content).decode("ascii")}"'


def _edges(centre: int, side: int) -> slice:
    return slice(max(0, centre - side // 2), max(0, centre + side // 2))


def _mixed() -> np.ndarray:
    told, start = stored(), stored()["start"]
    around, inside = (
        np.frombuffer(base64.b64decode(told["images"][start[name]]), dtype=np.uint8)
        .reshape(28, 28).copy()
        for name in ("around", "inside")
    )  # fmt: skip
    box = _edges(start["top"], start["side"]), _edges(start["left"], start["side"])
    around[box] = inside[box]
    return around


def _html_table() -> str:
    head, body = rows()
    first = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in head)
    lines = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th>' + _cells(numbers) + "</tr>"
        for name, *numbers in body
    )
    return f"<table><thead><tr>{first}</tr></thead><tbody>{lines}</tbody></table>"


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"<td>{html.escape(text)}</td>" for text in texts)


def _files(app: Sphinx, *about: Any) -> None:
    page = about[-1]
    if not isinstance(page, nodes.document) or app.builder.name == "epub":
        return
    if any(MARK in raw.astext() for raw in page.findall(nodes.raw)):
        app.add_js_file(FILES[0], loading_method="defer")
        app.add_js_file(SCRIPT, loading_method="defer")
        app.add_css_file(FILES[1])


def setup(app: Sphinx) -> None:
    """Register the directive, and load its script where the figure is."""
    app.add_directive("network", Network)
    app.connect("html-page-context", _files)
