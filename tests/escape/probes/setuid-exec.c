// SPDX-License-Identifier: MIT
// setuid-exec PROGRAM [ARG]: start a setuid program, wait until it waits for input, and see whether
// its effective user changed.
#include "probe.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned effective(pid_t pid, char *name)
{
	char path[64], line[256];
	unsigned real = -1, eff = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "Name: %31s", name);
		sscanf(line, "Uid: %u %u", &real, &eff);
	}
	if (f)
		fclose(f);
	return eff;
}

int main(int argc, char **argv)
{
	const char *program = need_arg(argc, argv, 1), *base = strrchr(program, '/');
	char name[32] = "";
	unsigned eff = getuid();
	int in[2];
	pid_t pid;

	if (pipe(in) < 0 || (pid = fork()) < 0)
		verdict(BROKEN, "%s", strerror(errno));
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(in[0], 0);
		dup2(null, 1);
		dup2(null, 2);
		execv(program, argv + 1);
		_exit(126);
	}
	for (int i = 0, started = 0; i < 50 && started < 3; i++) {
		usleep(10000);
		eff = effective(pid, name);
		if (eff != getuid() || waitpid(pid, NULL, WNOHANG) == pid)
			break;
		started +=
			!strcmp(name, base ? base + 1 : program); // exec is over: its user is final
	}
	kill(pid, SIGKILL);
	if (eff != getuid() && eff != (unsigned)-1)
		verdict(WORKED, "%s ran as user %u", base ? base + 1 : program, eff);
	verdict(REFUSED, "%s did not get another user", program);
}
