// SPDX-License-Identifier: MIT
// ipc make|find|drop KIND: an IPC object that one side makes and the other looks for.
// KIND: shm sem msg (System V), mq (POSIX queue), pshm (POSIX shared memory)
#include "probe.h"
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#define KEY  0x5b0c5e77
#define NAME "/escape-probe"

static long get(const char *kind, int flags)
{
	int posix = flags & IPC_CREAT ? O_CREAT | O_RDWR : O_RDONLY;

	if (!strcmp(kind, "shm"))
		return shmget(KEY, 4096, flags);
	if (!strcmp(kind, "sem"))
		return semget(KEY, 1, flags);
	if (!strcmp(kind, "msg"))
		return msgget(KEY, flags);
	if (!strcmp(kind, "mq"))
		return mq_open(NAME, posix, 0666, NULL);
	if (!strcmp(kind, "pshm"))
		return shm_open(NAME, posix, 0666);
	verdict(BROKEN, "no such kind: %s", kind);
}

static long drop(const char *kind)
{
	long id = get(kind, 0666);

	if (!strcmp(kind, "shm"))
		return shmctl(id, IPC_RMID, NULL);
	if (!strcmp(kind, "sem"))
		return semctl(id, 0, IPC_RMID);
	if (!strcmp(kind, "msg"))
		return msgctl(id, IPC_RMID, NULL);
	return !strcmp(kind, "mq") ? mq_unlink(NAME) : shm_unlink(NAME);
}

int main(int argc, char **argv)
{
	const char *verb = need_arg(argc, argv, 1), *kind = need_arg(argc, argv, 2);

	if (!strcmp(verb, "make"))
		verdict_call(get(kind, IPC_CREAT | 0666), kind);
	if (!strcmp(verb, "drop"))
		verdict_call(drop(kind), kind);
	verdict_call(get(kind, 0666), kind);
}
