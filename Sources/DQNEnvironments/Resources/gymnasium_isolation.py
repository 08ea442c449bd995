"""Keeps this process to the standard library, the packages of its Python and the directories that the user has named.

usage: imported by gymnasium_worker. Python runs with -I, so its path has neither the current directory nor directories
that environment variables name.
"""

import os
import site
import sys
from importlib import machinery

from gymnasium_sources import folders_of_packages, folders_of_python, inside


def take_python_path(arguments):
    """Adds the user's directories, which come first with their number, to the path; returns the other arguments.

    They come before the installed packages, so that a working copy replaces one, and after the standard library.
    """
    count = int(arguments[0])
    packages = (index for index, entry in enumerate(sys.path) if is_folder_of_packages(entry))
    position = next(packages, len(sys.path))
    sys.path[position:position] = arguments[1 : 1 + count]
    ignore_caches()
    return arguments[1 + count :]


def is_folder_of_packages(folder):
    return os.path.basename(folder) in ("site-packages", "dist-packages")


def ignore_caches():
    """Compiles every module outside the installed packages from its source: somebody may have put another program into
    the cache beside it."""
    installed, known = folders_of_packages() + folders_of_python(), {}
    cached, sourceless = machinery.SourceFileLoader.get_code, machinery.SourcelessFileLoader.get_code

    def is_installed(path):
        folder = os.path.dirname(path)
        if folder not in known:
            known[folder] = inside(os.path.join(os.path.realpath(folder), ""), installed)
        return known[folder]

    def compile_source(loader, name):
        path = loader.get_filename(name)
        return cached(loader, name) if is_installed(path) else loader.source_to_code(loader.get_data(path), path)

    def refuse_bytecode(loader, name):
        path = loader.get_filename(name)
        if is_installed(path):
            return sourceless(loader, name)
        raise ImportError(f"{path} has no source; only installed packages may consist of bytecode", name=name, path=path)

    machinery.SourceFileLoader.get_code = compile_source
    machinery.SourcelessFileLoader.get_code = refuse_bytecode


def remedy(name):
    """Where a missing module is: packages that are installed for the user alone are not read. Empty if it is not there."""
    if not name:
        return ""
    folder = site.getusersitepackages()
    try:
        found = machinery.PathFinder.find_spec(name.partition(".")[0], [folder])
    except (ImportError, OSError, ValueError):
        found = None
    return f"\nit is among the packages of the user alone: --python-path '{folder}'" if found else ""
