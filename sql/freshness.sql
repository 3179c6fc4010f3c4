/*
 * How fresh rows are to be kept, and what is known of how fresh they are.
 *
 * A target that came with the extension isn't dumped; one that was edited is,
 * and takes the place of the one that CREATE EXTENSION made when it is
 * restored.
 */

CREATE TABLE ghcrawl.freshness_target (
	stars_from	int PRIMARY KEY CHECK (stars_from OPERATOR(pg_catalog.>=) 0),
	max_age		interval CHECK (max_age OPERATOR(pg_catalog.>) interval '0'
							AND max_age OPERATOR(pg_catalog.<=) interval '100 years'),
	builtin		boolean NOT NULL GENERATED ALWAYS AS (coalesce(max_age OPERATOR(pg_catalog.=)
					CASE stars_from WHEN 1000 THEN interval '1 day' WHEN 10 THEN interval '30 days'
									WHEN 0 THEN interval '180 days' END, false)) STORED
);
COMMENT ON TABLE ghcrawl.freshness_target IS 'How old what is stored of a repository may be, by its stars; ghcrawl_refresh looks again at what is older. Edit the rows, add your own';
COMMENT ON COLUMN ghcrawl.freshness_target.stars_from IS 'The target is for repositories with so many stars and more, up to the next row';
COMMENT ON COLUMN ghcrawl.freshness_target.max_age IS 'Null: these are not looked at again';
COMMENT ON COLUMN ghcrawl.freshness_target.builtin IS 'As it comes with the extension; not dumped';

INSERT INTO ghcrawl.freshness_target (stars_from, max_age) VALUES
	(1000, '1 day'), (10, '30 days'), (0, '180 days');

CREATE FUNCTION ghcrawl.replace_target()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'ghcrawl_replace_target';
COMMENT ON FUNCTION ghcrawl.replace_target() IS
'Lets a new target take the place of the one that came with the extension, so that a dump can be restored';

CREATE TRIGGER replace_builtin BEFORE INSERT ON ghcrawl.freshness_target
	FOR EACH ROW EXECUTE FUNCTION ghcrawl.replace_target();

CREATE TABLE ghcrawl.refresh (
	data_schema	name PRIMARY KEY,
	passed_to	bigint NOT NULL DEFAULT 0,
	crawl_id	bigint,
	every		interval,
	looks		bigint NOT NULL DEFAULT 0,
	left_out	bigint NOT NULL DEFAULT 0,
	ran_at		timestamptz
);
COMMENT ON TABLE ghcrawl.refresh IS 'Where ghcrawl_refresh stands in each data schema';
COMMENT ON COLUMN ghcrawl.refresh.passed_to IS 'Repositories up to this id are known to it since the present pass began';
COMMENT ON COLUMN ghcrawl.refresh.crawl_id IS 'The last crawl it started';
COMMENT ON COLUMN ghcrawl.refresh.looks IS 'How many repositories that was to look at';
COMMENT ON COLUMN ghcrawl.refresh.left_out IS 'How many more were due than the budgets allow, of those looked at one by one';

CREATE TABLE ghcrawl.refresh_block (
	data_schema	name NOT NULL,
	block		bigint NOT NULL,
	repositories int NOT NULL,
	looked_at	timestamptz NOT NULL,
	crawl_id	bigint,
	then_at		timestamptz,
	PRIMARY KEY (data_schema, block)
) WITH (fillfactor = 80);
COMMENT ON TABLE ghcrawl.refresh_block IS 'When the repositories of the lowest band were looked at, by blocks of 4,096 ids: no row is written for each';
COMMENT ON COLUMN ghcrawl.refresh_block.block IS 'Repository ids divided by 4,096';
COMMENT ON COLUMN ghcrawl.refresh_block.looked_at IS 'None of them was looked at before that';
COMMENT ON COLUMN ghcrawl.refresh_block.crawl_id IS 'A crawl that looks at them all; once it is done, looked_at is then_at';

CREATE TABLE ghcrawl.refresh_age (
	data_schema	name NOT NULL,
	stars_from	int NOT NULL,
	repositories bigint NOT NULL,
	half		timestamptz,
	tenth		timestamptz,
	oldest		timestamptz,
	in_time		double precision,
	measured_at	timestamptz NOT NULL,
	PRIMARY KEY (data_schema, stars_from)
);
COMMENT ON TABLE ghcrawl.refresh_age IS 'Ages of what is stored, as ghcrawl_refresh measured them last';
COMMENT ON COLUMN ghcrawl.refresh_age.half IS 'One half was looked at before that';
COMMENT ON COLUMN ghcrawl.refresh_age.tenth IS 'One tenth was looked at before that';
COMMENT ON COLUMN ghcrawl.refresh_age.in_time IS 'Share that was no older than its target';

SELECT pg_catalog.pg_extension_config_dump('ghcrawl.freshness_target', 'WHERE NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.refresh', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.refresh_block', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.refresh_age', '');

CREATE FUNCTION @extschema@.ghcrawl_refresh(
	every interval DEFAULT '1 hour',
	max_points bigint DEFAULT NULL,
	profile text DEFAULT 'flat',
	priority int DEFAULT 0)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_refresh';
COMMENT ON FUNCTION @extschema@.ghcrawl_refresh(interval, bigint, text, int) IS
'Looks again at the repositories that are older than ghcrawl.freshness_target asks, the most overdue and important first, as many as budgets allow until it is called next; returns the crawl''s id, null if nothing is due';

/*
 * Needs no look at the data: it shows what ghcrawl_refresh measured, and what
 * follows from it.  A budget is taken for as many repositories a point as of late, or
 * a hundred if these were fewer, or for as many as of late in its response time,
 * whichever is less.
 */
CREATE VIEW ghcrawl.freshness AS
WITH target AS (
	SELECT stars_from, max_age,
		   lead(stars_from) OVER (ORDER BY stars_from) - 1 AS stars_to
	FROM ghcrawl.freshness_target),
speed AS (
	SELECT api_url, nullif(sum(ms::float8), 0) / nullif(sum(repositories::float8), 0) AS ms,
		   sum(repositories::float8) / nullif(sum(points), 0) AS per_point
	FROM ghcrawl.traffic
	WHERE seconds = 60 AND kind = 'list' AND repositories > 0
	GROUP BY api_url),
budget AS (
	SELECT b.api_url,
		   sum((1 - b.reserve / 100.0) * LEAST(
			   CASE WHEN b.points_hour > 0 AND NOT b.unmetered THEN b.points_hour * 24 * GREATEST(100, s.per_point) END,
			   CASE WHEN b.response_ms_minute > 0 AND NOT b.unmetered
					THEN b.response_ms_minute * 1440 / s.ms END)) AS looks
	FROM ghcrawl.budget b
	LEFT JOIN speed s USING (api_url)
	GROUP BY b.api_url),
band AS (
	SELECT d.schema_name, t.stars_from, t.stars_to, t.max_age, a.repositories,
		   a.half, a.tenth, a.oldest, a.in_time, a.measured_at, b.looks,
		   a.repositories * 86400.0 / extract(epoch FROM t.max_age) AS needed
	FROM ghcrawl.data_schema d
	CROSS JOIN target t
	LEFT JOIN ghcrawl.refresh_age a
		   ON a.data_schema = d.schema_name AND a.stars_from = t.stars_from
	LEFT JOIN budget b ON b.api_url = d.api_url),
whole AS (
	SELECT *, sum(needed) OVER (PARTITION BY schema_name ORDER BY stars_from DESC) AS so_far
	FROM band)
SELECT CASE WHEN stars_to IS NULL THEN '>=' || stars_from
			ELSE stars_from || '..' || stars_to END AS stars,
	   max_age AS target, repositories,
	   date_trunc('minute', pg_catalog.now() - half) AS median,
	   date_trunc('minute', pg_catalog.now() - tenth) AS p90,
	   date_trunc('minute', pg_catalog.now() - oldest) AS oldest,
	   CASE WHEN max_age IS NOT NULL THEN round(100 * in_time::numeric, 1) END AS in_time,
	   ceil(needed)::bigint AS needed,
	   CASE WHEN looks - needed IS NOT NULL
			THEN GREATEST(0, floor(looks - (so_far - needed)))::bigint END AS left_for_it,
	   so_far <= looks AS can_be_met,
	   date_trunc('minute', oldest + max_age) AS next,
	   date_trunc('minute', measured_at) AS measured, schema_name AS schema
FROM whole
ORDER BY schema_name, stars_from DESC;
COMMENT ON VIEW ghcrawl.freshness IS 'How old what is stored is, by stars, and whether targets can be met; as of the last ghcrawl_refresh';
COMMENT ON COLUMN ghcrawl.freshness.repositories IS 'How many there are; null: ghcrawl_refresh never ran';
COMMENT ON COLUMN ghcrawl.freshness.median IS 'Age of the middle one';
COMMENT ON COLUMN ghcrawl.freshness.p90 IS 'Nine of ten are no older';
COMMENT ON COLUMN ghcrawl.freshness.in_time IS 'Percent that was no older than the target when it was measured';
COMMENT ON COLUMN ghcrawl.freshness.needed IS 'Looks a day that the target takes';
COMMENT ON COLUMN ghcrawl.freshness.left_for_it IS 'Looks a day that all budgets allow, less what bands with more stars take; null: no limit, no budget, or no target';
COMMENT ON COLUMN ghcrawl.freshness.can_be_met IS 'Do budgets suffice for this band and those above?';
COMMENT ON COLUMN ghcrawl.freshness.next IS 'When the next one is due';
COMMENT ON COLUMN ghcrawl.freshness.measured IS 'As of when';
