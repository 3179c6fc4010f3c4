/*-------------------------------------------------------------------------
 *
 * cron.h
 *	  pg_cron: is it there, and our jobs in its tables.
 *
 * A schedule of ghcrawl is a job of pg_cron and nothing else: no table of ours
 * says the same once more.  Its name begins with GHC_CRON_PREFIX, by which it
 * is told from other people's.  All is done as the caller, so that he can do
 * no more than pg_cron lets him: he sees and changes his own jobs, which run in
 * his name.
 *
 * Nothing of schema "cron" is touched before it is known to be the
 * extension's: where pg_cron isn't, anybody may have made a schema of that name.
 *
 * IDENTIFICATION
 *	  src/store/cron.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CRON_H
#define GHC_CRON_H

#include "datatype/timestamp.h"

#define GHC_CRON_PREFIX "ghcrawl:"

/* longest name of a schedule: with the prefix pg_cron 1.4 has 63 bytes */
#define GHC_CRON_NAME_BYTES 55

typedef enum GhcCronState
{
	GHC_CRON_READY,
	GHC_CRON_NOT_INSTALLED,		/* its files are not there */
	GHC_CRON_NOT_LOADED,		/* not in shared_preload_libraries */
	GHC_CRON_NOWHERE,			/* its database does not exist */
	GHC_CRON_ELSEWHERE,			/* its database is another one */
	GHC_CRON_NOT_CREATED,		/* no extension in this database */
	GHC_CRON_TOO_OLD,			/* the extension lacks what 1.4 has */
	GHC_CRON_DENIED,			/* the caller may not use its schema */
} GhcCronState;

/* A job; texts are palloc'd, those of runs NULL if it has none. */
typedef struct GhcCronJob
{
	int64		job_id;
	char	   *name;			/* without prefix */
	char	   *schedule;
	char	   *command;
	char	   *database;
	char	   *user;
	char	   *host;			/* to which pg_cron connects to run it */
	int			port;
	bool		active;
	bool		has_started;
	bool		has_finished;
	TimestampTz started_at;		/* of its last run */
	TimestampTz finished_at;
	char	   *status;
	char	   *message;
	int64		runs;			/* in pg_cron's log */
	int64		failures;
} GhcCronJob;

/* The first thing that is missing; in a transaction, within SPI. */
extern GhcCronState ghc_cron_state(void);

/* A setting of pg_cron's; NULL if it isn't loaded or is too old to have it. */
extern const char *ghc_cron_setting(const char *name);

/*
 * May its tables be read, loaded or not?  What follows needs that, changes
 * GHC_CRON_READY, and all of it ghc_db_enter_as_caller.
 */
extern bool ghc_cron_is_readable(void);

/* Keeps other sessions from changing the caller's schedule of a name. */
extern void ghc_cron_lock(const char *name);

/* The caller's schedule of a name, without its runs; false if there is none. */
extern bool ghc_cron_find(const char *name, GhcCronJob *job);

/* The names of the caller's schedules, separated by commas; NULL: none. */
extern char *ghc_cron_names(void);

/*
 * Makes or changes the caller's schedule of a name; returns the job's id.  If
 * pg_cron refuses the schedule, its error has "hint".
 */
extern int64 ghc_cron_schedule(const char *name, const char *schedule,
							   const char *command, const char *hint);

/* Removes a job of the caller. */
extern void ghc_cron_unschedule(int64 job_id);

/*
 * Calls "emit" with each job of ours that pg_cron lets the caller see, and its
 * runs, in order of names.
 */
extern void ghc_cron_each(void (*emit) (const GhcCronJob *job, void *state),
						  void *state);

#endif							/* GHC_CRON_H */
