// SPDX-License-Identifier: MIT
// daemons MARK: leave processes behind that try to outlive the sandbox, all named MARK: a double
// fork, one in a new session, one stopped, one that forks for ever (until a file ./stop is there);
// all of them ignore every signal.
#include "probe.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void ignore_all(void)
{
	for (int s = 1; s < 64; s++)
		signal(s, SIG_IGN);
}

// A chain of short-lived forks: whoever lists processes and kills them one by one never gets it.
static void hop(void)
{
	struct timespec t = {0, 20000000};

	for (time_t end = time(NULL) + 300; time(NULL) < end && access("stop", F_OK);
	     nanosleep(&t, NULL))
		if (fork() > 0)
			_exit(0);
	_exit(0);
}

static void live(int kind)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (kind != 0)
		setsid();
	if (kind == 1 && fork() > 0)
		_exit(0);
	ignore_all();
	if (kind == 2)
		raise(SIGSTOP);
	if (kind == 3)
		hop();
	sleep(300);
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *mark = need_arg(argc, argv, 1);

	prctl(PR_SET_NAME, mark);
	for (int kind = 0; kind < 4; kind++)
		if (fork() == 0)
			live(kind);
	usleep(50000);
	if (argc > 2) // stay, so that somebody can kill the launcher meanwhile
		sleep(300);
	verdict(WORKED, "left daemons behind");
}
