"""How figures and tables are written; a missing figure is a dash, a disturbed one bears a star."""


def section(title, explanation, columns, rows):
    """Return a heading, a paragraph and a table; nothing if there are no rows."""
    return "\n\n".join([title, explanation, table(columns, rows)]) if rows else ""


def table(columns, rows):
    """Return a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def sizes(shape):
    """Return sizes side by side."""
    return ", ".join(map(str, shape))


def star(line):
    """Return the mark of a line that others on the machine disturbed."""
    return " \\*" if line.get("disturbed") else ""


def milliseconds(line):
    """Return the time of a line."""
    return "-" if line is None else f"{_three_digits(1e3 * line['seconds'])}{star(line)}"


def microseconds(line):
    """Return the time of a line."""
    return "-" if line is None else f"{_three_digits(1e6 * line['seconds'])}{star(line)}"


def ratio(value):
    """Return how many times."""
    return "-" if value is None else f"{value:.2f}x" if value < 10 else f"{value:.1f}x"


def times(line, ours):
    """Return how many times as long as ours a line takes."""
    return "-" if line is None or ours is None else ratio(line["seconds"] / ours["seconds"]) + star(line)


def percent(share):
    """Return a share."""
    return "-" if share is None else f"{100 * share:.0f} %"


def spread(*lines):
    """Return the rounds of the first line, and of each line how far its slowest is from its fastest round."""
    shares = [percent((line["slowest"] - line["fastest"]) / line["seconds"]) if line else "-" for line in lines]
    return f"{lines[0]['rounds']}: {' / '.join(shares)}"


def _three_digits(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
