"""Identifies the source of an environment: digests of the user's own modules, which have no version.

usage: imported by gymnasium_environment
"""

import os
import site
import sys
import sysconfig
import types

from gymnasium_values import layers, own_packages


def inside(path, folders):
    return any(path.startswith(folder) for folder in folders)


def folders_of_packages():
    """The folders of installed packages, whose versions are known by other means."""
    found = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    found.add(site.getusersitepackages())
    # Those of another Python that this one was told to use too.
    found.update(entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages"))
    return [os.path.realpath(folder) + os.sep for folder in found if folder]


def folders_of_python():
    """The folders of the standard library."""
    found = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), os.path.dirname(os.__file__)}
    return [os.path.realpath(folder) + os.sep for folder in found if folder]


class Sources:
    """The user's own modules of this process: those in use, and those that their `import` statements name."""

    def __init__(self, environment):
        self.packages, self.python = folders_of_packages(), folders_of_python()
        self.layers = own_packages(layers(environment))
        # The file of a module by its name; `None` for modules of others.
        self.files, self.real_folders = {}, {}
        pending = []
        for name, module in list(sys.modules.items()):
            path = vars(module).get("__file__") if isinstance(module, types.ModuleType) else None
            # Some modules are known by several names.
            if isinstance(path, str) and vars(module).get("__name__") == name and self.add(name, path):
                pending.append(name)
        while pending:
            pending += [name for name in self.imported_by(pending.pop()) if self.add(name, self.find(name))]

    def add(self, name, path):
        """Adds a module; returns whether it is new and the user's own."""
        if name in self.files:
            return False
        self.files[name] = path if path and self.is_own(name, path) else None
        return self.files[name] is not None

    def is_own(self, name, path):
        folder, file = os.path.split(path)
        if folder not in self.real_folders:
            self.real_folders[folder] = os.path.realpath(folder)
        path = os.path.join(self.real_folders[folder], file)
        package = name.partition(".")[0]
        if inside(path, self.packages):
            # A link may lead to a working copy.
            return package in self.layers and (os.path.islink(path) or self.is_unversioned(package))
        return not inside(path, self.python)

    def is_unversioned(self, package):
        """Whether a package that defines the environment was only copied among the installed ones."""
        from importlib import metadata

        if package in metadata.packages_distributions():
            self.layers.discard(package)
        return package in self.layers

    def imported_by(self, name):
        """The names that the `import` statements of a module may mean, also those that have not been executed yet."""
        import ast

        path = self.files[name]
        try:
            with open(path, "rb") as file:
                tree = ast.parse(file.read()) if path.endswith(".py") else ast.Module([], [])
        except (OSError, SyntaxError, ValueError, RecursionError):
            return
        package = name if os.path.basename(path) == "__init__.py" else name.rpartition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [item.name for item in node.names]
            elif isinstance(node, ast.ImportFrom):
                parents = package.split(".")
                parents = parents[: len(parents) + 1 - node.level] if node.level else []
                base = ".".join([*parents, *([node.module] if node.module else [])])
                names = [base, *(f"{base}.{item.name}" for item in node.names)]
            else:
                continue
            for found in names:
                # Importing a module imports the packages around it.
                parts = found.split(".")
                yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1) if all(parts))

    def find(self, name):
        """The file of a module; `None` if it has none. Imports and executes nothing."""
        from importlib.machinery import PathFinder

        module = sys.modules.get(name)
        if isinstance(module, types.ModuleType):
            return vars(module).get("__file__")
        path, parts = None, name.split(".")
        try:
            for count in range(1, len(parts) + 1):
                spec = PathFinder.find_spec(".".join(parts[:count]), path)
                if spec is None or (count < len(parts) and spec.submodule_search_locations is None):
                    return None
                path = list(spec.submodule_search_locations or ())
            return spec.origin if spec.has_location else None
        except (ImportError, KeyError, OSError, ValueError):
            return None

    def paths(self):
        """The canonical paths of the modules' files."""
        return {os.path.realpath(path) for path in self.files.values() if path and os.path.isfile(path)}

    def digests(self):
        """The digest of each module's file, by the module's name."""
        import hashlib

        found = {}
        for name, path in self.files.items():
            if path is None:
                continue
            try:
                with open(path, "rb") as file:
                    data = file.read()
            except OSError:
                # It may lie in an archive.
                loader = getattr(sys.modules.get(name), "__loader__", None)
                try:
                    data = loader.get_data(path)
                except (AttributeError, OSError):
                    continue
            found[name] = hashlib.sha256(data).hexdigest()
        return found
