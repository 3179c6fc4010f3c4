package GhcPeers;

# ghcrawl and its peers for bench/peers.pl: what each needs, how it starts, and
# the page server that they all ask.
#
#   my $server = page_server(clusters => 112, generations => 2);
#   $server->set(latency_ms => 300, generation => 0);
#   my @there = grep { is_there($_) } peer_names();
#   my $pid = start_peer($name, $server, $node, $database, 16);

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use GhcTest;
use HTTP::Tiny;
use IPC::Open2;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(page_server peer_names peer_title is_there is_serial install_of start_peer start_program
  server_lines bench_node set_up_ghcrawl set_lanes set_workers CLUSTER);

# repositories that are created in the same second, bench/server/world.h
use constant CLUSTER => 892;

my $here = dirname(__FILE__);

# Debian's packages are for Debian's Python
my $python = '/usr/bin/python3';

my %peers = (
	'aiohttp-asyncpg' => {
		title => 'aiohttp + asyncpg `executemany`',
		command => [ $python, "$here/peers/aiohttp_asyncpg.py" ],
		probe => [ $python, '-c', 'import aiohttp, asyncpg' ]
	},
	'aiohttp-jsonb' => {
		title => 'aiohttp, text to `jsonb_to_recordset`',
		command => [ $python, "$here/peers/aiohttp_jsonb.py" ],
		probe => [ $python, '-c', 'import aiohttp, asyncpg' ]
	},
	'node-pg' => {
		title => 'Node `fetch` + pg',
		command => [ 'node', "$here/peers/node/peer.mjs" ],
		probe => [ 'node', '-e', "require('$here/peers/node/node_modules/pg')" ]
	},
	'pgsql-http' => {
		title => 'pgsql-http, PostgreSQL 17',
		install => $ENV{BENCH_PGSQL_HTTP} ? "$ENV{BENCH_PGSQL_HTTP}/usr/lib/postgresql/17" : undef,
		serial => 1
	},
	'requests-psycopg2' => {
		title => 'requests + psycopg2 `execute_values`',
		command => [ $python, "$here/peers/requests_psycopg2.py" ],
		probe => [ $python, '-c', 'import requests, psycopg2' ],
		serial => 1
	});

sub peer_names { return sort keys %peers }
sub peer_title { return $_[0] eq 'ghcrawl' ? '**ghcrawl**' : $peers{ $_[0] }{title} // $_[0] }
sub is_serial { return $peers{ $_[0] }{serial} }

# Where the server is installed that a peer needs for itself; undef: it needs none.
sub install_of { return $peers{ $_[0] }{install} }

# Are a peer's libraries installed?  Says so if they aren't.
sub is_there
{
	my ($name) = @_;
	my $peer = $peers{$name} or BAIL_OUT("no peer $name; there are: " . join ' ', peer_names());

	return 1 if $peer->{install} || ($peer->{probe} && (run_command($peer->{probe}))[1] eq '');
	diag("$name is left out, it isn't installed (", $peer->{probe} ? 'scripts/setup bench' : "bench/peers/$name-server", ')');
	return 0;
}

# Starts a program with what it prints in a file; returns its process.
sub start_program
{
	my ($log, $environment, @command) = @_;
	my $pid = fork // die "fork: $!";
	return $pid if $pid;

	%ENV = (%ENV, %$environment);
	open STDOUT, '>>', $log or die "$log: $!";
	open STDERR, '>&', \*STDOUT or die "stderr: $!";
	exec @command or POSIX::_exit(127);
}

# The program of pgsql-http, with the statement that stores a page in its place.
sub http_program
{
	my ($folder) = @_;
	my $insert = slurp_file("$here/peers/insert_jsonb.sql") =~ s/^--.*\n//r =~ s/\$1/reply.content/r;
	my $program = slurp_file("$here/peers/pgsql_http.sql") =~ s/\tINSERT_PAGE;/$insert;/r;

	append_to_file("$folder/pgsql_http.sql", $program) unless -e "$folder/pgsql_http.sql";
	return "$folder/pgsql_http.sql";
}

sub command_of
{
	my ($name, $node, $pages) = @_;
	return @{ $peers{$name}{command} } if $peers{$name}{command};
	my $program = http_program($node->basedir);
	return ('sh', '-c', "exec psql -X -q -f '$program' < '$pages'");
}

sub start_peer
{
	my ($name, $server, $node, $database, $connections, $pages) = @_;
	return start_program(
		$node->basedir . "/$name.log",
		{
			PEER_URL => "$server->{https}/graphql",
			PEER_CA => $server->{ca},
			NODE_EXTRA_CA_CERTS => $server->{ca},
			PEER_PAGES => $pages,
			PEER_QUERY => "$here/peers/query.graphql",
			PEER_CONNECTIONS => $connections,
			PGHOST => $node->host,
			PGPORT => $node->port,
			PGDATABASE => $database,
			PGUSER => scalar getpwuid $<
		},
		command_of($name, $node, $pages));
}

# ---------------------------------------------------------------------------
# ghcrawl
# ---------------------------------------------------------------------------

# Settings of all servers.
sub server_lines
{
	return ('shared_buffers = 2GB', 'max_wal_size = 8GB', 'wal_keep_size = 8GB', 'jit = off', 'fsync = on',
		'synchronous_commit = on', 'autovacuum_naptime = 1min', 'max_connections = 50');
}

# A server that all share.  BENCH_PAGES is how many pages ghcrawl puts into a
# request; the peers ask for one.
sub bench_node
{
	my ($server, @lines) = @_;
	return new_node('bench', server_lines(),
		"ghcrawl.api_url = '$server->{https}'", "ghcrawl.ca_file = '$server->{ca}'",
		'ghcrawl.page_size = 100', 'ghcrawl.pages_per_request = ' . ($ENV{BENCH_PAGES} // 1), @lines);
}

# Makes ghcrawl in a database, with accounts that have no limits; a budget is in
# one worker's hands, so there are as many as workers.
sub set_up_ghcrawl
{
	my ($node, $database, $accounts) = @_;

	$node->safe_psql($database, 'CREATE EXTENSION ghcrawl');
	$node->safe_psql($database, "SELECT ghcrawl_add_token('user$_', 'ghp_bench000$_')") for 1 .. $accounts;
	$node->safe_psql($database, 'SELECT ghcrawl_verify_tokens()');
	$node->safe_psql($database, "SELECT ghcrawl_set_limits('user$_', points_hour => 0, requests_minute => 0, "
		  . 'response_seconds => 0)') for 1 .. $accounts;
	wait_for($node, "SELECT count(*) FROM pg_stat_activity WHERE datname = '$database' AND pid <> pg_backend_pid()", '0');
	return;
}

# Requests in flight of each account.
sub set_lanes
{
	my ($node, $database, $n) = @_;
	$node->safe_psql($database, "SELECT ghcrawl_set_limits(name, concurrent => $n) FROM ghcrawl.tokens");
	return;
}

sub set_workers
{
	my ($node, $n) = @_;
	$node->append_conf('postgresql.conf', "ghcrawl.workers = $n");
	$node->reload;
	return;
}

# ---------------------------------------------------------------------------
# the page server
# ---------------------------------------------------------------------------

# Makes a certificate; returns its file and the key's.
sub make_certificate
{
	my ($folder) = @_;
	my @files = map { "$folder/server.$_" } qw(pem key);

	run_log([ qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost),
			'-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-out', $files[0], '-keyout', $files[1] ])
	  or BAIL_OUT('no certificate');
	return @files;
}

# Starts bench/server; options are its own.  It ends with us.
sub page_server
{
	my (%option) = @_;
	my ($cert, $key) = make_certificate(PostgreSQL::Test::Utils::tempdir());
	my @command = ("$here/../build/bench/pageserver", '--cert', $cert, '--key', $key);

	push @command, "--$_", defined $option{$_} ? $option{$_} : () for sort keys %option;
	my $pid = open2(my $out, my $in, @command);
	my $line = readline $out // BAIL_OUT("the page server did not start: @command");
	my $self = bless { %{ decode_json($line) }, ca => $cert, in => $in, process => $pid,
		client => HTTP::Tiny->new(timeout => 60) }, __PACKAGE__;

	$self->{folder} = dirname($cert);
	open my $file, '>', "$self->{folder}/pages" or die "pages: $!";
	print $file $self->get('/_bench/pages');
	close $file or die "pages: $!";
	return $self;
}

sub get
{
	my ($self, $path) = @_;
	my $reply = $self->{client}->get($self->{http} . $path);
	die "GET $path: $reply->{status} $reply->{content}" unless $reply->{success};
	return $reply->{content};
}

# Sets latency and generation, and counters to zero.
sub set
{
	my ($self, %setting) = @_;
	$self->get('/_bench/settings?' . join '&', map { "$_=$setting{$_}" } sort keys %setting);
	return;
}

sub counters { return decode_json($_[0]->get('/_bench/counters')) }

# A file with the requests of all pages, or of so many.
sub pages
{
	my ($self, $n) = @_;
	return "$self->{folder}/pages" unless $n;
	my @lines = split /^/, slurp_file("$self->{folder}/pages");
	open my $file, '>', "$self->{folder}/pages.$n" or die "pages: $!";
	print $file splice @lines, 0, $n;
	close $file or die "pages: $!";
	return "$self->{folder}/pages.$n";
}

sub stop
{
	my ($self) = @_;
	close $self->{in};
	waitpid $self->{process}, 0;
	return;
}

1;
