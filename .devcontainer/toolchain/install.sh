#!/usr/bin/env bash
# Installs k3d, ctlptl, Tilt, kubectl and just. Everything is downloaded and checked first: when one file is not what
# checksums.sha256 beside this file says, nothing is installed. Wherever a download comes from, it brings no checksums: what
# can change a file there can change those too.
#   K3D CTLPTL TILT KUBECTL JUST MIRROR  the options of devcontainer-feature.json, with its defaults where they are not set
#   DESTDIR                              a folder to install into instead of /
#   TOOLCHAIN_MACHINE                    the machine to install for, as `uname -m` names it
set -euo pipefail

FEATURE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DESTDIR=${DESTDIR:-}
PREFIX=$DESTDIR/usr/local
MIRROR=${MIRROR:-}
CHECKSUMS=$FEATURE/checksums.sha256
TOOLS=(k3d ctlptl tilt kubectl just)

fail() { # WHAT [DETAIL...]
  printf '✗ toolchain: %s\n' "$1" >&2
  shift
  [ $# = 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

machine=${TOOLCHAIN_MACHINE:-$(uname -m)}
case $machine in
  x86_64 | amd64) arch=amd64 tilt_arch=x86_64 just_arch=x86_64 ;;
  aarch64 | arm64) arch=arm64 tilt_arch=arm64 just_arch=aarch64 ;;
  *) fail "there are no tools for the architecture $machine" 'Use a machine with x86_64 (amd64) or aarch64 (arm64).' ;;
esac

case $MIRROR in
  https://*) ;;
  *://*) fail "the mirror $MIRROR is neither an https:// URL nor a folder" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

default_of() { # TOOL: the version in devcontainer-feature.json
  sed -nE '/"'"$1"'": \{/,$ { s/.*"default": "([^"]*)".*/\1/; T; p; q }' "$FEATURE/devcontainer-feature.json"
}

version_of() { # TOOL: what the option says; it is in a variable of its name, in capitals
  local variable=${1^^} version
  # A build sets every option. Outside of one, as on a CI runner, none is set.
  version=${!variable-$(default_of "$1")}
  [ -n "$version" ] || fail "the option \"$1\" is empty" 'Give it a version, or leave it out.'
  echo "$version"
}

path_of() { # TOOL VERSION: where its publisher has it, without https://. checksums.sha256 and mirrors use the same path.
  case $1 in
    k3d) echo "github.com/k3d-io/k3d/releases/download/v$2/k3d-linux-$arch" ;;
    ctlptl | tilt) echo "github.com/tilt-dev/$1/releases/download/v$2/$1.$2.linux.$tilt_arch.tar.gz" ;;
    kubectl) echo "dl.k8s.io/release/v$2/bin/linux/$arch/kubectl" ;;
    just) echo "github.com/casey/just/releases/download/$2/just-$2-$just_arch-unknown-linux-musl.tar.gz" ;;
  esac
}

fetch() { # PATH FILE: from the publisher, or from the mirror
  case $MIRROR in
    '') download "https://$1" "$2" ;;
    https://*) download "${MIRROR%/}/$1" "$2" ;;
    /*) cp "$MIRROR/$1" "$2" ;;
    *) cp "$FEATURE/$MIRROR/$1" "$2" ;;
  esac
}

download() { # URL FILE
  curl --proto '=https' --proto-redir '=https' --fail --location --silent --show-error \
    --connect-timeout 20 --retry 4 --retry-connrefused --output "$2" "$1"
}

check() { # TOOL VERSION PATH FILE
  local expected got
  expected=$(awk -v path="$3" '$2 == path { print $1; exit }' "$CHECKSUMS")
  [[ $expected =~ ^[0-9a-f]{64}$ ]] || fail "there is no checksum for $1 $2 ($arch), so it is not installed" \
    "file: $3" \
    'Add its SHA-256 to .devcontainer/toolchain/checksums.sha256, or use a version that is there.'
  got=$(sha256sum "$4" | cut -d ' ' -f 1)
  [ "$got" = "$expected" ] || fail "$1 $2 ($arch) is not the file that it should be, so it is not installed" \
    "file:     $3" "expected: $expected" "got:      $got" \
    'The download is damaged or was tampered with. Build again; if it stays so, do not use that source.'
}

unpack() { # TOOL FILE: leaves the program as $work/bin/TOOL
  case $2 in
    *.tar.gz) tar -xzf "$2" -C "$work/bin" --no-same-owner "$1" || fail "$1 is not in ${2##*/}" ;;
    *) mv "$2" "$work/bin/$1" ;;
  esac
  # Of a link, what it leads to would get the mode.
  [ ! -L "$work/bin/$1" ] && [ -f "$work/bin/$1" ] || fail "$1 in ${2##*/} is no plain file"
  chmod 755 "$work/bin/$1"
}

complete() { # TOOL SHELL: its completions, on stdout
  case $1 in
    just) "$work/bin/just" --completions "$2" ;;
    *) "$work/bin/$1" completion "$2" ;;
  esac
}

prepare() { # TOOL
  local version path file shell
  version=$(version_of "$1")
  path=$(path_of "$1" "$version")
  file=$work/${path##*/}
  echo "$1 $version ($arch)"
  fetch "$path" "$file" || fail "$1 $version could not be downloaded" "from: ${MIRROR:-https:/}/$path" \
    'Where the network does not reach it, set the option "mirror": .devcontainer/toolchain/README.md'
  check "$1" "$version" "$path" "$file"
  unpack "$1" "$file"
  for shell in bash zsh; do
    HOME=$work complete "$1" "$shell" > "$work/$1.$shell" || fail "$1 $version does not run here" "machine: $machine"
  done
}

install_tool() { # TOOL
  install -D -m 755 "$work/bin/$1" "$PREFIX/bin/$1"
  install -D -m 644 "$work/$1.bash" "$PREFIX/share/bash-completion/completions/$1"
  install -D -m 644 "$work/$1.zsh" "$PREFIX/share/zsh/site-functions/_$1"
}

# A new volume takes its owner from the folder that the image has in its place. Outside of a build there are no volumes.
make_folders_for_volumes() {
  [ -n "${_REMOTE_USER:-}" ] || return 0
  local user=$_REMOTE_USER folder
  for folder in "${_REMOTE_USER_HOME:-/root}"/.local{,/share{,/pnpm{,/store}}} /commandhistory; do
    install -d -o "$user" -g "$(id -gn "$user")" "$DESTDIR$folder"
  done
}

mkdir "$work/bin"
for tool in "${TOOLS[@]}"; do prepare "$tool"; done
for tool in "${TOOLS[@]}"; do install_tool "$tool"; done
make_folders_for_volumes
