/*
 * What events say: which repositories may have changed.  They make looks at them
 * worth more, and are otherwise not relied on.
 *
 * One row for each repository that is stored in the data schema; it goes once a
 * look after it has been made.  Workers and users write here at once: nobody
 * waits for a row that somebody else holds, a hint is lost rather.
 */

CREATE TABLE ghcrawl.hint (
	data_schema	name NOT NULL,
	repo_id		bigint NOT NULL,
	events		int NOT NULL,
	stars		int NOT NULL,
	first_at	timestamptz NOT NULL,
	last_at		timestamptz NOT NULL,
	not_before	timestamptz,
	crawl_id	bigint,
	PRIMARY KEY (data_schema, repo_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE ghcrawl.hint IS 'Repositories that events say may have changed since they were looked at; ghcrawl_refresh looks at them earlier';
COMMENT ON COLUMN ghcrawl.hint.events IS 'How many were heard of; one that two sources tell of counts twice';
COMMENT ON COLUMN ghcrawl.hint.stars IS 'Of these, how many gave it a star';
COMMENT ON COLUMN ghcrawl.hint.first_at IS 'When the first of them happened';
COMMENT ON COLUMN ghcrawl.hint.not_before IS 'Not worth a look before; null: not weighed yet';
COMMENT ON COLUMN ghcrawl.hint.crawl_id IS 'A crawl that looks at it; once it is done, the row goes';

CREATE TABLE ghcrawl.archive_hour (
	data_schema	name NOT NULL,
	hour		timestamptz NOT NULL,
	state		text NOT NULL CHECK (state OPERATOR(pg_catalog.=) ANY
					('{read,missing,damaged,failed}')),
	events		bigint NOT NULL,
	repositories bigint NOT NULL,
	hinted		bigint NOT NULL,
	broken		bigint NOT NULL,
	bytes		bigint NOT NULL,
	reason		text,
	read_at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (data_schema, hour)
);
COMMENT ON TABLE ghcrawl.archive_hour IS 'Hours of GH Archive that were read, or tried';
COMMENT ON COLUMN ghcrawl.archive_hour.state IS 'read; missing: there is no such file; damaged: cut short or broken, what could be read of it counts; failed: it could not be fetched';
COMMENT ON COLUMN ghcrawl.archive_hour.repositories IS 'How many the events are about';
COMMENT ON COLUMN ghcrawl.archive_hour.hinted IS 'Of these, how many are stored here, and not newer, and got a hint';
COMMENT ON COLUMN ghcrawl.archive_hour.broken IS 'Lines that are no events';
COMMENT ON COLUMN ghcrawl.archive_hour.bytes IS 'As they were fetched, packed';

CREATE TABLE ghcrawl.event_source (
	data_schema	name PRIMARY KEY,
	crawl_id	bigint,
	known		bigint NOT NULL DEFAULT 0,
	etag		text NOT NULL DEFAULT '',
	token_id	int NOT NULL DEFAULT 0,
	poll_seconds int NOT NULL DEFAULT 60,
	polled_at	timestamptz,
	polls		bigint NOT NULL DEFAULT 0,
	not_modified bigint NOT NULL DEFAULT 0,
	torn		bigint NOT NULL DEFAULT 0,
	events		bigint NOT NULL DEFAULT 0,
	hinted		bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.event_source IS 'Where ghcrawl_poll_events stands in each data schema; not dumped';
COMMENT ON COLUMN ghcrawl.event_source.crawl_id IS 'The crawl that looks, always the same one: each look runs it again';
COMMENT ON COLUMN ghcrawl.event_source.known IS 'The greatest id of an event';
COMMENT ON COLUMN ghcrawl.event_source.etag IS 'Of the last answer, good for the token it was asked by';
COMMENT ON COLUMN ghcrawl.event_source.poll_seconds IS 'GitHub doesn''t want to be asked more often (X-Poll-Interval)';
COMMENT ON COLUMN ghcrawl.event_source.not_modified IS 'Looks that found nothing new (HTTP 304) and cost nothing';
COMMENT ON COLUMN ghcrawl.event_source.torn IS 'Looks that found nothing but new events: older ones were missed';
COMMENT ON COLUMN ghcrawl.event_source.events IS 'New ones in all looks';
COMMENT ON COLUMN ghcrawl.event_source.hinted IS 'Hints that these were, each look''s by themselves';

SELECT pg_catalog.pg_extension_config_dump('ghcrawl.hint', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.archive_hour', '');

CREATE FUNCTION @extschema@.ghcrawl_read_archive(
	from_hour timestamptz,
	to_hour timestamptz DEFAULT NULL,
	again boolean DEFAULT false,
	OUT hour timestamptz, OUT state text, OUT events bigint, OUT repositories bigint,
	OUT hinted bigint, OUT broken bigint, OUT bytes bigint, OUT reason text)
RETURNS SETOF record
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_read_archive';
COMMENT ON FUNCTION @extschema@.ghcrawl_read_archive(timestamptz, timestamptz, boolean) IS
'Reads hours of GH Archive, both included, for hints at repositories that changed; an hour that was read is read again only if told so';

CREATE FUNCTION @extschema@.ghcrawl_read_archive_file(
	path text,
	OUT hour timestamptz, OUT state text, OUT events bigint, OUT repositories bigint,
	OUT hinted bigint, OUT broken bigint, OUT bytes bigint, OUT reason text)
RETURNS SETOF record
LANGUAGE c STRICT VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_read_archive_file';
COMMENT ON FUNCTION @extschema@.ghcrawl_read_archive_file(text) IS
'The same of a file on the server, for superusers and members of pg_read_server_files';

CREATE FUNCTION @extschema@.ghcrawl_poll_events()
RETURNS boolean
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'ghcrawl_poll_events';
COMMENT ON FUNCTION @extschema@.ghcrawl_poll_events() IS
'Lets a worker look for public events, as hints at repositories that changed; false if GitHub doesn''t want to be asked again yet';
