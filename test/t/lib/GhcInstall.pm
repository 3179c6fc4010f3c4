package GhcInstall;

# A private installation of the server, for tests that need other files in its
# share folder than the installed ones.  PostgreSQL finds its folders from where
# its program lies, so a copy of three programs is enough; all else is links.
#
#   my $path = private_installation('ghcrawl.control' => $text, …);
#   my $node = new_node_at($path, 'main');

use strict;
use warnings;

use Exporter 'import';
use File::Basename;
use File::Copy qw(copy);
use File::Path qw(make_path);
use PostgreSQL::Test::Utils;

our @EXPORT = qw(private_installation);

# programs that look for the others beside themselves
my @copied = qw(postgres initdb pg_ctl);

sub config
{
	my ($what) = @_;
	chomp(my $folder = qx($ENV{PG_CONFIG} --$what));
	die "pg_config --$what failed" if $? || !$folder;
	return $folder;
}

# Links everything of a folder into another but for some names.
sub link_all
{
	my ($from, $to, @but) = @_;
	my %but = map { $_ => 1 } @but, '.', '..';

	make_path($to);
	opendir my $dir, $from or die "$from: $!";
	for my $name (grep { !$but{$_} } readdir $dir)
	{
		symlink "$from/$name", "$to/$name" or die "$to/$name: $!";
	}
	closedir $dir;
	return;
}

# Makes it, with files of extensions added or replaced (or, if undef, left out);
# returns its folder.
sub private_installation
{
	my (%file) = @_;
	my $root = PostgreSQL::Test::Utils::tempdir();
	my ($bin, $lib, $share) = map { config($_) } qw(bindir pkglibdir sharedir);

	link_all($bin, "$root$bin", @copied);
	for my $name (@copied)
	{
		copy("$bin/$name", "$root$bin/$name") or die "$name: $!";
		chmod 0755, "$root$bin/$name";
	}
	make_path(dirname("$root$lib"));
	symlink $lib, "$root$lib" or die "$root$lib: $!" unless -e "$root$lib";
	link_all($share, "$root$share", 'extension');
	link_all("$share/extension", "$root$share/extension", keys %file);
	for my $name (grep { defined $file{$_} } keys %file)
	{
		append_to_file("$root$share/extension/$name", $file{$name});
	}
	return dirname("$root$bin");
}

1;
