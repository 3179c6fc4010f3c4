-- What star histories and the past refuse, with hints; and what they tell of a few rows.

\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET datestyle = ISO;
SET ghcrawl.api_url = 'https://past.example';
SELECT * FROM ghcrawl_stars('a/b');
SELECT * FROM ghcrawl_at('2026-01-01');
SELECT ghcrawl_backfill_stars('a/b');
SELECT ghcrawl_create_tables('regress_past');
CREATE TABLE regress_past.repository_history_2026_02 PARTITION OF regress_past.repository_history
	FOR VALUES FROM ('2026-02-01 00:00Z') TO ('2026-03-01 00:00Z');
CREATE TABLE regress_past.repository_history_2026_03 PARTITION OF regress_past.repository_history
	FOR VALUES FROM ('2026-03-01 00:00Z') TO ('2026-04-01 00:00Z');
INSERT INTO regress_past.repository (repo_id, changed_at, created_at, stars, name_with_owner, flags)
	VALUES (7, '2026-03-10 12:00Z', extract(epoch FROM timestamptz '2026-03-01 08:00Z') - 946684800, 12, 'a/b', NULL),
		(8, '2026-03-10 12:00Z', NULL, 5, 'a/c', NULL);
INSERT INTO regress_past.repository_history (repo_id, changed_at, stars, name_with_owner)
	VALUES (7, '2026-03-08 12:00Z', NULL, 'a/old'), (7, '2026-03-10 12:00Z', 10, NULL);
UPDATE regress_past.ghcrawl_schema SET created_at = '2026-02-01';

-- nothing is known of the days before
SELECT * FROM ghcrawl_stars('a/b', until => '2026-03-11');
SELECT * FROM ghcrawl_stars('a/b', '2026-03-01', '2026-03-08');
SELECT * FROM ghcrawl_stars(7, '2026-03-12', '2026-03-11');
SELECT * FROM ghcrawl_stars(9);
SELECT * FROM ghcrawl_stars('x/y');
SELECT * FROM ghcrawl_stars('x y');
SELECT * FROM ghcrawl_stars(NULL::text);
SELECT * FROM ghcrawl_stars(NULL::bigint);

-- a week from 5 March 07:00 UTC on, and one before, when it wasn't there yet
INSERT INTO regress_past.repository_star_history VALUES
	(7, '2026-03-11 12:00Z', '2026-02-26 07:00Z', '{0,0,0,3,0,2,1, 2,0,1,1,0,1,0}'), (8, '2026-03-11 12:00Z', NULL, '{}');
SELECT * FROM regress_past.star_weeks;
SELECT * FROM ghcrawl_stars('https://past.example/A/OLD', until => '2026-03-11');
SELECT * FROM ghcrawl_stars('7', '-infinity', '2026-03-02');
SELECT * FROM ghcrawl_stars(8, '2026-03-01', '2026-03-11');

-- the past
SELECT repo_id, name_with_owner, stars FROM ghcrawl_at('2026-03-09') ORDER BY 1;
SELECT repo_id, name_with_owner, stars FROM ghcrawl_at('2026-02-20');
SELECT * FROM ghcrawl_at('2026-01-20');
SELECT * FROM ghcrawl_at(NULL);
SELECT * FROM ghcrawl_star_changes('2026-03-01');
SELECT * FROM ghcrawl_star_changes('2026-03-01', '2026-03-09');
SELECT * FROM ghcrawl_star_changes('2026-03-01', '2026-02-01');
SELECT * FROM ghcrawl_star_changes(NULL);
SELECT * FROM regress_past.rising;
SELECT * FROM regress_past.falling;

-- reading histories
SELECT ghcrawl_add_token('past', 'ghp_past') IS NOT NULL AS added;
SELECT ghcrawl_backfill_stars('{}'::text[]);
SELECT ghcrawl_backfill_stars(NULL::bigint[]);
SELECT ghcrawl_backfill_stars('a/b', NULL);
SELECT ghcrawl_backfill_stars(ARRAY[7, 9, 10, 11, 12]);
SELECT ghcrawl_backfill_stars(ARRAY['a/x', 'a/y'], skip_unknown => true);
SELECT ghcrawl_backfill_stars(ARRAY[7], again => NULL);

SELECT ghcrawl_remove_token('past') IS NOT NULL AS removed;
SET client_min_messages = warning;
DROP SCHEMA regress_past CASCADE;
DELETE FROM ghcrawl.data_schema WHERE schema_name = 'regress_past';
