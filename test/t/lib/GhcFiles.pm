package GhcFiles;

# A web server that has files, as GH Archive does: what is in a folder is served as
# it is.  Some names have trouble, said by a file beside them:
#
#   NAME.status   contains a number: the answer's status, with a page that says sorry
#   NAME.cut      contains a number: so many bytes, then the connection is closed
#   NAME.stall    so many bytes, then nothing, until the connection is closed
#
#   my $files = GhcFiles->start($folder);
#   $files->url; $files->asked;   # names that were asked for, in order
use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;

my @pids;

sub slurp
{
	my ($path) = @_;

	open my $in, '<:raw', $path or return;
	local $/ = undef;
	return scalar <$in>;
}

# Sends one file, or says that there is none.
sub answer
{
	my ($client, $folder, $name) = @_;
	my $body = slurp("$folder/$name");
	my $status = slurp("$folder/$name.status") // (defined $body ? 200 : 404);
	my $most = slurp("$folder/$name.cut") // slurp("$folder/$name.stall");

	$body = "<html>sorry, $status</html>\n" if $status != 200;
	print $client "HTTP/1.1 $status Whatever\r\nContent-Type: application/gzip\r\n",
	  'Content-Length: ', length $body, "\r\nConnection: close\r\n\r\n";
	print $client defined $most ? substr $body, 0, $most : $body;
	$client->flush;
	# whoever has asked hangs up, or is gone
	IO::Select->new($client)->can_read if -e "$folder/$name.stall";
	return;
}

sub serve
{
	my ($listener, $folder) = @_;

	$SIG{CHLD} = 'IGNORE';
	while (my $client = $listener->accept)
	{
		next if fork;
		my $request = <$client> // '';
		while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
		my ($name) = $request =~ m{^GET /([\w.-]+) };
		open my $log, '>>', "$folder/asked" or die "$folder/asked: $!";
		print $log $name // $request, "\n";
		close $log;
		answer($client, $folder, $name // 'none');
		close $client;
		require POSIX;
		POSIX::_exit(0);
	}
	return;
}

sub start
{
	my ($class, $folder) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 20, ReuseAddr => 1)
	  or die "listen: $!";
	my $pid = fork // die "fork: $!";

	if ($pid == 0)
	{
		eval { serve($listener, $folder) };
		require POSIX;
		POSIX::_exit(1);
	}
	push @pids, $pid;
	return bless { url => 'http://127.0.0.1:' . $listener->sockport, folder => $folder }, $class;
}

sub url { return $_[0]{url} }
sub asked { return split /\n/, slurp("$_[0]{folder}/asked") // '' }

END { local $? = $?; kill 'TERM', $_ for @pids }

1;
