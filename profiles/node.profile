# SPDX-License-Identifier: MIT
[Profile]
Description=Node programs and their tests in the working directory, offline
Inherit=build

[Seccomp]
# The tests of servers listen there.
RestrictAddressFamilies=AF_UNIX

[Environment]
PassEnvironment=NODE_ENV NODE_OPTIONS NODE_PATH
Environment=npm_config_offline=true npm_config_update_notifier=false npm_config_fund=false
