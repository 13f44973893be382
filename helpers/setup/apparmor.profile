# SPDX-License-Identifier: MIT
#
# For hosts where AppArmor restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns=1, as Ubuntu 24.04
# sets it): lets the launcher, and nothing else, make one. Install as /etc/apparmor.d/sandbox, then
# `apparmor_parser -r /etc/apparmor.d/sandbox`.
abi <abi/4.0>,
include <tunables/global>

profile sandbox /usr{,/local}/bin/sandbox flags=(unconfined) {
	userns,
	include if exists <local/sandbox>
}
