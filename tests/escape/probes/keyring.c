// SPDX-License-Identifier: MIT
// keyring hold NAME SECRET CMD...: a session keyring with a key in it, then CMD.
// keyring find NAME: look for the key in the thread, session, user and user session keyrings.
#include "probe.h"
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void hold(char **argv)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_add_key, "user", argv[2], argv[3], strlen(argv[3]),
		    KEY_SPEC_SESSION_KEYRING) < 0)
		verdict(BROKEN, "no session keyring: %s", strerror(errno));
	execvp(argv[4], argv + 4);
	verdict(BROKEN, "%s: %s", argv[4], strerror(errno));
}

int main(int argc, char **argv)
{
	static const int rings[] = {KEY_SPEC_THREAD_KEYRING, KEY_SPEC_PROCESS_KEYRING,
				    KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING,
				    KEY_SPEC_USER_SESSION_KEYRING};
	const char *name = need_arg(argc, argv, 2);
	char buf[64] = "";

	if (!strcmp(argv[1], "hold") && argc > 4)
		hold(argv);
	for (unsigned i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		long key = syscall(SYS_keyctl, KEYCTL_SEARCH, rings[i], "user", name, 0);

		if (key >= 0 && syscall(SYS_keyctl, KEYCTL_READ, key, buf, sizeof(buf) - 1) > 0)
			verdict(WORKED, "keyring %d holds %s", rings[i], buf);
	}
	verdict(REFUSED, "no key %s: %s", name, strerror(errno));
}
