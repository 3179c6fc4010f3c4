package GhcRoles;

# What tests of roles share: doing things as somebody, and traps, which are
# functions that try what only a superuser may and write down what came of it.
#
#   use GhcRoles;
#   make_roles($node);                                # chief, deputy, reader, nobody
#   as($node, 'nobody', 'SELECT * FROM ghcrawl.token', DENIED);
#   set_trap($node, 'chief');                         # trap.attempt(text), trap.spring()
#   nothing_is_gained($node, 'chief', 'triggers');

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(make_roles as set_trap nothing_is_gained memory_has DENIED);

use constant DENIED => qr/ERROR:  42501: permission denied/;

# Two administrators who are no superusers, a reader, and somebody without a role.
sub make_roles
{
	my ($node) = @_;

	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION IF NOT EXISTS ghcrawl;
CREATE ROLE chief LOGIN;
CREATE ROLE deputy LOGIN IN ROLE ghcrawl_admin;
CREATE ROLE reader LOGIN IN ROLE ghcrawl_reader;
CREATE ROLE nobody LOGIN;
GRANT ghcrawl_admin TO chief;
SQL
	return;
}

# As a role: what a statement prints; or with a pattern, that it fails like that.
sub as
{
	my ($node, $role, $text, $pattern) = @_;
	my ($code, $out, $err) = $node->psql('postgres', $text,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ]);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	if ($pattern)
	{
		like($err, $pattern, "$role: $text");
	}
	else
	{
		is($code, 0, "$role: $text") or diag($err);
	}
	return $out;
}

# Schema trap of a role: every attempt is written down with what came of it.
sub set_trap
{
	my ($node, $role) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	as($node, $role, <<'SQL');
CREATE SCHEMA trap;
CREATE TABLE trap.note (attempt text, as_user text, result text, UNIQUE (attempt, as_user, result));
CREATE FUNCTION trap.attempt(sql text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE sql;
	INSERT INTO trap.note VALUES (sql, current_user, 'worked') ON CONFLICT DO NOTHING;
EXCEPTION WHEN OTHERS THEN
	INSERT INTO trap.note VALUES (sql, current_user, SQLERRM) ON CONFLICT DO NOTHING;
END $$;
CREATE FUNCTION trap.attempt_all() RETURNS void LANGUAGE sql AS $$
	SELECT trap.attempt(a) FROM unnest(ARRAY[
		'ALTER ROLE chief SUPERUSER',
		'CREATE ROLE planted SUPERUSER',
		'SET ROLE postgres',
		'RESET ROLE',
		'SET SESSION AUTHORIZATION postgres',
		'RESET SESSION AUTHORIZATION',
		'SELECT secret FROM ghcrawl.token',
		'UPDATE ghcrawl.crawl SET state = ''failed''',
		'SELECT pg_read_file(''/etc/passwd'')',
		'CREATE TEMP TABLE pg_temp.repository (x int)',
		'SELECT set_config(''search_path'', ''trap'', false)',
		'SET ghcrawl.api_url = ''https://evil.example''',
		'LISTEN trap']) a
$$;
CREATE FUNCTION trap.spring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF random() < 0.05 THEN
		PERFORM trap.attempt_all();
	END IF;
	RETURN NEW;
END $$;
SQL
	return;
}

# Nothing that only a superuser may do has worked; everything ran as the role.
sub nothing_is_gained
{
	my ($node, $role, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT as_user, ' ') FROM trap.note"),
		$role, "$name: it runs as $role");
	is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT attempt, '; ') FROM trap.note
		WHERE result = 'worked' AND attempt !~ '^(RESET ROLE|SELECT set_config)'}),
		'', "$name: no attempt worked");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_roles WHERE rolsuper'), '1',
		"$name: there is one superuser as before");
	note($node->safe_psql('postgres', 'SELECT attempt, result FROM trap.note ORDER BY 1'));
	return;
}

# Does a process's memory hold a text?  undef if it may not be read.
sub memory_has
{
	my ($pid, $text) = @_;
	open my $maps, '<', "/proc/$pid/maps" or return;
	open my $memory, '<:raw', "/proc/$pid/mem" or return;
	my $n = 0;
	no warnings 'portable';
	while (my $line = <$maps>)
	{
		my ($from, $to) = $line =~ /^([0-9a-f]+)-([0-9a-f]+) r/ or next;
		next if $line =~ /\[v/ || length $from > 12;
		my $size = hex($to) - hex($from);
		next if $size > 1 << 28 || !sysseek($memory, hex($from), 0);
		my $read = sysread($memory, my $bytes, $size) or next;
		$n += $read;
		return 1 if index($bytes, $text) >= 0;
	}
	return $n > 1_000_000 ? 0 : undef;
}

1;
