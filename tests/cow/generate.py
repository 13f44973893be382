# SPDX-License-Identifier: MIT
"""
Trees and lists of operations from a seed.

fuse-overlayfs 1.10 has faults of its own, which its program sees as well as we do:

    a name that was there before comes back when what was renamed over it is taken away; likewise
    directories that are exchanged lose what is in them
    what it copies from below before a change: files that nobody may write to become writable, fifos files, and
    the time of a link is lost
    of a file with several names, the mode that it has by another one is seen

Mild trees and operations stay clear of these, so that the rest can be compared.
"""
import os
import random

import program

NAMES = ["a", "b", "c", "d", "e", "f", "a", "b", "c", "d", "g h", "-r", "\u00fc", "new\nline", "\udcff"]
FILE_MODES = [0o644, 0o644, 0o600, 0o755, 0o640, 0o444]
DIRECTORY_MODES = [0o755, 0o755, 0o700, 0o711, 0o1755]


def old_time(rng):
    return rng.randrange(978307200, program.EXPLICIT - 1), rng.choice([0, rng.randrange(10**9)])


# --- the tree before ---


def build(top, seed, mild=False):
    """Fills the empty directory `top`; twice the same, but for inode numbers."""
    rng = random.Random(f"tree {seed}")
    directories = [top]
    for i in range(rng.randrange(3, 8)):
        path = f"{rng.choice(directories)}/{rng.choice(NAMES)}"
        if path.count("/") - top.count("/") <= 3 and not os.path.lexists(path):
            os.mkdir(path)
            directories.append(path)
    for i in range(rng.randrange(4, 16)):
        path = f"{rng.choice(directories)}/{rng.choice(NAMES)}"
        if not os.path.lexists(path):
            add_entry(rng, path, mild)
    finish(rng, top)


def finish(rng, top):
    """Modes, attributes and times, from the bottom to the top: an entry that is made moves its directory's time."""
    for name in sorted(program.look(top), reverse=True):
        path = os.path.join(top, name) if name else top
        if os.path.isdir(path) and not os.path.islink(path) and name:
            if rng.random() < 0.2:
                program.setxattr(path, "user.tag", f"d{rng.randrange(99)}")
            os.chmod(path, rng.choice(DIRECTORY_MODES))
        program.utime(path, *old_time(rng))


def add_entry(rng, path, mild):
    what = rng.random()
    if what < 0.1:
        os.symlink(rng.choice(["a", "../b", "/nowhere", "c/d"]), path)
    elif what < 0.15 and not mild:
        os.mkfifo(path, 0o644)
    elif what < 0.2:
        program.sparse(path, rng.randrange(1000), rng.randrange(10**5, 10**6))
    else:
        mode = rng.choice(FILE_MODES[:-1] if mild else FILE_MODES)
        program.create(path, rng.randrange(1000), rng.choice([0, 1, 30, 200, 5000]), mode)
        if rng.random() < 0.2:
            os.chmod(path, 0o644)
            program.setxattr(path, "user.note", f"n{rng.randrange(99)}")


# --- the changes ---


class Picker:
    """Chooses among what is there now, so that most operations find what they need."""

    def __init__(self, rng):
        self.rng = rng
        self.files, self.writable, self.directories, self.others = [], [], [], []
        for at, directories, files in os.walk("."):
            directories.sort()
            for name in sorted(directories + files):
                path = os.path.relpath(f"{at}/{name}", ".")
                if os.path.islink(path):
                    self.others.append(path)
                elif os.path.isdir(path):
                    self.directories.append(path)
                elif os.path.isfile(path):
                    self.files.append(path)
                    if os.lstat(path).st_mode & 0o200:
                        self.writable.append(path)
                else:
                    self.others.append(path)
        self.all = self.files + self.directories + self.others

    def free(self):
        """A path at which there is nothing, in a directory that is there."""
        for _ in range(20):
            path = f"{self.rng.choice(self.directories + ['.', '.'])}/{self.rng.choice(NAMES)}"
            if not os.path.lexists(path) and path.count("/") <= 4:
                return os.path.relpath(path, ".")
        return f"spare{self.rng.randrange(10**6)}"

    def one(self, among):
        return self.rng.choice(among) if among else "missing"


def draw(rng):
    """One operation for the tree as it is in the working directory."""
    p, number = Picker(rng), rng.randrange(1000)
    size = rng.choice([0, 1, 40, 300, 9000])
    mode, attribute = rng.choice(FILE_MODES), rng.choice(["user.note", "user.tag"])
    makers = [
        (8, lambda: ["create", p.free(), number, size, mode]),
        (8, lambda: ["write", p.one(p.writable), number, size]),
        (5, lambda: ["append", p.one(p.writable), number, size]),
        (4, lambda: ["truncate", p.one(p.writable), rng.choice([0, 3, 100, 20000])]),
        (4, lambda: ["pwrite", p.one(p.writable), number, 20, rng.choice([0, 50, 8192, 10**6])]),
        (2, lambda: ["sparse", p.free(), number, rng.randrange(10**5, 2 * 10**6)]),
        (4, lambda: ["save", p.one(p.files), number, size, mode]),
        (3, lambda: ["again", p.one(p.all), number, size]),
        (4, lambda: ["directory", p.one(p.all), number, rng.sample(NAMES[:6], rng.randrange(3))]),
        (7, lambda: ["move", p.one(p.files + p.others), rng.choice([p.free(), p.one(p.files)])]),
        (5, lambda: ["move", p.one(p.directories), rng.choice([p.free(), p.one(p.directories)])]),
        (4, lambda: ["exchange", p.one(p.all), p.one(p.all)]),
        (1, lambda: ["no_replace", p.one(p.all), rng.choice([p.free(), p.one(p.all)])]),
        (4, lambda: ["link", p.one(p.files), p.free()]),
        (6, lambda: ["unlink", p.one(p.files + p.others)]),
        (5, lambda: ["chmod", p.one(p.files), mode]),
        (3, lambda: ["chmod", p.one(p.directories), rng.choice(DIRECTORY_MODES)]),
        (5, lambda: ["mkdir", p.free(), rng.choice(DIRECTORY_MODES)]),
        (2, lambda: ["rmdir", p.one(p.directories)]),
        (4, lambda: ["remove", p.one(p.all)]),
        (4, lambda: ["symlink", rng.choice(["a", "..", "x/y", "/etc/passwd"]), p.free()]),
        (4, lambda: ["setxattr", p.one(p.writable + p.directories), attribute, f"v{number}"]),
        (2, lambda: ["removexattr", p.one(p.writable + p.directories), attribute]),
        (5, lambda: ["utime", p.one(p.all), *old_time(rng)]),
        (2, lambda: ["fifo", p.free()]),
    ]
    return rng.choices([maker for _, maker in makers], [weight for weight, _ in makers])[0]()


class Mildness:
    """Refuses to take away what was renamed over a name that was there before."""

    TAKE = {"move": 2, "no_replace": 2, "exchange": 2, "unlink": 1, "remove": 1, "again": 1, "directory": 1, "rmdir": 1,
            "twin": 1}
    LAND = {"move": [(1, 2)], "no_replace": [(1, 2)], "exchange": [(1, 2), (2, 1)], "save": [(1, 1)], "twin": [(1, 1)]}

    def __init__(self, before):
        self.before, self.renamed_over = before, set()

    def accepts(self, operation):
        name = operation[0]
        if name == "chmod" and os.path.isfile(operation[1]) and os.stat(operation[1]).st_nlink > 1:
            return False
        for path in operation[1:1 + self.TAKE.get(name, 0)]:
            if any(at_or_below(over, path) for over in self.renamed_over):
                return False
        present = program.look().keys() | self.before
        for a, b in self.LAND.get(name, []):
            a, b = operation[a], operation[b]
            self.renamed_over |= {b + path[len(a):] for path in present if at_or_below(path, a)} & self.before
        return True


def at_or_below(path, top):
    return path == top or path.startswith(top + "/")


def draw_and_apply(top, seed):
    """Operations, applied to the tree below `top` as they are drawn; and what each of them gave."""
    rng = random.Random(f"operations {seed}")
    operations, outcomes, here = [], [], os.getcwd()
    os.chdir(top)
    try:
        mildness = Mildness(program.look().keys())
        for _ in range(rng.choice([3, 8, 20, 40])):
            operation = draw(rng)
            if program.MILD and not mildness.accepts(operation):
                continue
            operations.append(operation)
            outcomes.append(program.apply(operations[-1]))
    finally:
        os.chdir(here)
    return operations, outcomes


# --- changes that nobody can see when they are over ---


def draw_invisible(top, seed):
    """Operations for the tree below `top`, each followed by its opposite."""
    rng = random.Random(f"invisible {seed}")
    here, operations = os.getcwd(), []
    os.chdir(top)
    try:
        picker, mildness = Picker(rng), Mildness(program.look().keys())
        for _ in range(rng.choice([1, 3, 10])):
            more = invisible(rng, picker)
            if not program.MILD or all(mildness.accepts(operation) for operation in more):
                operations += more
    finally:
        os.chdir(here)
    return operations


def invisible(rng, p):
    any_one, free, other = p.one(p.all), p.free(), p.one(p.all)
    file, writable, directory = p.one(p.files), p.one(p.writable), p.one(p.directories)
    choices = [
        [["create", free, 1, 30, 0o644], ["unlink", free]],
        [["mkdir", free, 0o755], ["create", f"{free}/a", 1, 30, 0o644], ["remove", free]],
        [["symlink", "a", free], ["move", free, f"{free}.y"], ["unlink", f"{free}.y"]],
        [["twin", any_one]],
    ]
    if file != "missing":
        choices += [[["link", file, free], ["unlink", free]], [["move", file, free], ["move", free, file]],
                    [["chmod", file, 0o700], ["chmod", file, os.lstat(file).st_mode & 0o7777]]]
    if writable != "missing":
        st = os.lstat(writable)
        choices += [[["setxattr", writable, "user.tmp", "x"], ["removexattr", writable, "user.tmp"]],
                    [["append", writable, 1, 300], ["truncate", writable, st.st_size],
                     ["utime", writable, *divmod(st.st_mtime_ns, 10**9)]]]
    if directory != "missing":
        choices += [[["chmod", directory, 0o700], ["chmod", directory, os.lstat(directory).st_mode & 0o7777]],
                    [["setxattr", directory, "user.tmp", "x"], ["removexattr", directory, "user.tmp"]],
                    [["utime", directory, *old_time(rng)]]]
    if directory != "missing" and not at_or_below(free, directory) and not program.MILD:
        choices += [[["move", directory, free], ["move", free, directory]]]
    if not at_or_below(any_one, other) and not at_or_below(other, any_one) and not program.MILD:
        choices += [[["exchange", any_one, other], ["exchange", any_one, other]]]
    return rng.choice(choices)
