"""How kernels are compiled, and a cache on disk that is neither stale nor harmful.

Numba's own cache knows one source file per function and believes what it reads: an edited callee in another file is
answered with old machine code, a damaged file ends the program. Here the name of an entry is a hash of everything its
machine code follows from, and its content is sealed. What does not match is compiled anew and written over, so that
no fault of the cache can cost more than the time of compiling.

Some of Numba's names used here are private. Where one of them has moved or changed, kernels are compiled in every
process and nothing is cached: only the answer of a cache that knows all source files can be believed.
"""

import atexit
import ctypes
import hashlib
import os
import pickle
import sys
import time
import uuid
from _thread import allocate_lock, get_ident, start_new_thread
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path

import llvmlite
import numba
import numpy as np

try:  # private
    from numba.core.caching import FunctionCache, NullCache
    from numba.core.serialize import dumps
except ImportError:
    FunctionCache, NullCache = object, None

# No fastmath: each operation rounds by itself, so bits cannot depend on how a loop was vectorised. "contract" (fused
# multiply-add) was tried: no faster here, and vector and scalar versions of one loop, between which the machine code
# chooses by where the arrays lie, then differ in the last bit.
# error_model "numpy": a division cannot raise, so a task running without the interpreter lock cannot either.
_OPTIONS = {"nogil": True, "error_model": "numpy"}

# Settings of Numba that change the machine code and are not part of its own key.
_SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT")

_SEAL_BYTES = hashlib.sha256().digest_size
_ABANDONED = 3600  # seconds after which an unfinished file is taken for the remains of a killed process


def inner(function):
    """Compile a function that only kernels call."""
    return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)(function)


def spliced(function):
    """Compile a function into the one that calls it, where the caller's constants stay constants."""
    return numba.njit(inline="always", no_cpython_wrapper=True, **_OPTIONS)(function)


def entry(function):
    """Compile a function that Python calls, cached on disk wherever a folder can be written.

    `function` may hold plain numbers, booleans and strings in its closure; they are part of the key. Globals are not:
    they must follow from the source files and the target of the compiler alone.

    The same code with the same closure is the same kernel, so that threads which ask for one at once compile it once.
    """
    closure = repr([cell.cell_contents for cell in function.__closure__ or ()])
    key = id(function.__code__), closure  # which no other code will have: the kernel keeps its function
    # Not a lock, which a fork could find taken: of two kernels made at once, one is forgotten before it compiles.
    return _KERNELS.get(key) or _KERNELS.setdefault(key, _make_kernel(function))


def stamp():
    """Return the hash of every source file of this package, as hexadecimal digits; "" where there are no files."""
    try:
        files = [file for file in os.scandir(os.path.dirname(__file__)) if file.name.endswith(".py")]
        return _hash_files(tuple(sorted((file.path, file.stat().st_mtime_ns, file.stat().st_size) for file in files)))
    except OSError:
        return ""


class SealedCache(FunctionCache):
    """The compiled versions of one function on disk, a sealed file each.

    There is no index that could disagree with the files: the name of a file says what is in it. Where the folder lies
    is Numba's choice: NUMBA_CACHE_DIR, else beside the source, else the user's cache.
    """

    def load_overload(self, sig, target_context):
        """Return the compiled version for a signature, or None: then Numba compiles it and calls `save_overload`."""
        target_context.refresh()
        if not self._enabled or stamp() != _STAMP:
            return None
        try:
            key = self._key(sig, target_context.codegen())
            content = self._path(key).read_bytes()
            packed = content[_SEAL_BYTES:]
            # Before the first byte is interpreted. It guards against accidents, not against who may write there.
            if content[:_SEAL_BYTES] != hashlib.sha256(packed).digest():
                return None
            packed_key, version = pickle.loads(packed)
            # A file may have been renamed; and types may share a name, say two named tuples.
            return self._impl.rebuild(target_context, version) if packed_key == key else None
        except Exception:  # whatever it is: compile
            return None

    def save_overload(self, sig, data):
        """Write a compiled version where the next process looks for it, or leave no trace."""
        # After an edit under a running process, what it compiles may be old code, new code, or a mixture.
        if not self._enabled or stamp() != _STAMP:
            return
        with suppress(Exception):  # not saved: the next process compiles
            # What cannot be cached, as any kernel that calls another under NUMBA_OPT=0, Numba would warn of.
            if data.library.has_dynamic_globals or not self._impl.check_cachable(data):
                return
            key = self._key(sig, data.codegen)
            packed = dumps((key, self._impl.reduce(data)))
            self._impl.locator.ensure_cache_path()
            _write_at_once(self._path(key), hashlib.sha256(packed).digest() + packed)
            self._sweep()

    def flush(self):
        """Forget all versions of this function; Numba calls it before it recompiles."""
        with suppress(OSError):
            for path in Path(self.cache_path).glob(f"{_FAMILY}{_EDITION}-{self._py_func.__name__}-*"):
                path.unlink(missing_ok=True)

    def _key(self, sig, codegen):
        """Return everything the machine code follows from: the edition, the settings, signature, target, closure."""
        settings = tuple(str(getattr(numba.config, name, None)) for name in _SETTINGS)
        own_file = self._impl.locator.get_source_stamp()  # also outside this package
        return _EDITION, settings, own_file, self._impl.filename_base, self._index_key(sig, codegen)

    def _path(self, key):
        """Return the file of a key."""
        digits = hashlib.sha256(repr(key).encode()).hexdigest()[:32]
        return Path(self.cache_path, f"{_FAMILY}{_EDITION}-{self._py_func.__name__}-{digits}.nbc")

    def _sweep(self):
        """Remove what nobody will read again: entries of other editions, unfinished files of killed processes."""
        for path in Path(self.cache_path).glob(f"{_FAMILY}*"):
            is_current = path.name.startswith(f"{_FAMILY}{_EDITION}-")
            is_finished = path.suffix == ".nbc"
            with suppress(OSError):
                if not is_current or (not is_finished and path.stat().st_mtime < time.time() - _ABANDONED):
                    path.unlink()


def _make_kernel(function):
    """Return a function that will be compiled when it is called, or taken from the disk."""
    if numba.config.DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT is set, but tsrnn's kernels exist only as compiled code; unset it.")
    kernel = numba.njit(**_OPTIONS)(function)
    with suppress(Exception):  # no folder is writable, or Numba has changed
        if _STAMP and isinstance(kernel._cache, NullCache):
            kernel._cache = SealedCache(function)
    with suppress(AttributeError):  # Numba has changed, and compiles in the thread that calls
        kernel._compile_for_args = partial(_call_uninterrupted, kernel._compile_for_args)
    return kernel


def _call_uninterrupted(call, *arguments):
    """Return what a call into Numba returns; another thread makes it, and an interrupt only ends the waiting.

    Inside Numba an interrupt is now and then swallowed, and while Numba loads what it knows of types and functions it
    leaves a process that knows half of it. What has begun is brought to its end, and kept for the next call.
    """
    process, outcome, is_over = os.getpid(), [], allocate_lock()
    if any(other != process for other, _ in _COMPILING):
        raise RuntimeError(
            "this process was forked while a thread of its parent compiled a kernel, and waits for it in vain; fork "
            "before or after that, or start processes by spawn."
        )

    def make_call():
        mark = process, get_ident()
        _COMPILING.append(mark)
        try:
            answer = call(*arguments), None
        except BaseException as error:
            answer = None, error
        _COMPILING.remove(mark)  # before the caller goes on, perhaps to fork
        outcome.append(answer)
        is_over.release()

    is_over.acquire()
    try:
        start_new_thread(make_call, ())
    except RuntimeError:  # there can be no more threads
        return call(*arguments)
    while not is_over.acquire(timeout=0.1):  # not for ever, which on Windows no interrupt ends
        pass
    result, error = outcome[0]
    if error:
        raise error
    return result


def _end_compilers():
    """End the threads that compile, when the process ends; it must not be taken down around them."""
    raise_in, own = ctypes.pythonapi.PyThreadState_SetAsyncExc, os.getpid()
    threads = [ctypes.c_ulong(thread) for process, thread in _COMPILING if process == own]
    while any([raise_in(thread, ctypes.py_object(SystemExit)) for thread in threads]):  # zero: it has ended
        time.sleep(0.1)


def _write_at_once(path, content):
    """Write a file that others see whole or not at all; it need not survive a power cut, the seal tells."""
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@lru_cache(maxsize=2)
def _hash_files(files):
    """Return the hash of the names and contents of `files`; only an edit makes it read them again."""
    digest = hashlib.sha256()
    for path, _, _ in files:
        digest.update(os.path.basename(path).encode())
        digest.update(Path(path).read_bytes())
    return digest.hexdigest() if files else ""


# Of the source as it was imported, which may not be the source as it is when a kernel is compiled.
_STAMP = stamp()
# What makes an entry useless for good when it changes, since one installation has one of each.
_EDITION = hashlib.sha256(
    repr((_STAMP, sys.version, numba.__version__, llvmlite.__version__, np.__version__)).encode()
).hexdigest()[:16]
_FAMILY = f"tsrnn-{sys.implementation.cache_tag}-"
_KERNELS = {}  # by code and closure
_COMPILING = []  # of each thread that compiles, its process and its number
atexit.register(_end_compilers)
