// SPDX-License-Identifier: GPL-2.0-only
#include "fixture.h"

const char *argp_program_version = "dmaownctl test";

int main(void)
{
	int failed = 0;

#define X(name) failed += name##_tests();
	SUITES(X)
#undef X
	return failed != 0;
}
