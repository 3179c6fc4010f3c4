package GhcDatabases;

# What the lifecycle tests share: many databases of one server, each with a
# crawl whose worker is in a certain state when something happens to it.
#
#   use GhcDatabases;
#   my $world = GhcDatabases->new($node, tables_of => { points => 3, … });
#   $world->begin('d1', 'stall');          # a database, what state its crawl comes into
#   $world->reach;                         # all crawls are started and there
#   …
#   $world->release;                       # whatever holds crawls up is gone
#   $world->goes_on('d1', 'name');         # and the crawl comes out exact
#
# States: "busy" reads pages, "paused" is that, "points" waits for points of
# the next hour, "stall" waits for a server that says nothing.

use strict;
use warnings;

use Exporter 'import';
use GhcTest;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(db_sql db_wait db_is_exact held_open worker_count seconds_of STATES);

use constant STATES => qw(busy paused points stall);
use constant SELECTION => 'stars:>=0 fork:true';
use constant REPOSITORIES => 3000;
# of users that have points for half of the world
use constant USERS_OF_A_DATABASE => 5;

sub db_sql
{
	my ($node, $database, $text) = @_;
	return $node->safe_psql($database, $text);
}

# wait_for in any database.
sub db_wait
{
	my ($node, $database, $query, $wanted, $patience_s) = @_;
	my $deadline = time + ($patience_s // $ENV{PG_TEST_TIMEOUT_DEFAULT} // 180);
	my $got;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	while (1)
	{
		$got = ($node->psql($database, $query, on_error_stop => 0))[1] // '';
		last if $got eq $wanted || time > $deadline;
		sleep 0.1;
	}
	is($got, $wanted, "$database: $query gives $wanted");
	return;
}

# Everything stored is in the truth of a search, and the other way round.
sub db_is_exact
{
	my ($node, $database, $sim, $search, $name) = @_;
	my $wanted = join ' ', sort { $a <=> $b } $sim->truth($search);
	my $stored = db_sql($node, $database,
		q{SELECT string_agg(repo_id::text, ' ' ORDER BY repo_id) FROM github.repository});

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	isnt($wanted, '', "$name: the truth has repositories");
	ok($stored eq $wanted, "$name: exactly these are stored")
	  or diag(scalar(split ' ', $stored) . ' of ' . scalar(split ' ', $wanted));
	return;
}

# Runs code while a transaction with some statements is open in a session of
# its own, and ends that transaction.  Returns how many seconds the statements
# and the end took.
sub held_open
{
	my ($node, $database, $statements, $end, $code) = @_;
	my ($in, $out, $err) = ('', '', '');
	my $session = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database) ],
		'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(60));
	my $start = time;

	$in .= "BEGIN; $statements;\n\\echo opened\n";
	$session->pump until $out =~ /opened/ || !$session->pumpable;
	my $took = time - $start;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like($out, qr/opened/, "$database: $statements") or diag($err);
	$code->() if $code;
	$start = time;
	$in .= "$end;\n\\q\n";
	$session->finish;
	return $took + time - $start;
}

# Workers in a database; it may be gone.
sub worker_count
{
	my ($node, $database) = @_;
	return db_sql($node, 'postgres',
		"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND datname = '$database'");
}

sub seconds_of
{
	my ($code) = @_;
	my $start = time;

	$code->();
	return time - $start;
}

# Simulators for the states; "points" says how many databases will wait for
# points: each gets users of its own; "version" is that of the extension.
sub new
{
	my ($class, $node, %option) = @_;
	my $self = bless { node => $node, state => {}, used => 0 }, $class;

	$self->{busy} = start_simulator(
		repositories => REPOSITORIES, users => 1, limits => 'wide', latency => 400);
	$self->{paused} = $self->{busy};
	$self->{stall} = start_simulator(
		repositories => REPOSITORIES, users => 1, limits => 'wide', latency => 250);
	$self->{points} = start_simulator(
		repositories => REPOSITORIES, latency => 250, limits => 'wide',
		users => USERS_OF_A_DATABASE * $option{points})
	  if $option{points};
	db_sql($node, 'postgres', 'CREATE DATABASE ghcrawl_template IS_TEMPLATE true');
	db_sql($node, 'ghcrawl_template',
		'CREATE EXTENSION ghcrawl' . ($option{version} ? " VERSION '$option{version}'" : ''));
	return $self;
}

sub sim { return $_[0]{ $_[0]{state}{ $_[1] } } }

# The tokens that are a database's own; the first one is used at once.
sub tokens_of
{
	my ($self, $database) = @_;
	my @tokens = $self->sim($database)->tokens;

	return @tokens if $self->{state}{$database} ne 'points';
	$self->{first}{$database} //= USERS_OF_A_DATABASE * $self->{used}++;
	my $first = $self->{first}{$database};
	return @tokens[ $first .. $first + USERS_OF_A_DATABASE - 1 ];
}

# Makes a database whose crawl is to come into a state.
sub begin
{
	my ($self, $database, $state) = @_;

	$self->{state}{$database} = $state;
	my $url = $self->sim($database)->http;
	my @tokens = $self->tokens_of($database);
	@tokens = $tokens[0] if $state eq 'points';
	db_sql($self->{node}, 'postgres', "CREATE DATABASE $database TEMPLATE ghcrawl_template");
	db_sql($self->{node}, 'postgres', "ALTER DATABASE $database SET ghcrawl.api_url = '$url'");
	db_sql($self->{node}, $database, join '',
		map { "SELECT ghcrawl_add_token('user$_', '$tokens[$_]');" } 0 .. $#tokens);
	return;
}

# Starts the crawls of all databases and brings them into their states.
sub reach
{
	my ($self) = @_;
	my $node = $self->{node};
	my %state = %{ $self->{state} };

	db_sql($node, $_, 'SELECT ghcrawl_start(\'' . SELECTION . '\', \'stars\')')
	  for sort keys %state;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for my $database (sort keys %state)
	{
		db_wait($node, $database, 'SELECT sum(stored) > 100 FROM ghcrawl.crawls', 't');
	}
	$self->{stall}->post('/_sim/faults', { stall => 1 });
	$self->{points}->post('/_sim/faults', { rateLimited => 1 }) if $self->{points};
	# on a busy machine, too, nobody is to end before his turn comes
	$self->{busy}->post('/_sim/settings', { latency => 1000 });
	for my $database (sort keys %state)
	{
		if ($state{$database} eq 'paused')
		{
			db_sql($node, $database, 'SELECT ghcrawl_pause(max(crawl)) FROM ghcrawl.crawls');
			db_wait($node, 'postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = '$database'", '0');
			next;
		}
		db_wait($node, $database, q{SELECT waiting_on ~ '^points' FROM ghcrawl.progress}, 't')
		  if $state{$database} eq 'points';
		db_wait($node, $database, q{SELECT updated_at < now() - interval '1 s' FROM ghcrawl.crawls}, 't')
		  if $state{$database} eq 'stall';
		is(db_sql($node, $database, 'SELECT max(state) FROM ghcrawl.crawls'),
			'running', "$database: $state{$database} in mid-crawl");
	}
	return;
}

# Nothing holds the crawls up any more.
sub release
{
	my ($self) = @_;

	$self->{stall}->post('/_sim/faults', { stall => 0 });
	$self->{points}->post('/_sim/faults', { rateLimited => 0 }) if $self->{points};
	$self->{$_}->post('/_sim/settings', { latency => 2 }) for grep { $self->{$_} } qw(busy stall points);
	return;
}

# The crawl of a database goes on, and comes out exact.
sub goes_on
{
	my ($self, $database, $name) = @_;
	my $node = $self->{node};
	my $state = $self->{state}{$database};

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	db_sql($node, $database, 'SELECT ghcrawl_resume(max(crawl)) FROM ghcrawl.crawls')
	  if $state eq 'paused';
	if ($state eq 'points')
	{
		my @tokens = $self->tokens_of($database);
		db_sql($node, $database, join '',
			map { "SELECT ghcrawl_add_token('user$_', '$tokens[$_]');" } 1 .. $#tokens);
	}
	db_wait($node, $database, 'SELECT string_agg(state, \',\') FROM ghcrawl.crawls', 'done');
	db_is_exact($node, $database, $self->sim($database), SELECTION, $name);
	is(db_sql($node, $database, 'SELECT sum(stored), sum(gaps) FROM ghcrawl.crawls'),
		REPOSITORIES . '|0', "$name: counted right");
	return;
}

1;
