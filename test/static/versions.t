# One version, told by several files.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use JSON::PP qw(decode_json);
use Test::More;

my ($version) = read_file('mad_migrate.control') =~ /^default_version = '([^']+)'$/m;
like($version, qr/^[0-9]+\.[0-9]+\.[0-9]+$/, 'the control file has a version');

my $meta = decode_json(read_file('META.json'));
is($meta->{version}, $version, 'META.json has the same');
is($meta->{provides}{mad_migrate}{version}, $version, 'and so has the extension it provides');

my ($newest) = read_file('CHANGELOG.md') =~ /^## ([0-9.]+)/m;
is($newest, $version, 'the newest entry of CHANGELOG.md is about it');

my ($kit) = read_file('sql/target/01_schema.sql') =~ /COMMENT ON SCHEMA mad_migrate IS\s+'mad_migrate kit ([0-9.]+)/;
is($kit, $version, 'the kit tells it to the databases that carry it');

done_testing();
