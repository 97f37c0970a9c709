// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exit_status.h"
#include "finding.h"
#include "host/array.h"

#define FOUND_NAME_(c, n) [c] = (n),
const char *const found_names[FOUND_COUNT] = { FINDINGS(FOUND_NAME_) };

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		err(EXIT_OTHER, "findings");
	return text;
}

struct finding *finding_add(struct finding_list *list, enum found found, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	if (!array_grow((void **)&list->items, &list->room, list->nr + 1, sizeof(*list->items)))
		err(EXIT_OTHER, "findings");
	finding = &list->items[list->nr++];
	*finding = (struct finding){ .found = found };
	va_start(args, format);
	finding->text = format_text(format, args);
	va_end(args);
	return finding;
}

void finding_command(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	finding->command = format_text(format, args);
	va_end(args);
}

void finding_advice(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	finding->advice = format_text(format, args);
	va_end(args);
}

const char *process_text(char text[PROCESS_TEXT], bool is_known, uint32_t pid)
{
	if (is_known)
		snprintf(text, PROCESS_TEXT, "process %" PRIu32, pid);
	else
		snprintf(text, PROCESS_TEXT, "a process without a PID in this PID namespace");
	return text;
}

size_t findings_count(const struct finding_list *list, enum found found)
{
	size_t i, n = 0;

	for (i = 0; i < list->nr; i++)
		n += list->items[i].found == found;
	return n;
}

int findings_status(const struct finding_list *list)
{
	if (!list->nr)
		return EXIT_DONE;
	return findings_count(list, FOUND_UNKNOWN) == list->nr ? EXIT_BUSY : EXIT_FOUND;
}

void findings_print(const struct finding_list *list)
{
	const struct finding *finding;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		finding = &list->items[i];
		printf("%s: %s\n", found_names[finding->found], finding->text);
		if (finding->command)
			printf("  mend it with: %s\n", finding->command);
		if (finding->advice)
			printf("  %s\n", finding->advice);
	}
}

struct member {
	const char *key;
	const struct value *value;
};

static void members_to_json(const struct member *members, size_t nr, struct json *json)
{
	size_t i;

	for (i = 0; i < nr; i++)
		value_to_json(members[i].value, json, members[i].key);
}

static void range_to_json(const struct finding *finding, struct json *json)
{
	const struct member members[] = {
		{ "difference", &finding->difference },
		{ "ioas", &finding->ioas },
		{ "iova", &finding->iova },
		{ "length", &finding->length },
		{ "addr", &finding->addr },
	};

	members_to_json(members, sizeof(members) / sizeof(members[0]), json);
}

static void finding_to_json(const struct finding *finding, struct json *json)
{
	const struct member members[] = {
		{ "context", &finding->context },   { "device", &finding->device },
		{ "owner", &finding->owner },	    { "pid", &finding->pid },
		{ "user", &finding->user },	    { "unit", &finding->unit },
		{ "areas", &finding->areas },	    { "pinned", &finding->pinned },
		{ "counter", &finding->counter },   { "value", &finding->value },
		{ "expected", &finding->expected }, { "limit", &finding->limit },
		{ "headroom", &finding->headroom },
	};

	json_open(json, NULL, '{');
	json_string(json, "finding", found_names[finding->found]);
	members_to_json(members, sizeof(members) / sizeof(members[0]), json);
	if (finding->has_range)
		range_to_json(finding, json);
	json_string(json, "command", finding->command);
	json_string(json, "advice", finding->advice);
	json_string(json, "text", finding->text);
	json_close(json, '}');
}

void findings_to_json(const struct finding_list *list, struct json *json)
{
	size_t i;

	json_open(json, "findings", '[');
	for (i = 0; i < list->nr; i++)
		finding_to_json(&list->items[i], json);
	json_close(json, ']');
}

static void finding_clear(struct finding *finding)
{
	free(finding->text);
	free(finding->command);
	free(finding->advice);
	value_clear(&finding->device);
	value_clear(&finding->user);
	value_clear(&finding->unit);
}

void findings_free(struct finding_list *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		finding_clear(&list->items[i]);
	free(list->items);
	*list = (struct finding_list){ 0 };
}
