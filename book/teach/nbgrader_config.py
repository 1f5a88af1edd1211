"""How nbgrader treats a course of this book; ``make course`` copies it, and you may change it.

https://nbgrader.readthedocs.io lists every option.
"""

from nbgrader.preprocessors import DeduplicateIds

c = get_config()
c.CourseDirectory.course_id = "runnable_theory"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("your turn")'}

# A cell that runs for ever loses its points, and the rest of the notebook is marked.
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.interrupt_on_timeout = True

# Hidden cases that a student has deleted come back, too.
c.OverwriteCells.add_missing_cells = True

# Files as Moodle and Canvas name them, for `nbgrader zip_collect`.
c.FileNameCollectorPlugin.named_regexp = (
    r".*/(?P<student_id>[^/_]+)_(LATE_)?\d+_(\d+_|assignsubmission_file_?/?)"
    r"(?P<file_id>\w+?)([ -].*)?\.ipynb"
)

# A cell that a student copied has the id of the first one twice. nbgrader 0.9.6 takes its own mark
# off one of them and then stops over the empty mark, with the rest of the class: such a cell is a
# plain one.
_before = DeduplicateIds.preprocess_cell


def _plain_copies(self, cell, resources, at):
    cell, resources = _before(self, cell, resources, at)
    if cell.metadata.get("nbgrader") == {}:
        del cell.metadata["nbgrader"]
    return cell, resources


DeduplicateIds.preprocess_cell = _plain_copies
