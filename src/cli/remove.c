/* SPDX-License-Identifier: MIT */
/* `sandbox remove NAME...`: all that is kept of sandboxes. */
#include <errno.h>

#include "cli/store.h"
#include "run/run.h"
#include "store/commit.h"
#include "store/running.h"

struct removal {
	struct store_words *words;
	const char *name;
	bool widest; /* as root over all ids that this user could have, whatever the state says */
};

/*
 * Whose files there may be is not known without a state: then whatever this user could have had, which
 * is all subordinate ids.
 */
static struct plan_identity widest_identity(struct host *h)
{
	struct plan_identity id = {.kind = IDENTITY_ROOT};

	host_ids_probe(h);
	id.uids[0] = (struct id_map){0, h->uid, 1};
	id.gids[0] = (struct id_map){0, h->gid, 1};
	id.n_uids = id.n_gids = 1;
	if (!h->subuid.count || !h->subgid.count || !h->newuidmap || !h->newgidmap)
		return id;
	id.uids[1] = (struct id_map){1, h->subuid.first, h->subuid.count};
	id.gids[1] = (struct id_map){1, h->subgid.first, h->subgid.count};
	id.n_uids = id.n_gids = 2;
	id.by_helper = true;
	id.newuidmap = h->newuidmap;
	id.newgidmap = h->newgidmap;
	return id;
}

static int enter_damaged(struct removal *r, struct store *s, struct err *e)
{
	struct plan_identity id = widest_identity(&r->words->host);

	*s = (struct store){.pool = &r->words->pool};
	return store_open_damaged(s, r->words->host.state_home, r->name, e) || run_enter_ids(&id, e)
		       ? -1
		       : 0;
}

static bool runs(struct store_words *w, const char *name)
{
	struct running r = {.pool = &w->pool, .home = -1, .dir = -1, .process = -1};
	struct err ignored = {0};
	bool found = w->host.runtime_home &&
		     running_read(&r, w->host.runtime_home, name, &ignored) > 0;

	running_done(&r);
	return found;
}

/* Of a child: its user namespace is of no use, another one may be. Above all that a command returns. */
enum { TRY_WIDEST = 250 };

static int remove_one(void *context)
{
	struct removal *r = context;
	struct err e = {0}, why = {0};
	struct store s = {.pool = &r->words->pool};
	bool damaged, interrupted;
	int rc = 0;

	damaged = r->widest || store_open(&s, r->words->host.state_home, r->name, true, &why) != 0;
	interrupted = !damaged && commit_interrupted(&s);
	store_done(&s);
	/* If it runs, or there is none of that name, this says so. */
	rc = damaged ? enter_damaged(r, &s, &e) : store_enter(r->words, r->name, true, &s, &e);
	/* Ids that it should not have are no reason to keep it; what it has taken from the host is. */
	if (rc && !damaged && !interrupted)
		return TRY_WIDEST;
	if (rc == 0)
		rc = store_remove(&s, &e);
	store_done(&s);
	if (rc && !(r->words->flags & STORE_FORCE) && runs(r->words, r->name))
		err_hint(&e, "`sandbox stop %s` ends it, and so does --force", r->name);
	return rc ? cli_error(&e) : 0;
}

static bool is_among(const str_vec *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(list->v[i], name))
			return true;
	}
	return false;
}

static int find_names(struct store_words *w, struct err *e)
{
	const bool all = w->flags & STORE_ALL;
	str_vec running = {0};

	if (all && w->names.n)
		return err_set(e, "remove: names, or --all");
	if (!all && !w->names.n)
		return err_set(e, "remove: the name of a sandbox is missing"),
		       err_hint(e, "`sandbox remove --help`");
	if (all && w->host.state_home && store_names(&w->pool, w->host.state_home, &w->names, e))
		return -1;
	if (all && w->flags & STORE_FORCE && w->host.runtime_home &&
	    running_names(&w->pool, w->host.runtime_home, &running, e))
		return -1;
	for (size_t i = 0; i < running.n; i++) {
		if (!is_among(&w->names, running.v[i]))
			*vec_add(&w->pool, &w->names) = running.v[i];
	}
	return 0;
}

static bool is_kept(struct store_words *w, const char *name)
{
	struct store s = {.pool = &w->pool, .home = -1, .dir = -1};
	struct err e = {0};
	bool found =
		w->host.state_home &&
		(store_open(&s, w->host.state_home, name, false, &e) == 0 || e.error != ENOENT);

	store_done(&s);
	return found;
}

/* Of those that ran, some are gone when they have ended. */
static int end_running(struct store_words *w)
{
	str_vec ran = {0}, left = {0};
	int status;

	for (size_t i = 0; i < w->names.n; i++) {
		if (runs(w, w->names.v[i]))
			*vec_add(&w->pool, &ran) = w->names.v[i];
		else
			*vec_add(&w->pool, &left) = w->names.v[i];
	}
	status = store_end_running(w);
	for (size_t i = 0; i < ran.n; i++) {
		if (is_kept(w, ran.v[i]))
			*vec_add(&w->pool, &left) = ran.v[i];
	}
	w->names = left;
	return status;
}

static int remove_all(struct store_words *w, struct err *e)
{
	int status = 0;

	if (find_names(w, e))
		return -1;
	if (w->flags & STORE_FORCE)
		status = end_running(w);
	for (size_t i = 0; i < w->names.n; i++) {
		struct removal r = {.words = w, .name = w->names.v[i]};
		int one = store_in_child(remove_one, &r, e);

		if (one == TRY_WIDEST) {
			r.widest = true;
			one = store_in_child(remove_one, &r, e);
		}
		if (one < 0)
			return -1;
		status = one ? one : status;
	}
	return status;
}

int cmd_remove(int argc, char **argv)
{
	return store_command(ARGUMENTS_ANY_NAMES, remove_all, argc, argv);
}
