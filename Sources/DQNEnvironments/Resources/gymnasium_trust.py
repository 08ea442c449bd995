"""Loads only files that the user has allowed, records which files are loaded, and finds modules without loading them.

usage: imported by gymnasium_worker
"""

import importlib.util
import os
import zipimport
from importlib import machinery

from gymnasium_sources import folders_of_packages, folders_of_python, inside


class NotAllowed(BaseException):
    """A file that the user has not allowed was about to be loaded. No module catches this with `except ImportError`."""


class Guard:
    """Compares each file outside Python's own packages with what is allowed, before it is executed.

    Modules are compiled from the bytes that were compared: a file that changes in between changes nothing. Caches of
    bytecode are not read.
    """

    def __init__(self, allowed):
        """`allowed` has the SHA-256 of each file by its canonical path; without it, every file is allowed."""
        self.allowed = allowed
        self.loaded = set()
        self.installed = folders_of_packages() + folders_of_python()

    def concerns(self, path):
        return not inside(path, self.installed) or (self.allowed is not None and path in self.allowed)

    def check(self, path, data):
        """Raises `NotAllowed` unless the file may be executed."""
        import hashlib

        self.loaded.add(path)
        if self.allowed is None:
            return
        if path not in self.allowed:
            raise NotAllowed(f"'{path}' is new")
        if hashlib.sha256(data).hexdigest() != self.allowed[path]:
            raise NotAllowed(f"'{path}' has changed")

    def install(self):
        """Puts the guard before Python's loaders."""
        source, sourceless = machinery.SourceFileLoader.get_code, machinery.SourcelessFileLoader.get_code
        extension, archive = machinery.ExtensionFileLoader.create_module, zipimport.zipimporter.get_code

        def source_code(loader, name):
            path = loader.get_filename(name)
            canonical = os.path.realpath(path)
            if not self.concerns(canonical):
                return source(loader, name)
            data = loader.get_data(canonical)
            self.check(canonical, data)
            return loader.source_to_code(data, path)

        def compiled_code(loader, name):
            self.check_file(loader.get_filename(name))
            return sourceless(loader, name)

        def create_extension(loader, spec):
            self.check_file(loader.path)
            return extension(loader, spec)

        def archived_code(loader, name):
            self.check_file(loader.archive)
            return archive(loader, name)

        machinery.SourceFileLoader.get_code = source_code
        machinery.SourcelessFileLoader.get_code = compiled_code
        machinery.ExtensionFileLoader.create_module = create_extension
        zipimport.zipimporter.get_code = archived_code

    def check_file(self, path):
        path = os.path.realpath(path)
        if self.concerns(path):
            with open(path, "rb") as file:
                self.check(path, file.read())


def find(names):
    """The files of modules by their names, without those that there are none of. Imports and executes none of them."""
    found = {}
    for name in names:
        try:
            path = file_of(name.split("."))
        except (AttributeError, ImportError, KeyError, OSError, ValueError):
            continue
        if path:
            found[name] = path
    return found


def file_of(parts):
    # Finding a name without dots imports nothing.
    spec = importlib.util.find_spec(parts[0])
    for count in range(2, len(parts) + 1):
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = machinery.PathFinder.find_spec(".".join(parts[:count]), list(spec.submodule_search_locations))
    if spec is None:
        return None
    if spec.has_location:
        return os.path.realpath(spec.origin)
    folders = list(spec.submodule_search_locations or ())
    return os.path.realpath(folders[0]) if folders else "part of Python"
