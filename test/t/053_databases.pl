# Many databases at once, with a preloaded launcher: after a restart it starts
# workers where a crawl is running, under whatever name the database has now; never
# in a template or in a database that is closed; only in ghcrawl.databases, if that
# is set.  A database made from a template goes on with the crawl that was
# copied.  The simulator is slow, so that no crawl ends before all is done to it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcDatabases;
use PostgreSQL::Test::Utils;
use Test::More;

my $search = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 3000, users => 6, limits => 'wide', latency => 1000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	# many small requests, so that there is a mid-crawl
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100',
	"shared_preload_libraries = 'ghcrawl'");
my @tokens = $sim->tokens;
my %token_of;

sub admin { return db_sql($node, 'postgres', $_[0]) }

# A database with a token and a crawl of its own.
sub make
{
	my ($name) = @_;

	my $token = $token_of{$name} = $tokens[ keys %token_of ];
	admin("CREATE DATABASE $name");
	db_sql($node, $name, "CREATE EXTENSION ghcrawl; SELECT ghcrawl_add_token('t', '$token');"
		  . " SELECT ghcrawl_start('$search', 'stars')");
	return;
}

# At least so many repositories are stored there.
sub reaches
{
	my ($name, $stored) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	db_wait($node, $name, "SELECT stored > $stored FROM ghcrawl.crawls", 't');
	return;
}

# As many workers are there as are wanted.
sub is_running
{
	my ($name, $workers) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	db_wait($node, 'postgres',
		"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND datname = '$name'", $workers // '1');
	return;
}

# Ends, exact and counted right.
sub ends_well
{
	my ($name, $what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	db_wait($node, $name, q{SELECT state, stored, gaps FROM ghcrawl.crawls}, 'done|3000|0');
	db_is_exact($node, $name, $sim, $search, $what);
	return;
}

sub pace { $sim->post('/_sim/settings', { latency => $_[0] }); return }

sub restart
{
	$node->stop('immediate');
	my $offset = -s $node->logfile;
	$node->start;
	return $offset;
}

# What this token was used for until now.
sub requests_of
{
	my ($name) = @_;
	my $fingerprint = db_sql($node, 'postgres', "SELECT left(encode(sha256('$token_of{$name}'), 'hex'), 12)");
	my $used = $sim->counters->{by_token}{$fingerprint} // 0;
	return ref $used ? $used->{requests} : $used;
}

make($_) for qw(a b c other model);
reaches($_, 0) for qw(a b c other model);
pace(2000);
for my $name (qw(a b c other model))
{
	cmp_ok(requests_of($name), '>', 0, "$name uses its own token");
}

# ---------------------------------------------------------------------------
# a restart: a template, a list of databases, one that was left half dropped
# ---------------------------------------------------------------------------

$node->stop('immediate');
$node->append_conf('postgresql.conf', "ghcrawl.databases = 'a, b, c, model, broken'");
$node->start;
is_running($_) for qw(a b c model);
db_sql($node, 'model', 'SELECT ghcrawl_pause(1)');
db_wait($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'model'}, '0');
db_sql($node, 'model', q{UPDATE ghcrawl.crawl SET state = 'running'});
admin('ALTER DATABASE model IS_TEMPLATE true');
admin('CREATE DATABASE broken');
# as an interrupted DROP DATABASE leaves it
admin(q{UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'});
my $requests = requests_of('model');

my $offset = restart();
is_running($_) for qw(a b c);
is(worker_count($node, 'model'), '0', 'no worker sits in a template');
is(worker_count($node, 'other'), '0', 'nor in a database that is not listed');
is(db_sql($node, 'other', 'SELECT waiting_on FROM ghcrawl.progress'),
	'a worker: ghcrawl_ensure_workers()', 'which says what it waits for');

# one of those at work is dropped, the others don't care
admin('DROP DATABASE c WITH (FORCE)');

# from now on all of them
$node->append_conf('postgresql.conf', q{ghcrawl.databases = ''});
$node->reload;
is_running('other');

# ---------------------------------------------------------------------------
# renaming, closing, copying in mid-crawl
# ---------------------------------------------------------------------------

is(db_sql($node, 'a', 'SELECT state FROM ghcrawl.crawls'), 'running', 'a is in mid-crawl');
my (undef, undef, $err) = $node->psql('postgres', 'ALTER DATABASE a RENAME TO renamed');
like($err, qr/being accessed by other users/, 'a database is not renamed under its worker');
db_sql($node, 'a', 'SELECT ghcrawl_pause(1)');
db_wait($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'a'}, '0');
admin('ALTER DATABASE a RENAME TO renamed');
my $stored = db_sql($node, 'renamed', 'SELECT ghcrawl_resume(1); SELECT stored FROM ghcrawl.crawls');
$stored =~ s/\w+\n//;
reaches('renamed', $stored);

# the worker of a closed database works on; ended, it finds no way back
admin('ALTER DATABASE b ALLOW_CONNECTIONS false');
is(worker_count($node, 'b'), '1', 'closing a database does not end its worker');
admin(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'b'});
my $end = wait_for_log($node, qr/FATAL:  database "b" is not currently accepting connections/, $offset);
is(worker_count($node, 'b'), '0', 'the worker of a closed database is forgotten');

# the launcher starts one, which starts the other
$node->append_conf('postgresql.conf', 'ghcrawl.workers = 2');
$offset = restart();
is_running($_, '2') for qw(renamed other);
is(worker_count($node, $_), '0', "no worker in $_") for qw(model b);
is(requests_of('model'), $requests, 'nothing was asked for the template');
admin('CREATE DATABASE copy TEMPLATE model');
is(db_sql($node, 'copy', 'SELECT ghcrawl_ensure_workers()'), '2', 'a copy of the template goes on');
admin('ALTER DATABASE b ALLOW_CONNECTIONS true');
is(db_sql($node, 'b', 'SELECT ghcrawl_ensure_workers()'), '2', 'and so does a database that is open again');
pace(5);
ends_well('renamed', 'renamed');
ends_well('other', 'not listed for a while');
ends_well('b', 'closed for a while');
ends_well('copy', 'made from a template');
admin('ALTER DATABASE model IS_TEMPLATE false');
is(db_sql($node, 'model', 'SELECT state, stored < 3000 FROM ghcrawl.crawls'), 'running|t', 'the template is as it was');

# nobody was tried again and again
my $log = slurp_file($node->logfile);
my $refused = () = $log =~ /FATAL:  database "b" is not currently/g;
is($refused, 1, 'a closed database is tried once');
unlike($log, qr/FATAL: .*"broken"/, 'a half dropped one is not tried');

done_testing();
