/* SPDX-License-Identifier: MIT */
/*
 * While the program runs. It is in a process group of its own, so we do for it what a shell does
 * for a job:
 *
 *	signals to us	go on to its process group
 *	it stops	we take the terminal back, stop our own process group, and when that is
 *			continued, continue it
 *	it stops for the terminal (SIGTTIN, SIGTTOU)
 *			if we are in the foreground it gets the terminal, else we stop as above
 *	its time is up	SIGTERM, as from outside; and after a while of grace SIGKILL for all
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "run/run.h"

static bool have_terminal(const struct launch *l)
{
	return l->terminal >= 0 && tcgetpgrp(l->terminal) == getpgrp();
}

static void continue_program(struct launch *l, bool with_terminal)
{
	/* Before the message: the program may be faster with the terminal than we are with the next
	 * line. */
	l->foreground = with_terminal;
	if (with_terminal)
		channel_send(l->channel, MESSAGE_FOREGROUND, 0, NULL);
	else
		channel_send(l->channel, MESSAGE_SIGNAL, SIGCONT, NULL);
}

bool run_is_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) > 0 || sigismember(&pending, SIGHUP) > 0 ||
		sigismember(&pending, SIGINT) > 0 || sigismember(&pending, SIGQUIT) > 0);
}

/* Of several stops that have piled up while we were stopped, only the last state counts. */
static void forget_stops(const struct launch *l)
{
	struct message m;

	while (recv(l->channel, &m, sizeof(m), MSG_PEEK | MSG_DONTWAIT) > 0 &&
	       m.kind == MESSAGE_STOPPED)
		(void)channel_receive(l->channel, &m);
}

enum {
	SOON = 1000 * 1000,
	GRACE = 5 * 1000 * 1000
}; /* the latter is between SIGTERM and SIGKILL */

static void stop_with_program(struct launch *l, int signal)
{
	bool had_terminal = l->foreground;

	/* Ctrl-Z of a terminal that is attached: there is no shell that could continue it. */
	if (l->plan->detached && signal != SIGSTOP) {
		continue_program(l, false);
		return;
	}
	if ((signal == SIGTTIN || signal == SIGTTOU) && have_terminal(l)) {
		continue_program(l, true);
		return;
	}
	if (had_terminal)
		tcsetpgrp(l->terminal, getpgrp());
	l->foreground = false;
	/* The others of our job (a pipeline) have not been told; for us it stays pending, and
	 * SIGCONT takes it away. */
	/* Nor with one that ends us: who would continue us? */
	if (l->timed_out || run_is_to_end()) {
		continue_program(l, false);
		return;
	}
	/* A SIGCONT of the clock that came before our SIGSTOP would be lost; there is not long to wait. */
	if (l->deadline - clock_now() < SOON)
		return;
	output_leave_terminal(&l->output);
	if (had_terminal || l->output.relay)
		kill(0, SIGTSTP);
	kill(getpid(), SIGSTOP);
	forget_stops(l);
	output_return_to_terminal(&l->output);
	/* Continued: in the foreground (fg) or not (bg). */
	continue_program(l, had_terminal && have_terminal(l));
}

/* Who leads a session cannot be stopped by SIGTSTP: nobody in it could continue it (POSIX). */
static int signal_for_program(const struct launch *l, const struct signalfd_siginfo *info)
{
	return info->ssi_signo == SIGTSTP && l->plan->tty == TTY_NEVER ? SIGSTOP
								       : (int)info->ssi_signo;
}

static void pass_signals(struct launch *l)
{
	struct signalfd_siginfo info;

	while (read(l->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH && l->output.relay)
			output_return_to_terminal(&l->output);
		else if (info.ssi_signo != SIGCONT)
			channel_send(l->channel, MESSAGE_SIGNAL, signal_for_program(l, &info),
				     NULL);
	}
}

void run_thaw(const struct launch *l)
{
	if (l->groups >= 0)
		fd_write_path(l->groups,
			      pool_printf(l->plan->pool, "%s/cgroup.freeze", l->group_name), "0",
			      1);
}

/* The time is up: a word of warning first. False: it has been given already. */
static bool warn_program(struct launch *l)
{
	if (l->timed_out)
		return false;
	l->timed_out = true;
	l->deadline = clock_now() + GRACE;
	channel_send(l->channel, MESSAGE_SIGNAL, SIGTERM, NULL);
	/* Of what is stopped or paused nobody hears it. */
	channel_send(l->channel, MESSAGE_SIGNAL, SIGCONT, NULL);
	run_thaw(l);
	return true;
}

enum { ENTER_AFTER = 20 * 1000 }; /* microseconds that a sandbox runs unseen */

/* What is due by the clock. False: the program has been warned, and its grace is over. */
static bool keep_time(struct launch *l)
{
	int64_t now = clock_now();

	if (l->enter_at <= now) {
		l->enter_at = STR_INFINITY;
		registry_enter(l);
	}
	return l->deadline > now || warn_program(l);
}

static bool has_word(const struct launch *l)
{
	struct message m;

	return recv(l->channel, &m, sizeof(m), MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static int end_run(struct launch *l, const struct message *m)
{
	/*
	 * PID 1 is alone and on its way out: nothing to kill, and no reason to wait for it, but where
	 * its end is that of mounts whose files are still being written.
	 */
	if (!l->n_servers)
		l->pid = 0;
	l->outcome->usage = m->usage;
	l->outcome->has_group = l->groups >= 0;
	return m->value;
}

/* It ends with PID 1 as well, whose word of the program's end is there before. */
static const struct server *dead_server(const struct launch *l, const struct pollfd *fds)
{
	for (size_t i = 0; i < l->n_servers; i++) {
		if (fds[i].revents && !has_word(l))
			return &l->servers[i];
	}
	return NULL;
}

/* Until the next thing is due; `patience` is that of the terminal, in milliseconds. */
static int shortest(const struct launch *l, int patience)
{
	int until = clock_poll(l->enter_at < l->deadline ? l->enter_at : l->deadline);

	return until < 0 || (patience >= 0 && patience < until) ? patience : until;
}

static int run_until_end(struct launch *l, struct err *e)
{
	const size_t fixed = 2 + l->n_servers;
	struct pollfd fds[fixed + 1 + PEERS_MAX + OUTPUT_FDS + NETWORK_FDS];
	const struct server *dead;
	struct message m;

	fds[0] = (struct pollfd){.fd = l->channel, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = l->signals, .events = POLLIN};
	for (size_t i = 2; i < fixed; i++)
		fds[i] = (struct pollfd){.fd = l->servers[i - 2].process, .events = POLLIN};
	for (;;) {
		size_t peers, outputs, networks;
		int found, patience;

		/* Not only when nothing else happens: the program can see to it that something does. */
		if (!keep_time(l))
			return SIGKILL; /* by kill_child */
		peers = serve_fds(&l->control, fds + fixed);
		outputs = output_fds(&l->output, fds + fixed + peers, &patience);
		networks = network_fds(l, fds + fixed + peers + outputs);
		found = poll(fds, fixed + peers + outputs + networks, shortest(l, patience));
		if (found < 0 && errno != EINTR)
			return err_errno(e, "poll");
		/* The terminal may be ours by now; of an interrupted call nothing is known. */
		if (found < 0 || (found == 0 && patience < 0))
			continue;
		dead = dead_server(l, fds + 2);
		if (dead)
			return group_was_killed(l) ? SIGKILL
						   : overlay_died(l->plan->pool, dead,
								  "while the program ran", e);
		if (fds[1].revents)
			pass_signals(l);
		output_work(l, fds + fixed + peers, outputs);
		network_work(l, fds + fixed + peers + outputs, networks);
		serve_work(l, fds + fixed, peers);
		if (!fds[0].revents)
			continue;
		if (channel_receive(l->channel, &m) != 1)
			return err_set(e, "PID 1 of the sandbox was killed");
		if (m.kind == MESSAGE_STOPPED)
			stop_with_program(l, m.value);
		if (m.kind == MESSAGE_ENDED)
			return end_run(l, &m);
	}
}

/* Whoever has stopped us, the program's time goes on: SIGCONT when it is up, and when its grace is. */
static int start_clock(struct launch *l, timer_t *ret, struct err *e)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
	struct itimerspec at = {.it_value = {.tv_sec = l->deadline / 1000000,
					     .tv_nsec = l->deadline % 1000000 * 1000},
				.it_interval = {.tv_sec = GRACE / 1000000}};

	if (timer_create(CLOCK_MONOTONIC, &event, ret) ||
	    timer_settime(*ret, TIMER_ABSTIME, &at, NULL))
		return err_errno(e, "timer of RuntimeMaxSec");
	return 0;
}

static void begin_detached(struct launch *l)
{
	char text[40];

	snprintf(text, sizeof(text), "started, pid %d", (int)getpid());
	output_event(&l->output, text);
	l->request->started(l->request->context, l->running.name);
}

int supervise(struct launch *l, struct err *e)
{
	timer_t timer;
	int status;

	if (__builtin_add_overflow(clock_now(), l->plan->runtime_max, &l->deadline))
		l->deadline = STR_INFINITY;
	l->enter_at = STR_INFINITY;
	if (l->plan->detached)
		begin_detached(l);
	else if (l->plan->runtime_home && !l->request->name)
		l->enter_at = clock_now() + ENTER_AFTER;
	l->has_run = true;
	if (l->deadline == STR_INFINITY)
		return run_until_end(l, e);
	if (start_clock(l, &timer, e))
		return -1;
	status = run_until_end(l, e);
	timer_delete(timer);
	return status;
}
