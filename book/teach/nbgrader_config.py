"""How nbgrader treats a course of this book; ``make course`` copies it: change the copy.

https://nbgrader.readthedocs.io lists every option.
"""

from pathlib import Path

import nbformat
from nbgrader import preprocessors

HERE = Path(__file__).parent

c = get_config()
c.CourseDirectory.course_id = "runnable_theory"
c.CourseDirectory.root = str(HERE)  # also where your own configuration names another course
c.CourseDirectory.db_url = f"sqlite:///{HERE / 'gradebook.db'}"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("your turn")'}

# A cell that runs for ever loses its points, and the rest of the notebook is marked.
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.interrupt_on_timeout = True
c.ExecutePreprocessor.raise_on_iopub_timeout = False

# Files as Moodle and Canvas name them, for `nbgrader zip_collect`.
c.FileNameCollectorPlugin.named_regexp = (
    r".*/(?P<student_id>[^/]+?)_(LATE_)?\d+_(\d+_|assignsubmission_file_?/?)"
    r"(?P<file_id>\w+?)([ -].*)?\.ipynb"
)


def handed_out(path):
    """Return the cells before the first answer, and by its name each answer with its tests."""
    groups = [[]]
    for cell in nbformat.read(path, as_version=4).cells:
        if "nbgrader" in cell.metadata:
            groups += [[]] if cell.metadata.nbgrader.solution else []
            groups[-1].append(cell)
    first, *answers = groups
    return first, {group[0].metadata.nbgrader.grade_id: group for group in answers}


class PutBack(preprocessors.NbGraderPreprocessor):
    """Put back all that was handed out, but the answers: once, in its place, with its metadata.

    It does not matter which cells a student has deleted, copied, moved or marked otherwise, or
    whether an editor has lost their metadata: then an answer is known by its name.
    """

    def preprocess(self, notebook, resources):
        """Return the notebook with the student's cells and ours."""
        told = resources["nbgrader"]
        path = HERE / "release" / told["assignment"] / f"{told['notebook']}.ipynb"
        first, left = handed_out(path)
        ours = [*first, *(cell for _, *tests in left.values() for cell in tests)]
        locked = {cell.metadata.nbgrader.grade_id for cell in ours}
        cells = []
        for cell in reversed(notebook.cells):  # of two answers the last one counts
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in locked:
                continue
            if name not in left and cell.cell_type == "code":
                name = next((one for one in left if f"def {one}(" in cell.source), name)
            answer, *tests = left.pop(name, [None])
            cell.metadata = answer.metadata if answer else nbformat.NotebookNode()
            cells[:0] = [cell, *tests]
        notebook.cells = [*first, *cells, *(cell for group in left.values() for cell in group)]
        return notebook, resources


c.Autograde.sanitize_preprocessors = [
    PutBack,
    preprocessors.ClearOutput,
    preprocessors.OverwriteKernelspec,
    preprocessors.OverwriteCells,
    preprocessors.CheckCellMetadata,
]
