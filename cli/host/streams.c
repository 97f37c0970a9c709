// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit_status.h"
#include "streams.h"

/* A later open() would get the number of a closed descriptor, and output would go there. */
static void open_closed(int fd)
{
	/* In this mode, reading stdin and writing the others fails. No child inherits it. */
	int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

	if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
		return;
	/* fd is the lowest free number. If open() fails, nothing is safe: exit silently. */
	if (open("/dev/null", mode | O_CLOEXEC) != fd)
		_exit(EXIT_OTHER);
}

static int close_stdout(void)
{
	int error = streams_flush();

	if (fclose(stdout) && !error)
		error = -errno;
	if (error)
		warnx("cannot write standard output: %s", strerror(-error));
	return error;
}

/* A lost warning is lost output, too. */
static void at_exit(int status, void *data)
{
	int error = close_stdout();

	(void)data;
	if (fflush(stderr) || ferror(stderr))
		error = -EIO;
	if (error && !status)
		_exit(EXIT_OTHER);
}

void streams_begin(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		open_closed(fd);
	if (on_exit(at_exit, NULL))
		_exit(EXIT_OTHER);
}

/* The first error: stdio drops the data, and a later call succeeds. */
static int lost;

void streams_write(const void *bytes, size_t length, FILE *out)
{
	if (fwrite(bytes, 1, length, out) < length && out == stdout && !lost)
		lost = -errno;
}

int streams_flush(void)
{
	if (fflush(stdout) && !lost)
		lost = -errno;
	if (!ferror(stdout))
		return 0;
	return lost ?: -EIO;
}

void streams_survive(void)
{
	signal(SIGPIPE, SIG_IGN);
	/* the file would exceed RLIMIT_FSIZE */
	signal(SIGXFSZ, SIG_IGN);
}
