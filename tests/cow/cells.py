# SPDX-License-Identifier: MIT
"""
The cells of the matrix: what the host has at first, what the sandbox makes of it, what the host does meanwhile; and
what has to become of each, by a three-way comparison of trees that knows nothing of layers and records.

A cell is a directory with one below it, `p`, in which all happens at `x`. Everything is told in the operations of
program.py, with paths below the cell. Times are set wherever one is looked at.
"""
import collections
import itertools

TEXT = 7  # number of a content that is text (program.data_of), of lines enough for a merge
DATA = 10  # and of one that is none
SIZE = 200
THEN, INSIDE, OUTSIDE = 1100000000, 1200000000, 1300000000  # times set before, in the sandbox, on the host meanwhile

Cell = collections.namedtuple("Cell", "name base action meanwhile when")


def times(when, *paths):
    return [["utime", path, when, 0] for path in paths]


# --- what the host has at first ---

FULL = [["mkdir", "p/x", 0o755], ["create", "p/x/f", TEXT, SIZE, 0o644], ["mkdir", "p/x/sub", 0o755],
        ["create", "p/x/sub/g", 1, SIZE, 0o644], *times(THEN, "p/x/f", "p/x/sub/g")]
BASES = {
    "absent": [],
    "file": [["create", "p/x", TEXT, SIZE, 0o644], *times(THEN, "p/x")],
    "empty": [["create", "p/x", TEXT, 0, 0o644], *times(THEN, "p/x")],
    "data": [["create", "p/x", DATA, SIZE, 0o644], *times(THEN, "p/x")],
    "hollow": [["mkdir", "p/x", 0o755]],
    "full": FULL,
    "symlink": [["symlink", "keep", "p/x"], *times(THEN, "p/x")],
    "fifo": [["fifo", "p/x"], *times(THEN, "p/x")],
}
FILES, DIRECTORIES = ("file", "empty", "data"), ("hollow", "full")
PRESENT = tuple(base for base in BASES if base != "absent")


def kind_of(base):
    return "file" if base in FILES else "directory" if base in DIRECTORIES else base


# --- changes: name: (operations, the bases that they are for) ---


def changes(when, number):
    """What either side may do; `when` and `number` tell whose doing it is."""
    at = times(when, "p/x")
    below = times(when, "p/x/f")
    return {
        "add-file": ([["create", "p/x", number, SIZE, 0o644], *at], ("absent",)),
        "add-directory": ([["mkdir", "p/x", 0o755], ["create", f"p/x/f{number}", number, SIZE, 0o644],
                           *times(when, f"p/x/f{number}")], ("absent",)),
        "add-symlink": ([["symlink", f"to{number}", "p/x"], *at], ("absent",)),
        "add-fifo": ([["fifo", "p/x"], *at], ("absent",)),
        "content": ([["write", "p/x", number, SIZE], *at], FILES),
        "line": ([["pwrite", "p/x", number, 5, SIZE - 5 if number == HOST else 0], *at], ("file",)),
        "retarget": ([["unlink", "p/x"], ["symlink", f"to{number}", "p/x"], *at], ("symlink",)),
        "chmod": ([["chmod", "p/x", 0o700 + number % 10], *times(THEN, "p/x")], FILES + DIRECTORIES + ("fifo",)),
        "attribute": ([["setxattr", "p/x", "user.side", f"v{number}"], *times(THEN, "p/x")], FILES + DIRECTORIES),
        "touch": (at, FILES),
        "delete": ([["remove", "p/x"]], PRESENT),
        "to-file": ([["again", "p/x", number, SIZE], *at], DIRECTORIES + ("symlink", "fifo")),
        "to-directory": ([["directory", "p/x", number, ["f", "new"]], *times(when, "p/x/f", "p/x/new")],
                         FILES + ("symlink", "fifo")),
        "to-symlink": ([["remove", "p/x"], ["symlink", f"to{number}", "p/x"], *at], FILES + DIRECTORIES + ("fifo",)),
        "to-fifo": ([["remove", "p/x"], ["fifo", "p/x"], *at], FILES + DIRECTORIES + ("symlink",)),
        "replace": ([["directory", "p/x", number, [f"other{number}"]], *times(when, f"p/x/other{number}")],
                    DIRECTORIES),
        "child-add": ([["create", f"p/x/c{number}", number, SIZE, 0o644], *times(when, f"p/x/c{number}")], DIRECTORIES),
        "child-delete": ([["unlink", "p/x/f"]], ("full",)),
        "child-content": ([["write", "p/x/f", number, SIZE], *below], ("full",)),
        "child-to-directory": ([["directory", "p/x/f", number, ["h"]], *times(when, "p/x/f/h")], ("full",)),
    }


SANDBOX, HOST = 21, 32  # numbers of the contents that the two sides make
ACTIONS = changes(INSIDE, SANDBOX)
ACTIONS["none"] = ([], tuple(BASES))
ACTIONS["twin"] = ([["twin", "p/x"]], PRESENT)
MEANWHILE = {
    "nothing": ([], tuple(BASES)),
    "touched": (times(OUTSIDE, "p/x"), FILES + ("symlink", "fifo")),
    "same-by-rename": ([["twin", "p/x"]], FILES + ("symlink",)),
    "likewise": (None, tuple(BASES)),
    "parent-away": ([["move", "p", "q"]], tuple(BASES)),
    "filled": ([["create", "p/x/host", HOST, SIZE, 0o644], *times(OUTSIDE, "p/x/host")], DIRECTORIES),
}
for _name in ("add-file", "add-directory", "content", "line", "retarget", "chmod", "delete", "to-file", "to-directory",
              "to-symlink", "child-content", "child-delete"):
    MEANWHILE[_name] = changes(OUTSIDE, HOST)[_name]
DURING = ("nothing", "content", "delete", "to-directory", "to-symlink", "chmod", "likewise", "add-file", "filled",
          "child-content")


def all_cells(fuse):
    for base, action, meanwhile, when in itertools.product(BASES, ACTIONS, MEANWHILE, ("after", "during")):
        if base not in ACTIONS[action][1] or base not in MEANWHILE[meanwhile][1]:
            continue
        if when == "during" and meanwhile not in DURING or meanwhile == "likewise" and action in ("none", "twin"):
            continue
        if fuse and base == "fifo" and action in ("chmod", "twin"):  # see generate.py
            continue
        yield Cell(f"{base},{action},{meanwhile},{when}", base, action, meanwhile, when)


def operations(cell, part):
    """Of the cell's base, action or meanwhile, for a working directory in which the cell is."""
    if part == "base":
        found = [["mkdir", "", 0o755], ["mkdir", "p", 0o755], ["create", "p/keep", 1, 10, 0o644],
                 *times(THEN, "p/keep"), *BASES[cell.base]]
    elif part == "action" or cell.meanwhile == "likewise":
        found = ACTIONS[cell.action][0]
    else:
        found = MEANWHILE[cell.meanwhile][0]
    return [[name, *(place(name, i, word, cell) for i, word in enumerate(words))] for name, *words in found]


PATHS = {"create": 1, "mkdir": 1, "symlink": 2, "move": 2}


def place(name, i, word, cell):
    """Paths are the first argument, in some the first two; of symlink only the second."""
    if i >= PATHS.get(name, 1) or name == "symlink" and i == 0:
        return word
    return f"{cell.name}/{word}" if word else cell.name


# --- what has to become of a cell ---


def seen(node):
    """What counts of a node: not the times of directories."""
    return node and [*node[:4], node[4] if node[0] != "directory" else 0]


def same(a, b):
    return seen(a) == seen(b)


def unchanged(cell, base, sandbox, host):
    """
    Whether the host has at a path what it had. True, False, or None: it is the same content in another inode or with
    another time, and a store may or may not be able to tell.
    """
    if base is None or host is None:
        return base is host
    if base[:4] != host[:4]:
        return False
    if base[0] == "directory" and cell.action == "attribute":
        return True if cell.meanwhile == "nothing" else None  # an entry more moves the time that tells of attributes
    if base[0] == "directory" or base[5] == host[5] and cell.meanwhile != "touched":
        return True
    # Contents are kept of text in whose place the sandbox has put another one.
    kept = base[0] == "file" and cell.base != "data" and sandbox and sandbox[0] == "file" and sandbox[2] != base[2]
    return True if kept else None


class Expected:
    """
    apply: paths. conflicts: path to the kinds that are right. either: paths at which both are right, to be
    refused or to be applied.
    """

    def __init__(self, cell, base, sandbox, host):
        self.cell, self.base, self.sandbox, self.host = cell, base, sandbox, host
        self.apply, self.conflicts, self.either = set(), {}, set()
        for path in sorted(base.keys() | sandbox.keys() | host.keys()):
            self.look_at(path)
        self.theirs = self.combine()

    def look_at(self, path):
        b, s, h = self.base.get(path), self.sandbox.get(path), self.host.get(path)
        if same(s, h):
            return
        if same(s, b):
            self.untouched(path, b)
            return
        state = unchanged(self.cell, b, s, h)
        if self.cell.when == "during" and not (self.cell.meanwhile == "nothing" or same_node(b, h)):
            self.during(path, b, h)
        elif state is True:
            self.apply.add(path)
            self.look_above(path)
        elif state is None:
            self.either.add(path)
        else:
            self.conflicts[path] = {"deleted" if h is None else "added" if b is None else "modified"}

    def untouched(self, path, b):
        """The sandbox has not changed it, but may hide it, by what stands above or by a copy in its layer."""
        if b is None and self.cell.action != "twin" and self.is_hidden(path):
            self.conflicts[path] = {"added", "unknown"} if self.cell.when == "during" else {"added"}
        elif self.cell.action == "twin" or self.cell.when == "during" and self.cell.action != "none":
            self.either.add(path)

    def during(self, path, b, h):
        """
        What the host deletes then may look as if it never had been; all else must be refused. A directory that it makes
        is nothing by itself: what is in it counts.
        """
        if h is None or h[0] == "directory":
            self.either.add(path)
        else:
            self.conflicts[path] = {"unknown"}

    def is_hidden(self, path):
        """Below something that the sandbox has put in the place of a directory, or below one that it has deleted."""
        if self.cell.action == "replace" and path.startswith("p/x/"):
            return True
        return any((self.sandbox.get(above) or [None])[0] != "directory" and
                   not same(self.sandbox.get(above), self.base.get(above)) for above in parents(path))

    def look_above(self, path):
        """A directory that both sides had, which the sandbox's change needs and the host has no longer."""
        for above in parents(path) if self.sandbox.get(path) else []:
            h = self.host.get(above)
            if self.cell.when == "during":
                self.either.add(above)
            elif (self.base.get(above) or [None])[0] == "directory" and (not h or h[0] != "directory"):
                self.conflicts[above] = {"modified" if h else "deleted"}

    def combine(self):
        """The host's tree with the sandbox's changes."""
        tree = dict(self.host)
        for path in sorted(self.base.keys() | self.sandbox.keys()):
            s, b = self.sandbox.get(path), self.base.get(path)
            if same(s, b):
                continue
            if s is None or s[0] != "directory":
                for below in [below for below in tree if below.startswith(path + "/")]:
                    del tree[below]
            if s is None:
                tree.pop(path, None)
                continue
            for above in parents(path):
                if above not in tree or tree[above][0] != "directory":
                    tree[above] = self.sandbox[above]
            tree[path] = s
        if self.cell.action == "replace":
            for below in [below for below in tree if below.startswith("p/x/") and below not in self.sandbox]:
                del tree[below]
        return tree

    def allowed(self, path):
        """What may stand at a path once the sandbox has had its way."""
        yield seen(self.theirs.get(path))
        if path in self.either or any(below in self.either for below in self.sandbox if path in parents(below)):
            yield seen(self.sandbox.get(path))
            yield seen(self.host.get(path))


def parents(path):
    """Those above, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def same_node(a, b):
    return a is b or bool(a and b and a[:6] == b[:6])
