"""Quizzes and glossary for learning platforms: ``python -m tools.platforms`` writes them.

Below ``_build/course``: ``canvas/<slug>.zip`` (QTI 1.2), ``moodle.xml`` with a category for each
technique, and ``cards.apkg``, a deck for Anki of all questions and of the words of the glossary. No
platform takes an order as such: it becomes a choice between orders.
"""

from __future__ import annotations

import html
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import genanki
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from text2qti.config import Config
from text2qti.qti import QTI
from text2qti.quiz import Quiz as CanvasQuiz

from tools.cards import Card, read_shelf
from tools.ledgers import read_ledgers
from tools.notebooks import ROOT
from tools.plain import Plain
from tools.quizzes import Option, Question, Quiz, read_quiz

FOLDER = Path("_build") / "course"
TERM = re.compile(r"^(?P<term>\S.*)\n(?P<said>(?:^[ \t]+\S.*\n?)+)", re.M)
ESCAPED = re.compile(r"<text>([^<]*&[^<]*)</text>")
MARKS = {True: ("\\[", "\\]"), False: ("\\(", "\\)")}
MARKDOWN = MarkdownIt("commonmark", {"html": False}).use(
    dollarmath_plugin, renderer=lambda tex, how: html.escape(tex).join(MARKS[how["display_mode"]])
)


@dataclass(frozen=True)
class Item:
    """A question as a platform takes it: Markdown without the book's roles, and its numbers."""

    name: str
    text: str
    options: tuple[Option, ...] = ()
    several: bool = False
    answer: float = 0.0
    within: float = 0.0
    feedback: str = ""
    slips: tuple[tuple[float, str], ...] = ()


def items(quiz: Quiz, plain: Plain) -> Iterator[Item]:
    """Yield the questions of a quiz as platforms take them."""
    for one in quiz.questions:
        name = f"{quiz.slug}/{one.id}"
        unit = f" Answer in {one.unit}." if one.unit and f"in {one.unit}" not in one.text else ""
        text = plain(one.text) + unit
        if one.kind == "number":
            answer = quiz.number(one.answer)
            slips = tuple((quiz.number(slip.answer), plain(slip.feedback)) for slip in one.slips)
            within = one.tolerance * abs(answer)
            told = plain(one.feedback)
            yield Item(name, text, answer=answer, within=within, feedback=told, slips=slips)
        else:
            options = _orders(one) if one.kind == "order" else one.options
            made = (Option(plain(x.text), plain(x.feedback), x.right) for x in options)
            yield Item(name, text, tuple(made), several=one.kind == "several")


def _orders(one: Question) -> Iterator[Option]:
    """Yield the right order, its reverse and its rotations, as options."""
    right = [option.text.rstrip(".") for option in one.options]
    turned = [right[at:] + right[:at] for at in range(1, len(right))]
    seen: list[list[str]] = []
    for order in [right, right[::-1], *turned]:
        if order not in seen and len(seen) < 4:
            seen.append(order)
            feedback = one.feedback if order == right else "Not this order."
            yield Option(" → ".join(order), feedback, right=order == right)


def canvas(title: str, asked: list[Item]) -> bytes:
    """Return a quiz as Canvas imports it."""
    text = "\n".join([f"Quiz title: {title}", "", *map(_canvas_item, asked)])
    return QTI(CanvasQuiz(text, config=Config())).zip_bytes()


def _canvas_item(item: Item) -> str:
    lines = [f"1.  {_indented(item.text)}"]
    if not item.options:
        slips = " ".join(f"{value:.4g}: {told}" for value, told in item.slips)
        lines += [f"+   {_indented(item.feedback)}"]
        lines += [f"-   {_indented(slips)}"] if slips else []
        return "\n".join([*lines, f"=   {item.answer!r} +- {item.within!r}", ""])
    for letter, option in zip("abcdefgh", item.options, strict=False):
        mark = f"{letter})  " if not item.several else "[ ] "
        if option.right:
            mark = f"*{letter}) " if not item.several else "[*] "
        lines += [f"{mark}{_indented(option.text)}", f"... {_indented(option.feedback)}"]
    return "\n".join([*lines, ""])


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def moodle(quizzes: list[tuple[str, list[Item]]]) -> bytes:
    """Return all quizzes as one file for Moodle's question bank."""
    whole = ElementTree.Element("quiz")
    for title, asked in quizzes:
        place = ElementTree.SubElement(whole, "question", type="category")
        _text(place, "category", f"$course$/top/Runnable Theory/{title.replace('/', '//')}")
        for item in asked:
            whole.append(_moodle_item(item))
    ElementTree.indent(whole)
    told = ElementTree.tostring(whole, encoding="utf-8", xml_declaration=True).decode()
    return ESCAPED.sub(_cdata, told).encode()


def _cdata(found: re.Match[str]) -> str:
    """Return a text as Moodle writes it: blanks that stand alone between entities it drops."""
    text = html.unescape(found[1]).replace("]]>", "]]]]><![CDATA[>")
    return f"<text><![CDATA[{text}]]></text>"


def _moodle_item(item: Item) -> ElementTree.Element:
    kind = "multichoice" if item.options else "numerical"
    made = ElementTree.Element("question", type=kind)
    _text(made, "name", item.name)
    _text(made, "questiontext", page(item.text), format="html")
    _text(made, "generalfeedback", "", format="html")
    _plain(made, defaultgrade="1", penalty="0.3333333", hidden="0", idnumber=item.name)
    if not item.options:
        answers = [(item.answer, "100", item.feedback), *((x, "0", told) for x, told in item.slips)]
        for value, share, feedback in answers:
            answer = _text(made, "answer", f"{value:.10g}", fraction=share)
            _text(answer, "feedback", page(feedback), format="html")
            _plain(answer, tolerance=f"{item.within:.10g}")
        return made
    _plain(made, single="false" if item.several else "true", shuffleanswers="true")
    _plain(made, answernumbering="abc")
    right = sum(option.right for option in item.options)
    for option in item.options:
        lost = -100 / (len(item.options) - right) if item.several and not option.right else 0
        share = f"{100 / right if option.right else lost:.7g}"
        answer = _text(made, "answer", page(option.text), fraction=share, format="html")
        _text(answer, "feedback", page(option.feedback), format="html")
    return made


def _text(parent: ElementTree.Element, tag: str, text: str, **told: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, tag, told)
    ElementTree.SubElement(made, "text").text = text
    return made


def _plain(parent: ElementTree.Element, **told: str) -> None:
    for tag, text in told.items():
        ElementTree.SubElement(parent, tag).text = text


def page(markdown: str) -> str:
    r"""Return Markdown as HTML; formulas stand between ``\(`` and ``\)`` as MathJax reads them."""
    return MARKDOWN.render(markdown).strip()


def deck(quizzes: list[tuple[str, list[Item]]], words: list[tuple[str, str]]) -> genanki.Deck:
    """Return the cards of all questions and words."""
    template = {"name": "Card", "qfmt": "{{Front}}", "afmt": "{{FrontSide}}<hr>{{Back}}"}
    fields = [{"name": "Front"}, {"name": "Back"}]
    model = genanki.Model(_number("model"), "Runnable Theory", fields, [template])
    made = genanki.Deck(_number("deck"), "Runnable Theory")
    cards = [(item.name, *_sides(item), title) for title, asked in quizzes for item in asked]
    cards += [(f"word/{word}", page(word), page(told), "Glossary") for word, told in words]
    for name, front, back, title in cards:
        tags = [re.sub(r"\W+", "-", title)]
        made.add_note(genanki.Note(model, [front, back], guid=genanki.guid_for(name), tags=tags))
    return made


def _number(name: str) -> int:
    """Return Anki's number for what the book calls ``name``: the same in every edition."""
    return zlib.crc32(f"runnable theory: {name}".encode())


def _sides(item: Item) -> tuple[str, str]:
    if not item.options:
        return page(item.text), f"<p>{item.answer:.4g}</p>{page(item.feedback)}"
    shown = "".join(f"<li>{page(option.text)}</li>" for option in item.options)
    right = "".join(page(x.text) + page(x.feedback) for x in item.options if x.right)
    return f'{page(item.text)}<ol type="a">{shown}</ol>', right


def glossary(root: Path, plain: Plain) -> list[tuple[str, str]]:
    """Return the words of the glossary, each with what it means."""
    text = (root / "book" / "glossary.md").read_text(encoding="utf-8")
    body = text.partition("```{glossary}\n")[2].partition("\n```")[0]
    found = ((one["term"], " ".join(one["said"].split())) for one in TERM.finditer(body))
    return [(term, plain(told)) for term, told in found]


def quizzes_of(root: Path, plain: Plain) -> list[tuple[Card, list[Item]]]:
    """Return the techniques that have a quiz, with their questions."""
    found = ((card, read_quiz(card, root)) for card in read_shelf(root).cards)
    return [(card, list(items(quiz, plain))) for card, quiz in found if quiz is not None]


def write(root: Path, folder: Path) -> None:
    """Write all files into ``folder``."""
    plain = Plain(root, read_ledgers(root))
    asked = quizzes_of(root, plain)
    named = [(card.title, list_) for card, list_ in asked]
    (folder / "canvas").mkdir(parents=True, exist_ok=True)
    for card, list_ in asked:
        (folder / "canvas" / f"{card.slug}.zip").write_bytes(canvas(card.title, list_))
    (folder / "moodle.xml").write_bytes(moodle(named))
    genanki.Package(deck(named, glossary(root, plain))).write_to_file(folder / "cards.apkg")
    print(f"{sum(len(one) for _, one in named)} questions of {len(named)} techniques in {folder}")


def main() -> int:
    """Write the book's files."""
    write(ROOT, ROOT / FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
