/// Names that a file of Python must not have.
enum PythonNames {
    /// Words of the language, which cannot be imported, and modules that such a file would hide: those of the standard
    /// library and those that exported modules import.
    static let reserved = Set(
        """
        False None True abc aifc and annotationlib antigravity argparse array as assert ast async asynchat asyncio
        asyncore atexit audioop await base64 bdb binascii bisect break builtins bz2 cProfile calendar cgi cgitb
        chunk class cmath cmd code codecs codeop collections colorsys compileall compression concurrent configparser
        contextlib contextvars continue copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal def
        del difflib dis distutils doctest elif else email encodings ensurepip enum errno except faulthandler fcntl
        filecmp fileinput finally fnmatch for fractions from ftplib functools gc genericpath getopt getpass gettext
        glob global graphlib grp gzip hashlib heapq hmac html http idlelib if imaplib imghdr imp import importlib in
        inspect io ipaddress is itertools json keyword lambda lib2to3 linecache locale logging lzma mailbox mailcap
        marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nonlocal not nt
        ntpath nturl2path numbers numpy opcode operator optparse or os ossaudiodev pass pathlib pdb pickle
        pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile
        pyclbr pydoc pydoc_data pyexpat queue quopri raise random re readline reprlib resource return rlcompleter
        runpy safetensors sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket
        socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct
        subprocess sunau swift_dqn symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios
        textwrap this threading time timeit tkinter token tokenize tomllib torch trace traceback tracemalloc try tty
        turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser
        while winreg winsound with wsgiref xdrlib xml xmlrpc yield zipapp zipfile zipimport zlib zoneinfo
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
