# Sourced by every script: where the checkout is, what to say, and as whom to act.
# shellcheck shell=bash

set -Eeuo pipefail
trap 'printf "%s: failed (%s:%s)\n" "${0##*/}" "${BASH_SOURCE[0]##*/}" "$LINENO" >&2' ERR
export LC_ALL=C.UTF-8

repository=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)

say() {
    printf '==> %s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    shift
    (($# == 0)) || printf 'HINT:  %s\n' "$@" >&2
    exit 1
}

# Acts as another user; away from the current folder, which that user may not be able to enter.
as_user() {
    local user=$1
    shift
    if [[ $user == "$(id -un)" ]]; then
        "$@"
    elif ((EUID == 0)); then
        (cd / && exec runuser -u "$user" -- "$@")
    elif command -v sudo >/dev/null; then
        (cd / && exec sudo -u "$user" -- "$@")
    else
        fail "cannot act as user \"$user\" without sudo: $*" "Run this as root."
    fi
}
