# Chooses the PostgreSQL to build for, and builds and installs the extension into it.
# shellcheck shell=bash

# Needed for every version of the server; the version's own packages come on top.
build_packages=(g++ make libfmt-dev libpq-dev)

newest_installed_server() {
    printf '%s\n' /usr/lib/postgresql/*/bin/postgres |
        sed -n 's,^/usr/lib/postgresql/\([0-9]\+\)/.*,\1,p' | sort -n | tail -n 1
}

distribution_server() {
    apt-cache show --no-all-versions postgresql 2>/dev/null |
        sed -n 's/^Depends:.*postgresql-\([0-9]\+\).*/\1/p'
}

# Sets pg_config and bin: PG_CONFIG when given, else the newest server's.
locate_postgresql() {
    local version
    version=$(newest_installed_server)
    pg_config=${PG_CONFIG:-${version:+/usr/lib/postgresql/$version/bin/}pg_config}
    # shellcheck disable=SC2034 # not every script needs it
    bin=$("$pg_config" --bindir) || fail "\"$pg_config\" cannot be run" \
        "Set PG_CONFIG to the pg_config of the PostgreSQL to use."
}

install_server() {
    local version
    version=$(newest_installed_server)
    if [[ -z $version ]]; then
        [[ -n $(distribution_server) ]] || apt_get update
        version=$(distribution_server)
        install_server_without_cluster "postgresql-$version"
    fi
    install_missing "postgresql-server-dev-$version"
}

install_postgresql() {
    install_missing "${build_packages[@]}"
    if [[ -z ${PG_CONFIG:-} ]] && command -v apt-get >/dev/null; then
        install_server
    fi
    locate_postgresql
}

build_extension() {
    say "building for $("$pg_config" --version), which takes minutes the first time"
    make --silent -C "$repository" -j "$(nproc)" PG_CONFIG="$pg_config"
    as_user root make --silent -C "$repository" install PG_CONFIG="$pg_config" >/dev/null
}
