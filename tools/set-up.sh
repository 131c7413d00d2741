# Shared by ./start and ./check: progress, failures that say what to do, and the packages.
# Source it; it changes nothing by itself.

# What a build needs, from Debian 12's own archive.
build_packages=(
  clang-19 mold cmake ninja-build pkg-config
  libboost1.81-dev libboost-json1.81-dev
  libssl-dev zlib1g-dev libfmt-dev libunbound-dev librocksdb-dev liblz4-dev libsodium-dev
  libidn2-dev libicu-dev libcli11-dev libtomlplusplus-dev libsystemd-dev libnghttp2-dev brotli
  libgtest-dev libgmock-dev dns-root-data
)
# What the whole suite needs beside that: sanitizers, the fuzzer's run time, readable stacks.
check_packages=(
  libclang-rt-19-dev llvm-19 clang-format-19 openssl python3
  # Mail programs for tests/interop, and what peer_packages stand on.
  curl nghttp2-client swaks libnet-ssleay-perl msmtp isync mutt getmail6 fdm fetchmail mpop
  libdb5.3 libnsl2 libsasl2-2 libsasl2-modules libidn12 libgnutls-dane0 libnss-wrapper
)
# Mail servers for tests/interop. Debian lets only one of them in, and starts it; so they are only unpacked.
peer_packages=(postfix exim4-daemon-light dovecot-core dovecot-imapd dovecot-pop3d)

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'; else bold='' dim='' red='' plain=''; fi

say() { printf '%s\n' "$*"; }

# fail WHAT-HAPPENED [WHAT-TO-DO...]
fail() {
  printf '\n%s%s%s\n' "$red" "$1" "$plain" >&2
  shift
  local line
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# run_step TITLE LOG COMMAND...: one line while it runs, one when it is done, the log's end when it fails.
run_step() {
  local title=$1 log=$2
  shift 2
  local started=$SECONDS
  mkdir -p "$(dirname "$log")"
  printf '%s… ' "$title"
  "$@" >"$log" 2>&1 &
  local job=$!
  while kill -0 "$job" 2>/dev/null; do
    if [ -t 1 ]; then
      printf '\r%s… %s%ds  %s%s\e[K' "$title" "$dim" $((SECONDS - started)) \
        "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-60)" "$plain"
    fi
    sleep 1 &
    wait -n "$job" $! 2>/dev/null || true
  done
  if wait "$job"; then
    if [ -t 1 ]; then printf '\r%s: done in %ds\e[K\n' "$title" $((SECONDS - started))
    else printf 'done in %ds\n' $((SECONDS - started)); fi
    return 0
  fi
  printf '\n'
  tail -n 25 "$log" >&2
  return 1
}

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

# install_packages PACKAGE...: nothing to do, and no root needed, when all are there.
install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "This is not Debian: Pabal's set-up knows Debian 12. Going on with what is installed."
    return 0
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] && return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "These packages are missing, and installing them needs root:" \
      "${missing[*]}" "Run this once as root, or install sudo."
    sudo -v || fail "sudo did not let us in." "Run this once as root, or ask for these packages: ${missing[*]}"
    as_root=(sudo)
  fi
  local log=build/set-up.log
  say "${#missing[@]} packages are missing: ${missing[*]}"
  run_step "Reading Debian's package lists" "$log" "${as_root[@]}" apt-get update ||
    fail "Debian's package lists could not be read." \
      "Is the network up? Are /etc/apt/sources.list and the lists it names right?" "The whole output: $log"
  run_step "Installing packages" "$log" \
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" ||
    fail "Some packages could not be installed." \
      "Pabal builds on Debian 12 (bookworm); this is: $(. /etc/os-release 2>/dev/null; printf '%s' "${PRETTY_NAME:-unknown}")." \
      "The whole output: $log" "When they are there some other way: $0 --no-install"
}

# unpack_peers: the servers that tests/interop talks to, into build/peers. Without them those tests are skipped.
unpack_peers() {
  command -v apt-get >/dev/null || return 0
  local package
  for package in "${peer_packages[@]}"; do
    [ -e "build/peers/.$package" ] && continue
    run_step "Fetching $package, to be unpacked into build/peers" build/peers.log unpack_peer "$package" ||
      say "Tests that need $package will be skipped. The whole output: build/peers.log"
  done
}

unpack_peer() {
  local debs=build/peers.debs
  mkdir -p "$debs" build/peers
  (cd "$debs" && rm -f "$1"_*.deb && apt-get download "$1") || return 1
  dpkg -x "$debs/$1"_*.deb build/peers || return 1
  # Nothing here runs as anybody but the one who starts it.
  find build/peers -type f -perm /6000 -exec chmod ug-s {} + || return 1
  touch "build/peers/.$1"
}

node_is_new_enough() {
  command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number)
             process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# build_web: the agent that browsers load, into web/dist, where the build finds it. Without it the server is
# built all the same, and has a plain page in its place.
build_web() {
  local log=build/web.log
  if ! node_is_new_enough; then
    say "The web agent is left out: it needs Node 20.19 (or 22.12) with npm, and there is none here."
    return 0
  fi
  if [ web/node_modules/.package-lock.json -ot web/package-lock.json ]; then
    if ! run_step "Fetching what the web agent is built with" "$log" \
      npm --prefix web ci --ignore-scripts --no-audit --no-fund; then
      say "The web agent is left out: npm failed. The whole output: $log"
      rm -rf web/dist
      return 0
    fi
  fi
  [ -z "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -newer web/dist/index.html -type f -print 2>&1)" ] &&
    return 0
  run_step "Building the web agent" "$log" npm --prefix web run build && return 0
  say "The web agent is left out: its build failed. The whole output: $log"
  rm -rf web/dist
}

# build PRESET TARGET...
build() {
  local preset=$1
  shift
  local log=build/$preset.log
  run_step "Configuring ($preset)" "$log" cmake --preset "$preset" ||
    fail "The build could not be configured." "The whole output: $log"
  run_step "Building ($preset)" "$log" cmake --build --preset "$preset" ${1:+--target "$@"} ||
    fail "The build failed." "The whole output: $log" \
      "If it ran out of memory, try again with CMAKE_BUILD_PARALLEL_LEVEL=1 set."
}
