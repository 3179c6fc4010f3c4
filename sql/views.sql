/*
 * Views: what a person or a dashboard looks at.  None counts rows of data or
 * of tasks; all work on a standby.
 */

/* numbers of the workers that are alive here, from the locks they hold */
CREATE VIEW ghcrawl.live_worker AS
SELECT l.objid::int AS worker_no, l.pid
FROM pg_catalog.pg_locks l
WHERE l.locktype = 'advisory'
  AND l.classid = 1 AND l.objsubid = 71
  AND l.database = (SELECT oid FROM pg_catalog.pg_database
					WHERE datname = pg_catalog.current_database());
COMMENT ON VIEW ghcrawl.live_worker IS 'Workers that are alive: each holds an advisory lock on its number, of a kind that SQL can''t take';

/*
 * Counters are added up as float8, which is exact to 9e15: the sum of bigints
 * reckons in numeric, at twice the cost.
 */
CREATE VIEW ghcrawl.crawls AS
SELECT c.crawl_id AS crawl, c.selection, c.profile, c.priority,
	   c.max_repositories, c.state, c.reason, c.owner, c.api_url, c.data_schema,
	   c.created_at, c.finished_at,
	   n.seen AS stored, n.expected, n.inserted, n.updated, n.tasks, n.tasks_ended,
	   n.gaps, n.missing, n.read_again, n.narrowed, n.part, n.requests, n.points, n.wire_bytes, n.rate, n.updated_at,
	   n.suspects, n.gone, n.rest_requests
FROM ghcrawl.crawl c,
	 LATERAL (SELECT coalesce(sum(seen::float8), 0)::bigint AS seen,
					 /* 0 of a crawl under way means that nothing is counted yet */
					 CASE WHEN c.state = ANY ('{running,paused}') THEN nullif(sum(expected::float8), 0)
						  ELSE coalesce(sum(expected::float8), 0) END::bigint AS expected,
					 coalesce(sum(inserted::float8), 0)::bigint AS inserted,
					 coalesce(sum(updated::float8), 0)::bigint AS updated,
					 /* the root isn't any worker's */
					 1 + coalesce(sum(tasks::float8), 0)::bigint AS tasks,
					 coalesce(sum(tasks_ended::float8), 0)::bigint AS tasks_ended,
					 coalesce(sum(gaps::float8), 0)::bigint AS gaps,
					 coalesce(sum(missing::float8), 0)::bigint AS missing,
					 coalesce(sum(read_again::float8), 0)::bigint AS read_again,
					 coalesce(sum(narrowed::float8), 0)::bigint AS narrowed,
					 coalesce(sum(part), 0) AS part,
					 coalesce(sum(suspects::float8), 0)::bigint AS suspects,
					 coalesce(sum(gone::float8), 0)::bigint AS gone,
					 coalesce(sum(requests::float8), 0)::bigint AS requests,
					 coalesce(sum(rest_requests::float8), 0)::bigint AS rest_requests,
					 coalesce(sum(points::float8), 0)::bigint AS points,
					 coalesce(sum(wire_bytes::float8), 0)::bigint AS wire_bytes,
					 coalesce(sum(rate), 0)::real AS rate,
					 max(updated_at) AS updated_at
			  FROM ghcrawl.crawl_counter k
			  WHERE k.crawl_id = c.crawl_id) n;
COMMENT ON VIEW ghcrawl.crawls IS 'All crawls with their settings and sums';
COMMENT ON COLUMN ghcrawl.crawls.stored IS 'Distinct repositories seen and stored';
COMMENT ON COLUMN ghcrawl.crawls.expected IS 'Repositories GitHub counts in the selection, as far as known';
COMMENT ON COLUMN ghcrawl.crawls.inserted IS 'Of these, new in the data table';
COMMENT ON COLUMN ghcrawl.crawls.updated IS 'Of these, changed in the data table';
COMMENT ON COLUMN ghcrawl.crawls.gaps IS 'Ranges given up before everything promised was seen';
COMMENT ON COLUMN ghcrawl.crawls.missing IS 'Repositories promised but not seen in those';
COMMENT ON COLUMN ghcrawl.crawls.read_again IS 'Readings of ranges beyond the first';
COMMENT ON COLUMN ghcrawl.crawls.narrowed IS 'Ranges cut because they could not be read as they were';
COMMENT ON COLUMN ghcrawl.crawls.part IS 'Of the whole crawl, from 0 to 1, by ranges read';
COMMENT ON COLUMN ghcrawl.crawls.suspects IS 'Repositories that the crawl before saw in the selection and this one didn''t, looked up by id and answered';
COMMENT ON COLUMN ghcrawl.crawls.gone IS 'Repositories that were looked up, suspects or what the crawl is about, and not found: deleted, made private or blocked';
COMMENT ON COLUMN ghcrawl.crawls.points IS 'GraphQL points spent';
COMMENT ON COLUMN ghcrawl.crawls.rate IS 'Repositories a second of late';

/*
 * People look at it every two seconds, so the counters are added up in one go,
 * not crawl by crawl as in ghcrawl.crawls, of which one takes the first rows.
 */
CREATE VIEW ghcrawl.progress AS
WITH v AS MATERIALIZED (
	SELECT pg_catalog.pg_is_in_recovery() AS is_standby,
		   pg_catalog.count(*) AS live,
		   pg_catalog.count(k.waiting_on) AS waiting,
		   pg_catalog.min(k.waiting_on || coalesce(
			  pg_catalog.to_char(k.waiting_until, '" until "HH24:MI:SS'), '')) AS waiting_on
	FROM ghcrawl.live_worker l
	LEFT JOIN ghcrawl.worker k USING (worker_no))
SELECT c.crawl,
	   CASE WHEN c.state <> 'running' THEN c.state
			WHEN w.waiting_on IS NOT NULL THEN 'waiting'
			WHEN c.expected IS NULL THEN 'planning'
			ELSE 'running' END AS state,
	   pg_catalog.rpad(pg_catalog.repeat('#', pg_catalog.floor(p.part * 10)::int), 10, '.') AS bar,
	   pg_catalog.round(p.part * 100, 1) AS percent,
	   c.stored,
	   p.expected,
	   CASE WHEN c.state = 'running' AND w.waiting_on IS NULL
			THEN pg_catalog.round(c.rate::numeric, 0) END AS rate,
	   CASE WHEN c.state = 'running' AND c.rate > 0.01 AND w.waiting_on IS NULL
			THEN pg_catalog.make_interval(secs =>
				pg_catalog.ceil(GREATEST(0, p.expected - c.stored) / c.rate)) END AS eta,
	   w.waiting_on
FROM (SELECT k.crawl_id AS crawl, k.state, k.profile, k.max_repositories, k.created_at,
			 coalesce(n.seen, 0) AS stored,
			 CASE WHEN k.state = ANY ('{running,paused}') THEN nullif(n.expected, 0)
				  ELSE coalesce(n.expected, 0) END AS expected,
			 coalesce(n.part, 0) AS part,
			 coalesce(n.rate, 0) AS rate
	  FROM ghcrawl.crawl k
	  LEFT JOIN (SELECT crawl_id, sum(seen::float8)::bigint AS seen,
						sum(expected::float8)::bigint AS expected,
						sum(part) AS part, sum(rate) AS rate
				 FROM ghcrawl.crawl_counter
				 GROUP BY crawl_id) n USING (crawl_id)) c,
	 v,
	 LATERAL (SELECT CASE WHEN c.state <> 'running' THEN NULL
						  WHEN v.is_standby THEN 'the server to be promoted'
						  WHEN NOT EXISTS (SELECT FROM ghcrawl.profile f WHERE f.name = c.profile)
						  THEN 'its profile, which is not there'
						  /* one that was just asked for may still be coming */
						  WHEN v.live = 0 AND c.created_at < pg_catalog.now() - interval '5 seconds'
						  THEN CASE WHEN pg_catalog.current_setting('ghcrawl.workers', true) = '0'
									THEN 'ghcrawl.workers, which is 0'
									ELSE 'a worker: ghcrawl_ensure_workers()' END
						  WHEN v.waiting = v.live THEN v.waiting_on END AS waiting_on) w,
	 LATERAL (SELECT LEAST(c.expected, c.max_repositories) AS expected) e,
	 LATERAL (SELECT e.expected,
					 CASE WHEN c.state = 'done' THEN 1.0
						  /* a limited crawl is over sooner than its ranges */
						  ELSE LEAST(0.999, GREATEST(c.part::numeric, coalesce(
								c.stored::numeric / c.max_repositories, 0))) END AS part) p
ORDER BY c.state <> 'running', c.crawl DESC;
COMMENT ON VIEW ghcrawl.progress IS 'How far each crawl is; made for \watch 2';
COMMENT ON COLUMN ghcrawl.progress.state IS 'planning, running, waiting, paused, cancelled, done, done_with_gaps, failed';
COMMENT ON COLUMN ghcrawl.progress.percent IS 'By ranges read; never goes back, and is 100 when done only';
COMMENT ON COLUMN ghcrawl.progress.stored IS 'Distinct repositories seen and stored';
COMMENT ON COLUMN ghcrawl.progress.expected IS 'Repositories GitHub counts in the selection, as far as known; at most max_repositories';
COMMENT ON COLUMN ghcrawl.progress.rate IS 'Repositories a second of late';
COMMENT ON COLUMN ghcrawl.progress.eta IS 'Time left at that rate';
COMMENT ON COLUMN ghcrawl.progress.waiting_on IS 'Why nothing moves, and until when';

CREATE VIEW ghcrawl.partitions AS
SELECT crawl_id AS crawl, task_id AS task, parent_id AS parent, kind, state,
	   promised, seen, pages, attempts, query, error, started_at, finished_at
FROM ghcrawl.task
WHERE crawl_id > 0;
COMMENT ON VIEW ghcrawl.partitions IS 'The ranges that crawls are cut into';
COMMENT ON COLUMN ghcrawl.partitions.query IS 'The range as a GitHub search; try it on github.com';
COMMENT ON COLUMN ghcrawl.partitions.promised IS 'What GitHub counts in it';
COMMENT ON COLUMN ghcrawl.partitions.seen IS 'Distinct repositories seen in it';

/*
 * An arm for each state of a range, so that who asks for gaps gets them by the
 * index: what only they have is a constant elsewhere.  Sorted, so that the first
 * ones are found without sorting all.
 */
CREATE VIEW ghcrawl.coverage AS
SELECT c.crawl, NULL::bigint AS task, c.state, c.expected AS promised,
	   c.stored AS seen, c.missing, c.read_again, c.narrowed, c.gaps, c.reason,
	   c.selection AS query
FROM ghcrawl.crawls c
UNION ALL
(SELECT t.crawl_id, t.task_id, 'gap'::text, t.promised, t.counted, t.missing,
	   GREATEST(t.readings - 1, 0)::bigint, 0::bigint, 1::bigint, t.error, t.query
FROM ghcrawl.task t
WHERE t.state = 'gap' AND t.crawl_id > 0
ORDER BY t.crawl_id, t.task_id)
UNION ALL
(SELECT t.crawl_id, t.task_id, 'narrowed'::text, t.promised, t.seen, 0::bigint,
	   GREATEST(t.readings - 1, 0)::bigint, 1::bigint, 0::bigint, t.error, t.query
FROM ghcrawl.task t
WHERE t.state = 'narrowed' AND t.crawl_id > 0
ORDER BY t.crawl_id, t.task_id)
UNION ALL
(SELECT t.crawl_id, t.task_id, 'done'::text, t.promised, t.counted, 0::bigint,
	   GREATEST(t.readings - 1, 0)::bigint, 0::bigint, 0::bigint, t.error, t.query
FROM ghcrawl.task t
WHERE t.state = 'done' AND t.crawl_id > 0
ORDER BY t.crawl_id, t.task_id)
UNION ALL
(SELECT t.crawl_id, t.task_id, 'open'::text, t.promised, t.seen, 0::bigint,
	   GREATEST(t.readings - 1, 0)::bigint, 0::bigint, 0::bigint, t.error, t.query
FROM ghcrawl.task t
WHERE t.state = 'ready' AND t.crawl_id > 0
ORDER BY t.crawl_id, t.task_id)
UNION ALL
(SELECT t.crawl_id, t.task_id, 'open'::text, t.promised, t.seen, 0::bigint,
	   GREATEST(t.readings - 1, 0)::bigint, 0::bigint, 0::bigint, t.error, t.query
FROM ghcrawl.task t
WHERE t.state = 'claimed' AND t.crawl_id > 0
ORDER BY t.crawl_id, t.task_id)
UNION ALL
(SELECT t.crawl_id, t.task_id, 'cancelled'::text, t.promised, t.seen, 0::bigint,
	   GREATEST(t.readings - 1, 0)::bigint, 0::bigint, 0::bigint, t.error, t.query
FROM ghcrawl.task t
WHERE t.state = 'cancelled' AND t.crawl_id > 0
ORDER BY t.crawl_id, t.task_id);
COMMENT ON VIEW ghcrawl.coverage IS 'What was promised and what was seen: a row for each crawl (task is null), and one for each range that was read';
COMMENT ON COLUMN ghcrawl.coverage.task IS 'Null: the crawl as a whole';
COMMENT ON COLUMN ghcrawl.coverage.state IS 'Of a crawl as in ghcrawl.crawls; of a range open, done, gap, narrowed, cancelled';
COMMENT ON COLUMN ghcrawl.coverage.promised IS 'Repositories that GitHub counts';
COMMENT ON COLUMN ghcrawl.coverage.seen IS 'Distinct repositories that it showed and the database took';
COMMENT ON COLUMN ghcrawl.coverage.missing IS 'Counted and not shown after all readings, or refused by the database';
COMMENT ON COLUMN ghcrawl.coverage.read_again IS 'Readings beyond the first';
COMMENT ON COLUMN ghcrawl.coverage.narrowed IS 'Ranges cut because they could not be read as they were; their parts have rows of their own';
COMMENT ON COLUMN ghcrawl.coverage.gaps IS 'Ranges given up; try them again by ghcrawl_retry_gaps';
COMMENT ON COLUMN ghcrawl.coverage.reason IS 'Why it is a gap, or why the crawl failed';
COMMENT ON COLUMN ghcrawl.coverage.query IS 'The range as a GitHub search; try it on github.com';

/*
 * Whose tasks are open isn't in ghcrawl.listed yet, or again, when gaps are
 * retried; their tasks know them.
 */
CREATE VIEW ghcrawl.wanted AS
SELECT l.asked_as AS repository, nullif(c.source, '') AS source, l.state, l.repo_id,
	   l.crawl_id AS crawl, c.owner AS added_by, c.created_at AS added_at, l.answered_at
FROM ghcrawl.listed l
JOIN ghcrawl.crawl c USING (crawl_id)
UNION ALL
SELECT i.asked_as, nullif(c.source, ''),
	   CASE t.state WHEN 'cancelled' THEN 'cancelled' ELSE 'waiting' END, NULL,
	   c.crawl_id, c.owner, c.created_at, NULL
FROM ghcrawl.crawl c
JOIN ghcrawl.task t USING (crawl_id),
	 pg_catalog.string_to_table(substr(t.query, strpos(t.query, ':') + 1), ',') AS i (asked_as)
WHERE c.source IS NOT NULL
  AND t.state = ANY ('{ready,claimed,cancelled}')
  AND NOT EXISTS (SELECT FROM ghcrawl.listed l
				  WHERE l.crawl_id = c.crawl_id AND l.asked_as = i.asked_as);
COMMENT ON VIEW ghcrawl.wanted IS 'Repositories that somebody named, and what became of them. INSERT or COPY into columns repository and source does the same as ghcrawl_add_repositories';
COMMENT ON COLUMN ghcrawl.wanted.repository IS 'The name or id that it was asked for by; INSERT takes addresses and node ids, too';
COMMENT ON COLUMN ghcrawl.wanted.source IS 'Where it comes from, as its user said';
COMMENT ON COLUMN ghcrawl.wanted.state IS 'waiting; found; not_found: deleted, private, blocked or never there; forbidden: its owner''s rules keep the token out; unclear: GitHub gave no answer; cancelled';
COMMENT ON COLUMN ghcrawl.wanted.repo_id IS 'As in github.repository, where it is stored under its present name';

CREATE TRIGGER want_begins BEFORE INSERT ON ghcrawl.wanted
	FOR EACH STATEMENT EXECUTE FUNCTION ghcrawl.want();
CREATE TRIGGER want INSTEAD OF INSERT ON ghcrawl.wanted
	FOR EACH ROW EXECUTE FUNCTION ghcrawl.want();
CREATE TRIGGER want_ends AFTER INSERT ON ghcrawl.wanted
	FOR EACH STATEMENT EXECUTE FUNCTION ghcrawl.want();

CREATE VIEW ghcrawl.workers AS
SELECT w.worker_no AS worker, l.pid,
	   CASE WHEN l.pid IS NULL THEN 'gone'
			WHEN w.waiting_on IS NOT NULL THEN 'waiting'
			ELSE 'working' END AS state,
	   w.budgets, w.in_flight, w.waiting_on, w.waiting_until, w.started_at, w.updated_at
FROM ghcrawl.worker w
LEFT JOIN ghcrawl.live_worker l USING (worker_no)
ORDER BY w.worker_no;
COMMENT ON VIEW ghcrawl.workers IS 'Background workers of this database';
COMMENT ON COLUMN ghcrawl.workers.budgets IS 'Budgets the worker holds';
COMMENT ON COLUMN ghcrawl.workers.in_flight IS 'Requests under way';

CREATE VIEW ghcrawl.tokens AS
SELECT t.name, t.fingerprint, t.budget_id AS budget,
	   CASE WHEN t.of_app IS NOT NULL THEN 'installation'
			WHEN t.app_id IS NOT NULL THEN 'app'
			ELSE 'user' END AS kind, b.login,
	   CASE WHEN t.refused_at IS NOT NULL THEN 'refused'
			WHEN n.benched_until > pg_catalog.now() THEN 'benched'
			WHEN b.budget_id IS NULL AND t.listed_at IS NULL THEN 'new'
			ELSE 'ready' END AS state,
	   b."limit", b.remaining,
	   CASE WHEN b.reset_at > pg_catalog.now() THEN b.spent
			WHEN b.budget_id IS NOT NULL THEN 0 END AS used,
	   b.reset_at,
	   CASE WHEN m.is_recent THEN b.pace END AS pace,
	   CASE WHEN m.is_recent THEN b.paced_by END AS paced_by,
	   CASE WHEN m.is_recent THEN round(b.minute_response_ms / 1000.0, 1)
			WHEN b.budget_id IS NOT NULL THEN 0 END AS response_s,
	   b.points_used, b.requests,
	   CASE WHEN t.refused_at IS NULL THEN n.benched_until END AS benched_until,
	   coalesce(t.refused_for, CASE WHEN n.benched_until > pg_catalog.now()
									THEN n.benched_for END) AS reason,
	   CASE WHEN t.of_app IS NOT NULL THEN 'memory'
			WHEN t.file IS NULL THEN 'table'
			ELSE 'file' END AS kept_in,
	   substring(t.api_url FROM '://(.*)') AS host, t.api_url, t.added_by, t.added_at,
	   b.rest_limit, b.rest_remaining,
	   CASE WHEN b.rest_reset_at > pg_catalog.now() THEN b.rest_spent
			WHEN b.budget_id IS NOT NULL THEN 0 END AS rest_used,
	   b.rest_reset_at, b.rest_requests, b.not_modified
FROM ghcrawl.token t
LEFT JOIN ghcrawl.budget b USING (budget_id),
	 LATERAL (SELECT coalesce(b.benched_until, t.benched_until) AS benched_until,
					 coalesce(b.benched_for, t.benched_for) AS benched_for) n,
	 LATERAL (SELECT b.updated_at > pg_catalog.now() - interval '1 minute' AS is_recent) m;
COMMENT ON VIEW ghcrawl.tokens IS 'Tokens by fingerprint, GitHub Apps and their installations; figures are the budget''s, which all tokens of a user share';

CREATE VIEW ghcrawl.errors AS
SELECT crawl_id AS crawl, class, message, count, sample, first_seen, last_seen
FROM ghcrawl.error;
COMMENT ON VIEW ghcrawl.errors IS 'What went wrong, alike things in one row; crawl 0: a token or a budget';

CREATE VIEW ghcrawl.requests AS
SELECT kind, status, verdict, count,
	   ghcrawl.quantile(histogram, 0.5) AS p50_ms,
	   ghcrawl.quantile(histogram, 0.95) AS p95_ms,
	   points, bytes,
	   CASE WHEN repositories > 0 THEN
			round(sum(repositories) OVER kind / nullif(sum(points) OVER kind, 0), 1)
	   END AS per_point,
	   CASE WHEN repositories > 0 THEN
			round(1000 * sum(repositories) OVER kind / nullif(sum(ms) OVER kind, 0), 1)
	   END AS per_s,
	   CASE WHEN min(api_url) OVER () <> max(api_url) OVER ()
			THEN substring(api_url FROM '://(.*)') END AS host
FROM (SELECT api_url, kind, status, verdict, sum(count)::bigint AS count,
			 sum(ms)::bigint AS ms, sum(points)::bigint AS points,
			 sum(bytes)::bigint AS bytes, sum(repositories)::bigint AS repositories,
			 ghcrawl.sum_histogram(histogram) AS histogram
	  FROM ghcrawl.traffic
	  WHERE seconds = 60 AND slot > pg_catalog.now() - interval '1 hour'
	  GROUP BY api_url, kind, status, verdict) t
WINDOW kind AS (PARTITION BY t.api_url, t.kind)
ORDER BY t.api_url, kind, status, verdict;
COMMENT ON VIEW ghcrawl.requests IS 'Requests of the last hour';

CREATE VIEW ghcrawl.requests_by_hour AS
SELECT slot AS hour, kind, status, verdict, count,
	   ghcrawl.quantile(histogram, 0.5) AS p50_ms,
	   ghcrawl.quantile(histogram, 0.95) AS p95_ms,
	   points, bytes,
	   CASE WHEN repositories > 0 THEN
			round(sum(repositories) OVER kind / nullif(sum(points) OVER kind, 0), 1)
	   END AS per_point,
	   CASE WHEN repositories > 0 THEN
			round(1000 * sum(repositories) OVER kind / nullif(sum(ms) OVER kind, 0), 1)
	   END AS per_s,
	   repositories, ms, substring(api_url FROM '://(.*)') AS host
FROM (SELECT slot, api_url, kind, status, verdict, sum(count)::bigint AS count,
			 sum(ms)::bigint AS ms, sum(points)::bigint AS points,
			 sum(bytes)::bigint AS bytes, sum(repositories)::bigint AS repositories,
			 ghcrawl.sum_histogram(histogram) AS histogram
	  FROM ghcrawl.traffic
	  WHERE seconds = 3600 AND slot > pg_catalog.now() - interval '1 day'
	  GROUP BY slot, api_url, kind, status, verdict) t
WINDOW kind AS (PARTITION BY slot, t.api_url, t.kind)
ORDER BY slot, t.api_url, kind, status, verdict;
COMMENT ON VIEW ghcrawl.requests_by_hour IS 'Requests of the last day by the hour in which they were answered';

CREATE VIEW ghcrawl.schedules AS
SELECT * FROM ghcrawl.cron_jobs();
COMMENT ON VIEW ghcrawl.schedules IS 'Schedules made by ghcrawl_schedule: your own; a superuser sees all. Empty where pg_cron isn''t';

COMMENT ON COLUMN ghcrawl.crawls.crawl IS 'Its id, as ghcrawl_start returned it';
COMMENT ON COLUMN ghcrawl.crawls.state IS 'running, paused, cancelled, done, done_with_gaps, failed';
COMMENT ON COLUMN ghcrawl.crawls.reason IS 'Why it failed';
COMMENT ON COLUMN ghcrawl.crawls.tasks IS 'Ranges there are so far';
COMMENT ON COLUMN ghcrawl.crawls.tasks_ended IS 'Of these, done, split or given up';
COMMENT ON COLUMN ghcrawl.crawls.requests IS 'GraphQL requests sent and settled';
COMMENT ON COLUMN ghcrawl.crawls.rest_requests IS 'Requests to the REST API, likewise';
COMMENT ON COLUMN ghcrawl.crawls.wire_bytes IS 'Bytes of bodies received, as compressed';
COMMENT ON COLUMN ghcrawl.crawls.updated_at IS 'When a worker last counted something';
COMMENT ON COLUMN ghcrawl.partitions.state IS 'ready, claimed, split, narrowed (cut because it could not be read), done, gap, cancelled';
COMMENT ON COLUMN ghcrawl.partitions.pages IS 'Pages read, repeated ones included';
COMMENT ON COLUMN ghcrawl.partitions.attempts IS 'Replies in a row that brought nothing';
COMMENT ON COLUMN ghcrawl.partitions.error IS 'What went wrong last, or why it is a gap';
COMMENT ON COLUMN ghcrawl.workers.state IS 'working, waiting, gone';
COMMENT ON COLUMN ghcrawl.workers.pid IS 'Its process, as in pg_stat_activity; null: gone';
COMMENT ON COLUMN ghcrawl.workers.waiting_on IS 'What it waits for, if it can do nothing else';
COMMENT ON COLUMN ghcrawl.tokens.fingerprint IS 'Kind of the token and the start of its SHA-256; of an App and its installations the SHA-256 of the key''s public half';
COMMENT ON COLUMN ghcrawl.tokens.budget IS 'What GitHub counts against; tokens with the same number share all limits; null: not asked yet';
COMMENT ON COLUMN ghcrawl.tokens.kind IS 'user, app (a GitHub App, which has no budget itself), installation (of an App)';
COMMENT ON COLUMN ghcrawl.tokens.used IS 'Of the hour''s points, used by ghcrawl';
COMMENT ON COLUMN ghcrawl.tokens.pace IS 'Points an hour at the present pace; null: nothing sets one, or nothing was asked in the last minute';
COMMENT ON COLUMN ghcrawl.tokens.paced_by IS 'The limit that sets it: points, requests, response';
COMMENT ON COLUMN ghcrawl.tokens.response_s IS 'Seconds of response time in the last minute';
COMMENT ON COLUMN ghcrawl.tokens.host IS 'Whose API it is for';
COMMENT ON COLUMN ghcrawl.tokens.benched_until IS 'Not used before';
COMMENT ON COLUMN ghcrawl.tokens.login IS 'Whose token it is or where the App is installed, as GitHub said; null: not asked yet';
COMMENT ON COLUMN ghcrawl.tokens.state IS 'new, ready, benched, refused';
COMMENT ON COLUMN ghcrawl.tokens."limit" IS 'GraphQL points an hour of its user';
COMMENT ON COLUMN ghcrawl.tokens.remaining IS 'Points left in this hour, by our count and GitHub''s headers';
COMMENT ON COLUMN ghcrawl.tokens.reset_at IS 'When the hour ends';
COMMENT ON COLUMN ghcrawl.tokens.points_used IS 'Points spent with all tokens of its user, ever';
COMMENT ON COLUMN ghcrawl.tokens.reason IS 'Why it is benched or refused';
COMMENT ON COLUMN ghcrawl.tokens.kept_in IS 'table, file or memory (of workers, for an hour)';
COMMENT ON COLUMN ghcrawl.tokens.rest_limit IS 'Requests an hour to the REST API, which GitHub counts apart from points; null: none was sent';
COMMENT ON COLUMN ghcrawl.tokens.rest_remaining IS 'Of these, left in this hour';
COMMENT ON COLUMN ghcrawl.tokens.rest_used IS 'Of these, used by ghcrawl';
COMMENT ON COLUMN ghcrawl.tokens.rest_reset_at IS 'When that hour ends';
COMMENT ON COLUMN ghcrawl.tokens.rest_requests IS 'Requests to the REST API with all tokens of its user, ever';
COMMENT ON COLUMN ghcrawl.tokens.not_modified IS 'Of these, those that found nothing new (HTTP 304) and cost nothing';
COMMENT ON COLUMN ghcrawl.errors.class IS 'What kind of failure; see docs/operation.md';
COMMENT ON COLUMN ghcrawl.errors.message IS 'What was said, with numbers and ids made alike';
COMMENT ON COLUMN ghcrawl.errors.sample IS 'Where it happened last';
COMMENT ON COLUMN ghcrawl.requests.status IS 'Class of the HTTP status; none: no whole answer arrived';
COMMENT ON COLUMN ghcrawl.requests.verdict IS 'What the answer was: ok, partial, or a class of ghcrawl.errors';
COMMENT ON COLUMN ghcrawl.requests.p50_ms IS 'Median of the milliseconds from sending to the last byte, within 7.5 %';
COMMENT ON COLUMN ghcrawl.requests.points IS 'GraphQL points they cost, as GitHub said';
COMMENT ON COLUMN ghcrawl.requests.bytes IS 'Bytes of bodies received, as compressed';
COMMENT ON COLUMN ghcrawl.requests.per_point IS 'Repositories for each point that requests of the kind cost, failures included';
COMMENT ON COLUMN ghcrawl.requests.per_s IS 'Repositories for each second of response time of the kind, failures included';
COMMENT ON COLUMN ghcrawl.requests_by_hour.status IS 'Class of the HTTP status; none: no whole answer arrived';
COMMENT ON COLUMN ghcrawl.requests_by_hour.verdict IS 'What the answer was: ok, partial, or a class of ghcrawl.errors';
COMMENT ON COLUMN ghcrawl.requests_by_hour.p50_ms IS 'Median of the milliseconds from sending to the last byte, within 7.5 %';
COMMENT ON COLUMN ghcrawl.requests_by_hour.points IS 'GraphQL points they cost, as GitHub said';
COMMENT ON COLUMN ghcrawl.requests_by_hour.bytes IS 'Bytes of bodies received, as compressed';
COMMENT ON COLUMN ghcrawl.requests_by_hour.per_point IS 'Repositories for each point that requests of the kind cost, failures included';
COMMENT ON COLUMN ghcrawl.requests_by_hour.per_s IS 'Repositories for each second of response time of the kind, failures included';
COMMENT ON COLUMN ghcrawl.requests.kind IS 'page, count, list (a look-up by id), viewer (whose token it is), mixed, rest (of the REST API)';
COMMENT ON COLUMN ghcrawl.requests.host IS 'Null while there is only one';
COMMENT ON COLUMN ghcrawl.requests_by_hour.ms IS 'Milliseconds of all of them together';
COMMENT ON COLUMN ghcrawl.schedules.job IS 'Its id in cron.job';
COMMENT ON COLUMN ghcrawl.schedules.database IS 'Where the command runs';
COMMENT ON COLUMN ghcrawl.schedules.username IS 'In whose name it runs';
COMMENT ON COLUMN ghcrawl.schedules.last_status IS 'running, succeeded, failed (or on its way there: starting, connecting, sending); null: it has not run yet';
COMMENT ON COLUMN ghcrawl.schedules.last_result IS 'What pg_cron wrote down: rows or a command tag, or the error';
COMMENT ON COLUMN ghcrawl.schedules.next_run_at IS 'By its schedule; null: at the server''s next start, or never';
COMMENT ON COLUMN ghcrawl.schedules.runs IS 'Runs in pg_cron''s log, which keeps them until somebody deletes them';
COMMENT ON COLUMN ghcrawl.schedules.failures IS 'Of these, failed';
COMMENT ON COLUMN ghcrawl.schedules.advice IS 'Why it doesn''t run or fails, and what to do';
