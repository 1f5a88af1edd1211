"""The reference: ``.. reference:: module ...`` shows every public definition of these modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.util.docutils import SphinxDirective

from tools.api import PACKAGE, Module, Offer, modules
from tools.docstrings import Links, as_rst
from tools.sphinx_runtheory.claims import statements_at
from tools.uses import Uses, uses

KEY = re.compile(r"^@\w+\{([^,]+),", re.M)
ASKED = re.compile(r"^\.\. reference:: (.*)$", re.M)
LABS = 6  # pages named under a definition; a function of every lab needs no list


class Reference(SphinxDirective):
    """Sections, one a module, with signatures, docstrings, examples, and where each is used."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the sections; on paper, where nobody looks a name up, one sentence."""
        if self.env.app.builder.format == "latex":
            return [nodes.paragraph("", "The reference is on the site, and in the docstrings.")]
        self.root = Path(self.env.srcdir)
        return [self._module(module) for module in chosen(self.arguments[0], self.root)]

    @property
    def domain(self) -> PythonDomain:
        """Where Sphinx keeps the names that search and links find."""
        domain = self.env.get_domain("py")
        assert isinstance(domain, PythonDomain)
        return domain

    def _module(self, module: Module) -> nodes.section:
        self.env.note_dependency(str(module.path))
        section = nodes.section(ids=[module.name])
        section += nodes.title("", "", nodes.literal("", module.name))
        self.state.document.note_explicit_target(section, section)
        self.domain.note_module(module.name, module.name, "", "", deprecated=False)
        self.domain.note_object(module.name, "module", module.name, location=section)
        section += self._parsed(as_rst(module.doc, self._links(module.name)))
        tested = self._test_of(module)
        if tested and module.offers:
            line = nodes.paragraph("", "Tests: ", nodes.literal("", tested), classes=["used-in"])
            section += line
        for offer in module.offers:
            section += self._definition(offer)
        return section

    def _test_of(self, module: Module) -> str:
        inner = module.path.relative_to(self.root / "src" / PACKAGE)
        path = Path("tests") / inner.parent / f"test_{inner.name}"
        return path.as_posix() if (self.root / path).exists() else ""

    def _definition(self, offer: Offer) -> list[nodes.Node]:
        """Return the entry of the index and the definition: call, docstring, uses, members."""
        name = offer.name.rpartition(".")[2]
        text = f"{name} ({offer.kind} in {offer.module})"
        index = addnodes.index(entries=[("single", text, offer.full, "", None)])
        call = addnodes.desc_signature("", "", ids=[offer.full], classes=["sig", "sig-object"])
        call += addnodes.desc_name("", name)
        call += nodes.inline("", offer.signature, classes=["call"])
        self.state.document.note_explicit_target(call)
        self.domain.note_object(offer.full, offer.kind, offer.full, location=call)
        content = addnodes.desc_content()
        content += self._parsed(as_rst(offer.doc, self._links(offer.module, offer)))
        content += self._uses(uses_at(self.root).get(offer.full, Uses()))
        for member in offer.members:
            content += self._definition(member)
        shown = addnodes.desc("", call, content, domain="py", objtype=offer.kind)
        shown["classes"] = ["py", offer.kind]
        return [index, shown]

    def _uses(self, used: Uses) -> Iterator[nodes.Node]:
        known = statements_at(self.root)
        checks = [f":prf:ref:`{label}`" for label in used.statements if label in known]
        labs = [f":doc:`/{page}`" for page in used.labs]
        more = f" and {len(labs) - LABS} more" if len(labs) > LABS else ""
        for word, links, end in (("Checks", checks, ""), ("Used in", labs[:LABS], more)):
            if links:
                line = nodes.paragraph("", "", *self._inline(f"{word}: {', '.join(links)}{end}"))
                line["classes"] = ["used-in"]
                yield line

    def _links(self, module: str, offer: Offer | None = None) -> Links:
        homes = homes_at(self.root)

        def find(name: str) -> str | None:
            """A name of this class, of this module, of its package, or the only one of its name."""
            plain = name.removesuffix("()")
            near = [module, module.rpartition(".")[0], PACKAGE]
            near = [offer.full, offer.full.rpartition(".")[0], *near] if offer else near
            for place in near:
                if f"{place}.{plain}" in homes.values():
                    return f"{place}.{plain}"
            return plain if plain in homes.values() else homes.get(plain)

        return Links(find, frozenset(statements_at(self.root)), keys_at(self.root))

    def _inline(self, text: str) -> list[nodes.Node]:
        parsed, messages = self.state.inline_text(text, self.lineno)
        return [*parsed, *messages]

    def _parsed(self, text: str) -> list[nodes.Node]:
        place = nodes.container()
        lines = StringList(text.splitlines(), source=self.env.docname)
        self.state.nested_parse(lines, self.content_offset, place)
        return list(place.children)


def chosen(names: str, root: Path) -> list[Module]:
    """Return the modules that a page asks for: those of these names and all below them."""
    wanted = [f"{PACKAGE}.{name}" for name in names.split()]
    return [
        module
        for name, module in modules(root).items()
        if any(name == one or name.startswith(f"{one}.") for one in wanted)
        and (module.offers or name in wanted)
    ]


@cache
def uses_at(root: Path) -> dict[str, Uses]:
    """Return where definitions are used in the book at ``root``; read once a build."""
    return uses(root)


@cache
def keys_at(root: Path) -> frozenset[str]:
    """Return the keys of the bibliography of the book at ``root``."""
    return frozenset(KEY.findall((root / "book/references.bib").read_text(encoding="utf-8")))


@cache
def homes_at(root: Path) -> dict[str, str]:
    """Return where the names are that pages of the reference show.

    A name without its module is there if it has two words, or is a class's, and one alone has it.
    """
    seen: dict[str, list[str]] = {}
    for module in shown_at(root):
        seen.setdefault(module.name, []).append(module.name)
        for offer in (x for one in module.offers for x in (one, *one.members)):
            seen.setdefault(offer.full, []).append(offer.full)
            if "_" in offer.name.strip("_") or offer.kind == "class":
                seen.setdefault(offer.name, []).append(offer.full)
    return {name: places[0] for name, places in seen.items() if len(places) == 1}


def shown_at(root: Path) -> list[Module]:
    """Return the modules on the pages of the reference of the book at ``root``."""
    pages = sorted((root / "book/reference").glob("*.rst"))
    asked = [ASKED.findall(page.read_text(encoding="utf-8")) for page in pages]
    return [module for page in asked for names in page for module in chosen(names, root)]


def _forget(app: Sphinx) -> None:
    for read in (modules, uses, uses_at, keys_at, homes_at):
        read.cache_clear()


def setup(app: Sphinx) -> None:
    """Register the directive, and read the package anew for each build."""
    app.add_directive("reference", Reference)
    app.connect("builder-inited", _forget)
