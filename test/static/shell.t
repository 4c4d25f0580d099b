# The shell scripts can be run, and shellcheck finds no mistake in them and in what they source.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use Test::More;

my @programs =
  grep { read_file($_) =~ m{^#!.*\b(?:ba)?sh$}m } map { files_below($_, qr/./) } qw(scripts .ci test);
cmp_ok(scalar @programs, '>', 0, 'there are shell scripts');

foreach my $path (@programs)
{
    ok(-x $path, "$path can be run");
    is(system('shellcheck', '--check-sourced', $path), 0, "$path has no known mistake");
}

# A part that nobody sources is read by nobody.
my $all = join '', map { read_file($_) } @programs;
my @parts = map { m{^scripts/(.*)$} } files_below('scripts/lib', qr/./);
is_deeply([ grep { $all !~ m{/\Q$_\E"\n} } @parts ], [], 'each part is sourced');

done_testing();
