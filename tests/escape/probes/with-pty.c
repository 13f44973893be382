// SPDX-License-Identifier: MIT
// with-pty CMD...: run CMD on a new controlling terminal and copy its output. Exits with the status
// of CMD and says how many bytes somebody pushed into the terminal's input queue.
#include "probe.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void run_on(int slave, char **argv)
{
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		_exit(BROKEN);
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
	if (slave > 2)
		close(slave);
	execvp(argv[0], argv);
	_exit(127);
}

static void copy_until_exit(int master, pid_t pid, int *status)
{
	char buf[4096];

	for (;;) {
		struct pollfd p = {.fd = master, .events = POLLIN};
		ssize_t n = 0;

		if (poll(&p, 1, 20) > 0 && (n = read(master, buf, sizeof(buf))) > 0)
			fwrite(buf, 1, n, stdout), fflush(stdout);
		if (n <= 0 && waitpid(pid, status, WNOHANG) == pid)
			return;
	}
}

int main(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave, status, pending = 0;
	pid_t pid;

	need_arg(argc, argv, 1);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		verdict(BROKEN, "no pseudo terminal: %s", strerror(errno));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		verdict(BROKEN, "%s: %s", ptsname(master), strerror(errno));
	alarm(300);
	pid = fork();
	if (pid == 0)
		run_on(slave, argv + 1);
	copy_until_exit(master, pid, &status);
	ioctl(slave, FIONREAD, &pending);
	printf("pending=%d\n", pending);
	return WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN;
}
