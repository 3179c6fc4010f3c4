# Paths that are no token file: nothing of what they hold is stored, sent or
# told, and none keeps a backend or a worker waiting.  A file that changes after
# it was added is read anew, with the same care; a secret doesn't stay in the
# memory of the backend that added it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcRoles;
use POSIX qw(mkfifo);
use PostgreSQL::Test::Utils;
use Socket;
use Test::More;

my $sim = start_simulator(repositories => 500, users => 2, latency => 0, limits => 'wide');
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
my $dir = PostgreSQL::Test::Utils::tempdir();
my ($token, $second) = $sim->tokens;

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub write_file
{
	my ($path, $text) = @_;
	open my $out, '>:raw', $path or die "$path: $!";
	print $out $text;
	close $out or die "$path: $!";
	return $path;
}

# A token in a file that is not for the server alone.
sub shared
{
	my ($path, $mode) = @_;
	unlink $path;
	write_file($path, "$second\n");
	chmod $mode, $path or die "$path: $!";
	return $path;
}

make_roles($node);

# ---------------------------------------------------------------------------
# what is refused, at once and without a word of what it holds
# ---------------------------------------------------------------------------

mkfifo("$dir/fifo", 0600) or die "fifo: $!";
mkdir "$dir/folder";
symlink "$dir/nowhere", "$dir/dangling";
symlink "$dir/loop", "$dir/loop";
symlink "$dir/fifo", "$dir/to_fifo";
socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
bind($socket, pack_sockaddr_un("$dir/socket")) or die "bind: $!";
my %refused = (
	'' => qr/must be absolute/,
	'token' => qr/must be absolute/,
	'../token' => qr/must be absolute/,
	'~/.pgpass' => qr/must be absolute/,
	'file:///etc/hostname' => qr/must be absolute/,
	"$dir/nowhere" => qr/No such file/,
	"$dir/dangling" => qr/No such file/,
	"$dir/loop" => qr/symbolic links/,
	"$dir/folder" => qr/no regular file/,
	"$dir/fifo" => qr/no regular file/,
	"$dir/to_fifo" => qr/no regular file/,
	"$dir/socket" => qr/could not open its file/,
	'/dev/zero' => qr/no regular file/,
	'/dev/stdin' => qr/no regular file|could not open/,
	'/dev/tty' => qr/no regular file|could not open/,
	'/etc/passwd' => qr/does not hold one token/,
	'/proc/self/environ' => qr/does not hold one token/,
	'/proc/self/cmdline' => qr/does not hold one token/,
	'/proc/self/maps' => qr/does not hold one token/,
	'/proc/self/mem' => qr/could not read its file/,
	$node->data_dir . '/postgresql.conf' => qr/does not hold one token/,
	$node->data_dir . '/global/pg_control' => qr/does not hold one token/,
	write_file("$dir/empty", '') => qr/does not hold one token/,
	write_file("$dir/two", "$token\n$second\n") => qr/does not hold one token/,
	write_file("$dir/nul", "$token\0x") => qr/does not hold one token/,
	write_file("$dir/header", "$token\r\nX-Evil: 1") => qr/does not hold one token/,
	write_file("$dir/spaces", "mar ker") => qr/does not hold one token/,
	shared("$dir/group", 0620) => qr/may be written by others/,
	shared("$dir/all", 0602) => qr/may be written by others/,
	write_file("$dir/huge", 'marker' x 1_000_000) => qr/does not hold one token/,
	"$dir/" . 'x' x 300 => qr/File name too long/,
	"$dir/" . 'x/' x 5000 => qr/File name too long/,
	"$dir/quote'; DROP TABLE ghcrawl.token; --" => qr/No such file/);
for my $path (sort keys %refused)
{
	my $shown = length $path > 100 ? substr($path, 0, 60) . '…' : $path;
	(my $quoted = $path) =~ s/'/''/g;
	my $error = error_of($node, "SET statement_timeout = '20s'; SELECT ghcrawl_add_token_file('x', '$quoted')");
	like($error, $refused{$path}, "refused: $shown");
	unlike($error, qr/marker|root:|PATH=|postgres -D/, 'and nothing of it told');
	next if $path eq '' || $path !~ m{^/};
	like(error_of($node, "SET statement_timeout = '20s'; SELECT ghcrawl_add_app('x', 1, '$quoted')"),
		qr/ERROR:  22023: key of App/, "nor as a key: $shown");
}
is(sql('SELECT count(*) FROM ghcrawl.token'), '0', 'none was added');
unlike(slurp_file($node->logfile), qr/marker|root:x/, 'nothing of them is in the log');
as($node, 'chief', "SELECT ghcrawl_add_token_file('x', '/etc/hostname')", qr/ERROR:  42501: .*pg_read_server_files/);
as($node, 'chief', "SELECT ghcrawl_add_app('x', 1, '/etc/hostname')", qr/ERROR:  42501: .*pg_read_server_files/);

# ---------------------------------------------------------------------------
# the memory of the backend that read one
# ---------------------------------------------------------------------------

my $file = write_file("$dir/token", "$token\n");
chmod 0600, $file or die "$file: $!";
my $session = $node->background_psql('postgres');
my $pid = $session->query('SELECT pg_backend_pid()');
is($session->query("SELECT ghcrawl_add_token_file('file', '$file')"),
	sql('SELECT fingerprint FROM ghcrawl.tokens'), 'a file that is one is taken');
SKIP:
{
	skip "the memory of process $pid may not be read", 1 unless defined memory_has($pid, 'x');
	is(memory_has($pid, $token), 0, 'the backend that read it keeps nothing of it');
}
$session->quit;

# whoever is able to read it is warned of
for my $case ([ 0600, qr/^$/ ], [ 0400, qr/^$/ ], [ 0640, qr/WARNING:  the file of "readable" can be read by others\nHINT:  .*0600/ ],
	[ 0604, qr/WARNING:  the file of "readable" can be read/ ])
{
	my ($mode, $said) = @$case;
	my $path = shared("$dir/readable", $mode);
	like(($node->psql('postgres', "SELECT ghcrawl_add_token_file('readable', '$path')"))[2] // '', $said,
		sprintf 'a file of mode %o', $mode);
	sql(q{SELECT ghcrawl_remove_token('readable')});
}

# ---------------------------------------------------------------------------
# a file that changes after it was added
# ---------------------------------------------------------------------------

my $crawl = start_crawl($node, 'stars:>=0');
crawl_ends($node, $crawl);
nothing_is_left($node, 'a crawl by a file');

# something else is in its place: nothing of that is sent
my $requests = $sim->counters->{requests};
for my $what (sub { write_file($file, "the secrets\nof somebody else\n") },
	sub { unlink $file; symlink '/etc/passwd', $file },
	sub { unlink $file; mkfifo($file, 0600) },
	sub { unlink $file; mkdir $file },
	sub { rmdir $file; symlink '/proc/self/environ', $file },
	sub { unlink $file; symlink shared("$dir/evil", 0666), $file })
{
	$what->();
	sql(q{DELETE FROM ghcrawl.error});
	$crawl = start_crawl($node, 'stars:>=1');
	wait_for($node, "SELECT waiting_on FROM ghcrawl.progress WHERE crawl = $crawl", 'a token', 30);
	like(sql(q{SELECT message FROM ghcrawl.errors WHERE class = 'token'}), qr/file/, 'said as an error');
	unlike(sql('SELECT string_agg(e::text, chr(10)) FROM ghcrawl.errors e'), qr/secrets|somebody|root:|PATH=/, 'without what it holds');
	sql("SELECT ghcrawl_cancel($crawl)");
	nothing_is_left($node, 'a crawl without a token');
}
is($sim->counters->{requests}, $requests, 'nothing was sent');

# another token: it is the one that is used from now on
unlink $file;
write_file($file, $second);
$crawl = start_crawl($node, 'stars:>=2');
crawl_ends($node, $crawl);
cmp_ok(scalar(keys %{ $sim->counters->{by_token} }), '==', 2, 'another token in the file is used');

# ---------------------------------------------------------------------------
# a token goes to the address that it was added for
# ---------------------------------------------------------------------------

# even if somebody who may write all data turns everything else there
nothing_is_left($node, 'a crawl by another token');
my $evil = start_simulator(repositories => 100, users => 1, latency => 0, limits => 'wide');
sql('CREATE ROLE clerk LOGIN IN ROLE pg_read_all_data, pg_write_all_data');
$crawl = start_crawl($node, 'stars:>=3');
crawl_ends($node, $crawl);
nothing_is_left($node, 'a crawl before that');
as($node, 'clerk', "UPDATE ghcrawl.budget SET api_url = '" . $evil->http . "'");
as($node, 'clerk', "UPDATE ghcrawl.token SET api_url = '" . $evil->http . "'");
as($node, 'clerk', "UPDATE ghcrawl.crawl SET state = 'running', api_url = '" . $evil->http . "' WHERE crawl_id = $crawl");
as($node, 'clerk', "INSERT INTO ghcrawl.task (crawl_id, kind, query, share) VALUES ($crawl, 'search', 'stars:>=3', 0)");
as($node, 'clerk', "INSERT INTO ghcrawl.queue (crawl_id, position, task_id) SELECT crawl_id, 0, max(task_id) FROM ghcrawl.task WHERE crawl_id = $crawl GROUP BY 1");
sql('SELECT ghcrawl_ensure_workers()');
wait_for($node, "SELECT waiting_on FROM ghcrawl.progress WHERE crawl = $crawl", 'a token', 20);
is($evil->counters->{requests}, 0, 'another host is asked nothing');

done_testing();
