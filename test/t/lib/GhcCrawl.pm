package GhcCrawl;

# What the tests of whole crawls share: tokens, starting, and comparing what is
# stored with what the simulator says is true.
#
#   use GhcTest;
#   use GhcCrawl;
#   install($node, $sim);                       # extension and all tokens
#   my $crawl = start_crawl($node, 'stars:0..10', 'flat');
#   crawl_ends($node, $crawl);
#   ids_are_exact($node, $sim, 'stars:0..10', 'flat, small stars');

use strict;
use warnings;

use Exporter 'import';
use GhcTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw(install add_tokens start_crawl crawl_ends crawl_column
  ids_are_exact values_are_true nothing_is_left no_limit_violated worker_pid
  relations_of wal_of no_question_is_left error_of WORKERS);

# rows of pg_stat_activity that are our workers
use constant WORKERS => q{FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'};

# Makes the extension and adds all tokens that the simulator knows.
sub install
{
	my ($node, $sim) = @_;

	$node->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');
	add_tokens($node, $sim->tokens);
	return;
}

sub add_tokens
{
	my ($node, @tokens) = @_;

	$node->safe_psql('postgres', join '',
		map { "SELECT ghcrawl_add_token('user$_', '$tokens[$_]');" } 0 .. $#tokens);
	return;
}

# Starts a crawl; returns its id.
sub start_crawl
{
	my ($node, $selection, $profile) = @_;
	$profile //= 'stars';
	return $node->safe_psql('postgres', "SELECT ghcrawl_start('$selection', '$profile')");
}

# Waits for the end of a crawl, "done" unless said otherwise.
sub crawl_ends
{
	my ($node, $crawl, $wanted) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl",
		$wanted // 'done')
	  eq ($wanted // 'done')
	  or diag($node->safe_psql('postgres',
		"SELECT p FROM ghcrawl.progress p; SELECT w FROM ghcrawl.workers w; "
		. "SELECT t FROM ghcrawl.tokens t; SELECT e FROM ghcrawl.errors e LIMIT 20"));
	return;
}

sub crawl_column
{
	my ($node, $crawl, $column) = @_;
	return $node->safe_psql('postgres',
		"SELECT $column FROM ghcrawl.crawls WHERE crawl = $crawl");
}

sub worker_pid
{
	my ($node) = @_;
	return $node->safe_psql('postgres', 'SELECT pid ' . WORKERS);
}

# Everything in table repository is in the truth of a search, and the other
# way round; returns whether that is so.
sub ids_are_exact
{
	my ($node, $sim, $search, $name) = @_;
	my %expected = map { $_ => 1 } $sim->truth($search);
	my $wanted = keys %expected;
	my @stored = split ' ',
	  $node->safe_psql('postgres', 'SELECT repo_id FROM github.repository');
	my @surplus = grep { !delete $expected{$_} } @stored;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok($wanted, '>', 0, "$name: the truth has repositories");
	is(scalar(keys %expected), 0, "$name: none of $wanted repositories is missing")
	  or diag('missing: ' . join ' ', (sort keys %expected)[ 0 .. 9 ]);
	is(scalar(@surplus), 0, "$name: nothing is stored that GitHub doesn't show")
	  or diag('surplus: ' . join ' ', @surplus[ 0 .. 9 ]);
	return $wanted > 0 && !%expected && !@surplus;
}

# Columns of github.repositories: how the simulator's truth says the same thing.
my %TRUTH = (
	created_at => [ 'createdAt', 'timestamptz' ],
	pushed_at => [ 'pushedAt', 'timestamptz' ],
	updated_at => [ 'updatedAt', 'timestamptz' ],
	archived_at => [ 'archivedAt', 'timestamptz' ],
	parent_id => [ 'parent', 'bigint' ],
	stars => [ 'stargazerCount', 'int' ],
	forks => [ 'forkCount', 'int' ],
	disk_kb => [ 'diskUsage', 'int' ],
	is_fork => [ 'isFork', 'bool' ],
	is_archived => [ 'isArchived', 'bool' ],
	is_disabled => [ 'isDisabled', 'bool' ],
	is_empty => [ 'isEmpty', 'bool' ],
	is_locked => [ 'isLocked', 'bool' ],
	is_mirror => [ 'isMirror', 'bool' ],
	is_template => [ 'isTemplate', 'bool' ],
	is_in_organization => [ 'isInOrganization', 'bool' ],
	has_issues => [ 'hasIssuesEnabled', 'bool' ],
	has_projects => [ 'hasProjectsEnabled', 'bool' ],
	has_wiki => [ 'hasWikiEnabled', 'bool' ],
	has_discussions => [ 'hasDiscussionsEnabled', 'bool' ],
	name_with_owner => [ 'nameWithOwner', 'text' ],
	description => [ 'description', 'text' ],
	homepage => [ 'homepageUrl', 'text' ],
	language => [ 'primaryLanguage', 'text' ],
	license => [ 'licenseInfo', 'text' ],
	default_branch => [ 'defaultBranchRef', 'text' ],
	topics => [ 'repositoryTopics', 'json' ],
	languages => [ 'languages', 'json' ],
	language_bytes => [ 'languages', 'json' ]);

# The simulator's truth as expressions over table truth.  Queries ask for no
# more than 20 topics and the 10 largest languages; a size beyond GraphQL's Int
# is an error in place of that language.
sub truth_expression
{
	my ($column) = @_;
	my ($field) = @{ $TRUTH{$column} };
	my $item = { languages => "x.v->>'name'", language_bytes => "(x.v->>'size')::bigint",
		topics => "x.v#>>'{}'" }->{$column};
	my $limit = $column eq 'topics' ? 20 : q{10 AND (x.v->>'size')::bigint < 2147483648};

	return qq{"$field"} unless $item;
	return qq{CASE json_array_length("$field") WHEN 0 THEN '{}' ELSE ARRAY(SELECT $item}
	  . qq{ FROM json_array_elements("$field") WITH ORDINALITY AS x(v, i)}
	  . " WHERE x.i <= $limit ORDER BY x.i) END";
}

# Loads the truth about a search into table truth.  What PostgreSQL's text
# can't hold, NUL and half a surrogate pair, is U+FFFD here as it is there.
sub load_truth
{
	my ($node, $sim, $search, %type) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/truth.json';

	open my $out, '>:raw', $file or die "$file: $!";
	my $rest = '';
	my $reply = $sim->{http_client}->get(
		$sim->http . '/_sim/truth?format=json&fields=' . join(',', sort keys %type)
		  . '&q=' . GhcTest::escape($search),
		{
			data_callback => sub {
				my ($lines, $tail) = ($rest . $_[0]) =~ /\A(.*\n)?([^\n]*)\z/s;
				$rest = $tail;
				$lines //= '';
				$lines =~ s/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f]..)/$1\xef\xbf\xbd/g;
				print $out $lines;
			} });
	die "truth: $reply->{status}" unless $reply->{success};
	close $out or die "$file: $!";
	$node->safe_psql('postgres',
		q{DROP TABLE IF EXISTS truth_json; CREATE UNLOGGED TABLE truth_json (doc json);}
		. qq{\n\\copy truth_json FROM '$file' WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')\n}
		. 'DROP TABLE IF EXISTS truth;'
		. ' CREATE UNLOGGED TABLE truth AS SELECT t.* FROM truth_json,'
		. ' json_to_record(doc) t (id bigint, '
		. join(', ', map { qq{"$_" $type{$_}} } sort keys %type) . ')');
	unlink $file;
	return;
}

# Every value of every column that a profile fills is the true one.  "between" is
# called once the truth is loaded, which a crash of the server would take away.
sub values_are_true
{
	my ($node, $sim, $search, $profile, $name, $between) = @_;
	my @columns = grep { $TRUTH{$_} } split ' ',
	  $node->safe_psql('postgres',
		"SELECT unnest(columns) FROM ghcrawl.profile WHERE name = '$profile'");

	load_truth($node, $sim, $search, map { @{ $TRUTH{$_} } } @columns);
	$between->() if $between;
	my $expressions = join ', ', map { truth_expression($_) . " AS $_" } @columns;
	my $counts = join ', ',
	  map { "count(*) FILTER (WHERE t.$_ IS DISTINCT FROM r.$_) AS $_" } @columns;
	my $pairs = "(SELECT id AS repo_id, $expressions FROM truth) t"
	  . ' JOIN github.repositories r USING (repo_id)';
	my @others = split /\n/, $node->safe_psql('postgres',
		"SELECT k || ': ' || v FROM (SELECT $counts FROM $pairs) c,"
		. " json_each_text(row_to_json(c)) e(k, v) WHERE v <> '0'");

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok(scalar(@columns), '>=', $profile eq 'stars' ? 4 : 26,
		"$name: columns are compared: " . scalar @columns);
	is("@others", '', "$name: every value is the true one");
	for my $column (map { /^(\w+)/ } @others)
	{
		diag($node->safe_psql('postgres', "SELECT repo_id, t.$column AS truth, r.$column AS stored"
			. " FROM $pairs WHERE t.$column IS DISTINCT FROM r.$column LIMIT 3"));
	}
	return;
}

# No queue, no claim, the worker ended, soon: another crawl may be at work still.
sub nothing_is_left
{
	my ($node, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note($name);
	wait_for($node, 'SELECT (SELECT count(*) FROM ghcrawl.claim), (SELECT count(*) FROM ghcrawl.queue)', '0|0');
	wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
	return;
}

# No question, no task of one, no asker, and no worker if no crawl runs.
sub no_question_is_left
{
	my ($node, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note($name);
	wait_for($node, <<'SQL', '0|0|0|0|0|0|0');
SELECT (SELECT count(*) FROM ghcrawl.question), (SELECT count(*) FROM ghcrawl.token_check),
	(SELECT count(*) FROM ghcrawl.task WHERE crawl_id < 0),
	(SELECT count(*) FROM ghcrawl.queue WHERE crawl_id < 0),
	(SELECT count(*) FROM ghcrawl.claim WHERE crawl_id < 0),
	(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl asker'),
	(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'
		AND NOT EXISTS (SELECT FROM ghcrawl.crawl WHERE state = 'running'))
SQL
	return;
}

# The errors of statements that fail, with their SQLSTATEs.
sub error_of
{
	my ($node, $statement) = @_;
	my (undef, undef, $err) = $node->psql('postgres', $statement,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $err;
}

# No counter of overstepped limits but the given ones is above 0.
sub no_limit_violated
{
	my ($sim, $name, %allowed) = @_;
	my $violations = $sim->counters->{violations};
	my @bad = map { "$_ $violations->{$_}" }
	  grep { $violations->{$_} != ($allowed{$_} // 0) } sort keys %$violations;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is("@bad", '', "$name: no limit is violated");
	return;
}

# Files of all relations of schema github, indexes and TOAST included: their
# names by filenode, those of the history's partitions without their month.
sub relations_of
{
	my ($node) = @_;
	my $rows = $node->safe_psql('postgres', <<'SQL');
WITH r AS (SELECT c.oid, regexp_replace(c.relname, '_(\d{4}_\d\d|default)', '') AS name, c.reltoastrelid FROM pg_class c
	WHERE relnamespace = 'github'::regnamespace AND relkind IN ('r', 'i', 'm')),
t AS (SELECT reltoastrelid AS oid, 'toast of ' || name AS name FROM r WHERE reltoastrelid <> 0),
i AS (SELECT indexrelid AS oid, 'index of ' || name AS name FROM t JOIN pg_index ON indrelid = t.oid)
SELECT pg_relation_filenode(a.oid), a.name
FROM (SELECT oid, name FROM r UNION ALL TABLE t UNION ALL TABLE i) a
SQL
	return map { split /\|/, $_, 2 } split /\n/, $rows;
}

# What the WAL between two places says of relations: their names, and how
# often each kind of record came, e.g. {repository => {'Heap/INSERT' => 3}}.
sub wal_of
{
	my ($node, $from, $to, %name_of) = @_;
	my %found;
	my $database = $node->safe_psql('postgres',
		"SELECT oid FROM pg_database WHERE datname = 'postgres'");
	my ($out, $err) = run_command(
		[ 'pg_waldump', '--path', $node->data_dir . '/pg_wal', '--start', $from, '--end', $to ]);

	for my $line (split /\n/, $out)
	{
		my ($manager, $kind) = $line =~ /^rmgr: (\S+).* desc: ([A-Z_]+)/ or next;
		my %seen;
		while ($line =~ m{rel \d+/$database/(\d+)}g)
		{
			next if !$name_of{$1} || $seen{$1}++;
			$found{ $name_of{$1} }{"$manager/$kind"}++;
		}
	}
	return \%found;
}

1;
