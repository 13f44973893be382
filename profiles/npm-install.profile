# SPDX-License-Identifier: MIT
#
#	sandbox -p npm-install npm ci
#
# The project is written to for real, as under build: node_modules is there for whatever comes next, and what is installed
# there will run again in any case. To look before anything lands: `--cow .`, and then `sandbox commit NAME node_modules`.
# .git is read-only: no install script leaves a hook behind. (husky says so and goes on.)
#
# What @npm names comes from npm's own files, ~/.npmrc included; but npm in here does not see that one. It holds the
# tokens that publish packages, an install script could read it, and there is no half of a file. So npm knows its registry
# from /etc/npmrc, or from npm_config_registry of the environment. Where only ~/.npmrc names it, say it once more,
# in a profile of one's own:
#
#	[Profile]
#	Inherit=npm-install
#	[Environment]
#	Environment=npm_config_registry=https://npm.example.com/
#
# A .npmrc in the project is seen by npm and not believed by @npm, for it can have come with the code: the hosts that it
# names need --allow HOST. So do dependencies from git, and headers for node-gyp (nodejs.org) unless npm_config_nodedir
# says where they are.
# A registry that wants a token: first `--env NPM_TOKEN npm ci --ignore-scripts`, in which npm alone runs and sees it (the
# project's .npmrc says ${NPM_TOKEN}); then the scripts, without network, by `sandbox -p node npm rebuild`.
[Profile]
Description=Install the packages of a Node project: npm's registries, and no other host
# Not node: that has AF_UNIX, and npm_config_offline.
Inherit=build

[Network]
Mode=private
AllowHosts=@npm

[Environment]
PassEnvironment=NODE_ENV NODE_OPTIONS NODE_EXTRA_CA_CERTS
# No npm_config_*: `npm_config_//HOST/:_authToken` and npm_config__auth are of that kind.
PassEnvironment=npm_config_registry NPM_CONFIG_REGISTRY npm_config_globalconfig NPM_CONFIG_GLOBALCONFIG
PassEnvironment=npm_config_cafile NPM_CONFIG_CAFILE npm_config_nodedir NPM_CONFIG_NODEDIR
PassEnvironment=npm_config_ignore_scripts NPM_CONFIG_IGNORE_SCRIPTS npm_config_loglevel NPM_CONFIG_LOGLEVEL
# Else it asks the registry for a newer npm. The cache is in the empty home, and gone with it.
Environment=npm_config_update_notifier=false npm_config_fund=false
