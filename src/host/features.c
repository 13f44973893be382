/* SPDX-License-Identifier: MIT */
/* What this host offers: see features.h. */
#include <errno.h>

#include "host/features.h"

const char *features_namespace_hint(int error)
{
	switch (error) {
	case ENOSPC:
		return "the limit of namespaces is reached: sysctl user.max_user_namespaces; or you are inside a sandbox";
	case EPERM:
		return "user namespaces are closed to you; `sandbox doctor` names the setting";
	default:
		return "`sandbox doctor` checks what the kernel offers";
	}
}
