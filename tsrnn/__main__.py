"""The command line: ``tsrnn`` and ``python -m tsrnn``."""

import os
import sys
import traceback
import warnings
from pathlib import Path

from . import __version__
from .commands.options import make_parser
from .commands.wording import in_terms_of_options


def main(argv=None):
    """Run the command line and return its exit code.

    Returns
    -------
    int
        0 if all went well; 1 for data or a file that cannot be used; 70 for a fault of this package; 130 for an
        interrupt. Wrong usage ends the process with 2, as argparse does. But for 0 one line on stderr says why.
    """
    arguments = make_parser(__version__, _forecast, _backtest, _list_datasets).parse_args(argv)
    arguments.written = []
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.filterwarnings("error", ".* was interrupted")  # ends not one fit alone, but the program
        said = set()  # a network warns in the test and again with all of the data

        def show(message, *_):
            sentence = in_terms_of_options(str(message))
            if sentence not in said:
                said.add(sentence)
                print(f"tsrnn: warning: {sentence}", file=sys.stderr)

        warnings.showwarning = show
        try:
            arguments.run(arguments)
            sys.stdout.flush()
        except BrokenPipeError:  # as of "tsrnn datasets | head -1": nobody reads on, nor what is left in the buffer
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (ValueError, TypeError, ImportError, OSError) as error:
            if _is_own_fault(error):
                return _fail(_report(error), 70)
            return _fail(in_terms_of_options(" ".join([str(error), *getattr(error, "__notes__", [])])), 1)
        except MemoryError:
            return _fail("there is not enough memory; give fewer rows, or a shorter --lookback.", 1)
        except (KeyboardInterrupt, Warning):
            return _fail(f"interrupted; written: {', '.join(arguments.written) or 'nothing'}.", 130, "tsrnn")
        except Exception as error:
            return _fail(_report(error), 70)
    return 0


def _is_own_fault(error):
    """Return whether a line of this package failed that raises nothing itself: no sentence about the data is there."""
    if not isinstance(error, TypeError | ValueError):
        return False
    last = traceback.extract_tb(error.__traceback__)[-1]
    is_own = Path(__file__).parent in Path(last.filename).parents
    return is_own and last.line is not None and not last.line.startswith("raise")


def _report(error):
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}: {error}"
    return f"this is a fault of tsrnn, please report it with the command: {' '.join(what.split())}"


def _fail(sentence, code, prefix="tsrnn: error"):
    print(f"{prefix}: {sentence}", file=sys.stderr)
    return code


# The rooms of the commands import all of the library, which --help need not wait for.


def _forecast(arguments):
    from .commands.running import run_forecast

    run_forecast(arguments)


def _backtest(arguments):
    from .commands.running import run_backtest

    run_backtest(arguments)


def _list_datasets(arguments):
    """List the bundled sets; or show one, and write it."""
    from . import datasets
    from .commands.files import check_outputs, write_file
    from .commands.selection import load_set

    name = arguments.name
    if name is None:
        if arguments.out is not None:
            raise ValueError(
                f"--out {arguments.out} needs the name of a set before it; they are {', '.join(datasets.names())}."
            )
        width = max(map(len, datasets.names()))
        for one in datasets.names():
            print(f"{one:<{width}}  {datasets.describe(one)}")
        return
    check_outputs({"--out": arguments.out}, [])
    print(f"{name}: {datasets.describe(name)}")
    table = load_set(name)
    print(table.head().to_string(index=False))
    print(f"... {len(table):,} rows")
    if arguments.out is not None:
        write_file(table, arguments.out)
        print(f"written   {arguments.out}")


if __name__ == "__main__":
    sys.exit(main())
