# Secrets are where they are kept and nowhere else: with the most talkative
# logging, pg_stat_statements and auto_explain, and half of all requests failing.
# A token in a file and an App's key, in a file, too, are nowhere in the cluster
# at all; a token in the table is in the table, and in the WAL.
use strict;
use warnings;

use File::Copy;
use File::Find;
use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcRoles;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# so many requests fail before we look
use constant FAULTS => 8;

my $sim = start_simulator(repositories => 1_500, users => 2, apps => 1, installations => 2, latency => 0, limits => 'wide',
	faults => 'json502=0.06,html502=0.06,json504=0.05,timeout200=0.05,html200=0.05,serverError=0.05,reset=0.05,'
	  . 'resetBody=0.05,brokenJson=0.06,truncatedGzip=0.06,wrongLength=0.05,wrongTypes=0.05');
my ($filed, $tabled) = $sim->tokens;
my ($app) = $sim->apps;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = new_node('main', <<"END");
ghcrawl.api_url = '${\ $sim->http}'
shared_preload_libraries = 'pg_stat_statements, auto_explain'
log_min_messages = debug5
log_min_error_statement = debug5
log_error_verbosity = verbose
log_statement = all
log_min_duration_statement = 0
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
debug_print_parse = on
debug_print_rewritten = on
debug_print_plan = on
track_activity_query_size = 65536
pg_stat_statements.track = all
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
auto_explain.log_verbose = on
auto_explain.log_analyze = on
END

sub sql { return $node->safe_psql('postgres', $_[0]) }

# A text as debug_print_plan writes it: its bytes.
sub as_bytes { return join ' ', map { ord } split //, $_[0] }

# What to look for of a secret: itself, a piece of it, its bytes, base64, hexadecimal.
sub forms_of
{
	my ($secret) = @_;
	my $piece = substr $secret, 8, 24;
	my $hex = unpack 'H*', $piece;
	return ($piece, as_bytes($piece), $hex, uc $hex);
}

sub has_any
{
	my ($text, @forms) = @_;
	return scalar grep { index($$text, $_) >= 0 } @forms;
}

# Files of the cluster that hold a secret in any form, by their names in it.
sub files_with
{
	my (@forms) = @_;
	my $top = $node->data_dir;
	my @found;
	find({ no_chdir => 1, wanted => sub {
		return unless -f $_;
		my $text = eval { slurp_file($_) } // return;
		push @found, substr($_, length($top) + 1) if has_any(\$text, @forms);
	} }, $top);
	return sort @found;
}

# Everything that SQL shows to a superuser, but for table token: tables, views, activity.
sub all_texts
{
	my @relations = split /\n/, sql(q{SELECT c.oid::regclass FROM pg_class c
		WHERE (relnamespace IN ('ghcrawl'::regnamespace, 'github'::regnamespace) AND relkind IN ('r', 'v', 'p', 'S')
			OR relname ~ '^pg_stat' AND relkind IN ('r', 'v') AND relname !~ 'pg_statistic_ext|pg_stats_ext')
			AND c.oid <> 'ghcrawl.token'::regclass});
	my $text = sql(join ';', map { "SELECT * FROM $_" } @relations);
	cmp_ok(scalar @relations, '>', 50, 'tables and views are looked through');
	return \$text;
}

sub dumps
{
	my $text = '';
	for my $command ([ 'pg_dump', '--dbname', $node->connstr('postgres') ], [ 'pg_dumpall', '--dbname', $node->connstr('postgres') ])
	{
		my ($out) = run_command($command);
		$text .= $out;
	}
	like($text, qr/CREATE EXTENSION IF NOT EXISTS ghcrawl/, 'there are dumps');
	return \$text;
}

# the token in a file; the App's key
sub write_token
{
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!";
	print $out "$text\n";
	close $out or die "$path: $!";
	return;
}

write_token("$dir/token", $filed);
write_token("$dir/other", $tabled);
copy($app->{key}, "$dir/app.pem") or die "app.pem: $!";
sql('CREATE EXTENSION pg_stat_statements; CREATE EXTENSION ghcrawl');
sql("SELECT ghcrawl_add_token_file('filed', '$dir/token')");
sql("SELECT ghcrawl_add_app('bot', $app->{id}, '$dir/app.pem')");
my $crawl = start_crawl($node, 'stars:>=0 fork:true', 'flat');
my ($counters, $faults);
my $deadline = time + 120;
do
{
	sleep 0.1;
	$counters = $sim->counters;
	$faults = 0;
	$faults += $_ for values %{ $counters->{faults} };
} until ($faults >= FAULTS && $counters->{by_path}{'/app/installations/:id/access_tokens'} || time > $deadline);
my $activity = sql('SELECT string_agg(a::text, chr(10)) FROM pg_stat_activity a');
my $worker = worker_pid($node);
my $in_memory = $worker ? memory_has($worker, $filed) : undef;
note('a worker\'s memory ' . (!defined $in_memory ? 'could not be read' : $in_memory ? 'holds' : 'does not hold') . ' the token');
ok($faults >= FAULTS, "$faults of $counters->{requests} requests failed");
cmp_ok($faults, '>', $counters->{requests} / 4, 'about half of them');

# nobody fails any more but by a refused token
$sim->post('/_sim/faults', { map { $_ => 0 } keys %{ $counters->{faults} } });
$sim->post('/_sim/script', [ ({ fault => 'unauthorized' }) x 2 ]);
sql('SELECT count(*) FROM ghcrawl_verify_tokens()');
sql(q{SELECT ghcrawl_cancel(crawl) FROM ghcrawl.crawls WHERE state = 'running'});
cmp_ok(sql('SELECT count(*) FROM ghcrawl.errors'), '>', 3, 'and left errors');

my $key = slurp_file($app->{key});
my @handed_out = grep { /^ghs_/ } map { $_->{token} } @{ $sim->json('/_sim/tokens') };
cmp_ok(scalar @handed_out, '>', 1, 'the App was given tokens');
my @forms = map { forms_of($_) } $filed, @handed_out;
push @forms, grep { length > 30 } split /\n/, $key;
push @forms, 'eyJhbGciOiJSUzI1NiI', as_bytes('eyJhbGciOiJSUzI1NiI');

sql('CHECKPOINT');
is(has_any(all_texts(), @forms), 0, 'a token in a file: in no table or view');
is(has_any(\$activity, @forms), 0, 'nor in what workers say they do');
is(has_any(dumps(), @forms), 0, 'nor in dumps');
my $log = slurp_file($node->logfile);
cmp_ok(length $log, '>', 1_000_000, 'the log says a lot: ' . int((length $log) / 1e6) . ' MB');
like($log, qr/Query Text: .*ghcrawl\.token/s, 'plans of our own statements among it');
is(has_any(\$log, @forms), 0, 'nor in the log');
is(join(' ', files_with(@forms)), '', 'nor anywhere in the data directory');

# A token in the table, by a statement that doesn't have it in its text.
@forms = forms_of($tabled);
sql("SELECT ghcrawl_add_token('tabled', pg_read_file('$dir/other', 0, " . length($tabled) . '))');
$crawl = start_crawl($node, 'stars:>=1 fork:true', 'stars');
wait_for($node, "SELECT requests > 0 FROM ghcrawl.crawls WHERE crawl = $crawl", 't', 60);
sql(q{SELECT ghcrawl_cancel(crawl) FROM ghcrawl.crawls WHERE state = 'running'});
sql('ANALYZE ghcrawl.token; CHECKPOINT');
is(has_any(all_texts(), @forms), 0, 'a token in the table: in no other');
is(has_any(dumps(), @forms), 0, 'nor in dumps');
$log = slurp_file($node->logfile);
is(has_any(\$log, @forms), 0, 'nor in the log');
my $heap = sql("SELECT pg_relation_filepath('ghcrawl.token')");
my @files = files_with(@forms);
note("files that hold it: @files");
is(scalar(grep { $_ eq $heap } @files), 1, 'it is in the file of the table');
is(join(' ', grep { $_ ne $heap && !m{^pg_wal/} } @files), '', 'and in no other but the WAL');

# What one types is typed: the statement is in the log if statements are logged.
sql('SELECT ghcrawl_remove_token(name) FROM ghcrawl.tokens WHERE kind <> \'installation\'');
sql("SELECT ghcrawl_add_token('typed', '$tabled')");
$log = slurp_file($node->logfile);
is(has_any(\$log, $tabled), 1, 'a token that is typed is in the log, as docs/security.md says');
is(has_any(\ sql('SELECT string_agg(query, chr(10)) FROM pg_stat_statements'), @forms), 0, 'but not in pg_stat_statements');

done_testing();
