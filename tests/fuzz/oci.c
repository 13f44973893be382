/* SPDX-License-Identifier: MIT */
/* A Docker or OCI seccomp file. */
#include "base/seccomp.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct seccomp_oci oci = {
		.json = text, .length = size, .name = "fuzz.json", .kernel = "6.1.0-40-amd64"};
	struct bpf program = {0};
	struct err e = {0};

	if (seccomp_compile_oci(&oci, &program, &e)) {
		must_be_error(&e);
		MUST(!program.insn);
	} else {
		MUST(program.n <= BPF_MAXINSNS);
	}
	bpf_done(&program);
	free(text);
	return 0;
}
