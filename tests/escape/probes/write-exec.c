// SPDX-License-Identifier: MIT
// write-exec WAY: memory that is written and then executed. WAY: mmap mprotect pkey shm
#include "probe.h"
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)

static long bad(void *p)
{
	return p == MAP_FAILED ? -1 : 0;
}

int main(int argc, char **argv)
{
	const char *way = need_arg(argc, argv, 1);
	void *m = mmap(NULL, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int id;

	if (!strcmp(way, "mmap"))
		verdict_call(
			bad(mmap(NULL, 4096, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
			way);
	if (!strcmp(way, "mprotect"))
		verdict_call(mprotect(m, 4096, RX), way);
	if (!strcmp(way, "pkey"))
		verdict_call(syscall(SYS_pkey_mprotect, m, 4096, RX, -1), way);
	if (!strcmp(way, "shm")) {
		id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
		m = id < 0 ? MAP_FAILED : shmat(id, NULL, SHM_EXEC);
		id = (shmctl(id, IPC_RMID, NULL), bad(m));
		verdict_call(id, way);
	}
	verdict(BROKEN, "no such way: %s", way);
}
