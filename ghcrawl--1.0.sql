/* Made by "make sql" from the files under sql/; edit those. */

/* ---- sql/preamble.sql ---- */

/* ghcrawl--1.0.sql is joined by make from the parts in sql/; edit those. */

\echo Use "CREATE EXTENSION ghcrawl" to load this file. \quit

/*
 * Somebody may have put operators and functions into the schema that the
 * extension is created in, to be taken for PostgreSQL's where their types fit
 * better: views would call them in the name of everybody who looks.
 */
SET LOCAL search_path = pg_catalog, pg_temp;

/*
 * Text from GitHub is UTF-8 with every character there is; a database that
 * can't hold them all could never store exactly what GitHub shows.
 */
DO $$
BEGIN
	IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.<>) 'UTF8' THEN
		RAISE EXCEPTION 'ghcrawl needs a database whose encoding is UTF8'
			USING ERRCODE = 'feature_not_supported',
				  DETAIL = pg_catalog.format('The encoding of database "%s" is %s.',
							pg_catalog.current_database(),
							pg_catalog.current_setting('server_encoding')),
				  HINT = 'CREATE DATABASE name ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
				   WHERE rolname OPERATOR(pg_catalog.=) 'ghcrawl_admin') THEN
		CREATE ROLE ghcrawl_admin NOLOGIN;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
				   WHERE rolname OPERATOR(pg_catalog.=) 'ghcrawl_reader') THEN
		CREATE ROLE ghcrawl_reader NOLOGIN;
	END IF;
END
$$;

CREATE SCHEMA ghcrawl;
COMMENT ON SCHEMA ghcrawl IS 'Control tables and views of the GitHub crawler';

/* ---- sql/tables.sql ---- */

/*
 * Control tables.
 *
 * Durable ones, what a crawl is and how far it got, are part of a dump;
 * volatile ones (worker, budget, traffic) and secrets (token) are not.  No table holds a
 * pid or an expiry clock that anything relies on: who is alive is known from
 * the advisory lock that each worker holds on its number.  There are no
 * foreign keys between tables that are dumped: a parallel pg_restore fills
 * them in any order, and those written with every page would lock the crawl's
 * row each time.
 */

CREATE TABLE ghcrawl.profile (
	name		text PRIMARY KEY,
	columns		text[] NOT NULL,
	extra		text,
	builtin		boolean NOT NULL DEFAULT false,
	CHECK (columns OPERATOR(pg_catalog.@>) '{repo_id,name_with_owner}'),
	CHECK (pg_catalog.array_position(columns, NULL) IS NULL)
);
COMMENT ON TABLE ghcrawl.profile IS 'What a crawl asks of each repository; add rows of your own';
COMMENT ON COLUMN ghcrawl.profile.columns IS 'Columns of github.repository to fill; what isn''t named stays as it was';
COMMENT ON COLUMN ghcrawl.profile.extra IS 'Further GraphQL fields of Repository, e.g. watchers{totalCount}; they land in column extra';
COMMENT ON COLUMN ghcrawl.profile.builtin IS 'Comes with the extension and is not dumped';

INSERT INTO ghcrawl.profile (name, columns, builtin) VALUES
	('stars', '{repo_id,created_at,pushed_at,stars,name_with_owner}', true),
	('flat', '{repo_id,created_at,pushed_at,updated_at,archived_at,owner_id,parent_id,stars,forks,disk_kb,is_fork,is_archived,is_disabled,is_empty,is_locked,is_mirror,is_template,is_in_organization,has_issues,has_projects,has_wiki,has_discussions,name_with_owner,description,homepage,language,license,default_branch}', true),
	('full', '{repo_id,created_at,pushed_at,updated_at,archived_at,owner_id,parent_id,stars,forks,disk_kb,is_fork,is_archived,is_disabled,is_empty,is_locked,is_mirror,is_template,is_in_organization,has_issues,has_projects,has_wiki,has_discussions,name_with_owner,description,homepage,language,license,default_branch,topics,languages,language_bytes}', true);

CREATE TABLE ghcrawl.data_schema (
	schema_name	name PRIMARY KEY,
	api_url		text NOT NULL UNIQUE,
	version		int NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ghcrawl.data_schema IS 'Schemas that hold data tables, one per GitHub host: ids of two hosts never meet';
COMMENT ON COLUMN ghcrawl.data_schema.api_url IS 'Address of the API whose repositories are stored there';

CREATE SEQUENCE ghcrawl.crawl_id_seq;
COMMENT ON SEQUENCE ghcrawl.crawl_id_seq IS 'Ids of crawls';

CREATE TABLE ghcrawl.crawl (
	crawl_id	bigint PRIMARY KEY DEFAULT nextval('ghcrawl.crawl_id_seq'),
	selection	text NOT NULL,
	query		text NOT NULL,
	profile		text NOT NULL,
	priority	int NOT NULL,
	max_repositories bigint CHECK (max_repositories OPERATOR(pg_catalog.>) 0),
	state		text NOT NULL CHECK (state OPERATOR(pg_catalog.=) ANY
					('{running,paused,cancelled,done,done_with_gaps,failed}')),
	reason		text,
	owner		name NOT NULL,
	api_url		text NOT NULL,
	data_schema	name NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT now(),
	finished_at	timestamptz,
	compared_with bigint[],
	compared_to	bigint[],
	source		text
);
CREATE UNIQUE INDEX crawl_running ON ghcrawl.crawl (api_url, query, profile)
	WHERE state OPERATOR(pg_catalog.=) ANY ('{running,paused}');
CREATE INDEX crawl_state ON ghcrawl.crawl (state) WHERE state OPERATOR(pg_catalog.=) 'running';
COMMENT ON TABLE ghcrawl.crawl IS 'A crawl is one call of ghcrawl_start or ghcrawl_add_repositories';
COMMENT ON COLUMN ghcrawl.crawl.source IS 'Where a list of repositories comes from, as its user said; null: the crawl is of a selection';
COMMENT ON COLUMN ghcrawl.crawl.selection IS 'As the user gave it';
COMMENT ON COLUMN ghcrawl.crawl.query IS 'The same, normalised; of a list, list: and a hash of it';
COMMENT ON COLUMN ghcrawl.crawl.state IS 'planning and waiting are shown by ghcrawl.progress only, they follow from other tables';
COMMENT ON COLUMN ghcrawl.crawl.reason IS 'Why it failed';
COMMENT ON COLUMN ghcrawl.crawl.owner IS 'The role that started it';
COMMENT ON COLUMN ghcrawl.crawl.compared_with IS 'Earlier crawls of the same query whose members were compared with its own; null: not begun';
COMMENT ON COLUMN ghcrawl.crawl.compared_to IS 'How far that is: the place in compared_with, then created_lo and task_id of the last row of ghcrawl.seen; null: finished';

CREATE TABLE ghcrawl.crawl_counter (
	crawl_id	bigint NOT NULL,
	worker_no	int NOT NULL,
	requests	bigint NOT NULL DEFAULT 0,
	rest_requests bigint NOT NULL DEFAULT 0,
	points		bigint NOT NULL DEFAULT 0,
	wire_bytes	bigint NOT NULL DEFAULT 0,
	expected	bigint NOT NULL DEFAULT 0,
	seen		bigint NOT NULL DEFAULT 0,
	inserted	bigint NOT NULL DEFAULT 0,
	updated		bigint NOT NULL DEFAULT 0,
	tasks		bigint NOT NULL DEFAULT 0,
	tasks_ended	bigint NOT NULL DEFAULT 0,
	gaps		bigint NOT NULL DEFAULT 0,
	missing		bigint NOT NULL DEFAULT 0,
	read_again	bigint NOT NULL DEFAULT 0,
	narrowed	bigint NOT NULL DEFAULT 0,
	part		double precision NOT NULL DEFAULT 0,
	suspects	bigint NOT NULL DEFAULT 0,
	gone		bigint NOT NULL DEFAULT 0,
	rate		real NOT NULL DEFAULT 0,
	updated_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (crawl_id, worker_no)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.crawl_counter IS 'What each worker did for a crawl, so that nothing need be counted and workers never wait for each other; their sum is the crawl''s';
COMMENT ON COLUMN ghcrawl.crawl_counter.expected IS 'Repositories that GitHub counts in the ranges, as a sum of differences: a split replaces its range by its parts';
COMMENT ON COLUMN ghcrawl.crawl_counter.seen IS 'Distinct repositories seen in the ranges read';
COMMENT ON COLUMN ghcrawl.crawl_counter.inserted IS 'Rows new in the data table';
COMMENT ON COLUMN ghcrawl.crawl_counter.updated IS 'Rows changed in the data table; seen rows that are in neither were unchanged';
COMMENT ON COLUMN ghcrawl.crawl_counter.gaps IS 'Ranges given up before everything promised was seen';
COMMENT ON COLUMN ghcrawl.crawl_counter.missing IS 'Repositories promised but not seen in those';
COMMENT ON COLUMN ghcrawl.crawl_counter.read_again IS 'Readings of ranges beyond the first';
COMMENT ON COLUMN ghcrawl.crawl_counter.narrowed IS 'Ranges cut because they could not be read as they were';
COMMENT ON COLUMN ghcrawl.crawl_counter.part IS 'Of the whole crawl, from 0 to 1; only grows';
COMMENT ON COLUMN ghcrawl.crawl_counter.worker_no IS '0: what users did, such as ghcrawl_retry_gaps';
COMMENT ON COLUMN ghcrawl.crawl_counter.suspects IS 'Repositories that an earlier crawl of the query saw and this one didn''t, looked up by id and answered';
COMMENT ON COLUMN ghcrawl.crawl_counter.gone IS 'Repositories that were looked up and not found: suspects, or what the crawl is about';
COMMENT ON COLUMN ghcrawl.crawl_counter.rate IS 'Repositories a second of late';

CREATE SEQUENCE ghcrawl.task_id_seq CACHE 32;
COMMENT ON SEQUENCE ghcrawl.task_id_seq IS 'Ids of tasks';

CREATE TABLE ghcrawl.task (
	crawl_id	bigint NOT NULL,
	task_id		bigint NOT NULL DEFAULT nextval('ghcrawl.task_id_seq'),
	parent_id	bigint,
	kind		text NOT NULL,
	query		text NOT NULL,
	state		text NOT NULL DEFAULT 'ready' CHECK (state OPERATOR(pg_catalog.=) ANY
					('{ready,claimed,split,narrowed,done,gap,cancelled}')),
	promised	bigint,
	seen		bigint NOT NULL DEFAULT 0,
	counted		bigint NOT NULL DEFAULT 0,
	missing		bigint NOT NULL DEFAULT 0,
	share		double precision NOT NULL DEFAULT 1,
	part		double precision NOT NULL DEFAULT 0,
	pages		int NOT NULL DEFAULT 0,
	readings	int NOT NULL DEFAULT 0,
	attempts	int NOT NULL DEFAULT 0,
	leaky		boolean NOT NULL DEFAULT false,
	error		text,
	started_at	timestamptz,
	finished_at	timestamptz,
	PRIMARY KEY (crawl_id, task_id)
) WITH (fillfactor = 80);
/*
 * Is any left, which are gaps?  Progress changes none of its columns, and nobody
 * who looks for a task by its key is led here.
 */
CREATE INDEX task_state ON ghcrawl.task (crawl_id, state, task_id)
	WHERE state OPERATOR(pg_catalog.<>) 'done';
CREATE INDEX task_leaky ON ghcrawl.task (crawl_id) WHERE leaky;
COMMENT ON TABLE ghcrawl.task IS 'The tree of ranges of a crawl';
COMMENT ON COLUMN ghcrawl.task.state IS 'ready: in ghcrawl.queue; claimed: in ghcrawl.claim; the others are in neither';
COMMENT ON COLUMN ghcrawl.task.query IS 'The range as a complete GitHub search';
COMMENT ON COLUMN ghcrawl.task.promised IS 'What GitHub counts in the range';
COMMENT ON COLUMN ghcrawl.task.seen IS 'Most distinct repositories seen';
COMMENT ON COLUMN ghcrawl.task.counted IS 'What crawl_counter.seen has of it; a child starts with its share of what its parent had';
COMMENT ON COLUMN ghcrawl.task.missing IS 'Of a gap: promised and not seen, or refused by the database';
COMMENT ON COLUMN ghcrawl.task.share IS 'Share of the whole crawl, by what was counted';
COMMENT ON COLUMN ghcrawl.task.part IS 'Of share, so far; what crawl_counter.part has of it';
COMMENT ON COLUMN ghcrawl.task.leaky IS 'Was cut along something that can change, so that repositories may have moved between its parts unseen';
COMMENT ON COLUMN ghcrawl.task.readings IS 'How often it was begun to read';
COMMENT ON COLUMN ghcrawl.task.started_at IS 'A finished range says: everything in it was looked at between started_at and finished_at';

CREATE TABLE ghcrawl.seen (
	crawl_id	bigint NOT NULL,
	task_id		bigint NOT NULL,
	created_lo	bigint NOT NULL,
	created_hi	bigint NOT NULL,
	n			int NOT NULL,
	ids			bytea NOT NULL,
	PRIMARY KEY (crawl_id, created_lo, task_id)
);
/* they don't get smaller */
ALTER TABLE ghcrawl.seen ALTER COLUMN ids SET STORAGE EXTERNAL;
COMMENT ON TABLE ghcrawl.seen IS 'Members of the ranges of a crawl; kept until a later crawl of the same query has been compared with them';
COMMENT ON COLUMN ghcrawl.seen.created_lo IS 'Bounds of the range, in seconds since 1970';
COMMENT ON COLUMN ghcrawl.seen.n IS 'How many ids';
COMMENT ON COLUMN ghcrawl.seen.ids IS 'Ascending repository ids: the distance of each from the one before, seven bits to a byte';

CREATE TABLE ghcrawl.listed (
	crawl_id	bigint NOT NULL,
	asked_as	text NOT NULL,
	repo_id		bigint,
	state		text NOT NULL CHECK (state OPERATOR(pg_catalog.=) ANY
					('{found,not_found,forbidden,unclear}')),
	answered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (crawl_id, asked_as)
);
CREATE INDEX listed_repository ON ghcrawl.listed (repo_id);
COMMENT ON TABLE ghcrawl.listed IS 'What became of repositories that somebody named; whose tasks are open are not here yet';
COMMENT ON COLUMN ghcrawl.listed.asked_as IS 'The name or id that it was asked for by';
COMMENT ON COLUMN ghcrawl.listed.repo_id IS 'Null: nothing was found by that name';
COMMENT ON COLUMN ghcrawl.listed.state IS 'found; not_found: deleted, private, blocked or never there; forbidden: its owner''s rules keep this token out; unclear: GitHub gave no answer';

CREATE TABLE ghcrawl.walked (
	data_schema	name NOT NULL,
	walked_at	timestamptz NOT NULL,
	ids			int8multirange NOT NULL,
	blocks		int8multirange NOT NULL DEFAULT '{}',
	PRIMARY KEY (data_schema, walked_at)
);
COMMENT ON TABLE ghcrawl.walked IS 'Which ids crawls of all or of ids walked through; within ghcrawl.walk_interval only those that the data table has are asked for again. What is deleted here is walked through once more';
COMMENT ON COLUMN ghcrawl.walked.walked_at IS 'When that crawl began';
COMMENT ON COLUMN ghcrawl.walked.blocks IS 'Blocks of 4,096 ids, as in ghcrawl.refresh_block, of which the crawl looked at all that is stored';

CREATE TABLE ghcrawl.queue (
	crawl_id	bigint NOT NULL,
	position	bigint NOT NULL,
	task_id		bigint NOT NULL,
	ready_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (crawl_id, position, task_id)
);
COMMENT ON TABLE ghcrawl.queue IS 'Tasks that no worker has claimed; rows are only inserted and deleted';
COMMENT ON COLUMN ghcrawl.queue.position IS 'Order within a crawl: start of the range in seconds, so that repository ids ascend';
COMMENT ON COLUMN ghcrawl.queue.ready_at IS 'Not to be tried again before';

CREATE TABLE ghcrawl.claim (
	crawl_id	bigint NOT NULL,
	task_id		bigint NOT NULL,
	position	bigint NOT NULL,
	worker_no	int NOT NULL,
	claimed_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (crawl_id, task_id)
);
COMMENT ON TABLE ghcrawl.claim IS 'Tasks that a worker has in hand; void once the worker''s lock is free';

CREATE TABLE ghcrawl.worker (
	worker_no	int PRIMARY KEY,
	started_at	timestamptz NOT NULL DEFAULT now(),
	in_flight	int NOT NULL DEFAULT 0,
	budgets		int NOT NULL DEFAULT 0,
	waiting_on	text,
	waiting_until timestamptz,
	updated_at	timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.worker IS 'What each worker last said of itself';

CREATE SEQUENCE ghcrawl.budget_id_seq;
COMMENT ON SEQUENCE ghcrawl.budget_id_seq IS 'Ids of budgets';

CREATE TABLE ghcrawl.budget (
	budget_id	int PRIMARY KEY DEFAULT nextval('ghcrawl.budget_id_seq'),
	api_url		text NOT NULL,
	kind		text NOT NULL DEFAULT 'user',
	account_id	bigint NOT NULL,
	login		text NOT NULL,
	points_hour	bigint NOT NULL DEFAULT 5000 CHECK (points_hour OPERATOR(pg_catalog.>=) 0 AND points_hour OPERATOR(pg_catalog.<=) 1000000000000),
	requests_minute int NOT NULL DEFAULT 2000 CHECK (requests_minute OPERATOR(pg_catalog.>=) 0),
	response_ms_minute int NOT NULL DEFAULT 60000 CHECK (response_ms_minute OPERATOR(pg_catalog.>=) 0),
	total_ms_minute int NOT NULL DEFAULT 90000 CHECK (total_ms_minute OPERATOR(pg_catalog.>=) 0),
	window_ms	int NOT NULL DEFAULT 60000 CHECK (window_ms OPERATOR(pg_catalog.>) 0),
	concurrent	int NOT NULL DEFAULT 100 CHECK (concurrent OPERATOR(pg_catalog.>=) 1 AND concurrent OPERATOR(pg_catalog.<=) 200),
	reserve		int NOT NULL DEFAULT 0 CHECK (reserve OPERATOR(pg_catalog.>=) 0 AND reserve OPERATOR(pg_catalog.<=) 90),
	"limit"		bigint,
	remaining	bigint,
	reset_at	timestamptz,
	minute_requests int NOT NULL DEFAULT 0,
	minute_response_ms int NOT NULL DEFAULT 0,
	spent		bigint NOT NULL DEFAULT 0,
	pace		real,
	paced_by	text,
	released	boolean NOT NULL DEFAULT true,
	unmetered	boolean NOT NULL DEFAULT false,
	benched_until timestamptz,
	benched_for	text,
	points_used	bigint NOT NULL DEFAULT 0,
	requests	bigint NOT NULL DEFAULT 0,
	rest_hour	bigint NOT NULL DEFAULT 5000 CHECK (rest_hour OPERATOR(pg_catalog.>=) 0 AND rest_hour OPERATOR(pg_catalog.<=) 1000000000000),
	rest_limit	bigint,
	rest_remaining bigint,
	rest_reset_at timestamptz,
	rest_spent	bigint NOT NULL DEFAULT 0,
	rest_minute_requests int NOT NULL DEFAULT 0,
	rest_minute_ms int NOT NULL DEFAULT 0,
	rest_benched_until timestamptz,
	rest_requests bigint NOT NULL DEFAULT 0,
	not_modified bigint NOT NULL DEFAULT 0,
	updated_at	timestamptz NOT NULL DEFAULT now(),
	UNIQUE (api_url, kind, account_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.budget IS 'What GitHub counts against: one user or installation of an App on one host, however many tokens';
COMMENT ON COLUMN ghcrawl.budget.kind IS 'user or installation';
COMMENT ON COLUMN ghcrawl.budget.account_id IS 'Of a user or of an installation, as GitHub knows it; negative: of a token without a user';
COMMENT ON COLUMN ghcrawl.budget.points_hour IS 'GraphQL points an hour until GitHub says what they are; 0: no limit';
COMMENT ON COLUMN ghcrawl.budget.requests_minute IS 'GraphQL requests a minute, as GitHub publishes';
COMMENT ON COLUMN ghcrawl.budget.response_ms_minute IS 'Summed response time of GraphQL a minute in milliseconds, as GitHub publishes';
COMMENT ON COLUMN ghcrawl.budget.total_ms_minute IS 'The same of GraphQL and REST together';
COMMENT ON COLUMN ghcrawl.budget.window_ms IS 'How long that minute is, in milliseconds';
COMMENT ON COLUMN ghcrawl.budget.concurrent IS 'Requests at once, as GitHub publishes';
COMMENT ON COLUMN ghcrawl.budget.reserve IS 'Percent of all but concurrency left to others who use the account';
COMMENT ON COLUMN ghcrawl.budget.spent IS 'Points that we used of those that reset_at gives back';
COMMENT ON COLUMN ghcrawl.budget.pace IS 'Points an hour at the present pace; null: nothing sets one';
COMMENT ON COLUMN ghcrawl.budget.paced_by IS 'The limit that sets it: points, requests, response';
COMMENT ON COLUMN ghcrawl.budget.unmetered IS 'The server tells of no limits, so none are kept';
COMMENT ON COLUMN ghcrawl.budget.rest_hour IS 'REST requests an hour until GitHub says what they are; 0: no limit';
COMMENT ON COLUMN ghcrawl.budget.rest_limit IS 'The same for requests to the REST API, here and below: GitHub counts them apart';
COMMENT ON COLUMN ghcrawl.budget.rest_benched_until IS 'Not asked before, though GraphQL may be';
COMMENT ON COLUMN ghcrawl.budget.rest_requests IS 'Requests to the REST API, ever; "requests" are those of GraphQL';
COMMENT ON COLUMN ghcrawl.budget.not_modified IS 'Of these, those that GitHub answered by "nothing new" and doesn''t count';
COMMENT ON COLUMN ghcrawl.budget.released IS 'Its holder has written down all that it used and stopped';
COMMENT ON COLUMN ghcrawl.budget.minute_requests IS 'Requests in the minute before updated_at; a worker that takes over counts them';

CREATE SEQUENCE ghcrawl.token_id_seq;
COMMENT ON SEQUENCE ghcrawl.token_id_seq IS 'Ids of tokens';

CREATE TABLE ghcrawl.token (
	token_id	int PRIMARY KEY DEFAULT nextval('ghcrawl.token_id_seq'),
	name		text NOT NULL UNIQUE,
	api_url		text NOT NULL,
	secret		text,
	file		text,
	fingerprint	text NOT NULL,
	budget_id	int REFERENCES ghcrawl.budget,
	added_by	name NOT NULL,
	added_at	timestamptz NOT NULL DEFAULT now(),
	refused_at	timestamptz,
	refused_for	text,
	benched_until timestamptz,
	benched_for	text,
	app_id		text,
	installation_id bigint,
	of_app		int REFERENCES ghcrawl.token ON DELETE CASCADE,
	listed_at	timestamptz,
	CHECK (pg_catalog.num_nonnulls(secret, file, of_app) OPERATOR(pg_catalog.=) 1),
	CHECK (app_id IS NULL OR file IS NOT NULL),
	UNIQUE (of_app, installation_id)
);
/* without a policy: hides it from pg_read_all_data and pg_write_all_data, too */
ALTER TABLE ghcrawl.token ENABLE ROW LEVEL SECURITY;
/* ANALYZE would write samples of them down in pg_statistic */
ALTER TABLE ghcrawl.token ALTER COLUMN secret SET STATISTICS 0;
COMMENT ON TABLE ghcrawl.token IS 'Tokens, GitHub Apps and their installations. Secrets; readable by superusers only and never dumped. The WAL and base backups hold what a table holds: use ghcrawl_add_token_file to keep a secret out of them';
COMMENT ON COLUMN ghcrawl.token.api_url IS 'The only address the token is ever sent to';
COMMENT ON COLUMN ghcrawl.token.file IS 'File on the server that holds the secret, read by the worker';
COMMENT ON COLUMN ghcrawl.token.budget_id IS 'Known once GitHub has said whose token it is';
COMMENT ON COLUMN ghcrawl.token.refused_at IS 'GitHub answered 401; the token isn''t used again';
COMMENT ON COLUMN ghcrawl.token.benched_until IS 'GitHub asked to wait, before it was known whose the token is; later that is its budget''s';
COMMENT ON COLUMN ghcrawl.token.app_id IS 'Of a GitHub App: its id or client id; the file holds its private key';
COMMENT ON COLUMN ghcrawl.token.installation_id IS 'Of an installation: its id; of an App: the only one to use, null for all';
COMMENT ON COLUMN ghcrawl.token.of_app IS 'Of an installation: its App. Its secret lives an hour, in the memory of workers only';
COMMENT ON COLUMN ghcrawl.token.listed_at IS 'Of an App: when GitHub last said where it is installed';

CREATE SEQUENCE ghcrawl.question_id_seq AS int CYCLE;
COMMENT ON SEQUENCE ghcrawl.question_id_seq IS 'Ids of questions';

CREATE TABLE ghcrawl.question (
	question_id	int PRIMARY KEY DEFAULT nextval('ghcrawl.question_id_seq'),
	kind		text NOT NULL CHECK (kind OPERATOR(pg_catalog.=) ANY ('{plan,verify}')),
	api_url		text NOT NULL,
	profile		text,
	answer		bigint[],
	attempts	int NOT NULL DEFAULT 0,
	failed		boolean NOT NULL DEFAULT false,
	error		text,
	asked_at	timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ghcrawl.question IS 'What a session waits for an answer to (ghcrawl_plan, ghcrawl_verify_tokens); void once the asker''s lock is free';
COMMENT ON COLUMN ghcrawl.question.question_id IS 'Its task, if it has one, is of crawl -question_id';
COMMENT ON COLUMN ghcrawl.question.answer IS 'Of a plan: repositories, ranges, requests, points, milliseconds of response time, bytes, requests to the REST API';
COMMENT ON COLUMN ghcrawl.question.attempts IS 'Requests in a row that brought no answer';
COMMENT ON COLUMN ghcrawl.question.failed IS 'There will be no answer';

CREATE TABLE ghcrawl.token_check (
	question_id	int NOT NULL,
	token_id	int NOT NULL,
	state		text,
	reason		text,
	"limit"		bigint,
	remaining	bigint,
	reset_at	timestamptz,
	PRIMARY KEY (question_id, token_id)
);
COMMENT ON TABLE ghcrawl.token_check IS 'Tokens that GitHub is to be asked about, for a question; state is null until it was';

CREATE TABLE ghcrawl.request_size (
	api_url		text NOT NULL,
	shape		text NOT NULL,
	kind		text NOT NULL,
	learnt		text NOT NULL,
	updated_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (api_url, shape, kind)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.request_size IS 'How much workers found that a request can ask for; what is deleted is found out anew';
COMMENT ON COLUMN ghcrawl.request_size.shape IS 'What is asked of a repository: a set of columns, and a hash of what a profile adds';
COMMENT ON COLUMN ghcrawl.request_size.kind IS 'page, count or list';
COMMENT ON COLUMN ghcrawl.request_size.learnt IS 'For workers of this version';

CREATE SEQUENCE ghcrawl.error_id_seq;
COMMENT ON SEQUENCE ghcrawl.error_id_seq IS 'Ids of errors';

CREATE TABLE ghcrawl.error (
	error_id	bigint PRIMARY KEY DEFAULT nextval('ghcrawl.error_id_seq'),
	crawl_id	bigint NOT NULL DEFAULT 0,
	class		text NOT NULL,
	message		text NOT NULL,
	sample		text,
	count		bigint NOT NULL DEFAULT 1,
	first_seen	timestamptz NOT NULL DEFAULT now(),
	last_seen	timestamptz NOT NULL DEFAULT now(),
	UNIQUE (crawl_id, class, message)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.error IS 'What went wrong, alike things in one row with a count';
COMMENT ON COLUMN ghcrawl.error.crawl_id IS '0: concerns no crawl but a token or a budget';
COMMENT ON COLUMN ghcrawl.error.sample IS 'Where it happened last: a range, a repository, a request id for GitHub''s support';

CREATE TABLE ghcrawl.traffic (
	seconds		int NOT NULL CHECK (seconds OPERATOR(pg_catalog.=) ANY ('{60,3600}')),
	slot		timestamptz NOT NULL,
	worker_no	int NOT NULL,
	api_url		text NOT NULL,
	kind		text NOT NULL,
	status		text NOT NULL,
	verdict		text NOT NULL,
	count		bigint NOT NULL,
	ms			bigint NOT NULL,
	points		bigint NOT NULL,
	bytes		bigint NOT NULL,
	repositories bigint NOT NULL,
	histogram	int[] NOT NULL,
	PRIMARY KEY (seconds, slot, worker_no, api_url, kind, status, verdict)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.traffic IS 'Requests of each worker, alike ones in one row, by the minute for an hour and by the hour for a day';
COMMENT ON COLUMN ghcrawl.traffic.seconds IS 'Length of the slot; an hour has the sum of its minutes';
COMMENT ON COLUMN ghcrawl.traffic.ms IS 'Milliseconds of all of them together';
COMMENT ON COLUMN ghcrawl.traffic.histogram IS 'How their milliseconds are spread: 16 buckets to a power of ten, from 1 on; see ghcrawl.quantile';

SELECT pg_catalog.pg_extension_config_dump('ghcrawl.profile', 'WHERE NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.data_schema', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.crawl_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.crawl', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.crawl_counter', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.task_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.task', 'WHERE crawl_id > 0');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.seen', 'WHERE crawl_id > 0');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.listed', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.walked', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.queue', 'WHERE crawl_id > 0');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.claim', 'WHERE crawl_id > 0');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.error_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.error', '');

/* ---- sql/functions.sql ---- */

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

/* ---- sql/identity.sql ---- */

/*
 * Functions about who a repository is: its names, and that it is to be forgotten.
 */

CREATE FUNCTION @extschema@.ghcrawl_find(name text, at timestamptz DEFAULT NULL)
RETURNS TABLE (
	repo_id bigint,
	name_with_owner text,
	found_name text,
	is_present boolean,
	is_stale boolean,
	valid_from timestamptz,
	valid_to timestamptz,
	ended_by text,
	missed_at timestamptz)
LANGUAGE c VOLATILE ROWS 2
AS 'MODULE_PATHNAME', 'ghcrawl_find';
COMMENT ON FUNCTION @extschema@.ghcrawl_find(text, timestamptz) IS
'Finds repositories by a name (owner/name, in any case) that they have or had, at a moment or ever; who has it now comes first';

CREATE FUNCTION @extschema@.ghcrawl_forget(repository text, reason text DEFAULT NULL)
RETURNS TABLE (erased_from text, n bigint)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_forget';
COMMENT ON FUNCTION @extschema@.ghcrawl_forget(text, text) IS
'Erases a repository (owner/name, as it is or was called) from data and history, and keeps it from ever being stored again; tells how many rows that were. The statement may show in logs: the same by id is safer';

CREATE FUNCTION @extschema@.ghcrawl_forget(repository bigint, reason text DEFAULT NULL)
RETURNS TABLE (erased_from text, n bigint)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_forget_by_id';
COMMENT ON FUNCTION @extschema@.ghcrawl_forget(bigint, text) IS
'The same by GitHub''s number of the repository, be it stored or not';

CREATE FUNCTION @extschema@.ghcrawl_forget_owner(owner text, reason text DEFAULT NULL)
RETURNS TABLE (erased_from text, n bigint)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_forget_owner';
COMMENT ON FUNCTION @extschema@.ghcrawl_forget_owner(text, text) IS
'Erases all repositories of an owner (his login), and keeps them and those he will have from ever being stored; tells how many rows that were';

CREATE FUNCTION @extschema@.ghcrawl_forget_owner(owner bigint, reason text DEFAULT NULL)
RETURNS TABLE (erased_from text, n bigint)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_forget_owner_by_id';
COMMENT ON FUNCTION @extschema@.ghcrawl_forget_owner(bigint, text) IS
'The same by GitHub''s number of the owner, be anything of his stored or not';

/* ---- sql/views.sql ---- */

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

/* ---- sql/freshness.sql ---- */

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

/* ---- sql/hints.sql ---- */

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

/* ---- sql/grants.sql ---- */

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
