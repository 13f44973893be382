/* SPDX-License-Identifier: MIT */
/* The text of a profile. A file that it inherits is the same text again, up to a depth. */
#include "profile/profile.h"
#include "fuzz.h"

struct input {
	const char *text;
	size_t size;
	int depth;
};

static int inherit(struct profile *p, const char *name, struct origin at, void *context,
		   struct err *e)
{
	struct input *in = context;
	struct profile_text t = {.text = in->text,
				 .length = in->size,
				 .file = name,
				 .inherit = inherit,
				 .context = in};
	int rc;

	if (in->depth >= 2)
		return profile_err(p, at, e, "%s: too deep", name);
	in->depth++;
	rc = profile_parse(p, &t, e);
	in->depth--;
	return rc;
}

static void check_profile(const struct profile *p)
{
	for (int id = 0; id < KEY_COUNT; id++) {
		const struct setting *s = &p->s[id];

		if (!s->set)
			continue;
		MUST(s->at.file);
		if (!key_is_list((enum key_id)id))
			MUST(s->text && s->number >= 0);
		for (size_t i = 0; i < s->list.n; i++)
			MUST(s->list.v[i].text && s->list.v[i].at.line > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool pool = {0};
	struct profile p;
	struct err e = {0};
	struct input in = {fuzz_string(data, size), size, 0};
	struct profile_text t = {.text = in.text,
				 .length = size,
				 .file = "fuzz.profile",
				 .inherit = inherit,
				 .context = &in};

	profile_init(&p, &pool);
	if (profile_parse(&p, &t, &e))
		must_be_error(&e);
	else
		check_profile(&p);
	pool_done(&pool);
	free((char *)(uintptr_t)in.text);
	return 0;
}
