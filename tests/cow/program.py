# SPDX-License-Identifier: MIT
"""
What runs both outside and inside a sandbox: a tree made from a seed, changes to it, and a look at it. One file without
imports of ours, because inside it is read from standard input, where no other file of the tests is in view:

    program.py replay OPERATIONS    in the working directory; prints what each of them gave
    program.py mild OPERATIONS      the same, with directories moved entry by entry
    program.py look                 prints all that stands below the working directory

Mild operations do not do what fuse-overlayfs 1.10 does wrong, see generate.py.
"""
import ctypes
import errno
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_NOREPLACE, RENAME_EXCHANGE = -100, 1, 2
MILD = False
EXPLICIT = 1577836800  # times before 2020 were set by somebody, others are of the moment


# --- looking ---


def look_at(path):
    """(kind, mode, content, xattrs, mtime_ns, inode, links) of one object."""
    st = os.lstat(path)
    kind, content = stat.S_IFMT(st.st_mode), ""
    names = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
             stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
    if kind == stat.S_IFREG:
        content = digest(path, st.st_size)
    elif kind == stat.S_IFLNK:
        content = os.readlink(path)
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        content = f"{os.major(st.st_rdev)}:{os.minor(st.st_rdev)}"
    xattrs = {}
    try:
        for name in os.listxattr(path, follow_symlinks=False):
            xattrs[name] = os.getxattr(path, name, follow_symlinks=False).hex()
    except OSError:
        pass
    mode = 0 if kind == stat.S_IFLNK else stat.S_IMODE(st.st_mode)
    return [names[kind], mode, content, xattrs, st.st_mtime_ns, st.st_ino, st.st_nlink]


def digest(path, size):
    try:
        with open(path, "rb") as f:
            data = f.read()
    except PermissionError:
        return "closed"
    if len(data) != size:
        return f"{len(data)} bytes of {size}"
    return data.decode("latin-1") if size <= 32 else f"{size} {hashlib.sha256(data).hexdigest()[:16]}"


def look(top="."):
    """All below a directory by relative path; the directory itself is "". """
    found = {"": look_at(top)}
    for at, directories, files in os.walk(top):
        for name in directories + files:
            path = os.path.join(at, name)
            found[os.path.relpath(path, top)] = look_at(path)
    return found


# --- changing: each operation is [NAME, ARGUMENT...] ---


def renameat2(a, b, flags):
    if LIBC.renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), flags):
        raise OSError(ctypes.get_errno(), "renameat2")


def data_of(number, size):
    """Text of short lines, the same for the same number; every fifth is no text."""
    line = hashlib.sha256(str(number).encode()).hexdigest()
    text = "".join(f"{line[i % 60:i % 60 + 4]} {i}\n" for i in range(size // 4 + 1)).encode()
    if number % 5 == 0:
        text = b"\0\xff" + text
    return text[:size]


def create(path, number, size, mode):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(fd, "wb") as f:
        f.write(data_of(number, size))
        os.fchmod(fd, mode)


def write(path, number, size):
    fd = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(fd, "wb") as f:
        f.write(data_of(number, size))


def append(path, number, size):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(fd, "wb") as f:
        f.write(data_of(number, size))


def pwrite(path, number, size, at):
    fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.pwrite(fd, data_of(number, size), at)
    finally:
        os.close(fd)


def truncate(path, size):
    """To the size that it has, some file systems change the time, and others do not."""
    if os.stat(path).st_size != size:
        os.truncate(path, size)


def sparse(path, number, size):
    create(path, number, 10, 0o644)
    os.truncate(path, size)
    pwrite(path, number + 1, 10, size // 2)


def save(path, number, size, mode):
    """As editors do: a new file, renamed over the old one."""
    create(f"{path}.new", number, size, mode)
    os.rename(f"{path}.new", path)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def again(path, number, size):
    """Something else of the same name: a file."""
    remove(path)
    create(path, number, size, 0o640)


def directory(path, number, names):
    """A directory in the place of whatever is there, with these files in it."""
    if os.path.lexists(path):
        remove(path)
    os.mkdir(path, 0o755)
    for i, name in enumerate(names):
        create(f"{path}/{name}", number + i, 20, 0o644)


def is_same_file(a, b):
    """Then rename(2) does nothing; the overlay of Linux 6.18 says ESTALE."""
    if not os.path.lexists(a) or not os.path.lexists(b):
        return False
    return os.path.samestat(os.lstat(a), os.lstat(b))


def move(a, b):
    """As mv(1): where a directory cannot be renamed, what is in it is moved into one that is like it."""
    if is_same_file(a, b):
        return
    try:
        if MILD and os.path.isdir(a) and not os.path.islink(a):
            rename_mildly(a, b)
        else:
            os.rename(a, b)
    except OSError as e:
        if e.errno != errno.EXDEV:
            raise
        move_entries(a, b)


def rename_mildly(a, b):
    """The errors of rename(2), or EXDEV."""
    if a == b:
        return
    if f"{b}/".startswith(f"{a}/"):
        raise OSError(errno.EINVAL, "below itself")
    if f"{a}/".startswith(f"{b}/"):
        raise OSError(errno.ENOTEMPTY, "what it is in")
    if os.path.lexists(b) and (os.path.islink(b) or not os.path.isdir(b)):
        raise OSError(errno.ENOTDIR, "no directory")
    raise OSError(errno.EXDEV, "mild")


def move_entries(a, b):
    if os.path.lexists(b):
        os.rmdir(b)  # rename(2) takes the place of an empty one
    st = os.lstat(a)
    os.mkdir(b, 0o700)
    for name in sorted(os.listdir(a)):
        old, new = f"{a}/{name}", f"{b}/{name}"
        if os.path.isdir(old) and not os.path.islink(old):
            move(old, new)
        elif os.path.isfile(old) and not os.path.islink(old) and os.lstat(old).st_nlink == 1:
            shutil.copy2(old, new)
            os.unlink(old)
        else:  # a copy would part it from its other names
            os.rename(old, new)
    for name in os.listxattr(a):
        os.setxattr(b, name, os.getxattr(a, name))
    os.chmod(b, stat.S_IMODE(st.st_mode))
    os.utime(b, ns=(st.st_atime_ns, st.st_mtime_ns))
    os.rmdir(a)


def exchange(a, b):
    if is_same_file(a, b):
        return
    try:
        if MILD and (os.path.isdir(a) or os.path.isdir(b)):
            raise OSError(errno.EXDEV, "mild")
        renameat2(a, b, RENAME_EXCHANGE)
    except OSError as e:
        if e.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        move(a, f"{a}.x")
        move(b, a)
        move(f"{a}.x", b)


def no_replace(a, b):
    try:
        if MILD and os.path.isdir(a):
            raise OSError(errno.EEXIST if os.path.lexists(b) else errno.EXDEV, "mild")
        renameat2(a, b, RENAME_NOREPLACE)
    except OSError as e:
        if e.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        move(a, b)


def twin(path):
    """Another object that is the same in all that can be seen."""
    subprocess.run(["cp", "-a", "--", path, f"./{path}.twin"], check=True)
    remove(path)
    os.rename(f"{path}.twin", path)


def utime(path, seconds, nanoseconds):
    ns = seconds * 10**9 + nanoseconds
    os.utime(path, ns=(ns, ns), follow_symlinks=False)


def setxattr(path, name, value):
    os.setxattr(path, name, value.encode(), follow_symlinks=False)


OPERATIONS = {
    "create": create, "write": write, "append": append, "pwrite": pwrite, "sparse": sparse, "save": save,
    "again": again, "directory": directory, "move": move, "exchange": exchange, "no_replace": no_replace,
    "utime": utime, "setxattr": setxattr, "remove": remove, "truncate": truncate, "link": os.link,
    "unlink": os.unlink, "chmod": os.chmod, "mkdir": os.mkdir, "rmdir": os.rmdir, "symlink": os.symlink,
    "fifo": os.mkfifo, "removexattr": os.removexattr, "twin": twin,
}


def apply(operation):
    """What it gave: "ok", or the name of the error."""
    try:
        OPERATIONS[operation[0]](*operation[1:])
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e.errno))
    return "ok"


def main():
    global MILD  # noqa: PLW0603 (the operations have nothing else to look at)
    os.umask(0o022)
    MILD = sys.argv[1] == "mild"
    if sys.argv[1] != "look":
        print(json.dumps([apply(operation) for operation in json.loads(sys.argv[2])]))
    else:
        print(json.dumps(look()))


if __name__ == "__main__":
    main()
