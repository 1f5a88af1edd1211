"""Launch and repository buttons where the repository has a public address, else none."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.config import Config

COLAB = "https://colab.research.google.com"
BINDER = "https://mybinder.org"


def options_for(address: str) -> dict[str, object]:
    """Return the theme options that follow from the repository's address ("": unset)."""
    if not address:
        return {"use_repository_button": False, "use_issues_button": False, "launch_buttons": {}}
    # Colab opens notebooks from GitHub alone, and so does the theme's Binder button.
    launch = {"colab_url": COLAB, "binderhub_url": BINDER, "notebook_interface": "jupyterlab"}
    return {
        "use_repository_button": True,
        "use_issues_button": True,
        "launch_buttons": launch if "github.com/" in address else {},
    }


def _configure(app: Sphinx, config: Config) -> None:
    options = config.html_theme_options
    address = str(options.get("repository_url") or "").rstrip("/")
    options.update(options_for(address))
    options["repository_url"] = address


def setup(app: Sphinx) -> None:
    """Set the options before the theme reads them."""
    app.connect("config-inited", _configure, priority=100)
