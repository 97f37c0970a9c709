// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl status: show the state of the module, and what is wrong with it */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "channel/debugfs.h"
#include "channel/netlink.h"
#include "command.h"
#include "exit_status.h"
#include "host/module_hint.h"
#include "host/streams.h"
#include "options.h"
#include "output/value.h"

#define MAX_PROBLEMS 8

struct way {
	const struct channel_ops *ops;
	int error;
};

struct state {
	struct common_options common;

	struct utsname host;
	struct way ways[2];
	int device_error;
	union record record;	     /* no field present: could not be read */
	struct record_list refusals; /* reasons with at least one refusal */
	uint64_t contexts, areas;    /* numbers at present */
	char *build_id;		     /* of the running iommufd; NULL: not available */
	char *type1_id;		     /* of the running vfio_iommu_type1; NULL: not available */
	char *hint;
	int exit;
	const char *problems[MAX_PROBLEMS];
	unsigned int nr_problems;
};

static const struct argp status_argp = {
	.options = json_options,
	.parser = parse_common,
	.children = channel_children,
	.doc = "Show the module's state, and what is wrong, if anything.\v"
	       "Exit status: 0 all is well; 69 the module is not loaded; 77 not allowed; 1 something "
	       "else is wrong, and is printed.",
};

static void add_problem(struct state *state, const char *text, int exit)
{
	if (state->nr_problems < MAX_PROBLEMS)
		state->problems[state->nr_problems++] = text;
	if (state->exit == EXIT_DONE)
		state->exit = exit;
}

static int keep_refusal(const union record *record, void *data)
{
	return record->refusal.refusals ? record_list_add(data, record) : 0;
}

static int sum_context(const union record *record, void *data)
{
	struct state *state = data;

	state->contexts++;
	state->areas += record->context.areas;
	return 0;
}

static int read_channel(struct state *state, struct channel *channel)
{
	int rc = channel_read(channel, RECORD_STATUS, &state->record);

	if (!rc)
		rc = channel_each(channel, RECORD_REFUSAL, 0, keep_refusal, &state->refusals);
	if (!rc)
		rc = channel_each(channel, RECORD_CONTEXT, 0, sum_context, state);
	/* Ignore changes during the listing: the totals are of the contexts that were listed. */
	return rc == -EAGAIN ? 0 : rc;
}

/* Try a channel. Read the records over the first one that works. */
static void try_channel(struct state *state, struct way *way)
{
	const char *wanted = state->common.channel.name;
	struct channel channel;

	way->error = channel_open_with(&channel, way->ops, &state->common.channel);
	if (way->error)
		return;
	if (!state->record.known && (!wanted || !strcmp(wanted, way->ops->name)))
		way->error = read_channel(state, &channel);
	channel_close(&channel);
}

static void try_device(struct state *state)
{
	int fd = open(DMAOWN_DEVICE, O_RDWR | O_CLOEXEC);

	state->device_error = fd < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
}

static void judge(struct state *state)
{
	const struct status_record *record = &state->record.status;

	if (!record->known && !module_loaded()) {
		state->hint = module_hint("", state->host.release);
		add_problem(state, state->hint ?: "the kernel module is not loaded",
			    EXIT_NOT_LOADED);
		return;
	}
	if (is_denied(state->device_error) || is_denied(state->ways[0].error) ||
	    (!record->known && is_denied(state->ways[1].error)))
		add_problem(state, NOT_ALLOWED, EXIT_NOT_ALLOWED);
	else if (state->device_error)
		add_problem(state,
			    "no " DMAOWN_DEVICE ": transfers are not possible; mount devtmpfs "
			    "on /dev, or let udev make the device",
			    EXIT_OTHER);
	if (known(record, STATUS, KERNEL) && strcmp(record->kernel, state->host.release))
		add_problem(state, "the module was built for another kernel; build it for this one",
			    EXIT_OTHER);
	if (state->build_id && known(record, STATUS, BUILD_ID) &&
	    strcmp(record->build_id, state->build_id))
		add_problem(state,
			    "the module was built for another iommufd than the one that is "
			    "running; build it for this kernel, and load it again",
			    EXIT_OTHER);
	if (state->build_id && record->known && !known(record, STATUS, BUILD_ID))
		add_problem(state,
			    "the module was built without iommufd, and shows no context of the iommufd "
			    "that is running; build it for this kernel (with make UNTESTED=1 if iommufd "
			    "was left out because nobody has checked it), and load it again",
			    EXIT_OTHER);
	if (state->type1_id && known(record, STATUS, TYPE1_ID) &&
	    strcmp(record->type1_id, state->type1_id))
		add_problem(state,
			    "the module was built for another vfio_iommu_type1 than the one that is "
			    "running; build it for this kernel, and load it again",
			    EXIT_OTHER);
	if (known(record, STATUS, VFIO_UNSEEN) && record->vfio_unseen)
		add_problem(state,
			    "the module was built for another VFIO than the one that is loaded, and "
			    "cannot inspect it; build it for this kernel, and load it again",
			    EXIT_OTHER);
	if (!record->known)
		add_problem(state, "neither netlink nor debugfs answers; see above", EXIT_OTHER);
	else if (state->ways[0].error)
		add_problem(state, "netlink does not answer; see above", EXIT_OTHER);
}

static const char *way_text(const struct way *way)
{
	return way->error ? way->ops->why(way->error) : "available";
}

static void print_record(const union record *record)
{
	const struct record_type *type = &record_types[RECORD_STATUS];
	unsigned int i;
	char *text;

	for (i = 0; i < type->nr_fields; i++) {
		struct value value = { 0 };

		value_set_field(&value, &type->fields[i], record);
		text = value_to_text(&value, false);
		printf("%-12s %s\n", type->fields[i].name, text && *text ? text : "-");
		free(text);
		value_clear(&value);
	}
}

static void print_refusals(const struct record_list *refusals)
{
	const struct refusal_record *refusal;
	size_t i;

	for (i = 0; i < refusals->nr; i++) {
		refusal = &refusals->items[i].refusal;
		printf("%-12s %" PRIu64 " for %s\n", "refused", refusal->refusals,
		       *refusal->reason ? refusal->reason : "-");
	}
}

static void print_seen(const struct state *state)
{
	print_record(&state->record);
	print_refusals(&state->refusals);
	printf("%-12s %" PRIu64 " in %" PRIu64 " context%s\n", "areas_now", state->areas,
	       state->contexts, state->contexts == 1 ? "" : "s");
}

static void print_text(const struct state *state)
{
	unsigned int i;

	printf("%-12s %s\n", "tool", DMAOWNCTL_VERSION);
	printf("%-12s %s\n", "running", state->host.release);
	printf("%-12s %s\n", "running_id", state->build_id ?: "-");
	if (state->record.known)
		print_seen(state);
	printf("%-12s %s\n", "device",
	       state->device_error ? strerror(-state->device_error) : "available");
	for (i = 0; i < 2; i++)
		printf("%-12s %s\n", state->ways[i].ops->name, way_text(&state->ways[i]));
}

static void seen_to_json(struct json *json, const struct state *state)
{
	const struct refusal_record *refusal;
	size_t i;

	json_open(json, "refused", '[');
	for (i = 0; i < state->refusals.nr; i++) {
		refusal = &state->refusals.items[i].refusal;
		json_open(json, NULL, '{');
		json_string(json, "reason", *refusal->reason ? refusal->reason : NULL);
		json_number(json, "refusals", refusal->refusals);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_number(json, "contexts_now", state->contexts);
	json_number(json, "areas_now", state->areas);
}

static void available_to_json(struct json *json, const char *name, int error, const char *why)
{
	json_open(json, NULL, '{');
	json_string(json, "name", name);
	json_bool(json, "available", !error);
	json_string(json, "why", error ? why : NULL);
	json_close(json, '}');
}

static void print_json(const struct state *state)
{
	struct json json = { .out = stdout };
	unsigned int i;

	json_open(&json, NULL, '{');
	json_open(&json, "status", '{');
	json_bool(&json, "ok", state->exit == EXIT_DONE);
	json_string(&json, "tool", DMAOWNCTL_VERSION);
	json_string(&json, "running", state->host.release);
	json_string(&json, "running_id", state->build_id);
	value_record_to_json(&json, RECORD_STATUS, &state->record, NULL);
	if (state->record.known)
		seen_to_json(&json, state);
	json_open(&json, "channels", '[');
	available_to_json(&json, "device", state->device_error, strerror(-state->device_error));
	for (i = 0; i < 2; i++)
		available_to_json(&json, state->ways[i].ops->name, state->ways[i].error,
				  way_text(&state->ways[i]));
	json_close(&json, ']');
	json_open(&json, "problems", '[');
	for (i = 0; i < state->nr_problems; i++)
		json_string(&json, NULL, state->problems[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	json_close(&json, '}');
}

int status_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct state state = {
		.common.channel = *channel,
		.ways = { { &netlink_channel, 0 }, { &debugfs_channel, 0 } },
	};
	unsigned int i;

	parse_command(&status_argp, argc, argv, &state);
	uname(&state.host);
	state.build_id = running_build_id("");
	state.type1_id = running_type1_id("");
	try_device(&state);
	for (i = 0; i < 2; i++)
		try_channel(&state, &state.ways[i]);
	judge(&state);
	if (state.common.json)
		print_json(&state);
	else
		print_text(&state);
	streams_flush();
	for (i = 0; i < state.nr_problems; i++)
		warnx("%s", state.problems[i]);
	free(state.build_id);
	free(state.type1_id);
	free(state.hint);
	record_list_free(&state.refusals);
	return state.exit;
}
