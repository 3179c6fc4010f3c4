/*
 * What default privileges of the extension's owner gave away, e.g. SELECT on
 * all his tables to somebody who makes reports: it isn't meant for tokens.
 */
DO $$
DECLARE
	command text;
BEGIN
	FOR command IN
		SELECT DISTINCT format('REVOKE ALL ON %s %s FROM %s', o.kind, o.name,
							   CASE a.grantee WHEN 0 THEN 'PUBLIC'
							   ELSE a.grantee::regrole::text END)
		FROM (SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
					 oid::regclass::text AS name, relowner AS owner, relacl AS acl
			  FROM pg_class
			  WHERE relnamespace = 'ghcrawl'::regnamespace AND relkind IN ('r', 'v', 'S')
			  UNION ALL
			  SELECT 'ROUTINE', p.oid::regprocedure::text, p.proowner, p.proacl
			  FROM pg_proc p
			  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
			  JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
			  WHERE e.extname = 'ghcrawl' AND d.deptype = 'e'
			  UNION ALL
			  SELECT 'SCHEMA', nspname, nspowner, nspacl
			  FROM pg_namespace
			  WHERE nspname = 'ghcrawl') o,
			 aclexplode(o.acl) a
		WHERE a.grantee <> o.owner
	LOOP
		EXECUTE command;
	END LOOP;
END
$$;

/*
 * Nothing for PUBLIC.  Administrators act through functions, which write the
 * control tables in the extension owner's name; readers see views.
 */

REVOKE ALL ON FUNCTION
	@extschema@.ghcrawl_start(text, text, int, bigint),
	@extschema@.ghcrawl_add_repositories(text[], text, text, int, boolean),
	@extschema@.ghcrawl_add_repositories(text[]),
	@extschema@.ghcrawl_backfill_stars(text[], boolean, int, boolean),
	@extschema@.ghcrawl_backfill_stars(bigint[], boolean, int, boolean),
	@extschema@.ghcrawl_backfill_stars(text[]),
	@extschema@.ghcrawl_plan(text, text),
	@extschema@.ghcrawl_find(text, timestamptz),
	@extschema@.ghcrawl_stars(text, date, date),
	@extschema@.ghcrawl_stars(bigint, date, date),
	@extschema@.ghcrawl_at(timestamptz),
	@extschema@.ghcrawl_star_changes(timestamptz, timestamptz),
	@extschema@.ghcrawl_forget(text, text),
	@extschema@.ghcrawl_forget(bigint, text),
	@extschema@.ghcrawl_forget_owner(text, text),
	@extschema@.ghcrawl_forget_owner(bigint, text),
	@extschema@.ghcrawl_pause(bigint),
	@extschema@.ghcrawl_resume(bigint),
	@extschema@.ghcrawl_cancel(bigint),
	@extschema@.ghcrawl_retry_gaps(bigint),
	@extschema@.ghcrawl_ensure_workers(),
	@extschema@.ghcrawl_add_token(text, text),
	@extschema@.ghcrawl_add_token_file(text, text),
	@extschema@.ghcrawl_add_app(text, text, text, text),
	@extschema@.ghcrawl_add_app(text, bigint, text, text),
	@extschema@.ghcrawl_add_app(text, bigint, text, bigint),
	@extschema@.ghcrawl_remove_token(text),
	@extschema@.ghcrawl_verify_tokens(),
	@extschema@.ghcrawl_set_limits(text, bigint, int, numeric, int, int),
	@extschema@.ghcrawl_create_tables(name, int),
	@extschema@.ghcrawl_index_statements(text[]),
	@extschema@.ghcrawl_schedule(text, text, text),
	@extschema@.ghcrawl_unschedule(text),
	ghcrawl.cron_jobs(),
	ghcrawl.want(),
	@extschema@.ghcrawl_refresh(interval, bigint, text, int),
	@extschema@.ghcrawl_read_archive(timestamptz, timestamptz, boolean),
	@extschema@.ghcrawl_read_archive_file(text),
	@extschema@.ghcrawl_poll_events(),
	ghcrawl.replace_target(),
	ghcrawl.batch(),
	ghcrawl.begin_update(),
	ghcrawl.add_histograms(int[], int[]),
	ghcrawl.sum_histogram(int[]),
	ghcrawl.quantile(int[], double precision)
FROM PUBLIC;
REVOKE ALL ON PROCEDURE @extschema@.ghcrawl_wait(bigint, interval, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
	@extschema@.ghcrawl_start(text, text, int, bigint),
	@extschema@.ghcrawl_add_repositories(text[], text, text, int, boolean),
	@extschema@.ghcrawl_add_repositories(text[]),
	@extschema@.ghcrawl_backfill_stars(text[], boolean, int, boolean),
	@extschema@.ghcrawl_backfill_stars(bigint[], boolean, int, boolean),
	@extschema@.ghcrawl_backfill_stars(text[]),
	@extschema@.ghcrawl_plan(text, text),
	@extschema@.ghcrawl_find(text, timestamptz),
	@extschema@.ghcrawl_stars(text, date, date),
	@extschema@.ghcrawl_stars(bigint, date, date),
	@extschema@.ghcrawl_at(timestamptz),
	@extschema@.ghcrawl_star_changes(timestamptz, timestamptz),
	@extschema@.ghcrawl_forget(text, text),
	@extschema@.ghcrawl_forget(bigint, text),
	@extschema@.ghcrawl_forget_owner(text, text),
	@extschema@.ghcrawl_forget_owner(bigint, text),
	@extschema@.ghcrawl_pause(bigint),
	@extschema@.ghcrawl_resume(bigint),
	@extschema@.ghcrawl_cancel(bigint),
	@extschema@.ghcrawl_retry_gaps(bigint),
	@extschema@.ghcrawl_ensure_workers(),
	@extschema@.ghcrawl_add_token(text, text),
	@extschema@.ghcrawl_add_token_file(text, text),
	@extschema@.ghcrawl_add_app(text, text, text, text),
	@extschema@.ghcrawl_add_app(text, bigint, text, text),
	@extschema@.ghcrawl_add_app(text, bigint, text, bigint),
	@extschema@.ghcrawl_remove_token(text),
	@extschema@.ghcrawl_verify_tokens(),
	@extschema@.ghcrawl_set_limits(text, bigint, int, numeric, int, int),
	@extschema@.ghcrawl_create_tables(name, int),
	@extschema@.ghcrawl_index_statements(text[]),
	@extschema@.ghcrawl_schedule(text, text, text),
	@extschema@.ghcrawl_unschedule(text),
	@extschema@.ghcrawl_refresh(interval, bigint, text, int),
	@extschema@.ghcrawl_read_archive(timestamptz, timestamptz, boolean),
	@extschema@.ghcrawl_read_archive_file(text),
	@extschema@.ghcrawl_poll_events()
TO ghcrawl_admin;
GRANT EXECUTE ON FUNCTION
	@extschema@.ghcrawl_find(text, timestamptz),
	@extschema@.ghcrawl_stars(text, date, date),
	@extschema@.ghcrawl_stars(bigint, date, date),
	@extschema@.ghcrawl_at(timestamptz),
	@extschema@.ghcrawl_star_changes(timestamptz, timestamptz)
TO ghcrawl_reader;
GRANT EXECUTE ON PROCEDURE @extschema@.ghcrawl_wait(bigint, interval, text)
TO ghcrawl_admin, ghcrawl_reader;

GRANT USAGE ON SCHEMA ghcrawl TO ghcrawl_admin, ghcrawl_reader;
GRANT SELECT ON
	ghcrawl.crawls,
	ghcrawl.progress,
	ghcrawl.partitions,
	ghcrawl.coverage,
	ghcrawl.wanted,
	ghcrawl.workers,
	ghcrawl.tokens,
	ghcrawl.errors,
	ghcrawl.requests,
	ghcrawl.requests_by_hour,
	ghcrawl.schedules,
	ghcrawl.freshness,
	ghcrawl.hint,
	ghcrawl.archive_hour,
	ghcrawl.event_source
TO ghcrawl_admin, ghcrawl_reader;

/* a view calls its functions in the name of who looks at it */
GRANT EXECUTE ON FUNCTION
	ghcrawl.cron_jobs(),
	ghcrawl.sum_histogram(int[]),
	ghcrawl.quantile(int[], double precision)
TO ghcrawl_admin, ghcrawl_reader;

/* what an administrator adjusts; secrets are in neither */
GRANT SELECT, INSERT, UPDATE, DELETE ON ghcrawl.profile, ghcrawl.freshness_target TO ghcrawl_admin;
GRANT SELECT ON ghcrawl.freshness_target TO ghcrawl_reader;
GRANT INSERT (repository, source) ON ghcrawl.wanted TO ghcrawl_admin;
GRANT SELECT, DELETE ON ghcrawl.request_size TO ghcrawl_admin;
GRANT SELECT, UPDATE (points_hour, rest_hour, requests_minute, response_ms_minute,
	total_ms_minute, window_ms, concurrent, reserve)
	ON ghcrawl.budget TO ghcrawl_admin;
