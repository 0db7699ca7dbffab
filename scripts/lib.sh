# Shared by the scripts in this folder; source it, do not run it.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${ENERGY_CORE_CACHE:-$ROOT/.cache}
export UV_PROJECT_ENVIRONMENT="$ROOT/.venv" UV_PYTHON_PREFERENCE=system
cd "$ROOT"

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf '\033[31merror:\033[0m %s\n' "$*" >&2; exit 1; }

# The versions of Home Assistant that have a lock of their own, beside the one of the development environment.
locked_versions() { find locks -name 'home-assistant-*.lock' | sed -E 's/.*home-assistant-(.*)\.lock/\1/' | sort -V; }

# Install Debian packages when we may; say which are missing when we may not.
debian() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || die "please install: ${missing[*]}"
  say "Installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || die "the package lists could not be fetched"
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || die "could not install ${missing[*]}"
}
