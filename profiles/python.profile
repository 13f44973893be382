# SPDX-License-Identifier: MIT
[Profile]
Description=Python programs and their tests in the working directory, offline
Inherit=build

[Seccomp]
# multiprocessing has its servers there.
RestrictAddressFamilies=AF_UNIX

[Environment]
PassEnvironment=PYTHON* VIRTUAL_ENV PYTEST_ADDOPTS
# The tree is the caller's; the interpreter's caches need not be.
Environment=PYTHONDONTWRITEBYTECODE=1
