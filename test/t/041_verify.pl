# ghcrawl_verify_tokens says of every token what GitHub says: good ones, refused
# ones, some that work again, of other hosts, unreadable ones.  A crawl that
# runs meanwhile doesn't notice, and no secret shows.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 20_000, users => 3, latency => 5, 'tokens_per_user' => 2);
my $other = start_simulator(repositories => 1_000, seed => 2, users => 2);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	"ghcrawl.request_timeout = '1s'", "ghcrawl.connect_timeout = '1s'");
my @tokens = $sim->tokens;
my $file = PostgreSQL::Test::Utils::tempdir() . '/token';

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub write_token
{
	my ($secret) = @_;

	open my $out, '>', $file or die "$file: $!";
	print $out "$secret\n";
	close $out or die "$file: $!";
	return;
}

# name|login known|state, line by line
sub verify
{
	return sql(q{SELECT name, login IS NOT NULL, state, remaining > 0, reset_at > now(), reason
		FROM ghcrawl_verify_tokens()});
}

sub requests { return $sim->counters->{requests} }

sql('CREATE EXTENSION ghcrawl');
is(verify(), '', 'no tokens, no rows');
write_token($tokens[3]);
sql("SELECT ghcrawl_add_token('a', '$tokens[0]'); SELECT ghcrawl_add_token('b', '$tokens[2]');"
	. " SELECT ghcrawl_add_token('bad', 'ghp_000000000000000000000000000000000000');"
	. " SELECT ghcrawl_add_token_file('file', '$file')");
my $before = requests();
my $log_at = -s $node->logfile;
is(verify(), <<'OUT' =~ s/\n\z//r, 'new tokens');
a|t|ready|t|t|
b|t|ready|t|t|
bad|f|refused|||HTTP 401: Bad credentials
file|t|ready|t|t|
OUT
is(requests() - $before, 4, 'with a request each');
my (undef, undef, $notices) = $node->psql('postgres', 'SELECT count(*) FROM ghcrawl_verify_tokens()');
like($notices, qr/^psql:<stdin>:1: NOTICE:  tokens "b", "file" share one budget, that of "[\w-]+"\nHINT:  Several tokens of one account bring more reliability, not more quota.\n*\z/,
	'two are of one user');
is(scalar(() = slurp_file($node->logfile, $log_at) =~ /LOG:  tokens "(?:b|file)" and "(?:b|file)" share the budget of/g), 1,
	'which is in the log, once');
is(sql(q{SELECT string_agg(name || ' ' || state, ', ' ORDER BY name) FROM ghcrawl.tokens}),
	'a ready, b ready, bad refused, file ready', 'the view agrees');
no_question_is_left($node, 'new tokens');

$before = requests();
like(verify(), qr/^a\|t\|ready.*\nb\|t\|ready.*\nbad\|f\|refused.*\nfile\|t\|ready/, 'once more');
is(requests() - $before, 4, 'each is asked about again');

# one that can't be read, one that was refused and works again
write_token('ghp_111111111111111111111111111111111111');
like(verify(), qr/^file\|t\|refused\|\|\|HTTP 401/m, 'a file with a token that GitHub refuses');
is(sql(q{SELECT state FROM ghcrawl.tokens WHERE name = 'file'}), 'refused', 'is not used any more');
write_token($tokens[4]);
like(verify(), qr/^file\|t\|ready\|t\|t\|$/m, 'with a good one it is used again');
is(sql(q{SELECT state FROM ghcrawl.tokens WHERE name = 'file'}), 'ready', 'says the view');
my $logins = sql(q{SELECT count(DISTINCT login) FROM ghcrawl_verify_tokens()});
is($logins, '3', 'and it is known whose it is now');
unlink $file;
like(verify(), qr/^file\|t\|unreadable\|\|\|.*No such file/m, 'a file that is gone');
is(sql(q{SELECT state FROM ghcrawl.tokens WHERE name = 'file'}), 'ready', 'is no reason to refuse the token');
write_token($tokens[4]);

# another host, with one token that works and, later, none that can be asked about
sql("SET ghcrawl.api_url = '" . $other->http . "'; SELECT ghcrawl_add_token('other', '"
	. ($other->tokens)[0] . "')");
is(sql(q{SELECT count(*) FROM ghcrawl_verify_tokens() WHERE state = 'ready'}), '4', 'two hosts');
is($other->counters->{requests}, 1, 'each token is sent to its own host only');
$other->stop;
like(verify(), qr/^other\|t\|unreachable\|\|\|.*[Cc]onnect/m, 'a host that is down is told of');
is(sql(q{SELECT login IS NOT NULL, state IN ('ready', 'benched') FROM ghcrawl.tokens WHERE name = 'other'}),
	't|t', 'and its token is as it was');
sql(q{SELECT ghcrawl_remove_token('other')});
no_question_is_left($node, 'a host that is down');

# in the middle of a crawl, several at once
$sim->post('/_sim/counters/reset');
my $crawl = start_crawl($node, 'stars:>=0 fork:true', 'stars');
wait_for($node, "SELECT stored > 500 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
# of small requests, slowly answered, so that it lasts
$node->append_conf('postgresql.conf', 'ghcrawl.pages_per_request = 1');
$node->reload;
$sim->post('/_sim/settings', { latency => 300 });
my @sessions = map { $node->background_psql('postgres') } 1 .. 3;
$_->query_until(qr/go/, "\\echo go\nSELECT count(*) FROM ghcrawl_verify_tokens() WHERE state = 'ready';\n")
  for @sessions;
is(join(' ', map { (split /\n/, $_->query_safe('SELECT 1'))[0] } @sessions), '3 3 3',
	'three at once beside a crawl');
is(crawl_column($node, $crawl, 'state'), 'running', 'which is still running');
$node->append_conf('postgresql.conf', 'ghcrawl.pages_per_request = 0');
$node->reload;
$sim->post('/_sim/settings', { latency => 5 });
$_->quit for @sessions;
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, 'stars:>=0 fork:true', 'a crawl beside');
is(crawl_column($node, $crawl, 'gaps'), 0, 'without a gap');
no_limit_violated($sim, 'beside a crawl',
	unauthorized => $sim->counters->{violations}{unauthorized});
no_question_is_left($node, 'beside a crawl');

# who is benched isn't asked
sql(q{UPDATE ghcrawl.budget SET benched_until = now() + interval '1 hour', benched_for = 'be patient'
	WHERE login = (SELECT login FROM ghcrawl.tokens WHERE name = 'a')});
$before = requests();
like(verify(), qr/^a\|t\|benched\|.*\|be patient$/m, 'a user who has to wait is not asked about');
is(requests() - $before, 3, 'the others are');
sql('UPDATE ghcrawl.budget SET benched_until = NULL');

# nor is one who has to wait before it is known who it is, by whichever worker
sql("SELECT ghcrawl_add_token('later', '$tokens[5]')");
$sim->post('/_sim/faults', { secondary => 1 });
like(verify(), qr/^later\|f\|benched\|/m, 'a new token that GitHub lets wait');
$sim->post('/_sim/faults', { secondary => 0 });
is(sql(q{SELECT state, benched_until > now() + interval '20 s', reason <> '' FROM ghcrawl.tokens WHERE name = 'later'}),
	'benched|t|t', 'which is written down');
no_question_is_left($node, 'a new token that has to wait');
sql('UPDATE ghcrawl.budget SET benched_until = NULL');
sql(q{UPDATE ghcrawl.token SET benched_until = now() + interval '1 hour', benched_for = 'be patient' WHERE name = 'later'});
$before = requests();
like(verify(), qr/^later\|f\|benched\|.*\|be patient$/m, 'is not asked about again');
is(requests() - $before, 4, 'the others are');
no_question_is_left($node, 'a new token that still has to wait');
my $named = sql('SELECT token_id FROM ghcrawl.token WHERE name = \'later\'');
sql("UPDATE ghcrawl.token SET refused_at = now() WHERE token_id <> $named");
$before = requests();
$crawl = start_crawl($node, 'stars:>=1');
wait_for($node, "SELECT waiting_on, waiting_until > now() + interval '9 min' FROM ghcrawl.workers WHERE state <> 'gone'", 'GitHub|t');
is(requests() - $before, 0, 'nor does a worker of a crawl use it before');
sql("SELECT ghcrawl_cancel($crawl); UPDATE ghcrawl.token SET benched_until = NULL");
no_question_is_left($node, 'a crawl that was cancelled');
$sim->post('/_sim/settings', { limits => \0 });
like(verify(), qr/^later\|t\|ready/m, 'once the time is over it is asked about');
is(sql(q{SELECT budget_id IS NOT NULL, benched_until IS NULL, benched_for IS NULL FROM ghcrawl.token WHERE name = 'later'}), 't|t|t',
	'and only its budget can be benched');
$sim->post('/_sim/settings', { limits => \1 });
is(sql(q{SELECT string_agg(name, ' ' ORDER BY name) FROM ghcrawl_verify_tokens() WHERE state = 'refused'}), 'bad', 'all but one are good');

# GitHub says nothing: each token is tried once, when nobody has to wait any more
sql('UPDATE ghcrawl.budget SET benched_until = NULL');
$sim->post('/_sim/faults', { stall => 1 });
is(sql(q{SELECT string_agg(DISTINCT state, ' ') FROM ghcrawl_verify_tokens() WHERE name <> 'bad'}),
	'unreachable', 'a stalled host');
my (undef, undef, $err) = $node->psql('postgres',
	q{SET statement_timeout = '300ms'; SELECT ghcrawl_verify_tokens()});
like($err, qr/statement timeout/, 'statement_timeout');
no_question_is_left($node, 'a stalled host');
is(sql(q{SELECT string_agg(name || ' ' || (state <> 'refused'), ', ' ORDER BY name) FROM ghcrawl.tokens}),
	'a true, b true, bad false, file true, later true', 'tokens are as they were');

my $log = slurp_file($node->logfile);
is(scalar(grep { index($log, substr $_, 4) >= 0 } @tokens[ 3, 4 ]), 0, 'no secret in the log');

done_testing();
