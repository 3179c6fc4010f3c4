package GhcDrift;

# Crawls a world that changes while it is crawled, under every fault of the
# simulator, and judges what came of it by the simulator's own memory:
#
#   - a repository that matched throughout is stored, or lies in a named gap;
#   - one that never matched is not;
#   - every stored value, and every value in the history, is one that the
#     repository had, in the order in which it had them;
#   - what ghcrawl.progress shows only moves forward.
#
#   my $drift = GhcDrift->new(node => $node, seed => 1, repositories => 20_000);
#   my $first = $drift->crawl('first');     # a hash of figures
#   $drift->judge($first);                  # tests
#   $drift->stop;
#
# With "keep" new() leaves the extension as it is, with what it knows of earlier crawls,
# and only empties the data tables: another world, at the same address ("port").
# crawl() takes "watch", what is called instead of looking at the progress, and returns
# once the crawl has ended; and "measure", instead of all that is measured.
# "meanwhile" is called between two looks at what came of a crawl.

use strict;
use warnings;

use GhcCrawl;
use GhcTest;
use JSON::PP;
use List::Util qw(max min sum0);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant SAMPLE_S => 0.2;

# shares of the whole rate; what costs a client seconds or a whole minute comes
# less often, and a refused token (for good) is scripted instead
my %WEIGHT = (
	(map { $_ => 1 } qw(json502 html502 json504 html504 timeout200 html200 redirect reset goaway
		  serverError rateLimited rateLimit secondary secondary200 resourceLimits nullNodes
		  forbiddenNodes emptyResults droppedItems wrongTypes nullFields somethingWrong
		  resetBody drip truncatedGzip brokenJson wrongLength staleRemaining slow closing)),
	stall => 0.3, secondaryBare => 0.2);

# changes a second, as shares of the world
my %DRIFT = (stars => 4, pushes => 3, renames => 1, archivings => 0.5, deletions => 0.5,
	additions => 1, privatizations => 0.5, publications => 0.5);

# columns of profile "flat" whose truth is a single value
my %COLUMN = (
	created_at => 'createdAt', pushed_at => 'pushedAt', updated_at => 'updatedAt', archived_at => 'archivedAt',
	stars => 'stargazerCount', forks => 'forkCount', disk_kb => 'diskUsage', is_fork => 'isFork',
	is_archived => 'isArchived', is_disabled => 'isDisabled', is_empty => 'isEmpty', is_locked => 'isLocked',
	is_mirror => 'isMirror', is_template => 'isTemplate', is_in_organization => 'isInOrganization',
	has_issues => 'hasIssuesEnabled', has_projects => 'hasProjectsEnabled', has_wiki => 'hasWikiEnabled',
	has_discussions => 'hasDiscussionsEnabled', name_with_owner => 'nameWithOwner', description => 'description',
	homepage => 'homepageUrl', language => 'primaryLanguage', license => 'licenseInfo',
	default_branch => 'defaultBranchRef');
my @TRACKED = qw(stars forks is_archived is_disabled name_with_owner license);

# Rates of all faults by which this share of requests meets one: they are
# drawn one after the other.
sub all_faults
{
	my ($share) = @_;
	my $sum = sum0(values %WEIGHT);
	return map { $_ => sprintf '%.5f', -log(1 - $share) * $WEIGHT{$_} / $sum } keys %WEIGHT;
}

# Changes a second that change this share of a world in a minute.
sub all_drift
{
	my ($repositories, $share) = @_;
	my $sum = sum0(values %DRIFT);
	return map { $_ => sprintf '%.3f', $repositories * $share / 60 * $DRIFT{$_} / $sum } keys %DRIFT;
}

# Options: node, seed, repositories, users, profile, selection, faults and
# drift (hashes of rates), simulator (a hash of its further options), patience,
# timeout (of a request).
sub new
{
	my ($class, %option) = @_;
	my $self = bless {
		seed => 1, repositories => 20_000, users => 60, profile => 'flat',
		selection => 'stars:>=0 fork:true', faults => {}, drift => {}, patience => 900, timeout => '4s', %option
	}, $class;
	my $node = $self->{node};

	$self->{sim} = start_simulator(
		repositories => $self->{repositories}, seed => $self->{seed}, users => $self->{users},
		latency => 20, time_scale => 60, %{ $option{simulator} // {} });
	$node->append_conf('postgresql.conf',
		"ghcrawl.api_url = '" . $self->{sim}->http . "'\nghcrawl.request_timeout = '$self->{timeout}'");
	$node->reload;
	$self->{keep} ? $self->move_on : $self->begin_anew;
	$self->{lag_ms} = 1000 * ($option{simulator}{index_lag} // 0);
	$self->{from} = now_ms();
	return $self;
}

sub begin_anew
{
	my ($self) = @_;
	$self->sql('SET client_min_messages = warning;'
		. ' DROP EXTENSION IF EXISTS ghcrawl; DROP SCHEMA IF EXISTS github CASCADE');
	install($self->{node}, $self->{sim});
	return;
}

# Another world has other tokens.
sub move_on
{
	my ($self) = @_;
	wait_for($self->{node}, 'SHOW ghcrawl.api_url', $self->{sim}->http);
	$self->sql('SELECT ghcrawl_remove_token(name) FROM ghcrawl.tokens;'
		. ' TRUNCATE github.repository, github.repository_history, github.repository_absence, ghcrawl.seen');
	add_tokens($self->{node}, $self->{sim}->tokens);
	return;
}

sub now_ms { return int(time * 1000) }

sub sql { return $_[0]{node}->safe_psql('postgres', $_[1]) }

sub set_rates
{
	my ($self, $faults, $drift) = @_;
	my %off = map { $_ => 0 } keys %{ $self->{sim}->json('/_sim/faults') };

	$self->{sim}->post('/_sim/faults', { %off, map { $_ => 0 + $faults->{$_} } keys %$faults });
	$self->{sim}->post('/_sim/drift', { map { $_ => 0 + $drift->{$_} } keys %$drift });
	return;
}

# Crawls to the end, looking at the progress all the time.  Faults and drift
# are those of the object unless given; both end with the crawl.
sub crawl
{
	my ($self, $name, %option) = @_;
	my ($sim, $faults, $drift) = ($self->{sim}, $option{faults} // $self->{faults}, $option{drift} // $self->{drift});
	my %result = (name => $name, faults => $faults, drift => $drift, back => [], early => [], samples => 0);

	$sim->post('/_sim/counters/reset');
	$self->set_rates($faults, $drift);
	$sim->post('/_sim/script', [ map { { fault => $_ } } @{ $option{script} } ]) if $option{script};
	# what the index still shows of a lag ago counts as having been there
	$result{from} = now_ms() - $self->{lag_ms} - 1;
	my $start = time;
	$result{crawl} = start_crawl($self->{node}, $self->{selection}, $self->{profile});
	($option{watch} // \&watch)->($self, \%result, $start + $self->{patience});
	$result{seconds} = time - $start;
	my $counters = $sim->counters;
	my $applied = $sim->json('/_sim/drift')->{applied};
	$self->set_rates({}, {});
	$result{changes} = sum0(values %$applied) - ($self->{applied} // 0);
	$self->{applied} = sum0(values %$applied);
	$result{requests} = $counters->{requests};
	$result{struck} = sum0(values %{ $counters->{faults} });
	$result{by_fault} = $counters->{faults};
	$result{violations} = $counters->{violations};
	($option{measure} // \&measure)->($self, \%result);
	return \%result;
}

# Samples the progress until the crawl ends.
sub watch
{
	my ($self, $result, $deadline) = @_;
	my ($percent, $stored) = (0, 0);

	while (1)
	{
		my ($state, $now_percent, $now_stored) = split /\|/, $self->sql(
			"SELECT c.state, coalesce(p.percent, 0), p.stored FROM ghcrawl.progress p"
			  . " JOIN ghcrawl.crawls c USING (crawl) WHERE crawl = $result->{crawl}");
		$result->{state} = $state;
		$result->{samples}++;
		push @{ $result->{back} }, "percent $percent to $now_percent" if $now_percent < $percent;
		push @{ $result->{back} }, "stored $stored to $now_stored" if $now_stored < $stored;
		last if $state !~ /^(?:running|paused)$/;
		push @{ $result->{early} }, $now_percent if $now_percent >= 100;
		($percent, $stored) = ($now_percent, $now_stored);
		last if time > $deadline;
		sleep SAMPLE_S;
	}
	return;
}

# ---------------------------------------------------------------------------
# what is missing, what is too much
# ---------------------------------------------------------------------------

sub always_and_ever
{
	my ($self, $query, $from) = @_;
	my $both = $self->{sim}->json("/_sim/truth?from=$from&q=" . GhcTest::escape($query));
	$self->{meanwhile}->() if $self->{meanwhile};
	return ($both->{always}, $both->{ever});
}

sub measure
{
	my ($self, $result) = @_;
	$self->measure_ids($result);
	$self->measure_values($result);
	return;
}

sub measure_ids
{
	my ($self, $result) = @_;
	my ($always, $ever) = $self->always_and_ever($self->{selection}, $result->{from});
	my (undef, $whole) = $self->always_and_ever($self->{selection}, $self->{from} - $self->{lag_ms} - 1);
	my @stored = split ' ', $self->sql('SELECT repo_id FROM github.repository');
	my %stored = map { $_ => 1 } @stored;
	my %ever = map { $_ => 1 } @$whole;
	my %lost = map { $_ => 1 } grep { !$stored{$_} } @$always;

	$result->{world} = @$always;
	$result->{rows} = @stored;
	$result->{surplus} = [ grep { !$ever{$_} } @stored ];
	$result->{absent} = keys %lost;
	$self->measure_gaps($result, \%lost);
	$result->{lost} = [ sort { $a <=> $b } keys %lost ];
	($result->{counted}, $result->{missing}) = split /\|/, $self->sql(
		"SELECT stored, missing FROM ghcrawl.crawls WHERE crawl = $result->{crawl}");
	return;
}

# What is absent inside named gaps is not lost, if the gap says so many.
sub measure_gaps
{
	my ($self, $result, $lost) = @_;

	$result->{gaps} = [];
	$result->{overfull} = [];
	for my $line (split /\n/, $self->sql("SELECT promised, seen, query, error FROM ghcrawl.partitions"
			. " WHERE crawl = $result->{crawl} AND state = 'gap'"))
	{
		my ($promised, $seen, $query, $why) = split /\|/, $line;
		my (undef, $ever) = $self->always_and_ever($query, $result->{from});
		my @absent = grep { $lost->{$_} } @$ever;

		push @{ $result->{gaps} }, "$query: $promised promised, $seen seen, " . @absent . " absent: $why";
		push @{ $result->{overfull} }, $result->{gaps}[-1] if @absent > $promised - $seen;
		delete @{$lost}{@absent};
	}
	return;
}

# ---------------------------------------------------------------------------
# values
# ---------------------------------------------------------------------------

# Writes what a path answers, lines of JSON, into a table of one column.
sub load_json
{
	my ($self, $path, $table) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$table.json";
	my $lines = $self->{sim}->get($path);

	# what text can't hold is stored as U+FFFD
	$lines =~ s/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f]..)/$1\xef\xbf\xbd/g;
	open my $out, '>:raw', $file or die "$file: $!";
	print $out $lines;
	close $out or die "$file: $!";
	$self->sql("DROP TABLE IF EXISTS $table; CREATE UNLOGGED TABLE $table (doc json);\n"
		. "\\copy $table FROM '$file' WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')\n");
	unlink $file;
	return;
}

# Table "state": every state that a repository had since the beginning; "until"
# is null in the present one.
sub load_states
{
	my ($self) = @_;
	my $fields = join ',', map { $COLUMN{$_} } sort keys %COLUMN;
	my $types = join ', ', map {
		qq{"$COLUMN{$_}" } . $self->sql("SELECT format_type(atttypid, -1) FROM pg_attribute"
			. " WHERE attrelid = 'github.repositories'::regclass AND attname = '$_'")
	} sort keys %COLUMN;
	my $from = $self->{from} - $self->{lag_ms} - 1;

	$self->load_json("/_sim/truth?q=" . GhcTest::escape('fork:true') . "&format=json&fields=$fields", 'now_json');
	$self->load_json("/_sim/history?from=$from&fields=$fields", 'states_json');
	$self->sql('DROP TABLE IF EXISTS state; CREATE UNLOGGED TABLE state AS'
		. " SELECT x.* FROM states_json, json_to_record(doc) x (id bigint, since bigint, until bigint, visible bool, $types);"
		. ' CREATE INDEX ON state (id); ANALYZE state;'
		. ' INSERT INTO state SELECT x.* FROM now_json,'
		. " json_to_record(doc) x (id bigint, since bigint, until bigint, visible bool, $types)"
		. ' WHERE NOT EXISTS (SELECT FROM state s WHERE s.id = x.id);'
		. ' UPDATE state SET visible = true WHERE visible IS NULL; ANALYZE state');
	return;
}

# Columns of rows that have a value which the repository had at no moment of a
# crawl.  One that isn't visible at the end may have gone before it was seen.
sub measure_values
{
	my ($self, $result) = @_;
	my @columns = grep { $COLUMN{$_} } split ' ', $self->sql(
		"SELECT unnest(columns) FROM ghcrawl.profile WHERE name = '$self->{profile}'");

	$self->load_states;
	my $counts = join ', ', map {
		"count(*) FILTER (WHERE NOT good_$_) AS $_"
	} @columns;
	my $good = join ', ', map {
		qq{bool_or(s."$COLUMN{$_}" IS NOT DISTINCT FROM r.$_) AS good_$_}
	} @columns;
	$result->{wrong} = {
		map { split /\|/ } split /\n/, $self->sql(
			"SELECT k, v FROM (SELECT $counts FROM (SELECT r.repo_id, $good FROM github.repositories r"
			  . ' JOIN state s ON s.id = r.repo_id AND s.visible'
			  . " AND (s.until IS NULL OR s.until >= $result->{from})"
			  . ' JOIN state n ON n.id = r.repo_id AND n.visible AND n.until IS NULL'
			  . ' GROUP BY r.repo_id) c) d,'
			  . " json_each_text(row_to_json(d)) e(k, v) WHERE v <> '0'") };
	$result->{value_errors} = $self->sql(
		"SELECT coalesce(sum(count), 0) FROM ghcrawl.errors WHERE crawl = $result->{crawl} AND class = 'value'");
	$self->measure_history($result);
	return;
}

# Rows of the history whose values, one after the other and then the present
# one, are no sequence of values that the repository had, at times that fit.
sub measure_history
{
	my ($self, $result) = @_;

	$result->{false} = [];
	$result->{history} = $self->sql('SELECT count(*) FROM github.repository_history');
	for my $column (@TRACKED)
	{
		my %states;
		my %values;
		my $none = $column eq 'license' ? q{''} : 'null';

		push @{ $values{ $_->[0] } }, $_ for map { [ split /\t/, $_, -1 ] } split /\n/, $self->sql(
			"COPY (SELECT repo_id, floor(extract(epoch FROM changed_at) * 1000)::bigint, $column"
			  . " FROM github.history WHERE $column IS NOT NULL ORDER BY repo_id, changed_at) TO STDOUT");
		next unless %values;
		push @{ $states{ $_->[0] } }, $_ for map { [ split /\t/, $_, -1 ] } split /\n/, $self->sql(
			qq{COPY (SELECT id, coalesce(until, 9e15::bigint), coalesce("$COLUMN{$column}"::text, ''), coalesce(since, 0)}
			  . ' FROM state WHERE visible AND id IN (SELECT repo_id FROM github.repository_history)'
			  . ' ORDER BY id, coalesce(until, 9e15::bigint)) TO STDOUT');
		my %last = map { split /\t/, $_, -1 } split /\n/, $self->sql(
			"COPY (SELECT repo_id, coalesce($column\::text, '') FROM github.repositories"
			  . ' WHERE repo_id IN (SELECT repo_id FROM github.repository_history)) TO STDOUT');
		for my $id (keys %values)
		{
			my $problem = misfit($states{$id} // [], $values{$id}, $last{$id});
			push @{ $result->{false} }, "$column of $id: $problem" if defined $problem;
		}
	}
	return;
}

# How a column's old values (each with the moment when its successor was seen)
# and the last one contradict the states; undef if they don't.
sub misfit
{
	my ($states, $old, $last) = @_;
	my @seen = map { [ $_->[1], bool($_->[2]) ] } @$old;
	my ($i, $not_before) = (0, 0);

	for my $k (0 .. @seen)
	{
		my $value = $k < @seen ? $seen[$k][1] : bool($last);
		my $moment = $k < @seen ? $seen[$k][0] : undef;

		$i++ while $i < @$states
		  && ($states->[$i][1] < $not_before || bool($states->[$i][2]) ne $value);
		return "value $k ($value) of " . join(',', map { $_->[1] } @seen) . ",$last was not among "
		  . join(',', map { "$_->[2]" } @$states)
		  if $i == @$states;
		return "value $k ($value) came after its end" if defined $moment && $states->[$i][3] > $moment + 2000;
		$not_before = $moment;
	}
	return undef;
}

sub bool
{
	my ($text) = @_;
	return { true => 't', false => 'f' }->{$text} // $text;
}

# ---------------------------------------------------------------------------
# judging
# ---------------------------------------------------------------------------

sub first_of
{
	my ($list) = @_;
	return join "\n", @{$list}[ 0 .. min($#$list, 4) ];
}

sub figures
{
	my ($result) = @_;
	return sprintf '%s: %s, %d of %d, %d requests, %.1f %% struck, %.1f s, %d changes; lost %d, in gaps %d (%d gaps, %d missing),'
	  . ' surplus %d, stored %d rows %d, history %d, false %d, wrong values %d (%d noted), progress back %d early %d of %d',
	  $result->{name}, $result->{state}, $result->{rows}, $result->{world}, $result->{requests},
	  100 * $result->{struck} / max(1, $result->{requests}), $result->{seconds}, $result->{changes},
	  scalar @{ $result->{lost} }, $result->{absent} - @{ $result->{lost} }, scalar @{ $result->{gaps} },
	  $result->{missing}, scalar @{ $result->{surplus} }, $result->{counted}, $result->{rows}, $result->{history},
	  scalar @{ $result->{false} }, sum0(values %{ $result->{wrong} }), $result->{value_errors},
	  scalar @{ $result->{back} }, scalar @{ $result->{early} }, $result->{samples};
}

# The promise, as tests.
sub judge
{
	my ($self, $result) = @_;
	my $name = $result->{name};

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	diag(figures($result));
	like($result->{state}, qr/^done/, "$name: the crawl ends");
	is(scalar @{ $result->{lost} }, 0, "$name: no repository is lost") or diag(join ' ', @{ $result->{lost} }[ 0 .. min(9, $#{ $result->{lost} }) ]);
	is(scalar @{ $result->{overfull} }, 0, "$name: no gap lacks more than it says") or diag(first_of($result->{overfull}));
	cmp_ok($result->{missing}, '<=', $result->{world} / 1000, "$name: gaps are at most 0.1 %") or diag(first_of($result->{gaps}));
	is(scalar @{ $result->{surplus} }, 0, "$name: nothing is stored that was never there");
	is(scalar @{ $result->{false} }, 0, "$name: no row of history is false") or diag(first_of($result->{false}));
	is(scalar @{ $result->{back} }, 0, "$name: progress never goes back") or diag(first_of($result->{back}));
	is(scalar @{ $result->{early} }, 0, "$name: nor does it say 100 % before the end");
	cmp_ok(sum0(values %{ $result->{wrong} }), '<=', $result->{value_errors},
		"$name: a value that the repository never had is one that was noted")
	  or diag(explain($result->{wrong}));
	return;
}

# One of the phases of a test: "first" and "again" under faults and drift, the
# latter meeting what the former stored; "clean" without either, which must
# mend everything; "faults" without drift, which must change nothing.
sub phase
{
	my ($self, $phase, $world) = @_;
	my %quiet = (clean => { faults => {}, drift => {} }, faults => { drift => {} });
	my $before = $phase eq 'faults' ? $self->fingerprint : undef;

	$self->{sim}->post('/_sim/settings', { indexLag => 0, countJitter => 0 }) if $quiet{$phase};
	my $result = $self->crawl("$world ($phase)", %{ $quiet{$phase} // {} });

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$self->judge($result);
	if ($phase eq 'clean')
	{
		is($result->{state}, 'done', "$result->{name}: nothing is left open");
		is(sum0(values %{ $result->{wrong} }), 0, "$result->{name}: every value is the true one")
		  or diag(explain($result->{wrong}), $self->wrong_rows($result));
	}
	is($self->fingerprint, $before, "$result->{name}: no row and no history is touched") if $before;
	return $result;
}

# Some of the rows with a wrong value, each with its last states.
sub wrong_rows
{
	my ($self, $result) = @_;
	my ($column) = sort keys %{ $result->{wrong} };

	return $self->sql("SELECT r.repo_id, r.changed_at, r.$column, r.created_at,"
		. qq{ string_agg(format('%s until %s visible %s', s."$COLUMN{$column}", s.until, s.visible), '; ' ORDER BY s.until)}
		. ' FROM github.repositories r JOIN state s ON s.id = r.repo_id GROUP BY r.repo_id'
		. qq{ HAVING NOT bool_or(s."$COLUMN{$column}" IS NOT DISTINCT FROM r.$column) FILTER (WHERE s.visible}
		. " AND (s.until IS NULL OR s.until >= $result->{from})) LIMIT 5");
}

# Changes if any row does, or the history.
sub fingerprint
{
	my ($self) = @_;
	return $self->sql('SELECT (SELECT count(*) FROM github.repository_history), count(*), max(changed_at),'
		. ' sum(hashtext(r::text)::bigint) FROM github.repository r');
}

sub stop
{
	my ($self) = @_;
	$self->{sim}->stop;
	return;
}

1;
