"""The quizzes of the tiny book: a question of each kind."""

from __future__ import annotations

OPENING = """
[[question]]
id = "{kind}-{place}"
kind = "{kind}"
text = "{text}"
theorem = "{theorem}"
level = "first steps"
minutes = {place}
misconception = {misconception}
"""
CHOICE = """
[[question.option]]
text = "One half, $1/2$."
right = true
feedback = "By {prf:ref}`thm-one`."

[[question.option]]
text = "One third."
feedback = "That is the *other* mean."
"""
SEVERAL = """
[[question.option]]
text = "Zero."
right = true
feedback = "Zero is even."

[[question.option]]
text = "One."
feedback = "One is odd."

[[question.option]]
text = "Two."
right = true
feedback = "Two is even."
"""
ORDER = """feedback = "Each has one more digit."

[[question.option]]
text = "Nine."

[[question.option]]
text = "Ninety."

[[question.option]]
text = "Nine hundred."
"""
NUMBER = """answer = "half"
unit = "nats"
feedback = "It is half of one."

[[question.slip]]
answer = "twice"
feedback = "You doubled it."
"""
AGAIN = '"twice"\nfeedback = "A"\n[[question.slip]]\nanswer = "again"'
KINDS = {
    "choice": ("What is the mean of $X$?", CHOICE),
    "several": ("Which are even?", SEVERAL),
    "order": ("From small to large.", ORDER),
    "number": ("What is half of one?", NUMBER),
}
CODE = '''"""The numbers of the quiz."""


def half() -> float:
    """Return half of one."""
    return 0.5


def twice() -> float:
    """Return the slip."""
    return 2.0


again = twice
'''


def quiz(theorem: str, *, questions: int) -> str:
    """Return a quiz of some ``questions``, of one kind after another."""
    texts = []
    for place in range(1, questions + 1):
        kind = list(KINDS)[(place - 1) % len(KINDS)]
        text, rest = KINDS[kind]
        text += f" Once more, {place}." if place > len(KINDS) else ""
        told = {"kind": kind, "place": place, "text": text, "theorem": theorem}
        texts.append(OPENING.format(**told, misconception="true" if place % 2 else "false") + rest)
    return "".join(texts)
