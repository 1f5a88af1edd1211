"""The directive ``quiz``: the questions of ``quiz.toml`` beside the page, with a key behind them.

On the site each question is a group of form controls. ``book/theme/quiz.js`` looks an answer up in
the key, says what the key says of it, and keeps it in the browser. Without scripts, and on paper,
the reader looks it up.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from tools.quizzes import Question, Quiz, QuizError, read_quiz
from tools.sphinx_runtheory.shelf import FromCards

# The quiz stands at the end of its page: its script comes when a reader is near.
LOADER = """<script>
new IntersectionObserver(([quiz], near) => {
  if (!quiz.isIntersecting) return;
  near.disconnect();
  document.head.append(Object.assign(document.createElement("script"), { src: "%s" }));
}, { rootMargin: "100%%" }).observe(document.currentScript.previousElementSibling);
</script>"""
KEY = "Key to the questions"
PERCENT = ("per cent", "points")  # units of which a % is one; elsewhere it is a hundredth
ASKED = {
    "choice": "One answer is right.",
    "several": "One answer is right, or more.",
    "order": "Give each its place.",
    "number": "",
}


class Control(nodes.General, nodes.Element):  # type: ignore[misc]
    """An element of HTML: its ``tag``, and what it says in ``told``."""


def element(tag: str, *children: nodes.Node, **told: str) -> Control:
    """Return an element of HTML; underscores in names stand for hyphens."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in told.items()}
    return Control("", *children, tag=tag, told=named)


class QuizOfPage(FromCards):
    """``{quiz}``: the questions of the technique whose page this is."""

    def run(self) -> list[nodes.Node]:
        """Make the questions and their key, for the site or for paper."""
        card = self.book.shelf.card(PurePosixPath(self.env.docname).parent.name)
        quiz = read_quiz(card, self.book.shelf.root)
        if quiz is None:
            raise self.error(f"there is no {card.folder}/quiz.toml")
        for name in ("quiz.toml", "quiz.py"):
            self.env.note_dependency(str(quiz.folder / name))
        builder = self.env.app.builder
        try:
            if builder.format == "latex" or builder.name == "epub":
                return list(self._on_paper(quiz))
            return [self._on_site(quiz), self._loader()]
        except QuizError as error:
            raise self.error(str(error)) from error

    def _on_site(self, quiz: Quiz) -> nodes.Node:
        whole = element("div", class_="quiz", data_quiz=quiz.slug)
        for place, one in enumerate(quiz.questions, start=1):
            whole += self._question(one, quiz, place)
        whole += element("p", class_="quiz-tally", role="status", hidden="")
        key = element("details", element("summary", nodes.Text(KEY)), class_="quiz-key")
        key += self._key(quiz)
        whole += key
        return whole

    def _loader(self) -> nodes.Node:
        place = "../" * self.env.docname.count("/") + "_static/quiz.js"
        return nodes.raw("", LOADER % place, format="html")

    def _question(self, one: Question, quiz: Quiz, place: int) -> nodes.Node:
        name = f"quiz-{quiz.slug}-{one.id}"
        facts = element("span", nodes.Text(f" {_facts(one)}"), class_="quiz-facts")
        legend = element("legend", nodes.Text(f"Question {place}."), facts)
        field = element("fieldset", legend, class_="quiz-question", id=name, **told_of(one, quiz))
        field += element("div", *self.paragraphs(one.text), id=f"{name}-text")
        if one.kind == "number":
            words = f"Your answer{f', in {one.unit}' if one.unit else ''}"
            label = element("label", nodes.Text(words), for_=f"{name}-a")
            shown = {"type": "text", "autocomplete": "off"}  # some keypads of digits have no minus
            given = element("input", id=f"{name}-a", aria_describedby=f"{name}-text", **shown)
            field += element("p", label, given, class_="quiz-option")
        for letter, option in one.shown:
            field += self._option(one, f"{name}-{letter}", letter, option.text)
        field += element("p", class_="quiz-answer", role="status")
        return field

    def _option(self, one: Question, name: str, letter: str, text: str) -> nodes.Node:
        label = element("label", *self.inline(f"{letter}: {text}"), for_=name)
        if one.kind == "order":
            places = [str(place) for place in range(1, len(one.options) + 1)]
            chosen = [
                element("option", nodes.Text(at), value=at.strip("–")) for at in ("–", *places)
            ]
            given = element("select", *chosen, id=name, data_option=letter)
        else:
            kind = "radio" if one.kind == "choice" else "checkbox"
            told = {"type": kind, "name": name.rpartition("-")[0], "value": letter}
            given = element("input", id=name, data_option=letter, **told)
        return element("div", given, label, class_="quiz-option")

    def _on_paper(self, quiz: Quiz) -> Iterator[nodes.Node]:
        listed = nodes.enumerated_list(enumtype="arabic")
        for one in quiz.questions:
            unit = f" Answer in {one.unit}." if one.unit else ""
            asked = nodes.emphasis("", f"{_facts(one)}{unit}")
            item = nodes.list_item("", *self.paragraphs(one.text), nodes.paragraph("", "", asked))
            options = nodes.enumerated_list(enumtype="loweralpha")
            options += [self._item(option.text) for _, option in one.shown]
            item += [options] if one.options else []
            listed += item
        yield listed
        yield nodes.paragraph("", "", nodes.strong("", f"{KEY}."))
        yield self._key(quiz)

    def _key(self, quiz: Quiz) -> nodes.Node:
        listed = nodes.enumerated_list(enumtype="arabic")
        for one in quiz.questions:
            item = self._item(f"**{answer_of(one, quiz)}** ({{prf:ref}}`{one.theorem}`)")
            item += nodes.bullet_list("", *map(self._item, feedback_of(one, quiz)))
            listed += item
        return listed

    def _item(self, text: str) -> nodes.list_item:
        return nodes.list_item("", *self.paragraphs(text))


def answer_of(one: Question, quiz: Quiz) -> str:
    """Return the right answer in words: letters, or the number."""
    if one.kind == "number":
        return " ".join(filter(None, (said(quiz.number(one.answer)), one.unit)))
    return ", ".join(one.right)


def feedback_of(one: Question, quiz: Quiz) -> list[str]:
    """Return what the key says, in order: of each option, or of the answer and each known slip."""
    if one.kind == "number":
        slips = (f"{said(quiz.number(slip.answer))}: {slip.feedback}" for slip in one.slips)
        return [one.feedback, *slips]
    if one.kind == "order":
        return [one.feedback]
    return [f"{letter}: {option.feedback}" for letter, option in one.shown]


def said(value: float) -> str:
    """Return a number as the key prints it."""
    return f"{value:.4g}".replace("-", "−")


def _facts(one: Question) -> str:
    minutes = "1 minute" if one.minutes == 1 else f"{one.minutes} minutes"
    return f"{one.level[:1].upper()}{one.level[1:]}, {minutes}. {ASKED[one.kind]}".rstrip()


def told_of(one: Question, quiz: Quiz) -> dict[str, str]:
    """Return what the page's script must know of a question."""
    if one.kind != "number":
        return {"data_kind": one.kind, "data_right": " ".join(one.right)}
    slips = " ".join(repr(quiz.number(slip.answer)) for slip in one.slips)
    return {
        "data_kind": one.kind,
        "data_right": repr(quiz.number(one.answer)),
        "data_tolerance": repr(one.tolerance),
        "data_slips": slips,
        "data_percent": "1" if one.unit in PERCENT else "100",
    }


def _open(translator: HTML5Translator, node: Control) -> None:
    told = "".join(f' {name}="{escape(str(value))}"' for name, value in node["told"].items())
    translator.body.append(f"<{node['tag']}{told}>")


def _close(translator: HTML5Translator, node: Control) -> None:
    if node["tag"] != "input":
        translator.body.append(f"</{node['tag']}>")


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(Control, html=(_open, _close))
    app.add_directive("quiz", QuizOfPage)
