// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <lz4.h>
#include <lzma.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "bzimage.h"
#include "complain.h"
#include "unpack.h"

#define STEP (1 << 20)

/* Size in bytes of an unpacked block in lz4's old format, which the kernel uses. */
#define LZ4_BLOCK (8 << 20)

/* Appends the content of IN to OUT. Return: true if IN was complete. */
typedef bool (*unpack_fn)(struct blob *out, const struct blob *in);

static bool unpack_gzip(struct blob *out, const struct blob *in)
{
	z_stream z = { .next_in = in->data, .avail_in = in->size };
	int status = inflateInit2(&z, MAX_WBITS + 16);

	while (status == Z_OK) {
		blob_reserve(out, STEP);
		z.next_out = out->data + out->size;
		z.avail_out = out->room - out->size;
		status = inflate(&z, Z_NO_FLUSH);
		out->size = z.next_out - out->data;
	}
	inflateEnd(&z);
	return status == Z_STREAM_END;
}

/* Unpacks xz and the older lzma. */
static bool unpack_xz(struct blob *out, const struct blob *in)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	lzma_ret status = lzma_auto_decoder(&xz, UINT64_MAX, 0);

	xz.next_in = in->data;
	xz.avail_in = in->size;
	while (status == LZMA_OK) {
		blob_reserve(out, STEP);
		xz.next_out = out->data + out->size;
		xz.avail_out = out->room - out->size;
		status = lzma_code(&xz, LZMA_RUN);
		out->size = xz.next_out - out->data;
	}
	lzma_end(&xz);
	return status == LZMA_STREAM_END;
}

static bool unpack_zstd(struct blob *out, const struct blob *in)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ZSTD_inBuffer from = { in->data, in->size, 0 };
	size_t left = 1;

	while (left && !ZSTD_isError(left)) {
		size_t before = from.pos + out->size;
		ZSTD_outBuffer to;

		blob_reserve(out, STEP);
		to = (ZSTD_outBuffer){ out->data, out->room, out->size };
		left = ZSTD_decompressStream(zstd, &to, &from);
		out->size = to.pos;
		if (from.pos + out->size == before)
			break;
	}
	ZSTD_freeDCtx(zstd);
	return !left;
}

static bool unpack_lz4(struct blob *out, const struct blob *in)
{
	size_t at = 4;

	/* The last four bytes may be the size that a kernel image has there. */
	while (in->size - at > 4) {
		uint32_t length;
		int got;

		memcpy(&length, in->data + at, 4);
		length = le32toh(length);
		at += 4;
		if (length > in->size - at)
			return false;
		blob_reserve(out, LZ4_BLOCK);
		got = LZ4_decompress_safe((char *)in->data + at, (char *)out->data + out->size,
					  length, LZ4_BLOCK);
		if (got < 0)
			return false;
		out->size += got;
		at += length;
	}
	return true;
}

static const struct format {
	const char *name;
	const char *magic;
	size_t length;
	unpack_fn unpack;
} formats[] = { { "gzip", "\x1f\x8b", 2, unpack_gzip },
		{ "xz", "\xfd\x37zXZ", 6, unpack_xz },
		{ "lzma", "\x5d\0\0", 3, unpack_xz },
		{ "zstd", "\x28\xb5\x2f\xfd", 4, unpack_zstd },
		{ "lz4", "\x02\x21\x4c\x18", 4, unpack_lz4 },
		{ "bzip2", "BZh", 3, NULL },
		{ "lzo", "\x89LZO", 4, NULL },
		{} };

static const struct format *format_of(const struct blob *blob)
{
	for (const struct format *f = formats; f->name; f++)
		if (blob_has(blob, 0, f->magic, f->length))
			return f;
	return NULL;
}

int unpack(struct blob *blob, const char *path)
{
	struct blob packed = *blob, out = {};
	const struct format *format;

	bzimage_payload(&packed);
	format = format_of(&packed);
	if (!format)
		return 0;
	if (!format->unpack)
		return complain("%s is compressed with %s, which is not supported: decompress it and pass the result with --base (kernel) or --iommufd, --vfio, --vfio_iommu_type1 (modules)",
				path, format->name);
	if (!format->unpack(&out, &packed)) {
		blob_close(&out);
		return complain("%s: its data compressed with %s is damaged or truncated", path,
				format->name);
	}
	blob_close(blob);
	*blob = out;
	return 0;
}
