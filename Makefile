# SPDX-License-Identifier: MIT
# make             build/sandbox          make V=1 shows the commands
# make demo        installs what is missing, builds, and shows what it does
# make check       installs what the tests need, and runs all of them
# SAN=address,undefined   builds with sanitizers (into build/san)      CC=clang   STATIC=0
VERSION := 0.1.0
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
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
	$(if $(WERROR),-Werror) -DVERSION='"$(VERSION)"' -DPROFILE_DIR='"$(DATADIR)/sandbox/profiles"' $(CFLAGS)
ALL_LDFLAGS := $(if $(SAN),-fsanitize=$(SAN),$(if $(filter 1,$(STATIC)),-static-pie,-pie) -Wl,-z,relro,-z,now) \
	-Wl,--build-id=sha1 -Wl,--no-warnings $(LDFLAGS)

PKGS := libseccomp libcap-ng jansson
pkg = $(shell pkg-config --exists $(PKGS) 2>/dev/null && echo yes)
LIBS = $(shell pkg-config $(if $(filter 1,$(STATIC)),--static) --libs $(PKGS))

# In the order of a run: what was written, what the host has, what will happen, what happens.
BASE := err pool str path nearest fd jsonw step cap seccomp seccomp_build seccomp_args seccomp_oci
PROFILE := keys parse set load groups filter_word
HOST := host paths ids features
PLAN := uses mounts rules environment filter plan print
INSIDE := channel inside user mounts kernelfs landlock program init
RUN := prepare filter launch idmap supervise
CLI := options run explain profile doctor completion help
SRC := $(BASE:%=base/%) $(PROFILE:%=profile/%) $(HOST:%=host/%) $(PLAN:%=plan/%) $(INSIDE:%=inside/%) \
	$(RUN:%=run/%) $(CLI:%=cli/%)
OBJ := $(SRC:%=$(B)/%.o)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

all: $(B)/sandbox $(B)/profiles man

$(B)/sandbox: $(OBJ) $(B)/main.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LDFLAGS) $(LIBS)

$(B)/%.o: src/%.c | need-libraries
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# A binary that is not installed finds the profiles beside itself.
$(B)/profiles:
	$(Q)ln -sfn $(if $(SAN),../)../profiles $@

need-libraries:
	$(if $(pkg),,$(error libraries are missing: apt-get install gcc pkg-config libseccomp-dev libcap-ng-dev libjansson-dev, or `make demo`))

-include $(OBJ:.o=.d) $(B)/main.d
