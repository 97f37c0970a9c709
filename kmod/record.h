/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records in the kernel, and their formatting for netlink messages and debugfs lines. All of it is
 * generated from the lists in uapi/dmaown.h.
 */
#ifndef DMAOWN_RECORD_H
#define DMAOWN_RECORD_H

#include <linux/bits.h>
#include <linux/types.h>
#include "uapi/dmaown.h"

struct seq_file;
struct sk_buff;

/* The C type of each type in the lists. */
#define RECORD_C_U32(f)	   u32 f
#define RECORD_C_FLAG(f)   u32 f
#define RECORD_C_KIND(f)   u32 f
#define RECORD_C_MODE(f)   u32 f
#define RECORD_C_STATE(f)  u32 f
#define RECORD_C_SOURCE(f) u32 f
#define RECORD_C_VIA(f)	   u32 f
#define RECORD_C_HWPT(f)   u32 f
#define RECORD_C_EVENT(f)  u32 f
#define RECORD_C_U64(f)	   u64 f
#define RECORD_C_ID(f)	   u64 f
#define RECORD_C_ADDR(f)   u64 f
#define RECORD_C_SIZE(f)   u64 f
#define RECORD_C_TIME(f)   u64 f
#define RECORD_C_COMM(f)   char f[16]
#define RECORD_C_NAME(f)   char f[64]
#define RECORD_C_TEXT(f)   char f[128]

/* known: one bit for each field that is known, numbered by its netlink attribute. */
#define RECORD_MEMBER(F, f, t, d) RECORD_C_##t(f);
#define RECORD_STRUCT(R, r, l, FIELDS) \
	struct r##_record {            \
		u64 known;             \
		FIELDS(RECORD_MEMBER)  \
	};
DMAOWN_RECORDS(RECORD_STRUCT)

/* record_bit_context_areas and so on: code that sets a field names it only once. */
#define RECORD_BIT_CONTEXT(F, f, t, d) record_bit_context_##f = DMAOWN_A_CONTEXT_##F,
#define RECORD_BIT_HOLDER(F, f, t, d)  record_bit_holder_##f = DMAOWN_A_HOLDER_##F,
#define RECORD_BIT_IOAS(F, f, t, d)    record_bit_ioas_##f = DMAOWN_A_IOAS_##F,
#define RECORD_BIT_HWPT(F, f, t, d)    record_bit_hwpt_##f = DMAOWN_A_HWPT_##F,
#define RECORD_BIT_DEVICE(F, f, t, d)  record_bit_device_##f = DMAOWN_A_DEVICE_##F,
#define RECORD_BIT_ACCESS(F, f, t, d)  record_bit_access_##f = DMAOWN_A_ACCESS_##F,
#define RECORD_BIT_AREA(F, f, t, d)    record_bit_area_##f = DMAOWN_A_AREA_##F,
#define RECORD_BIT_OWNER(F, f, t, d)   record_bit_owner_##f = DMAOWN_A_OWNER_##F,
#define RECORD_BIT_REFUSAL(F, f, t, d) record_bit_refusal_##f = DMAOWN_A_REFUSAL_##F,
#define RECORD_BIT_STATUS(F, f, t, d)  record_bit_status_##f = DMAOWN_A_STATUS_##F,
#define RECORD_BIT_EVENT(F, f, t, d)   record_bit_event_##f = DMAOWN_A_EVENT_##F,
#define RECORD_BITS(R, r, l, FIELDS)   enum { FIELDS(RECORD_BIT_##R) };
DMAOWN_RECORDS(RECORD_BITS)

/* Set field f of the struct r_record that rec points to, and mark it as known. */
#define record_set(rec, r, f, value)                           \
	do {                                                   \
		(rec)->f = (value);                            \
		(rec)->known |= BIT_ULL(record_bit_##r##_##f); \
	} while (0)

/* Mark field f, which is already set, as known. */
#define record_known(rec, r, f) ((rec)->known |= BIT_ULL(record_bit_##r##_##f))

#define record_set_string(rec, r, f, value)                    \
	do {                                                   \
		strscpy((rec)->f, (value), sizeof((rec)->f));  \
		(rec)->known |= BIT_ULL(record_bit_##r##_##f); \
	} while (0)

enum record_kind {
#define RECORD_KIND(R, r, l, FIELDS) RECORD_##R,
	DMAOWN_RECORDS(RECORD_KIND) RECORD_KINDS
};

/* Room for a record of any kind. */
union record {
	u64 known;
#define RECORD_UNION(R, r, l, FIELDS) struct r##_record r;
	DMAOWN_RECORDS(RECORD_UNION)
};

const char *dmaown_record_listing(enum record_kind kind);
int dmaown_record_put(struct sk_buff *skb, enum record_kind kind, const union record *rec);
void dmaown_record_print(struct seq_file *m, enum record_kind kind, const union record *rec);

#endif
