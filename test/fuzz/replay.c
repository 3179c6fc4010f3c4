/*-------------------------------------------------------------------------
 *
 * replay.c
 *	  Feeds a fuzz target the files of its corpus; prints TAP.
 *
 *	build/unit/fuzz/scan_fuzz [FILE or FOLDER ...]
 *
 * Without arguments the folder is test/fuzz/corpus/X of a program X_fuzz.  This
 * is how "make test" runs what the fuzzers once found worth keeping, by any
 * compiler, and how their coverage is measured.  A target that fails aborts;
 * the last line then names the file.
 *
 * IDENTIFICATION
 *	  test/fuzz/replay.c
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define PATH_BYTES 4096

static char current[PATH_BYTES];
static int	replayed;

/* sanitizers, too, shall end in the handler below */
extern const char *__asan_default_options(void);
extern const char *__ubsan_default_options(void);

const char *
__asan_default_options(void)
{
	return "abort_on_error=1:handle_abort=0:detect_leaks=1";
}

const char *
__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void
on_abort(int signal_number)
{
	static const char text[] = "\nnot ok - replay of ";

	(void) signal_number;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ||
		write(STDOUT_FILENO, current, strlen(current)) < 0 ||
		write(STDOUT_FILENO, "\n", 1) < 0)
		_exit(2);
	_exit(1);
}

static void
replay_file(const char *path, off_t size)
{
	FILE	   *in = fopen(path, "rb");
	char	   *data = malloc(size > 0 ? (size_t) size : 1);

	snprintf(current, sizeof(current), "%s", path);
	if (in == NULL || data == NULL ||
		fread(data, 1, (size_t) size, in) != (size_t) size)
	{
		perror(path);
		exit(1);
	}
	fclose(in);
	LLVMFuzzerTestOneInput((const uint8_t *) data, (size_t) size);
	free(data);
	replayed++;
}

static void
replay(const char *path)
{
	struct stat about;
	struct dirent **names;
	int			n;

	if (stat(path, &about) != 0)
	{
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(about.st_mode))
	{
		replay_file(path, about.st_size);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++)
	{
		char		below[PATH_BYTES];

		snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			replay(below);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	int			len = (int) strlen(name) - (int) strlen("_fuzz");
	char		folder[PATH_BYTES];

	signal(SIGABRT, on_abort);
	snprintf(folder, sizeof(folder), "test/fuzz/corpus/%.*s", len, name);
	if (argc < 2)
		replay(folder);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);

	/* nothing to replay is a fault of the tree */
	printf("%sok 1 - %d inputs of %.*s replayed\n1..1\n",
		   replayed > 0 ? "" : "not ", replayed, len, name);
	return replayed == 0;
}
