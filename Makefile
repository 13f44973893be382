# SPDX-License-Identifier: MIT
# make             build/sandbox          make V=1 shows the commands
# make demo        installs what is missing, builds, and shows what it does
# make check       installs what the tests need, and runs all of them
# SAN=address,undefined   builds with sanitizers (into build/san)      CC=clang   STATIC=0
VERSION := 0.1.0
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR ?= $(DATADIR)/man

CC ?= gcc
SAN ?=
B ?= build$(if $(SAN),/san)
# A static program starts 0.3 ms sooner, and maps nothing that it does not use. Sanitizers cannot be linked so.
STATIC ?= $(if $(SAN),0,1)
WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum
CFLAGS ?= -O2 -g
HARD := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
ALL_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Isrc $(WARN) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer,$(HARD)) \
	$(if $(WERROR),-Werror) -DVERSION='"$(VERSION)"' $(CFLAGS)
ALL_LDFLAGS := $(if $(SAN),-fsanitize=$(SAN),$(if $(filter 1,$(STATIC)),-static-pie,-pie) -Wl,-z,relro,-z,now) \
	-Wl,--build-id=sha1 $(LDFLAGS)

PKGS := libseccomp libcap-ng jansson
pkg = $(shell pkg-config --exists $(PKGS) libsystemd 2>/dev/null && echo yes)
LIBS = $(shell pkg-config $(if $(filter 1,$(STATIC)),--static) --libs $(PKGS))

# In the order of a run: what was written, what the host has, what will happen, what happens.
BASE := err pool str clock path nearest fd netlink jsonw step cap seccomp seccomp_build seccomp_args seccomp_oci
PROFILE := keys parse set load groups filter_word net_word
HOST := host process paths ids overlay standins network sources sources_text sources_apt sources_npm sources_pip sources_cargo sources_git cgroup attempt features features_kernel features_tools features_cgroups
PLAN := uses net net_texts mounts rules cow environment filter limits plan print print_net
INSIDE := usage channel inside group user overlay mounts kernelfs network landlock terminal program visit init
STORE := store log running tree state text layer node remove scan base change compare executed journal beneath copy marks work put \
	apply place revert decide merge operations prepare records finish commit undo
RUN := prepare filter git group cell overlay server standins network driver publish interface refused registry terminal effects output serve launch idmap enter supervise processes control visitor
CLI := options run detach report explain profile doctor store list remove lifecycle start exec publish attach logs wait inspect stats changes diff choose commit completion completion_bash \
	completion_zsh completion_fish help
SRC := $(BASE:%=base/%) $(PROFILE:%=profile/%) $(HOST:%=host/%) $(PLAN:%=plan/%) $(INSIDE:%=inside/%) \
	$(STORE:%=store/%) $(RUN:%=run/%) $(CLI:%=cli/%)
OBJ := $(SRC:%=$(B)/%.o)
PLACED := host/host host/cgroup host/features_kernel host/features_cgroups
PLACES := $(DATADIR) $(LIBEXECDIR)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

all: $(B)/sandbox $(B)/helpers/sandbox-scope $(B)/profiles man

# A static libcap-ng warns of what it would need from the name service; with --no-warnings ld 2.40 would
# hide symbols that are missing, too.
$(B)/sandbox: $(B)/main.o $(B)/sandbox.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LDFLAGS) $(LIBS) 2>$@.log || { cat $@.log >&2; exit 1; }; rm -f $@.log

# Tests link against this, and so only with the layers that they use.
$(B)/sandbox.a: $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/%.o: src/%.c Makefile | need-libraries
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What knows where it is installed is made anew for another place.
$(PLACED:%=$(B)/%.o): ALL_CFLAGS += -DPROFILE_DIR='"$(DATADIR)/sandbox/profiles"' -DHELPER_DIR='"$(LIBEXECDIR)/sandbox"'
$(PLACED:%=$(B)/%.o): $(B)/places
$(B)/places: ALWAYS
	$(Q)mkdir -p $(@D) && echo "$(PLACES)" | cmp -s - $@ || echo "$(PLACES)" >$@

# Dynamic: libsystemd is not to be had otherwise.
$(B)/helpers/%: helpers/%.c Makefile | need-libraries
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -o $@ $< $(patsubst -static-pie,-pie,$(ALL_LDFLAGS)) \
		$(shell pkg-config --libs libsystemd)

# A binary that is not installed finds the profiles beside itself.
$(B)/profiles:
	$(Q)mkdir -p $(@D) && ln -sfn $(if $(SAN),../)../profiles $@

need-libraries:
	$(if $(pkg),,$(error libraries are missing: apt-get install gcc pkg-config libseccomp-dev libcap-ng-dev \
		libjansson-dev libsystemd-dev, or `make demo`))

-include $(OBJ:.o=.d) $(B)/main.d

# --- manual pages; without scdoc there are none ---

PAGES := $(patsubst man/%.scd,$(B)/man/%,$(wildcard man/*.scd))
# What sandbox-changes(1) is about as well.
ALIASES := $(addprefix sandbox-,list commit discard undo remove)
man: $(if $(shell command -v scdoc),$(PAGES))

$(B)/man/%: man/%.scd man/tidy.awk $(B)/places
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D) && scdoc <$< | awk -v share=$(DATADIR) -v libexec=$(LIBEXECDIR) -f man/tidy.awk >$@

# --- tests ---

UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
PROBES := $(patsubst %.c,$(B)/probes/%,$(notdir $(wildcard tests/*/probes/*.c)))

$(B)/unit/%: tests/unit/%.c $(B)/sandbox.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -o $@ $< $(B)/sandbox.a $(if $(SAN),-fsanitize=$(SAN)) \
		$(shell pkg-config --libs $(PKGS) cmocka)

$(B)/golden: tests/golden/golden.c $(B)/sandbox.a
	$(call say,TEST,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(shell pkg-config --libs $(PKGS))

vpath %.c tests/escape/probes tests/live/probes
$(B)/probes/%: %.c
	$(call say,PROBE,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -o $@ $< -pthread

fuzzers: $(OBJ)
	$(call say,FUZZ,$(B)/fuzz)
	$(Q)BUILD_ONLY=1 tests/fuzz/run $(B)/fuzz

tests: all $(UNIT) $(PROBES) $(if $(SAN),,fuzzers) $(if $(wildcard tests/golden/golden.c),$(B)/golden)

check:
	$(Q)tests/lib/packages build check
	$(Q)$(MAKE) --no-print-directory WERROR=1 tests
	$(Q)$(if $(filter live vm,$(or $(PART),live)),tests/live/sources)
	$(Q)$(if $(filter net,$(or $(PART),net)),tests/lib/packages net && tests/net/programs $(abspath $(B))/net)
	$(Q)$(if $(filter vm,$(or $(PART),vm)),tests/lib/packages vm && tests/vm/image)
	$(Q)SANDBOX=$(abspath $(B))/sandbox tests/lib/run $(PART)

check-%:
	$(Q)$(MAKE) --no-print-directory check PART=$*

lint:
	$(Q)tests/lib/packages build check
	$(Q)$(MAKE) --no-print-directory WERROR=1 all
	$(Q)ROOT=$(CURDIR) BUILD=$(abspath $(B)) tests/lint/run

bench:
	$(Q)tests/lib/packages build bench vm
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/vm/image
	$(Q)SANDBOX=$(abspath $(B))/sandbox tests/bench/run

SECONDS_EACH ?= 60
fuzz:
	$(Q)tests/lib/packages build check
	$(Q)SECONDS_EACH=$(SECONDS_EACH) tests/fuzz/run $(B)/fuzz

demo:
	$(Q)tests/lib/packages build demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)SANDBOX=$(abspath $(B))/sandbox tests/demo/run

# --- installation ---

SHIPPED := $(wildcard profiles/*.profile)
install: all
	install -D -m 755 $(B)/sandbox $(DESTDIR)$(BINDIR)/sandbox
	install -D -m 755 -t $(DESTDIR)$(LIBEXECDIR)/sandbox $(B)/helpers/sandbox-scope helpers/sandbox-delegate
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/sandbox/profiles $(SHIPPED)
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/sandbox/apparmor helpers/apparmor/sandbox
	$(foreach p,$(wildcard $(PAGES)),install -D -m 644 -t $(DESTDIR)$(MANDIR)/man$(lastword $(subst ., ,$(p))) $(p);)
	$(if $(wildcard $(PAGES)),$(foreach a,$(ALIASES),ln -sf sandbox-changes.1 $(DESTDIR)$(MANDIR)/man1/$(a).1;))
	install -d $(DESTDIR)$(DATADIR)/bash-completion/completions $(DESTDIR)$(DATADIR)/zsh/site-functions \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d
	$(B)/sandbox completion bash >$(DESTDIR)$(DATADIR)/bash-completion/completions/sandbox
	$(B)/sandbox completion zsh >$(DESTDIR)$(DATADIR)/zsh/site-functions/_sandbox
	$(B)/sandbox completion fish >$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/sandbox.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/sandbox $(foreach p,$(PAGES),$(DESTDIR)$(MANDIR)/man$(lastword $(subst ., ,$(p)))/$(notdir $(p))) \
		$(ALIASES:%=$(DESTDIR)$(MANDIR)/man1/%.1)
	rm -f $(DESTDIR)$(DATADIR)/bash-completion/completions/sandbox $(DESTDIR)$(DATADIR)/zsh/site-functions/_sandbox \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/sandbox.fish
	rm -rf $(DESTDIR)$(DATADIR)/sandbox $(DESTDIR)$(LIBEXECDIR)/sandbox

cov:
	$(Q)$(MAKE) --no-print-directory B=build/cov STATIC=0 CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage tests
	$(Q)SANDBOX=$(CURDIR)/build/cov/sandbox tests/lib/run unit golden live

clean:
	rm -rf build

.PHONY: all man tests fuzzers check lint bench fuzz demo install uninstall cov clean need-libraries ALWAYS
.DELETE_ON_ERROR:
