# SPDX-License-Identifier: Apache-2.0
"""Reads the compiler's index of a build: which symbols each file defines, and which ones it names."""

import ctypes
import pathlib
import shutil
import sys
import typing

# include/indexstore/indexstore.h of the Swift toolchain's LLVM.
DEPENDENCY_RECORD = 2
ROLE_DEFINITION = 1 << 1
ROLE_REFERENCE = 1 << 2
ROLE_IMPLICIT = 1 << 8
RELATION_OVERRIDE = 1 << 11
KIND_EXTENSION = 9
KIND_ENUM_CASE = 15
KIND_DEINIT = 23
KIND_PARAMETER = 25


class Text(ctypes.Structure):
    """indexstore_string_ref_t: bytes with their length, not ended by a zero."""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    def __str__(self):
        return ctypes.string_at(self.data, self.length).decode() if self.data else ""


Visit = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)
VisitName = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, Text)


class Occurrence(typing.NamedTuple):
    """A symbol at a place of a file."""

    identity: str
    name: str
    kind: int
    roles: int
    relations: int
    line: int


class Index:
    """The compiler's index of one build folder."""

    def __init__(self, path):
        swift = shutil.which("swift") or sys.exit("index: no Swift toolchain in PATH")
        library = pathlib.Path(swift).resolve().parent.parent / "lib" / "libIndexStore.so"
        self.library = ctypes.CDLL(str(library))
        for name, result in [
            ("store_create", ctypes.c_void_p),
            ("unit_reader_create", ctypes.c_void_p),
            ("record_reader_create", ctypes.c_void_p),
            ("unit_reader_get_main_file", Text),
            ("unit_dependency_get_name", Text),
            ("unit_dependency_get_filepath", Text),
            ("occurrence_get_symbol", ctypes.c_void_p),
            ("occurrence_get_roles", ctypes.c_uint64),
            ("occurrence_get_line_col", None),
            ("symbol_get_usr", Text),
            ("symbol_get_name", Text),
            ("symbol_get_kind", ctypes.c_int),
            ("symbol_relation_get_roles", ctypes.c_uint64),
        ]:
            getattr(self.library, "indexstore_" + name).restype = result
        error = ctypes.c_void_p()
        self.store = self._call("store_create", str(path).encode(), ctypes.byref(error))
        if not self.store:
            sys.exit(f"index: nothing in {path}: build first")

    def _call(self, name, *arguments):
        wrapped = [ctypes.c_void_p(value) if isinstance(value, int) else value for value in arguments]
        return getattr(self.library, "indexstore_" + name)(*wrapped)

    def records(self):
        """(file, record) of each source file that was compiled."""
        names = []
        self._call("store_units_apply_f", self.store, ctypes.c_uint(0), None, VisitName(lambda _, name: names.append(str(name)) or True))
        for name in names:
            error = ctypes.c_void_p()
            reader = self._call("unit_reader_create", self.store, name.encode(), ctypes.byref(error))
            if not reader:
                continue
            main = str(self._call("unit_reader_get_main_file", reader))
            yield from ((path, record) for path, record in self._dependencies(reader) if path == main)
            self._call("unit_reader_dispose", reader)

    def files(self, folder):
        """{file: record} of the Swift files below a folder, without those that are gone by now."""
        return {
            pathlib.Path(path): record
            for path, record in self.records()
            if pathlib.Path(path).is_relative_to(folder) and path.endswith(".swift") and pathlib.Path(path).exists()
        }

    def _dependencies(self, reader):
        """(file, record) of each file that a unit was compiled from."""
        found = []

        def note(_, dependency):
            if self._call("unit_dependency_get_kind", dependency) == DEPENDENCY_RECORD:
                path = str(self._call("unit_dependency_get_filepath", dependency))
                found.append((path, str(self._call("unit_dependency_get_name", dependency))))
            return True

        self._call("unit_reader_dependencies_apply_f", reader, None, Visit(note))
        return found

    def occurrences(self, record):
        """Every occurrence of a symbol in a record's file."""
        error = ctypes.c_void_p()
        reader = self._call("record_reader_create", self.store, record.encode(), ctypes.byref(error))
        found = []

        def note(_, occurrence):
            symbol = self._call("occurrence_get_symbol", occurrence)
            line, column = ctypes.c_uint(), ctypes.c_uint()
            self._call("occurrence_get_line_col", occurrence, ctypes.byref(line), ctypes.byref(column))
            found.append(
                Occurrence(
                    str(self._call("symbol_get_usr", symbol)),
                    str(self._call("symbol_get_name", symbol)),
                    self._call("symbol_get_kind", symbol),
                    self._call("occurrence_get_roles", occurrence),
                    self._relations(occurrence),
                    line.value,
                )
            )
            return True

        self._call("record_reader_occurrences_apply_f", reader, None, Visit(note))
        self._call("record_reader_dispose", reader)
        return found

    def _relations(self, occurrence):
        """How the symbol of an occurrence is related to others, all roles together."""
        roles = 0

        def note(_, relation):
            nonlocal roles
            roles |= self._call("symbol_relation_get_roles", relation)
            return True

        self._call("occurrence_relations_apply_f", occurrence, None, Visit(note))
        return roles
