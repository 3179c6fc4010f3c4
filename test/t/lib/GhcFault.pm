package GhcFault;

# What must hold after any fault, whatever it was: the tests of single faults
# (test/t/08*) and the matrix of faults and moments share it.
#
#   my $crawl = start_crawl($node, EVERYTHING, 'flat');
#   my $watched = watch($node, $crawl);            # until it ends; or
#   my $watched = watch($node, $crawl, sub { … }); # calls this at each sample, with
#                                                  # the sample; true: end watching
#   invariants($node, $sim, $crawl, $watched, name => 'reset in the body', …);
#
# watch() takes a sample ten times a second: sessions that are idle in a
# transaction (but for those of the test's own, named "fault"), and of each worker its descriptors (but files) and its anonymous memory.
#
# invariants() is a row of tests.  The faults must be over, the world must not
# have changed.  Options:
#   name       what the tests are called
#   selection  EVERYTHING unless given
#   profile    "flat"
#   ids        false: the crawl may miss some or end with gaps (the next one is
#              held against all that follows)
#   values     false: values may still be missing where a fault spoiled them;
#              false ones may never be stored, see "history"
#   errors     {pattern of "class: message" => largest number of rows that may
#              match}; each row of the crawl must match one, and each pattern a row
#   history    rows that the history may have: 0, as nothing changed
#   crashes    true: the fault makes the server go through crash recovery
#   growth     kB that a worker may have grown after the first third: 16,384

use strict;
use warnings;

use Exporter 'import';
use GhcCrawl;
use GhcTest;
use List::Util qw(max);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(EVERYTHING watch invariants forget_log errors_are recrawl set_faults);

use constant EVERYTHING => 'stars:>=0 fork:true';
use constant SAMPLE_S => 0.1;
use constant PATIENCE_S => $ENV{PG_TEST_TIMEOUT_DEFAULT} // 180;

# descriptors come and go with connections; so many more are no leak
use constant FEW_FDS => 16;

# of fewer samples nothing can be said
use constant MIN_SAMPLES => 9;

# Sets rates of faults, those of before are off; none: all off.
sub set_faults
{
	my ($sim, %rate) = @_;
	my %off = map { $_ => 0 } keys %{ $sim->json('/_sim/faults') };

	$sim->post('/_sim/faults', { %off, %rate });
	return;
}

# A worker's open descriptors and anonymous memory in kB; nothing if it is gone.
sub look_at
{
	my ($pid) = @_;
	opendir my $dir, "/proc/$pid/fd" or return;
	# not files of tables: of these the server opens more as it needs, and closes them
	my $fds = grep { /^\d+$/ && (readlink("/proc/$pid/fd/$_") // '') !~ m{^/} } readdir $dir;
	closedir $dir;
	open my $status, '<', "/proc/$pid/status" or return;
	my ($kb) = map { /^RssAnon:\s+(\d+)/ ? $1 : () } <$status>;
	close $status;
	return defined $kb ? { fds => $fds, kb => $kb } : ();
}

# Sessions that are idle in a transaction, and workers that wait with one open.
use constant IDLE => <<'SQL';
SELECT count(*) FROM pg_stat_activity WHERE (state LIKE 'idle in transaction%' AND application_name <> 'fault')
	OR (backend_type LIKE 'ghcrawl %' AND wait_event = 'Extension' AND backend_xmin IS NOT NULL)
SQL

# The server reads a session's transaction before it reads what that waits for, and
# a worker may have gone on between the two: only what is seen again counts.
sub idle_still
{
	my ($node) = @_;
	my $seen = 0;

	for (1 .. 3)
	{
		$seen = (eval { $node->psql('postgres', IDLE) })[1] || 0;
		last if !$seen;
	}
	return $seen;
}

# Watches a crawl until it is neither running nor paused; see above.
sub watch
{
	my ($node, $crawl, $at_each) = @_;
	my $deadline = time + PATIENCE_S;
	my %watched = (state => '', idle => 0, n => 0, workers => {});

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	while (time < $deadline)
	{
		# a server that takes no connection just now ends psql before it is told the query
		my $sample = (eval { $node->psql('postgres', <<"SQL") })[1] // '';
SELECT state,
	(@{[IDLE]}),
	(SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'),
	(SELECT coalesce(sum(count), 0) FROM ghcrawl.errors WHERE crawl = $crawl)
FROM ghcrawl.crawls WHERE crawl = $crawl
SQL
		my ($state, $idle, $pids, $errors) = split /\|/, $sample, -1;
		if (!defined $errors)
		{
			sleep SAMPLE_S;
			next;
		}
		$watched{state} = $state;
		$watched{errors} = $errors;
		$watched{idle} += idle_still($node) if $idle;
		$watched{n}++;
		push @{ $watched{workers}{$_} }, look_at($_) for split ' ', $pids // '';
		return \%watched if $state !~ /^(?:planning|running|waiting|paused)$/;
		return \%watched if $at_each && $at_each->(\%watched);
		sleep SAMPLE_S;
	}
	fail("crawl $crawl ends");
	diag($node->safe_psql('postgres', 'SELECT w FROM ghcrawl.workers w; SELECT t FROM ghcrawl.tokens t;'
		. ' SELECT e FROM ghcrawl.errors e LIMIT 20'));
	return \%watched;
}

# A crawl without a fault after those with: it must mend what they left.
sub recrawl
{
	my ($node, $sim, %option) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	set_faults($sim);
	my $crawl = start_crawl($node, $option{selection} // EVERYTHING, $option{profile} // 'flat');
	my $watched = watch($node, $crawl);
	invariants($node, $sim, $crawl, $watched, %option, ids => 1, values => 1, errors => undef);
	return $crawl;
}

# The largest figure of a third of the samples.
sub most
{
	my ($samples, $key, $third) = @_;
	my $n = int(@$samples / 3);
	my @part = $third == 1 ? @{$samples}[ 0 .. $n - 1 ] : @{$samples}[ @$samples - $n .. $#$samples ];
	return max(map { $_->{$key} } @part);
}

sub nothing_grows
{
	my ($watched, $name, $growth) = @_;
	my @lived = grep { @$_ >= MIN_SAMPLES } values %{ $watched->{workers} };
	my @fds = map { [ most($_, 'fds', 1), most($_, 'fds', 3) ] } @lived;
	my @kb = map { [ most($_, 'kb', 1), most($_, 'kb', 3) ] } @lived;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join(' ', map { "$_->[0] to $_->[1]" } grep { $_->[1] > $_->[0] + FEW_FDS } @fds),
		'', "$name: no worker's descriptors grow");
	is(join(' ', map { "$_->[0] to $_->[1] kB" } grep { $_->[1] > $_->[0] + $growth } @kb),
		'', "$name: nor its memory");
	note("$name: ", scalar @lived, ' workers looked at, ',
		join ', ', map { "$kb[$_][0] to $kb[$_][1] kB, $fds[$_][0] to $fds[$_][1] descriptors" } 0 .. $#lived);
	return;
}

# Each error is of a kind that is expected, alike ones in one row with a count; of
# pattern => undef there may be any number, and none.
sub errors_are
{
	my ($node, $crawl, $name, $expected) = @_;
	my %rows = map { $_ => 0 } keys %$expected;
	my @others;

	for my $line (split /\n/, $node->safe_psql('postgres',
			"SELECT class || ': ' || message FROM ghcrawl.errors WHERE crawl = $crawl"))
	{
		my ($pattern) = grep { $line =~ /$_/ } sort keys %rows;
		defined $pattern ? $rows{$pattern}++ : push @others, $line;
	}
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join("\n", @others), '', "$name: no error but those of the fault");
	is(join("\n", grep { defined $expected->{$_} && $rows{$_} == 0 } sort keys %rows), '', "$name: which is recorded");
	is(join("\n", map { "$_: $rows{$_} rows" } grep { defined $expected->{$_} && $rows{$_} > $expected->{$_} } sort keys %rows),
		'', "$name: once for each cause");
	is($node->safe_psql('postgres', "SELECT count(*) FROM ghcrawl.errors WHERE crawl = $crawl"
			. " AND (count < 1 OR message = '' OR last_seen < first_seen)"),
		'0', "$name: with a count");
	return;
}

# From here on a server's log is looked at; what was before had to be.
my %offset;

sub forget_log
{
	my ($node) = @_;
	$offset{ $node->name } = -s $node->logfile;
	return;
}

# The server never went down, and its log has no crash and no PANIC.
sub server_is_up
{
	my ($node, $name, $crashes) = @_;
	my $log = $crashes ? '' : slurp_file($node->logfile, $offset{ $node->name } // 0);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql('postgres', 'SELECT 1'), '1', "$name: the server is up");
	unlike($log, qr/PANIC:|terminated by signal|TRAP:|exited with exit code [2-9]/, "$name: nothing crashed");
	return;
}

sub invariants
{
	my ($node, $sim, $crawl, $watched, %option) = @_;
	my ($name, $selection) = ($option{name}, $option{selection} // EVERYTHING);
	my $profile = $option{profile} // 'flat';

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	server_is_up($node, $name, $option{crashes});
	nothing_is_left($node, $name);
	if ($option{ids} // 1)
	{
		ids_are_exact($node, $sim, $selection, $name);
		is($node->safe_psql('postgres', "SELECT state, stored, gaps, missing FROM ghcrawl.crawls WHERE crawl = $crawl"),
			'done|' . $sim->count($selection) . '|0|0', "$name: the view counts right");
	}
	values_are_true($node, $sim, $selection, $profile, $name) if $option{values} // 1;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM github.repository_history'),
		$option{history} // 0, "$name: the history has no false entry");
	is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT h) FROM github.repository_history h'),
		'0', "$name: nor one twice");
	errors_are($node, $crawl, $name, $option{errors}) if $option{errors};
	is($watched->{idle}, 0, "$name: no transaction was open in $watched->{n} samples");
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"),
		'0', "$name: nor is one");
	nothing_grows($watched, $name, $option{growth} // 16_384);
	return;
}

1;
