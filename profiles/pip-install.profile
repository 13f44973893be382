# SPDX-License-Identifier: MIT
#
#	sandbox -p pip-install pip install --target deps -r requirements.txt
#	sandbox -p pip-install .venv/bin/pip install -r requirements.txt
#
# Into the project, which is written to for real: `pip install --user` would go to the empty home, and be gone with it.
# A setup.py and what builds a wheel run with the same rights as pip, and see the project and no more.
#
# What @pip names comes from pip's own files, ~/.config/pip/pip.conf included; but pip in here sees only /etc/pip.conf and
# /etc/xdg/pip/pip.conf, for user and password of an index stand in its URL, in the caller's files and in PIP_INDEX_URL as
# well. Where only these name it, and there is no password in it:
#
#	sandbox -p pip-install --env PIP_INDEX_URL pip install ...
#	sandbox -p pip-install --ro ~/.config/pip pip install ...
#
# With a password `pip download --only-binary :all: -d wheels`, which runs nothing of what it fetches; then, without it,
# `sandbox -p python pip install --no-index --find-links wheels`. Requirements from git need --allow HOST.
[Profile]
Description=Install Python packages into the project: pip's indexes, and no other host
# Not python: pip has no need of AF_UNIX.
Inherit=build

[Network]
Mode=private
AllowHosts=@pip

[Environment]
PassEnvironment=PYTHON* VIRTUAL_ENV SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE
# No PIP_*, because of PIP_INDEX_URL and PIP_EXTRA_INDEX_URL; PIP_PROXY and PIP_FIND_LINKS can have passwords too.
PassEnvironment=PIP_CONFIG_FILE PIP_CERT PIP_NO_INDEX PIP_CONSTRAINT PIP_REQUIRE_HASHES PIP_REQUIRE_VIRTUALENV
PassEnvironment=PIP_ONLY_BINARY PIP_NO_BINARY PIP_PREFER_BINARY PIP_TARGET PIP_DEFAULT_TIMEOUT
# Else it asks the index for a newer pip.
Environment=PIP_DISABLE_PIP_VERSION_CHECK=1
