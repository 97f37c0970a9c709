// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <stdlib.h>

#include "exit_status.h"
#include "find.h"
#include "query/context.h"
#include "reason.h"

/* Report a failure before the ioctl in the same way as the module reports a refusal. */
static int refuse(struct transfer_result *result, uint32_t reason, uint32_t pid)
{
	const struct dmaown_report report = { .reason = reason, .process = pid };

	result_add_report(result, &report);
	return result_fail(result, reason_of(reason)->error);
}

static int find_process(struct transfer_scope *scope, const char *text,
			const struct process_name *name, struct process_ref *ref,
			struct transfer_result *result)
{
	int rc = process_find(scope->device, &scope->channel, text, name, ref);

	switch (rc) {
	case 0:
		return 0;
	case -ESRCH:
		return refuse(result, DMAOWN_REASON_NO_PROCESS, name->pid);
	case -ENOENT:
		return refuse(result, DMAOWN_REASON_NOTHING, 0);
	default:
		return result_fail_explained(result, rc, name->pid ? EIO : EBADF);
	}
}

static int find_processes(struct transfer_scope *scope, const struct transfer_request *request,
			  struct transfer_result *result)
{
	int rc;

	rc = find_process(scope, request->to_text, &request->to_name, &scope->to, result);
	if (rc || !request->from_text)
		return rc;
	scope->has_from = true;
	return find_process(scope, request->from_text, &request->from_name, &scope->from, result);
}

static int find_contexts(struct transfer_scope *scope, const struct transfer_request *request,
			 struct transfer_result *result)
{
	size_t i;
	int rc;

	scope->files = calloc(request->nr_contexts + 1, sizeof(*scope->files));
	if (!scope->files)
		err(EXIT_OTHER, "contexts");
	for (i = 0; i < request->nr_contexts; i++) {
		rc = context_find_file(&scope->channel, request->contexts[i], &scope->files[i]);
		if (rc)
			return result_fail_explained(result, rc, EBADF);
	}
	scope->nr_files = request->nr_contexts;
	return 0;
}

static int find_forces(struct transfer_scope *scope, const struct transfer_request *request,
		       struct transfer_result *result)
{
	int rc;

	scope->forces = calloc(request->forces.nr + 1, sizeof(*scope->forces));
	if (!scope->forces)
		err(EXIT_OTHER, "--force");
	rc = force_resolve(&request->forces, scope->device, &scope->channel, scope->forces,
			   &scope->nr_forces);
	return rc ? result_fail_explained(result, rc, EIO) : 0;
}

int find_scope(struct transfer_scope *scope, const struct transfer_request *request,
	       struct transfer_result *result)
{
	int rc;

	rc = find_processes(scope, request, result);
	if (!rc)
		rc = find_contexts(scope, request, result);
	if (!rc)
		rc = find_forces(scope, request, result);
	if (!rc && remap_add_all(&scope->remaps, &request->remaps))
		err(EXIT_OTHER, "--remap");
	return rc;
}
