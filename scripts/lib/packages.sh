# Installs Debian packages that are missing, and only those.
# shellcheck shell=bash

is_installed() {
    [[ $(dpkg-query -W -f='${Status}' -- "$1" 2>/dev/null) == "install ok installed" ]]
}

# Its hundreds of lines are shown only when it fails.
apt_get() {
    local output
    output=$(as_user root env DEBIAN_FRONTEND=noninteractive \
        apt-get --yes -o DPkg::Lock::Timeout=300 "$@" 2>&1) || {
        printf '%s\n' "$output" >&2
        fail "apt-get $1 failed"
    }
}

install_missing() {
    command -v apt-get >/dev/null || {
        say "no apt-get here; taking these as installed: $*"
        return
    }
    local package missing=()
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    apt_get update
    apt_get install --no-install-recommends "${missing[@]}"
}

# Debian's server package creates and starts a system cluster, which is not ours to have.
install_server_without_cluster() {
    is_installed "$1" && return
    install_missing postgresql-common
    local settings=/etc/postgresql-common/createcluster.conf original status=0
    original=$(mktemp)
    cat "$settings" >"$original"
    as_user root pg_conftool "$settings" set create_main_cluster off
    (install_missing "$1") || status=$?
    as_user root cp "$original" "$settings"
    rm -f "$original"
    return "$status"
}
