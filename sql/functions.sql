/*
 * Functions that users call; they live in the schema the extension is
 * created in.  They need nobody's search_path: all are C and name what they
 * touch in full.
 */

CREATE FUNCTION @extschema@.ghcrawl_start(
	selection text,
	profile text DEFAULT 'full',
	priority int DEFAULT 0,
	max_repositories bigint DEFAULT NULL)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_start';
COMMENT ON FUNCTION @extschema@.ghcrawl_start(text, text, int, bigint) IS
'Starts crawling everything that a GitHub repository search selects; returns the crawl''s id at once';

CREATE FUNCTION @extschema@.ghcrawl_add_repositories(
	repositories text[],
	profile text DEFAULT 'full',
	source text DEFAULT NULL,
	priority int DEFAULT 0,
	skip_invalid boolean DEFAULT false)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_add_repositories';
COMMENT ON FUNCTION @extschema@.ghcrawl_add_repositories(text[], text, text, int, boolean) IS
'Starts crawling repositories by name, address, id or node id; source says where they come from; returns the crawl''s id at once, null for an empty list';

CREATE FUNCTION @extschema@.ghcrawl_add_repositories(VARIADIC repositories text[])
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_add_repositories_variadic';
COMMENT ON FUNCTION @extschema@.ghcrawl_add_repositories(text[]) IS
'The same for a few, one argument each';

CREATE FUNCTION @extschema@.ghcrawl_backfill_stars(
	repositories text[],
	again boolean DEFAULT false,
	priority int DEFAULT 0,
	skip_unknown boolean DEFAULT false)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_backfill_stars';
COMMENT ON FUNCTION @extschema@.ghcrawl_backfill_stars(text[], boolean, int, boolean) IS
'Starts reading from GitHub when stars were given to repositories that are stored, by name, address, id or node id: what isn''t known yet, or all of it again; returns the crawl''s id at once, null for an empty list';

CREATE FUNCTION @extschema@.ghcrawl_backfill_stars(
	repositories bigint[],
	again boolean DEFAULT false,
	priority int DEFAULT 0,
	skip_unknown boolean DEFAULT false)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_backfill_stars_by_id';
COMMENT ON FUNCTION @extschema@.ghcrawl_backfill_stars(bigint[], boolean, int, boolean) IS
'The same by ids, such as array_agg(repo_id) of a query';

CREATE FUNCTION @extschema@.ghcrawl_backfill_stars(VARIADIC repositories text[])
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_backfill_stars_variadic';
COMMENT ON FUNCTION @extschema@.ghcrawl_backfill_stars(text[]) IS
'The same for a few, one argument each';

CREATE FUNCTION @extschema@.ghcrawl_plan(
	selection text,
	profile text DEFAULT 'full')
RETURNS TABLE (
	repositories bigint,
	ranges bigint,
	requests bigint,
	points bigint,
	response_time interval,
	duration interval,
	bytes bigint,
	rest_requests bigint)
LANGUAGE c VOLATILE ROWS 1
AS 'MODULE_PATHNAME', 'ghcrawl_plan';
COMMENT ON FUNCTION @extschema@.ghcrawl_plan(text, text) IS
'Tells what a crawl would cost: repositories, ranges, requests, points, summed response time, duration with the present budgets, bytes on disk, requests to the REST API; asks GitHub some twenty times at most and stores nothing';

CREATE FUNCTION @extschema@.ghcrawl_stars(
	repository text,
	since date DEFAULT NULL,
	until date DEFAULT NULL)
RETURNS TABLE (
	day date,
	stars int,
	gained int,
	source text)
LANGUAGE c VOLATILE ROWS 1000
AS 'MODULE_PATHNAME', 'ghcrawl_stars';
COMMENT ON FUNCTION @extschema@.ghcrawl_stars(text, date, date) IS
'Stars of a repository by days (UTC): as crawls found them, and before that by what ghcrawl_backfill_stars read; by any name it has or had, address or id';

CREATE FUNCTION @extschema@.ghcrawl_stars(
	repository bigint,
	since date DEFAULT NULL,
	until date DEFAULT NULL)
RETURNS TABLE (
	day date,
	stars int,
	gained int,
	source text)
LANGUAGE c VOLATILE ROWS 1000
AS 'MODULE_PATHNAME', 'ghcrawl_stars_by_id';
COMMENT ON FUNCTION @extschema@.ghcrawl_stars(bigint, date, date) IS
'The same by id';

CREATE FUNCTION @extschema@.ghcrawl_at(moment timestamptz)
RETURNS TABLE (
	repo_id bigint,
	name_with_owner text,
	owner_id bigint,
	stars int,
	forks int,
	license text,
	is_archived boolean,
	is_disabled boolean,
	created_at timestamptz,
	missed_at timestamptz)
LANGUAGE c VOLATILE ROWS 1000000
AS 'MODULE_PATHNAME', 'ghcrawl_at';
COMMENT ON FUNCTION @extschema@.ghcrawl_at(timestamptz) IS
'All repositories that existed at a moment, with what crawls had found of them by then, as far as the history tells';

CREATE FUNCTION @extschema@.ghcrawl_star_changes(
	since timestamptz,
	until timestamptz DEFAULT NULL)
RETURNS TABLE (
	repo_id bigint,
	name_with_owner text,
	stars_before int,
	stars int,
	gained int,
	percent numeric)
LANGUAGE c VOLATILE ROWS 10000
AS 'MODULE_PATHNAME', 'ghcrawl_star_changes';
COMMENT ON FUNCTION @extschema@.ghcrawl_star_changes(timestamptz, timestamptz) IS
'How many stars repositories gained (or lost) from one moment to another, or to now, as crawls found; those that gained most first';

CREATE FUNCTION @extschema@.ghcrawl_pause(crawl bigint)
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_pause';
COMMENT ON FUNCTION @extschema@.ghcrawl_pause(bigint) IS
'Pauses a running crawl; returns its state';

CREATE FUNCTION @extschema@.ghcrawl_resume(crawl bigint)
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_resume';
COMMENT ON FUNCTION @extschema@.ghcrawl_resume(bigint) IS
'Goes on with a paused crawl; returns its state';

CREATE FUNCTION @extschema@.ghcrawl_cancel(crawl bigint)
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_cancel';
COMMENT ON FUNCTION @extschema@.ghcrawl_cancel(bigint) IS
'Ends a crawl for good; what it stored stays; returns its state';

CREATE FUNCTION @extschema@.ghcrawl_retry_gaps(crawl bigint)
RETURNS bigint
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_retry_gaps';
COMMENT ON FUNCTION @extschema@.ghcrawl_retry_gaps(bigint) IS
'Reads the gaps of a crawl once more; one that was done_with_gaps is running again. Returns how many ranges that are';

CREATE PROCEDURE @extschema@.ghcrawl_wait(
	crawl bigint,
	timeout interval DEFAULT NULL,
	INOUT state text DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME', 'ghcrawl_wait';
COMMENT ON PROCEDURE @extschema@.ghcrawl_wait(bigint, interval, text) IS
'Waits until a crawl has ended or the time is up, telling its progress; holds no snapshot; returns the crawl''s state';

CREATE FUNCTION @extschema@.ghcrawl_ensure_workers()
RETURNS int
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_ensure_workers';
COMMENT ON FUNCTION @extschema@.ghcrawl_ensure_workers() IS
'Starts workers that are missing, if any crawl is running; returns how many were started. For a server restarted without preloading, by hand or from pg_cron';

CREATE FUNCTION @extschema@.ghcrawl_add_token(name text, secret text)
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_add_token';
COMMENT ON FUNCTION @extschema@.ghcrawl_add_token(text, text) IS
'Adds a GitHub token for the present ghcrawl.api_url; returns its fingerprint. The statement may show in logs: ghcrawl_add_token_file is safer';

CREATE FUNCTION @extschema@.ghcrawl_add_token_file(name text, path text)
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_add_token_file';
COMMENT ON FUNCTION @extschema@.ghcrawl_add_token_file(text, text) IS
'Adds a GitHub token that stays in a file on the server; needs the rights of pg_read_server_files; returns its fingerprint';

CREATE FUNCTION @extschema@.ghcrawl_add_app(
	name text,
	app_id text,
	private_key_file text,
	installation text DEFAULT 'all')
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_add_app';
COMMENT ON FUNCTION @extschema@.ghcrawl_add_app(text, text, text, text) IS
'Adds a GitHub App by its id or client id and its private key, which stays in a file on the server: each installation, or the one whose id is given, is a budget; needs the rights of pg_read_server_files; returns the key''s fingerprint';

CREATE FUNCTION @extschema@.ghcrawl_add_app(
	name text,
	app_id bigint,
	private_key_file text,
	installation text DEFAULT 'all')
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_add_app_by_number';
COMMENT ON FUNCTION @extschema@.ghcrawl_add_app(text, bigint, text, text) IS
'The same for an App''s id without quotes';

CREATE FUNCTION @extschema@.ghcrawl_add_app(
	name text,
	app_id bigint,
	private_key_file text,
	installation bigint)
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_add_app_by_numbers';
COMMENT ON FUNCTION @extschema@.ghcrawl_add_app(text, bigint, text, bigint) IS
'The same for ids without quotes';

CREATE FUNCTION @extschema@.ghcrawl_remove_token(name text)
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_remove_token';
COMMENT ON FUNCTION @extschema@.ghcrawl_remove_token(text) IS
'Forgets a token, or a GitHub App with its installations; returns its fingerprint';

CREATE FUNCTION @extschema@.ghcrawl_verify_tokens()
RETURNS TABLE (
	name text,
	login text,
	state text,
	"limit" bigint,
	remaining bigint,
	reset_at timestamptz,
	reason text)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_verify_tokens';
COMMENT ON FUNCTION @extschema@.ghcrawl_verify_tokens() IS
'Asks GitHub about each token, those it refused before included, and tells what it said; a refused token that works again is put back to use';

CREATE FUNCTION @extschema@.ghcrawl_set_limits(
	token text,
	points_hour bigint DEFAULT NULL,
	requests_minute int DEFAULT NULL,
	response_seconds numeric DEFAULT NULL,
	concurrent int DEFAULT NULL,
	reserve int DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_set_limits';
COMMENT ON FUNCTION @extschema@.ghcrawl_set_limits(text, bigint, int, numeric, int, int) IS
'Sets limits of the budget that a token belongs to: points an hour, requests and seconds of response time a minute (0: none), requests at once, percent left to others; null leaves a limit as it is';

CREATE FUNCTION @extschema@.ghcrawl_create_tables(schema_name name DEFAULT 'github', hash_partitions int DEFAULT 0)
RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_create_tables';
COMMENT ON FUNCTION @extschema@.ghcrawl_create_tables(name, int) IS
'Makes the data tables for the present ghcrawl.api_url, owned by the caller, or takes over those that are there; ghcrawl_start does it by itself';

CREATE FUNCTION @extschema@.ghcrawl_index_statements(wanted text[])
RETURNS SETOF text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'ghcrawl_index_statements';
COMMENT ON FUNCTION @extschema@.ghcrawl_index_statements(text[]) IS
'Says what to run, one by one, to have indexes on the data tables without keeping workers from writing; for psql''s \gexec';

CREATE FUNCTION @extschema@.ghcrawl_schedule(
	name text,
	schedule text,
	command text DEFAULT 'SELECT @extschema@.ghcrawl_refresh()')
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_schedule';
COMMENT ON FUNCTION @extschema@.ghcrawl_schedule(text, text, text) IS
'Has pg_cron run a command in the caller''s name, as often as the schedule says ("0 3 * * *"); the same name again changes it. Returns the job''s id. Where pg_cron isn''t ready, the error says what to do';

CREATE FUNCTION @extschema@.ghcrawl_unschedule(name text)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_unschedule';
COMMENT ON FUNCTION @extschema@.ghcrawl_unschedule(text) IS
'Removes a schedule of the caller; returns the id that its job had';

CREATE FUNCTION ghcrawl.cron_jobs()
RETURNS TABLE (
	job bigint,
	name text,
	schedule text,
	command text,
	database text,
	username text,
	active boolean,
	last_started_at timestamptz,
	last_finished_at timestamptz,
	last_status text,
	last_result text,
	next_run_at timestamptz,
	runs bigint,
	failures bigint,
	advice text)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_cron_jobs';
COMMENT ON FUNCTION ghcrawl.cron_jobs() IS
'What view ghcrawl.schedules shows; no rows where pg_cron isn''t';

CREATE FUNCTION ghcrawl.begin_update()
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_begin_update';
COMMENT ON FUNCTION ghcrawl.begin_update() IS
'Keeps workers out until the end of the transaction, and starts one then: the first statement of every update script';

CREATE FUNCTION ghcrawl.want()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_want';
COMMENT ON FUNCTION ghcrawl.want() IS
'Trigger of view ghcrawl.wanted: what a statement inserts becomes a crawl at its end';

CREATE FUNCTION ghcrawl.batch()
RETURNS SETOF record
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_batch';
COMMENT ON FUNCTION ghcrawl.batch() IS
'Rows that a worker is about to store; has none anywhere else';

CREATE FUNCTION ghcrawl.add_histograms(int[], int[])
RETURNS int[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'ghcrawl_add_histograms';
COMMENT ON FUNCTION ghcrawl.add_histograms(int[], int[]) IS
'Sum of two histograms of ghcrawl.traffic';

CREATE AGGREGATE ghcrawl.sum_histogram(int[]) (
	SFUNC = ghcrawl.add_histograms,
	STYPE = int[],
	COMBINEFUNC = ghcrawl.add_histograms,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE ghcrawl.sum_histogram(int[]) IS
'Sum of histograms of ghcrawl.traffic';

CREATE FUNCTION ghcrawl.quantile(histogram int[], share double precision)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'ghcrawl_quantile';
COMMENT ON FUNCTION ghcrawl.quantile(int[], double precision) IS
'Milliseconds that a share (0.5: the median) of the requests in a histogram of ghcrawl.traffic didn''t exceed, within 7.5 %; null if there are none';
