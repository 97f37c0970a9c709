/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM dmaown

#if !defined(DMAOWN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DMAOWN_TRACE_H

#include <linux/tracepoint.h>
#include "record.h"

/* Export the values to programs that read the format. */
TRACE_DEFINE_ENUM(DMAOWN_EVENT_TRANSFER);
TRACE_DEFINE_ENUM(DMAOWN_EVENT_REFUSAL);
TRACE_DEFINE_ENUM(DMAOWN_EVENT_PROGRESS);

/* The content of the netlink event. PIDs are those of the initial namespace. */
TRACE_EVENT(
	dmaown_event, TP_PROTO(const struct event_record *event), TP_ARGS(event),
	TP_STRUCT__entry(__field(u32, event) __field(u32, caller) __field(u32, to)
				 __field(u32, from) __field(u64, areas) __field(u64, pinned)
					 __field(u64, done) __field(u64, total) __field(u32, error)
						 __array(char, reason, 24)),
	TP_fast_assign(__entry->event = event->event; __entry->caller = event->caller;
		       __entry->to = event->to; __entry->from = event->from;
		       __entry->areas = event->areas; __entry->pinned = event->pinned;
		       __entry->done = event->done; __entry->total = event->total;
		       __entry->error = event->error;
		       strscpy(__entry->reason, event->reason, sizeof(__entry->reason));),
	TP_printk(
		"%s caller=%u to=%u from=%u areas=%llu pinned=%llu done=%llu total=%llu error=%u reason=%s",
		__print_symbolic(__entry->event, { DMAOWN_EVENT_TRANSFER, "transfer" },
				 { DMAOWN_EVENT_REFUSAL, "refusal" },
				 { DMAOWN_EVENT_PROGRESS, "progress" }),
		__entry->caller, __entry->to, __entry->from, __entry->areas, __entry->pinned,
		__entry->done, __entry->total, __entry->error, __entry->reason));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
