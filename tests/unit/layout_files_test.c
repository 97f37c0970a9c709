// SPDX-License-Identifier: GPL-2.0
/* Tests how kmod/layout reads and writes bytes: compressed data, kernel images, notes, output. */
#include <lz4.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "blob.h"
#include "complain.h"
#include "config.h"
#include "note.h"
#include "output.h"
#include "unpack.h"

#define TEXT_SIZE  (3 << 20)
#define IMAGE_HEAD (5 * 512 + 64)

static unsigned char text[TEXT_SIZE];

typedef void (*pack_fn)(struct blob *out);

static void pack_gzip(struct blob *out)
{
	z_stream z = { .next_in = text, .avail_in = TEXT_SIZE };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, 0), Z_OK);
	blob_reserve(out, deflateBound(&z, TEXT_SIZE));
	z.next_out = out->data;
	z.avail_out = out->room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->size = z.total_out;
	deflateEnd(&z);
}

static void pack_xz(struct blob *out)
{
	blob_reserve(out, lzma_stream_buffer_bound(TEXT_SIZE));
	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, text, TEXT_SIZE,
						 out->data, &out->size, out->room),
			 LZMA_OK);
}

static void pack_lzma(struct blob *out)
{
	lzma_stream lzma = LZMA_STREAM_INIT;
	lzma_options_lzma options;

	lzma_lzma_preset(&options, 1);
	assert_int_equal(lzma_alone_encoder(&lzma, &options), LZMA_OK);
	blob_reserve(out, 2 * TEXT_SIZE);
	lzma.next_in = text;
	lzma.avail_in = TEXT_SIZE;
	lzma.next_out = out->data;
	lzma.avail_out = out->room;
	assert_int_equal(lzma_code(&lzma, LZMA_FINISH), LZMA_STREAM_END);
	out->size = lzma.total_out;
	lzma_end(&lzma);
}

static void pack_zstd(struct blob *out)
{
	blob_reserve(out, ZSTD_compressBound(TEXT_SIZE));
	out->size = ZSTD_compress(out->data, out->room, text, TEXT_SIZE, 3);
	assert_false(ZSTD_isError(out->size));
}

/* lz4's old format: a magic number, then blocks, each after its length. */
static void pack_lz4(struct blob *out)
{
	static const unsigned char magic[] = { 0x02, 0x21, 0x4c, 0x18 };
	uint32_t length;

	blob_reserve(out, 8 + LZ4_compressBound(TEXT_SIZE));
	length =
		LZ4_compress_default((char *)text, (char *)out->data + 8, TEXT_SIZE, out->room - 8);
	memcpy(out->data, magic, 4);
	memcpy(out->data + 4, &length, 4);
	out->size = 8 + length;
}

static const pack_fn packs[] = { pack_gzip, pack_xz, pack_lzma, pack_zstd, pack_lz4 };

#define PACKS (sizeof(packs) / sizeof(packs[0]))

static void assert_unpacks(struct blob *packed)
{
	if (unpack(packed, "file"))
		fail_msg("%s", complaint());
	assert_int_equal(packed->size, TEXT_SIZE);
	assert_memory_equal(packed->data, text, TEXT_SIZE);
	blob_close(packed);
}

static void test_unpack(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKS; i++) {
		struct blob packed = {};

		packs[i](&packed);
		assert_unpacks(&packed);
	}
}

static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKS; i++) {
		struct blob packed = {};

		packs[i](&packed);
		packed.size -= packed.size / 3;
		assert_int_equal(unpack(&packed, "file"), -1);
		assert_non_null(strstr(complaint(), "file: its data compressed with "));
		blob_close(&packed);
	}
}

static void test_unknown_packing(void **state)
{
	struct blob packed = {};

	(void)state;
	blob_reserve(&packed, 64);
	memcpy(packed.data, "BZh91AY&SY", 10);
	packed.size = 10;
	assert_int_equal(unpack(&packed, "file"), -1);
	assert_non_null(
		strstr(complaint(), "file is compressed with bzip2, which is not supported"));
	blob_close(&packed);
}

static void test_not_packed(void **state)
{
	struct blob plain = {};

	(void)state;
	blob_reserve(&plain, 64);
	memcpy(plain.data,
	       "\x7f"
	       "ELF",
	       4);
	plain.size = 4;
	assert_int_equal(unpack(&plain, "file"), 0);
	assert_int_equal(plain.size, 4);
	blob_close(&plain);
}

/* Makes a kernel image: a setup header, then the payload, then the size of its content. */
static void make_image(struct blob *image, const struct blob *payload)
{
	static const uint32_t size = TEXT_SIZE;
	uint32_t length = payload->size + sizeof(size), offset = 64;

	blob_reserve(image, IMAGE_HEAD + length);
	memset(image->data, 0, IMAGE_HEAD);
	memcpy(image->data + 0x202, "HdrS\x0f\x02", 6);
	memcpy(image->data + 0x248, &offset, 4);
	memcpy(image->data + 0x24c, &length, 4);
	memcpy(image->data + IMAGE_HEAD, payload->data, payload->size);
	memcpy(image->data + IMAGE_HEAD + payload->size, &size, 4);
	image->size = IMAGE_HEAD + length;
}

static void test_kernel_image(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKS; i++) {
		struct blob payload = {}, image = {};

		packs[i](&payload);
		make_image(&image, &payload);
		assert_unpacks(&image);
		blob_close(&payload);
	}
}

static void test_damaged_image(void **state)
{
	struct blob payload = {}, image = {};

	(void)state;
	pack_xz(&payload);
	make_image(&image, &payload);
	/* A payload beyond the end is ignored, and the image has then no known format. */
	memset(image.data + 0x248, 0xff, 8);
	assert_int_equal(unpack(&image, "file"), 0);
	blob_close(&image);
	blob_close(&payload);
}

static void test_build_id(void **state)
{
	static const uint32_t notes[] = {
		5,	    3,		3,
		0x756e694c, 'x',	0x00030201, /* "Linux", padded, as is its content */
		4,	    8,		3,
		0x00554e47, 0x44332211, 0x88776655,
	};
	struct build_id id = {};

	(void)state;
	assert_true(note_build_id(&id, notes, sizeof(notes)));
	assert_int_equal(id.length, 8);
	assert_memory_equal(id.bytes, &notes[10], 8);
	assert_false(note_build_id(&id, notes, sizeof(notes) - 4));
	assert_false(note_build_id(&id, notes, 24));
}

static void test_output(void **state)
{
	char path[] = "/tmp/layout_test.XXXXXX";
	struct stat first, same, other;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	assert_int_equal(output(path, "one", 3), 0);
	stat(path, &first);
	assert_int_equal(output(path, "one", 3), 0);
	stat(path, &same);
	assert_int_equal(same.st_ino, first.st_ino);
	assert_memory_equal(&same.st_mtim, &first.st_mtim, sizeof(first.st_mtim));
	assert_int_equal(output(path, "three", 5), 0);
	stat(path, &other);
	assert_int_equal(other.st_size, 5);
	unlink(path);
	assert_int_equal(output("/nonexistent/file", "one", 3), -1);
	assert_string_equal(complaint(),
			    "/nonexistent/file cannot be written: No such file or directory");
}

static void write_config(const char *folder, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/include/config/auto.conf", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_config(void **state)
{
	char folder[] = "/tmp/layout_test.XXXXXX", path[256], sentence[512];

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(config_check(folder), 0);
	snprintf(path, sizeof(path), "%s/include", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/include/config", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	write_config(folder,
		     "CONFIG_CC_HAS_RANDSTRUCT=y\nCONFIG_RANDSTRUCT_NONE=y\nCONFIG_SMP=y\n");
	assert_int_equal(config_check(folder), 0);
	write_config(folder, "CONFIG_RANDSTRUCT_FULL=y\nCONFIG_RANDSTRUCT=y\nCONFIG_SMP=y\n");
	assert_int_equal(config_check(folder), -1);
	snprintf(sentence, sizeof(sentence),
		 "the members of its structs are in random order (CONFIG_RANDSTRUCT in %s/include/config/auto.conf), which is not supported: build the kernel with CONFIG_RANDSTRUCT_NONE=y",
		 folder);
	assert_string_equal(complaint(), sentence);
	snprintf(path, sizeof(path), "rm -r %s", folder);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unpack),		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_unknown_packing), cmocka_unit_test(test_not_packed),
		cmocka_unit_test(test_kernel_image),	cmocka_unit_test(test_damaged_image),
		cmocka_unit_test(test_build_id),	cmocka_unit_test(test_config),
		cmocka_unit_test(test_output),
	};

	for (size_t i = 0; i < TEXT_SIZE; i++)
		text[i] = i * i >> 7;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
