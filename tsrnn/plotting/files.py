"""Pictures become files."""

import os
from pathlib import Path


def picture_formats():
    """Return the file endings that :func:`save_figure` can write, sorted."""
    from matplotlib.backend_bases import FigureCanvasBase

    return sorted(FigureCanvasBase.get_supported_filetypes())


def save_figure(figure, path):
    """Write a Figure to `path`, whose ending names the format; either all of the file is written or none."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.part")
    try:
        figure.savefig(partial, format=path.suffix[1:].lower(), dpi=150)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
