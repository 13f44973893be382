# SPDX-License-Identifier: MIT
"""packages-make.py DIR LOOK NPM PIP CARGO APT: makes a registry for each tool in DIR; the last four are their addresses.

Each has two packages: `plain`, and `looker`, which brings the script LOOK along and runs it when it is installed, but for
cargo's, of which nothing runs."""
import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile

DIR, LOOK, NPM, PIP, CARGO, APT = sys.argv[1:]
with open(LOOK, encoding="ascii") as file:
    SCRIPT = file.read().replace("@HOME@", os.environ["HOME"])


def write(path, data):
    path = os.path.join(DIR, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def archive(top, files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(text)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def npm(name, scripts, files):
    package = {"name": name, "version": "1.0.0", "main": "index.js"}
    if scripts:
        package["scripts"] = scripts
    data = archive("package", {"package.json": json.dumps(package), **files})
    write(f"npm/{name}/-/{name}-1.0.0.tgz", data)
    package["dist"] = {
        "tarball": f"{NPM}{name}/-/{name}-1.0.0.tgz",
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode(),
        "shasum": hashlib.sha1(data).hexdigest(),
    }
    if scripts:
        package["hasInstallScript"] = True
    # A directory cannot have a document of its own; a registry's addresses can.
    write(f"npm/{name}/index.html",
          json.dumps({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": package}}))


def python_wheel(name, text):
    out = io.BytesIO()
    info = f"{name}-1.dist-info/"
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(f"{name}.py", text)
        z.writestr(info + "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr(info + "RECORD", "")
    return out.getvalue()


# It builds its wheel without any tool that would have to be fetched or be there.
BACKEND = '''import base64, os, subprocess
def build_wheel(directory, config_settings=None, metadata_directory=None):
    seen = subprocess.run(["sh", "look.sh"], stdout=subprocess.PIPE, check=False).stdout
    open(os.path.join(directory, "looker-1-py3-none-any.whl"), "wb").write(wheel("looker", "SEEN = %r" % seen))
    return "looker-1-py3-none-any.whl"
'''


def pip():
    import inspect  # the one function that both sides need
    write("simple/plain/plain-1-py3-none-any.whl", python_wheel("plain", "print('plain runs')\n"))
    backend = "import io, zipfile\n" + inspect.getsource(python_wheel).replace("python_wheel", "wheel") + BACKEND
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    write("simple/looker/looker-1.tar.gz", archive("looker-1", {
        "PKG-INFO": "Metadata-Version: 2.1\nName: looker\nVersion: 1\n",
        "pyproject.toml": project, "backend.py": backend, "look.sh": SCRIPT}))
    for name, path in (("plain", "plain-1-py3-none-any.whl"), ("looker", "looker-1.tar.gz")):
        with open(f"{DIR}/simple/{name}/{path}", "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        write(f"simple/{name}/index.html",
              f'<!DOCTYPE html><html><body><a href="{PIP}{name}/{path}#sha256={digest}">{path}</a></body></html>')


def cargo():
    manifest = '[package]\nname = "plain"\nversion = "1.0.0"\nedition = "2018"\n[lib]\npath = "lib.rs"\n'
    data = archive("plain-1.0.0", {"Cargo.toml": manifest, "lib.rs": "pub fn word() -> u32 { 42 }\n"})
    write("cargo/crates/plain/1.0.0/download", data)
    write("cargo/config.json", json.dumps({"dl": CARGO + "crates"}))
    # pl/ai/NAME: where a sparse index has names of four letters and more.
    write("cargo/pl/ai/plain", json.dumps({
        "name": "plain", "vers": "1.0.0", "deps": [], "features": {}, "yanked": False,
        "cksum": hashlib.sha256(data).hexdigest()}) + "\n")


def apt(name, files, postinst=None):
    top = f"{DIR}/work/{name}"
    for path, text in files.items():
        write(f"{top}/{path}", text)
        os.chmod(f"{top}/{path}", 0o755)
    architecture = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, check=True, text=True).stdout
    depends = "Depends: plain-program\n" if postinst else ""
    write(f"{top}/DEBIAN/control", f"Package: {name}\nVersion: 1\nArchitecture: {architecture}{depends}"
          "Maintainer: nobody <nobody@example.com>\nDescription: for a test\n")
    if postinst:
        write(f"{top}/DEBIAN/postinst", postinst)
        os.chmod(f"{top}/DEBIAN/postinst", 0o755)
    os.makedirs(f"{DIR}/apt", exist_ok=True)
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", top, f"{DIR}/apt/{name}.deb"],
                   stdout=subprocess.DEVNULL, check=True)


os.umask(0o022)
npm("plain", None, {"index.js": "console.log('plain runs')\n"})
npm("looker", {"postinstall": "sh look.sh >seen"}, {"index.js": "", "look.sh": SCRIPT})
pip()
cargo()
apt("plain-program", {"usr/bin/plain-program": "#!/bin/sh\necho plain runs\n"})
apt("looker-program", {"usr/share/looker/look.sh": SCRIPT},
    "#!/bin/sh\nmkdir -p /var/lib/looker\nsh /usr/share/looker/look.sh >/var/lib/looker/seen\n"
    "useradd --system --no-create-home looker-user\nchown looker-user: /var/lib/looker\n")
with open(f"{DIR}/apt/Packages", "wb") as listing:
    subprocess.run(["dpkg-scanpackages", "."], cwd=f"{DIR}/apt", stdout=listing, stderr=subprocess.DEVNULL, check=True)
