/*-------------------------------------------------------------------------
 *
 * ask.c
 *	  Asking: the side of the session that waits; see ask.h.
 *
 * Whatever ends the waiting early (a cancel, a time-out, an error) releases
 * the segment with the transaction's resources; the asker notices and cleans
 * up.
 *
 * IDENTIFICATION
 *	  src/crawl/ask.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"

#include "base/settings.h"
#include "crawl/ask.h"
#include "crawl/launch.h"

#define QUEUE_BYTES 16384

/* fields of an error */
#define ERROR_FIELDS 4

/* Copies a string behind what is there; returns where it is. */
static Size
put_text(char *base, Size *end, const char *text)
{
	Size		at = *end;

	strcpy(base + at, text);
	*end += strlen(text) + 1;
	return at;
}

static dsm_segment *
make_segment(const GhcAsk *ask, shm_mq **queue)
{
	Size		size = MAXALIGN(sizeof(GhcAskSegment) + strlen(ask->api_url) +
								strlen(ask->profile) + strlen(ask->root) +
								strlen(ask->schema) + 4);
	dsm_segment *segment = dsm_create(size + QUEUE_BYTES, 0);
	GhcAskSegment *header = dsm_segment_address(segment);
	Size		end = sizeof(GhcAskSegment);

	header->database = MyDatabaseId;
	header->caller_pid = MyProcPid;
	header->kind = ask->kind;
	header->position = ask->position;
	header->from = ask->from;
	header->to = ask->to;
	header->again = ask->again;
	header->schema_at = put_text((char *) header, &end, ask->schema);
	header->api_url_at = put_text((char *) header, &end, ask->api_url);
	header->profile_at = put_text((char *) header, &end, ask->profile);
	header->root_at = put_text((char *) header, &end, ask->root);
	header->queue_at = size;
	*queue = shm_mq_create((char *) header + size, QUEUE_BYTES);
	shm_mq_set_receiver(*queue, MyProc);
	return segment;
}

/* Splits a message into its fields; returns how many. */
static int
read_fields(char *data, Size len, char **fields, int max)
{
	char	   *end = data + len;
	int			n = 0;

	while (data < end && n < max)
	{
		fields[n] = *data == 'n' ? NULL : data + 1;
		data += fields[n] ? 1 + strlen(fields[n]) + 1 : 1;
		n++;
	}
	return n;
}

static void
throw_error(char *data, Size len)
{
	char	   *field[ERROR_FIELDS] = {0};

	if (read_fields(data, len, field, ERROR_FIELDS) != ERROR_FIELDS ||
		field[0] == NULL || strlen(field[0]) != 5 || field[1] == NULL)
		elog(ERROR, "unexpected message from the asker");
	ereport(ERROR,
			(errcode(MAKE_SQLSTATE(field[0][0], field[0][1], field[0][2],
								   field[0][3], field[0][4])),
			 errmsg("%s", field[1]),
			 field[2] ? errdetail("%s", field[2]) : 0,
			 field[3] ? errhint("%s", field[3]) : 0));
}

/* Takes messages until the answer is complete. */
static void
receive(shm_mq_handle *queue, void (*row) (void *state, char **values),
		void *state)
{
	for (;;)
	{
		char	   *fields[GHC_ASK_COLUMNS] = {0};
		Size		len;
		void	   *data;
		char	   *message;

		if (shm_mq_receive(queue, &len, &data, false) != SHM_MQ_SUCCESS)
			ereport(ERROR,
					(errcode(ERRCODE_SYSTEM_ERROR),
					 errmsg("the process that asks for you ended unexpectedly"),
					 errhint("The server's log may say why. Try again.")));
		message = data;
		switch (message[0])
		{
			case GHC_ASK_ERROR:
				throw_error(message + 1, len - 1);
				break;
			case GHC_ASK_ROW:
				(void) read_fields(message + 1, len - 1, fields, GHC_ASK_COLUMNS);
				row(state, fields);
				break;
			case GHC_ASK_END:
				return;
		}
	}
}

void
ghc_ask(const GhcAsk *ask, void (*row) (void *state, char **values),
		void *state)
{
	BackgroundWorkerHandle *handle;
	shm_mq	   *queue;
	dsm_segment *segment;

	if (ghc_workers == 0 && ask->kind <= GHC_ASK_VERIFY)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no worker may run"),
				 errdetail("GitHub is asked by a worker, and \"%s\" is 0.",
						   "ghcrawl.workers"),
				 errhint("Set \"%s\" to 1 or more.", "ghcrawl.workers")));
	segment = make_segment(ask, &queue);
	if (!ghc_launch_asker(dsm_segment_handle(segment), &handle))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no free background worker slot"),
				 errdetail("GitHub is asked by a worker, and one more process waits for its answer."),
				 errhint("You might need to increase \"%s\".",
						 "max_worker_processes")));
	receive(shm_mq_attach(queue, segment, handle), row, state);
	dsm_detach(segment);
}
