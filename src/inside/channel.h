/* SPDX-License-Identifier: MIT */
/*
 * What the launcher and PID 1 tell each other, over a SOCK_SEQPACKET pair: one message, one packet.
 * The end of the stream is a message too: the other one is gone, and PID 1 ends the sandbox.
 */
#pragma once

#include "base/err.h"
#include "inside/usage.h"
#include "profile/keys.h"

enum message_kind {
	/* PID 1 to launcher */
	MESSAGE_FAILED = 1, /* set-up failed; err follows */
	MESSAGE_GROUP,	    /* the cgroup is made; only where fuse-overlayfs is to join it */
	MESSAGE_TERMINAL,   /* a pty has been made; its master is with the message */
	MESSAGE_STARTED,    /* the program has been exec'd */
	MESSAGE_STOPPED,    /* value: the signal that stopped the program */
	MESSAGE_ENDED, /* value: the program's wait status; usage follows. Nothing of the sandbox runs
			  any more */
	/* launcher to PID 1 */
	MESSAGE_MAPPED,	    /* the id maps are written */
	MESSAGE_NETWORK,    /* the sandbox's own network is up */
	MESSAGE_SIGNAL,	    /* value: to be sent to the program's process group */
	MESSAGE_FOREGROUND, /* give the terminal to the program's process group, and continue it */
	MESSAGE_VISITOR,    /* with a connection, whose requests are for PID 1: see visit.h */
};

struct message {
	enum message_kind kind;
	int value;
	union {			    /* not sent with the others */
		struct err err;	    /* MESSAGE_FAILED */
		struct usage usage; /* MESSAGE_ENDED */
	};
};

/*
 * In memory that launcher and PID 1 share: the step that is being done, which names the step in which
 * one was killed; and by key, the errno with which the kernel refused a limit that is optional.
 */
struct progress {
	volatile size_t setup, program;
	volatile int refused[KEY_COUNT];
};

/*
 * 0, or -1 and errno. A message without an error is sent short. MESSAGE_STOPPED never waits: a
 * program that stops and goes on faster than anybody looks has only itself to wait for.
 */
int channel_send(int fd, enum message_kind kind, int value, const struct err *e);
int channel_send_end(int fd, int status, const struct usage *usage);
/* 1: a message; 0: the other end is gone; -1 and errno. */
int channel_receive(int fd, struct message *ret);
